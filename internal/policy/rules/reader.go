package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a policy's time zone is known wherever it runs

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
	"ballerine/internal/source"

	"go.yaml.in/yaml/v3"
)

// Limits of a document. Larger ones are refused.
const (
	maxSource   = 16 << 20 // bytes: a table of 100,000 rows has its place
	maxDepth    = 64       // nested conditions
	maxRules    = 2000
	maxExcerpts = 100       // problems that show their line
	maxNodes    = 2_000_000 // of the document, with its aliases expanded
	maxAliased  = 200_000   // of these, those from expanded aliases
)

// reader turns YAML nodes into a policy and collects every problem with its place.
type reader struct {
	file    string
	source  string
	found   problem.Diagnostics
	shape   *expr.Shape
	nodes   int
	aliased int

	published    bool // see Reread
	inputSchema  *expr.Schema
	declared     map[string]any // the inputs
	id           string
	dependencies []dependency // lists and policies, by all rules so far
	whole        bool         // a rule so far reads the whole input
	needed       []need
	conditions   []need   // of all rules so far
	handled      []string // paths that a rule so far asks whether they are there
}

func newReader(file string, source []byte) *reader {
	return &reader{file: file, source: string(source)}
}

// add notes a problem at a node. width is the characters that are meant.
func (r *reader) add(n *yaml.Node, path, code, hint, format string, args ...any) {
	r.addAt(n.Line, n.Column, max(1, len([]rune(firstLine(n.Value)))), path, code, hint, fmt.Sprintf(format, args...))
}

func (r *reader) addAt(line, column, width int, path, code, hint, message string) {
	d := problem.Diagnostic{File: r.file, Line: line, Column: column, Path: path, Code: code, Message: message, Hint: hint}
	if len(r.found) < maxExcerpts {
		d.Excerpt = problem.Excerpt(r.source, line, column, width)
	}
	r.found = append(r.found, d)
}

func firstLine(text string) string { line, _, _ := strings.Cut(text, "\n"); return line }

// root parses the document's text.
func (r *reader) root() *yaml.Node {
	if len(r.source) > maxSource {
		r.addAt(1, 1, 1, "", "too_large", "", fmt.Sprintf("the document is larger than %d bytes", maxSource))
		return nil
	}
	var document yaml.Node
	if err := unmarshal([]byte(r.source), &document); err != nil {
		r.addAt(lineOf(err), 1, 1, "", "syntax", "", "the document is not YAML or JSON: "+cause(err))
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		r.addAt(1, 1, 1, "", "empty", "", "the document is empty")
		return nil
	}
	root, ok := r.flatten(document.Content[0], 0, false)
	if !ok {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		r.add(root, "", "type", "", "a policy must be an object")
		return nil
	}
	return root
}

// unmarshal keeps a panic of the parser from leaving the package.
func unmarshal(source []byte, into *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("yaml: it cannot be parsed")
		}
	}()
	return yaml.Unmarshal(source, into)
}

// cause is the parser's message without its place.
func cause(err error) string {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.HasPrefix(message, "line ") {
		if _, rest, ok := strings.Cut(message, ": "); ok {
			return rest
		}
	}
	return message
}

func lineOf(err error) int {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		number, _, _ := strings.Cut(rest, ":")
		if n, err := strconv.Atoi(number); err == nil {
			return n
		}
	}
	return 1
}

