package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Limits of a document.
const (
	maxSize  = 1 << 20 // bytes
	maxDepth = 100
)

// Document is a parsed document and the problems found in it so far.
type Document struct {
	File        string
	Text        string
	Root        *yaml.Node // nil when the text is not YAML or JSON
	Diagnostics problem.Diagnostics
}

// Parse reads YAML or JSON. Anchors and aliases are refused: they make documents larger than they look.
func Parse(file string, text []byte) *Document {
	d := &Document{File: file, Text: string(text)}
	if len(text) > maxSize {
		d.Text = ""
		d.at(1, 1, 1, "", "too_large", fmt.Sprintf("the document is larger than %d bytes", maxSize), "", problem.SeverityError)
		return d
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	if err := decode(decoder, &root); err != nil {
		d.syntax(err)
		return d
	}
	if err := decode(decoder, &yaml.Node{}); !errors.Is(err, io.EOF) {
		d.at(1, 1, 1, "", "syntax", "the file must hold one document", "", problem.SeverityError)
	}
	if len(root.Content) == 1 && d.plain(root.Content[0], 0) {
		d.Root = root.Content[0]
	}
	return d
}

// decode keeps a panic of the parser from leaving the package.
func decode(decoder *yaml.Decoder, node *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the document cannot be read")
		}
	}()
	return decoder.Decode(node)
}

var yamlLine = regexp.MustCompile(`line (\d+)(?:, column (\d+))?:? ?(.*)`)

func (d *Document) syntax(err error) {
	line, column, message := 1, 1, "the document is empty or not YAML"
	if !errors.Is(err, io.EOF) {
		message = strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			line, _ = strconv.Atoi(m[1])
			message = m[3]
		}
	}
	d.at(line, column, 1, "", "syntax", message, "", problem.SeverityError)
}

// plain reports aliases, and depth beyond the limit.
func (d *Document) plain(node *yaml.Node, depth int) bool {
	if depth > maxDepth {
		d.Report(node, "", "too_deep", "the document is nested too deep", "")
		return false
	}
	if node.Kind == yaml.AliasNode || node.Anchor != "" {
		d.Report(node, "", "alias", "anchors and aliases are not supported", "write the content out")
		return false
	}
	ok := true
	for _, child := range node.Content {
		ok = d.plain(child, depth+1) && ok
	}
	return ok
}

// Report adds a problem at a node.
func (d *Document) Report(node *yaml.Node, path, code, message, hint string) {
	d.at(node.Line, node.Column, width(node), path, code, message, hint, problem.SeverityError)
}

// Warn adds a warning at a node.
func (d *Document) Warn(node *yaml.Node, path, code, message, hint string) {
	d.at(node.Line, node.Column, width(node), path, code, message, hint, problem.SeverityWarning)
}

// ReportWithin adds a problem at characters [column, column+width) of a scalar's text, column from 1.
func (d *Document) ReportWithin(node *yaml.Node, column, width int, path, code, message, hint string) {
	offset := column - 1
	if node.Style == yaml.DoubleQuotedStyle || node.Style == yaml.SingleQuotedStyle {
		offset++
	}
	if strings.Contains(node.Value, "\n") || node.Style == yaml.LiteralStyle || node.Style == yaml.FoldedStyle {
		offset, width = 0, 1
	}
	d.at(node.Line, node.Column+offset, width, path, code, message, hint, problem.SeverityError)
}

func width(node *yaml.Node) int {
	if node.Kind != yaml.ScalarNode {
		return 1
	}
	w := len([]rune(node.Value))
	if node.Style == yaml.DoubleQuotedStyle || node.Style == yaml.SingleQuotedStyle {
		w += 2
	}
	return max(1, w)
}

func (d *Document) at(line, column, width int, path, code, message, hint string, severity problem.Severity) {
	excerpt := ""
	if len(d.Diagnostics) < 2*problem.MaxDiagnostics { // more are hardly read
		excerpt = problem.Excerpt(d.Text, line, column, width)
	}
	d.Diagnostics = append(d.Diagnostics, problem.Diagnostic{
		File: d.File, Line: line, Column: column, Path: shortened(path), Code: code, Message: shortened(message), Hint: shortened(hint), Excerpt: excerpt, Severity: severity,
	})
}

