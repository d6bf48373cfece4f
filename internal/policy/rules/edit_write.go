package rules

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ballerine/internal/policy/table"
)

// tableWriter writes the members of a table: in blocks with a row a line, or all of it in brackets, as JSON.
type tableWriter struct {
	flow   bool
	indent int    // of the members
	dash   string // what stands before the dash of a row; "": the indent and two spaces
	ending string // of lines
}

// whole is the members of a table, a line each, or an object.
func (w tableWriter) whole(s table.Source) string {
	parts := []string{"hit:" + w.hit(s), "inputs:" + w.inputs(s), "outputs:" + w.outputs(s), "rows:" + w.rows(s)}
	if w.flow {
		for i, part := range parts {
			name, value, _ := strings.Cut(part, ":")
			parts[i] = quoteJSON(name) + ":" + value
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	before := strings.Repeat(" ", w.indent)
	return before + strings.Join(parts, w.ending+before) + w.ending
}

// hitText is the hit policy with its aggregate.
func hitText(s table.Source) string {
	text := string(cmp.Or(s.Hit, table.Unique))
	if s.Aggregate != "" && s.Aggregate != table.List {
		text += " " + string(s.Aggregate)
	}
	return text
}

func (w tableWriter) hit(s table.Source) string { return " " + w.text(hitText(s)) }

func sameInputs(a, b table.Source) bool { return slices.Equal(a.Inputs, b.Inputs) }

func sameOutputs(a, b table.Source) bool {
	return slices.EqualFunc(a.Outputs, b.Outputs, func(x, y table.Output) bool {
		return x.Name == y.Name && x.Type == y.Type && slices.Equal(x.Values, y.Values)
	})
}

func (w tableWriter) inputs(s table.Source) string {
	texts := make([]string, len(s.Inputs))
	for i, in := range s.Inputs {
		texts[i] = w.object([][2]string{{"expression", in.Expression}, {"type", string(in.Type)}, {"label", in.Label}}, nil)
	}
	return w.list(texts)
}

func (w tableWriter) outputs(s table.Source) string {
	texts := make([]string, len(s.Outputs))
	for i, out := range s.Outputs {
		texts[i] = w.object([][2]string{{"name", out.Name}, {"type", string(out.Type)}}, out.Values)
	}
	return w.list(texts)
}

// object of members with a value; the first one alone is written as a plain value.
func (w tableWriter) object(members [][2]string, values []string) string {
	var parts []string
	for i, m := range members {
		if i == 0 || m[1] != "" {
			parts = append(parts, w.name(m[0])+": "+w.text(m[1]))
		}
	}
	if len(values) > 0 {
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = w.text(v)
		}
		parts = append(parts, w.name("values")+": ["+strings.Join(texts, ", ")+"]")
	}
	if len(parts) == 1 {
		return w.text(members[0][1])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// list is on one line where it is short, else a line for each.
func (w tableWriter) list(texts []string) string {
	short := " [" + strings.Join(texts, ", ") + "]"
	if w.flow || len(short)+w.indent < 100 {
		return short
	}
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(w.ending + w.before() + "- " + text)
	}
	return b.String()
}

func (w tableWriter) before() string {
	if w.dash != "" {
		return w.dash
	}
	return strings.Repeat(" ", w.indent+2)
}

func (w tableWriter) rows(s table.Source) string {
	var b strings.Builder
	for i, row := range s.Rows {
		switch {
		case !w.flow:
			b.WriteString(w.ending + w.row(row))
		case i == 0:
			b.WriteString(w.cells(row))
		default:
			b.WriteString("," + w.ending + "  " + w.cells(row))
		}
	}
	if w.flow || len(s.Rows) == 0 {
		return " [" + b.String() + "]"
	}
	return b.String()
}

func (w tableWriter) row(row table.Row) string { return w.before() + "- " + w.cells(row) }

func (w tableWriter) cells(row table.Row) string {
	var cells []string
	for _, test := range row.When {
		if w.flow {
			cells = append(cells, quoteJSON(test))
		} else {
			cells = append(cells, quoteYAML(test))
		}
	}
	for _, v := range row.Then {
		text, _ := valueYAML(v)
		if s, is := v.(string); is {
			text = w.text(s)
		}
		cells = append(cells, text)
	}
	if row.Annotation != "" {
		cells = append(cells, w.text(row.Annotation))
	}
	return "[" + strings.Join(cells, ", ") + "]"
}

// valueYAML is an output's value. ok is false when a document cannot hold it.
func valueYAML(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "null", true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		if size := math.Abs(v); size >= 1e21 || size > 0 && size < 1e-6 {
			return strconv.FormatFloat(v, 'g', -1, 64), !math.IsInf(v, 0)
		}
		return strconv.FormatFloat(v, 'f', -1, 64), !math.IsNaN(v)
	case string:
		return quoteYAML(v), utf8.ValidString(v)
	}
	return "", false
}

func (w tableWriter) name(text string) string {
	if w.flow {
		return quoteJSON(text)
	}
	return text
}

var plainYAML = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.()/-]*( [A-Za-z0-9_.()/-]+)*$`)

// words that YAML takes for something else than text.
var wordsYAML = []string{"y", "yes", "n", "no", "on", "off", "true", "false", "null"}

// text without quotes where it can be.
func (w tableWriter) text(text string) string {
	switch {
	case w.flow:
		return quoteJSON(text)
	case plainYAML.MatchString(text) && !slices.Contains(wordsYAML, strings.ToLower(text)):
		return text
	}
	return quoteYAML(text)
}

// quoteYAML puts a text into quotes: single ones where it has only characters that can be seen.
func quoteYAML(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// quoteJSON quotes for JSON, so that YAML reads it, too.
func quoteJSON(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x10000 && r != ' ' && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// rowKey is the same for rows that are the same.
func rowKey(row table.Row) string {
	var b strings.Builder
	for _, test := range row.When {
		b.WriteString(strconv.Quote(test))
	}
	for _, v := range row.Then {
		text, _ := valueYAML(v)
		b.WriteString("," + text)
	}
	b.WriteString("," + strconv.Quote(row.Annotation))
	return b.String()
}
