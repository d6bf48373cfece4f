package rules

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"ballerine/internal/policy/table"
	"ballerine/internal/problem"

	"go.yaml.in/yaml/v3"
)

// ReplaceTable returns a policy's document with a table replaced. What is not the table's stays byte for byte, and so
// do the rows that have not changed, with the comments above them; title and description of the table stay, too. When there
// is no table of the name it is added, if create is true. Errors: NotFound; Invalid when the document is written in a way
// that the table cannot be replaced in place, or is none.
func ReplaceTable(source []byte, name string, s table.Source, create bool) ([]byte, error) {
	e, err := newEditor(source)
	if err != nil {
		return nil, err
	}
	if err := writable(s); err != nil {
		return nil, err
	}
	tables := lookup(e.root, "tables")
	switch {
	case tables != nil && lookup(tables, name) != nil:
		e.replace(tables, name, s)
	case !create:
		return nil, problem.New(problem.NotFound, "The policy has no table %s.", name)
	case !identifier.MatchString(name):
		return nil, problem.New(problem.Invalid, "This is not a valid table name: letters, digits, _, - and ., at most 100.")
	case tables != nil:
		e.addTo(tables, name, s)
	default:
		e.addTables(name, s)
	}
	if e.failed {
		return nil, cannotReplace()
	}
	changed := e.apply()
	return changed, held(source, changed, name, s)
}

func cannotReplace() error {
	return problem.New(problem.Invalid, "The table cannot be replaced in place because it uses anchors, tags or several documents. Write it as plain blocks or lists, and try again.")
}

// writable refuses what a document cannot hold.
func writable(s table.Source) error {
	for i, row := range s.Rows {
		if len(row.When) != len(s.Inputs) || len(row.Then) != len(s.Outputs) {
			return problem.New(problem.Invalid, "The number of cells in row %d of the table differs from the header.", i+1)
		}
		if !utf8.ValidString(strings.Join(append(slices.Clone(row.When), row.Annotation), "")) {
			return problem.New(problem.Invalid, "Row %d of the table is not UTF-8.", i+1)
		}
		for _, v := range row.Then {
			if _, ok := valueYAML(v); !ok {
				return problem.New(problem.Invalid, "Row %d of the table has an output that is not a valid table value.", i+1)
			}
		}
	}
	return nil
}

// held reads the changed document again: it has the table, and everything else is as it was.
func held(source, changed []byte, name string, s table.Source) error {
	before, err := newEditor(source)
	if err != nil {
		return err
	}
	after, err := newEditor(changed)
	if err != nil {
		return cannotReplace()
	}
	tables := lookup(after.root, "tables")
	if tables == nil || lookup(tables, name) == nil {
		return cannotReplace()
	}
	r := newReader("", changed)
	got := r.tableSource(lookup(tables, name), "")
	if !sameSource(got, s) || !sameBut(before.root, after.root, name, 0) {
		return cannotReplace()
	}
	return nil
}

// sameSource compares tables without the lines of their rows.
func sameSource(a, b table.Source) bool {
	inputs := func(x, y table.Input) bool { return x == y }
	outputs := func(x, y table.Output) bool {
		return x.Name == y.Name && x.Type == y.Type && slices.Equal(x.Values, y.Values)
	}
	return hitText(a) == hitText(b) && slices.EqualFunc(a.Inputs, b.Inputs, inputs) && slices.EqualFunc(a.Outputs, b.Outputs, outputs) &&
		slices.EqualFunc(a.Rows, b.Rows, sameRow)
}

func sameRow(a, b table.Row) bool {
	return slices.Equal(a.When, b.When) && slices.Equal(a.Then, b.Then) && a.Annotation == b.Annotation
}

// sameBut compares nodes except for the table of a name. depth 0 is the document, 1 its tables, 2 the table.
func sameBut(a, b *yaml.Node, name string, depth int) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor {
		return false
	}
	if depth > 2 || a.Kind != yaml.MappingNode {
		return slices.EqualFunc(a.Content, b.Content, func(x, y *yaml.Node) bool { return sameBut(x, y, name, 3) })
	}
	skipped := map[int][]string{1: {name}, 2: {"hit", "inputs", "outputs", "rows"}}[depth]
	for _, pair := range [][2]*yaml.Node{{a, b}, {b, a}} {
		for _, m := range members(pair[0]) {
			other, key := lookup(pair[1], m.key.Value), m.key.Value
			switch {
			case depth == 0 && key == "tables":
				if other != nil && !sameBut(m.value, other, name, 1) {
					return false
				}
			case depth == 1 && key == name:
				if other != nil && !sameBut(m.value, other, name, 2) {
					return false
				}
			case slices.Contains(skipped, key):
			case other == nil || !sameBut(m.value, other, name, 3):
				return false
			}
		}
	}
	return true
}

// editor replaces parts of a document's text.
type editor struct {
	text   string
	lines  []int // where each begins, in bytes
	root   *yaml.Node
	ending string // of lines
	edits  []edit
	failed bool
}

// edit puts text in the place of bytes.
type edit struct {
	from, to int
	text     string
}

func newEditor(source []byte) (*editor, error) {
	var document yaml.Node
	if err := unmarshal(source, &document); err != nil || len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, problem.New(problem.Invalid, "The document is not a valid policy.")
	}
	e := &editor{text: string(source), root: document.Content[0], lines: []int{0}, ending: "\n"}
	if strings.HasPrefix(e.text, "\ufeff") {
		e.lines[0] = len("\ufeff")
	}
	if bytes.Contains(source, []byte("\r\n")) {
		e.ending = "\r\n"
	}
	for at, c := range e.text { // the line breaks of YAML
		switch {
		case c == '\n', c == '\r' && !strings.HasPrefix(e.text[at+1:], "\n"), c == '\u0085', c == '\u2028', c == '\u2029':
			e.lines = append(e.lines, at+len(string(c)))
		}
	}
	return e, nil
}

// offset of a node, in bytes.
func (e *editor) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(e.lines) {
		e.failed = true
		return 0
	}
	at := e.lines[n.Line-1]
	for column := 1; column < n.Column; column++ {
		if at >= len(e.text) {
			e.failed = true
			return 0
		}
		_, size := utf8.DecodeRuneInString(e.text[at:])
		at += size
	}
	return at
}

func (e *editor) put(from, to int, text string) {
	if from > to || to > len(e.text) {
		e.failed = true
		return
	}
	e.edits = append(e.edits, edit{from, to, text})
}

func (e *editor) apply() []byte {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return a.from - b.from })
	var b bytes.Buffer
	at := 0
	for _, one := range e.edits {
		b.WriteString(e.text[at:one.from])
		b.WriteString(one.text)
		at = one.to
	}
	b.WriteString(e.text[at:])
	return b.Bytes()
}