// flatten checks depth and double names, and puts anchors' contents in the place of their aliases, boundedly.
func (r *reader) flatten(n *yaml.Node, depth int, aliased bool) (*yaml.Node, bool) {
	if depth > maxDepth*2 {
		r.add(n, "", "too_deep", "", "the document is nested too deep")
		return nil, false
	}
	if r.nodes++; r.nodes > maxNodes {
		r.add(n, "", "too_large", "", "the document has more than %d parts", maxNodes)
		return nil, false
	}
	if aliased {
		if r.aliased++; r.aliased > maxAliased {
			r.add(n, "", "too_large", "write the content out", "the document's aliases expand to more than %d parts", maxAliased)
			return nil, false
		}
	}
	if n.Kind == yaml.AliasNode {
		return r.flatten(n.Alias, depth+1, true)
	}
	if n.Kind == yaml.MappingNode {
		r.twice(n)
	}
	flat := n
	for i, child := range n.Content {
		other, ok := r.flatten(child, depth+1, aliased)
		if !ok {
			return nil, false
		}
		if other != child { // several aliases may refer to the node: it stays as it is
			if flat == n {
				fresh := *n
				fresh.Content = slices.Clone(n.Content)
				flat = &fresh
			}
			flat.Content[i] = other
		}
	}
	return flat, true
}

// twice notes the names of an object that are there more than once.
func (r *reader) twice(n *yaml.Node) {
	names := make(map[string]bool, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if names[name] {
			r.add(n.Content[i], "", "duplicate", "", "%s occurs twice", name)
		}
		names[name] = true
	}
}

// member is a name of an object with its value.
type member struct{ key, value *yaml.Node }

func members(n *yaml.Node) []member {
	var found []member
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		found = append(found, member{n.Content[i], n.Content[i+1]})
	}
	return found
}

func lookup(n *yaml.Node, name string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// only notes the members of an object that are not among names.
func (r *reader) only(n *yaml.Node, path string, names []string) bool {
	if n.Kind != yaml.MappingNode {
		r.add(n, path, "type", "", "expected an object")
		return false
	}
	for _, m := range members(n) {
		switch {
		case slices.Contains(names, m.key.Value):
		default:
			r.add(m.key, join(path, m.key.Value), "unknown_key", didYouMean(m.key.Value, names), "%s is not known here", m.key.Value)
		}
	}
	return true
}

func didYouMean(name string, candidates []string) string {
	if s := expr.Suggest(name, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// text reads a text; "" if there is none.
func (r *reader) text(n *yaml.Node, path string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.add(n, path, "type", "", "expected text")
		return ""
	}
	return n.Value
}

// number reads a finite number that a double holds exactly.
func (r *reader) number(n *yaml.Node, path string) (float64, bool) {
	value, ok := r.literal(n, path)
	if !ok {
		return 0, false
	}
	f, ok := value.(float64)
	if !ok {
		r.add(n, path, "type", "", "expected a number")
	}
	return f, ok
}

// literal reads a JSON value. Dates stay the text that was written.
func (r *reader) literal(n *yaml.Node, path string) (any, bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		good := true
		for i, child := range n.Content {
			v, ok := r.literal(child, at(path, i))
			list, good = append(list, v), good && ok
		}
		return list, good
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		good := true
		for _, m := range members(n) {
			v, ok := r.literal(m.value, join(path, m.key.Value))
			object[m.key.Value], good = v, good && ok
		}
		return object, good
	}
	switch n.Tag {
	case "!!null":
		return nil, true
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err == nil
	case "!!int", "!!float":
		if !source.OneReading(n) && !r.published {
			r.add(n, path, table.TwoReadings, source.OneReadingHint, "parsers disagree on whether this is this number, another one, or text")
			return nil, false
		}
		var f float64
		if err := n.Decode(&f); err != nil || !expr.Exact(f) {
			r.add(n, path, "inexact", "use other units, or write it as text", "the number is too large to be exact (2^53), or not finite")
			return nil, false
		}
		return f, true
	}
	return n.Value, true
}

func digest(source []byte) string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}

// zone reads a time zone's name.
func (r *reader) zone(n *yaml.Node) *time.Location {
	name := r.text(n, "timezone")
	if name == "" || name == "UTC" {
		return time.UTC
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		r.add(n, "timezone", "unknown_timezone", "a name such as Europe/Berlin", "the time zone does not exist")
		return time.UTC
	}
	return location
}