// shortened is a text with names of the document in it, of which one can be as long as the document.
func shortened(text string) string {
	const longest = 1000
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// Pair is a member of a mapping.
type Pair struct {
	Name  string
	Key   *yaml.Node
	Value *yaml.Node
}

// Mapping returns the members of a mapping in order; duplicate keys are reported. Anything that is not a mapping is
// reported and has no members.
func (d *Document) Mapping(node *yaml.Node, path string) []Pair {
	if node.Kind != yaml.MappingNode {
		d.Report(node, path, "type", "this must be a mapping", "")
		return nil
	}
	seen := map[string]bool{}
	pairs := make([]Pair, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode {
			d.Report(key, path, "type", "a key must be a name", "")
			continue
		}
		if seen[key.Value] {
			d.Report(key, Join(path, key.Value), "duplicate", fmt.Sprintf("%s occurs twice", key.Value), "")
			continue
		}
		seen[key.Value] = true
		pairs = append(pairs, Pair{key.Value, key, node.Content[i+1]})
	}
	return pairs
}

// Members are the members of a mapping by name.
type Members map[string]Pair

// Fields reads a mapping whose keys are known: others are reported with what may have been meant.
func (d *Document) Fields(node *yaml.Node, path string, known ...string) Members {
	members := Members{}
	for _, pair := range d.Mapping(node, path) {
		if !slices.Contains(known, pair.Name) {
			d.Unknown(pair.Key, path, "key", pair.Name, known)
			continue
		}
		members[pair.Name] = pair
	}
	return members
}

// Unknown reports a name that is not one of the known.
func (d *Document) Unknown(node *yaml.Node, path, what, name string, known []string) {
	hint := ""
	if s := expr.Suggest(name, known); s != "" {
		hint = "did you mean " + s + "?"
	} else if len(known) > 0 && len(known) <= 24 {
		hint = "known: " + strings.Join(known, ", ")
	}
	if what == "key" {
		path = Join(path, name)
	}
	d.Report(node, path, "unknown_"+strings.ReplaceAll(what, " ", "_"), fmt.Sprintf("there is no %s %s", what, name), hint)
}

// Sequence returns the elements of a list; anything else is treated as a list of one.
func Sequence(node *yaml.Node) []*yaml.Node {
	if node.Kind == yaml.SequenceNode {
		return node.Content
	}
	return []*yaml.Node{node}
}

// IsNull reports whether a node is null or empty.
func IsNull(node *yaml.Node) bool {
	return node == nil || (node.Kind == yaml.ScalarNode && node.Tag == "!!null")
}

// IsText reports whether a node is a scalar that is meant as text.
func IsText(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.Tag == "!!str" || node.Tag == "!!timestamp")
}

// String reads text; anything else is reported.
func (d *Document) String(node *yaml.Node, path string) string {
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		d.Report(node, path, "type", "this must be text", "")
		return ""
	}
	return node.Value
}

// Strings reads a list of text, or one text.
func (d *Document) Strings(node *yaml.Node, path string) []string {
	var found []string
	for i, element := range Sequence(node) {
		found = append(found, d.String(element, fmt.Sprintf("%s[%d]", path, i)))
	}
	return found
}

// Bool reads true or false; anything else is reported.
func (d *Document) Bool(node *yaml.Node, path string) bool {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
		d.Report(node, path, "type", "this must be true or false", "")
		return false
	}
	return node.Value == "true" || node.Value == "True" || node.Value == "TRUE"
}

// Number reads a finite number that is held exactly; anything else is reported.
func (d *Document) Number(node *yaml.Node, path string) float64 {
	if v, ok := d.Value(node, path).(float64); ok {
		return v
	}
	if node.Kind != yaml.ScalarNode || (node.Tag != "!!int" && node.Tag != "!!float") {
		d.Report(node, path, "type", "this must be a number", "")
	}
	return 0
}

// Value converts a node to a JSON value: objects are map[string]any, lists []any, numbers float64. Dates stay text.
// What JSON cannot hold is reported.
func (d *Document) Value(node *yaml.Node, path string) any {
	switch node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for _, pair := range d.Mapping(node, path) {
			object[pair.Name] = d.Value(pair.Value, Join(path, pair.Name))
		}
		return object
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, element := range node.Content {
			list[i] = d.Value(element, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	}
	return d.scalar(node, path)
}

func (d *Document) scalar(node *yaml.Node, path string) any {
	switch node.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return d.Bool(node, path)
	case "!!int", "!!float":
		if !OneReading(node) {
			d.Warn(node, path, "two_readings", "parsers disagree on whether this is this number, another one, or text", OneReadingHint)
		}
		var f float64
		if err := node.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.Report(node, path, "number", "this is not a finite number", "")
			return nil
		}
		if math.Abs(f) > 1<<53-1 {
			d.Report(node, path, "number", "the number is too large to be exact (2^53)", "write it as text")
			return nil
		}
		return f
	}
	return node.Value
}

// Join makes a path of a path and a member's name.
func Join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}
