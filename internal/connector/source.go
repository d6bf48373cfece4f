package connector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/problem"
)

// Limits of a definition.
const (
	maxSource = 256 << 10
	maxDepth  = 40
)

// source is a parsed document that knows where everything in it stands.
type source struct {
	file        string
	text        string
	places      map[string]*yaml.Node // JSON pointer -> value node
	keys        map[string]*yaml.Node // JSON pointer -> key node
	diagnostics problem.Diagnostics
	queries     []string // every expression
	needs       []need

	base  string   // where the request stands that is compiled: "", or /steps/N
	extra []string // further names that its expressions see
	steps []string // the steps before it
}

// seeing are names that expressions see, with those that only expressions of this request do.
func (s *source) seeing(roots []string) []string { return slices.Concat(roots, s.extra) }

// report adds a problem at a JSON pointer, or at the nearest place above it that exists.
func (s *source) report(pointer, code, hint, format string, args ...any) {
	s.reportAt(pointer, 0, code, hint, format, args...)
}

// warn is report for findings that do not prevent use.
func (s *source) warn(pointer, code, hint, format string, args ...any) {
	before := len(s.diagnostics)
	s.report(pointer, code, hint, format, args...)
	for i := before; i < len(s.diagnostics); i++ {
		s.diagnostics[i].Severity = problem.SeverityWarning
	}
}

// reportAt is report for a character offset within a one-line string.
func (s *source) reportAt(pointer string, offset int, code, hint, format string, args ...any) {
	s.diagnostics = append(s.diagnostics, s.at(pointer, offset, code, hint, fmt.Sprintf(format, args...)))
}

// at is a diagnostic of a place.
func (s *source) at(pointer string, offset int, code, hint, message string) problem.Diagnostic {
	pointer = s.base + pointer
	node, at := s.places[pointer], pointer
	for node == nil && at != "" {
		at = at[:strings.LastIndexByte(at, '/')]
		node = s.places[at]
	}
	d := problem.Diagnostic{File: s.file, Path: dotted(pointer), Code: code, Message: message, Hint: hint}
	if node != nil {
		d.Line, d.Column = node.Line, node.Column
		if node.Kind == yaml.ScalarNode {
			switch node.Style {
			case 0:
				d.Column += offset
			case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
				d.Column += offset + 1
			}
		}
		d.Excerpt = problem.Excerpt(s.text, d.Line, d.Column, 1)
	}
	return d
}

// dotted turns /request/body/0 into request.body[0].
func dotted(pointer string) string {
	var b strings.Builder
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// read parses YAML (or JSON, which is YAML) into JSON values: float64 numbers, no dates, no aliases.
func read(file string, text []byte) (*source, any) {
	s := &source{file: file, text: string(text), places: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}}
	if len(text) > maxSource {
		s.report("", "too_large", "", "A plugin can have at most %d bytes.", maxSource)
		return s, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		s.syntax(err)
		return s, nil
	}
	if len(document.Content) == 0 {
		s.report("", "empty", "", "The document is empty.")
		return s, nil
	}
	return s, s.value(document.Content[0], "", 0)
}

func (s *source) syntax(err error) {
	d := problem.Diagnostic{File: s.file, Code: "yaml", Message: "The document is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	if _, rest, ok := strings.Cut(err.Error(), "line "); ok {
		number, _, _ := strings.Cut(rest, ":")
		if line, err := strconv.Atoi(number); err == nil {
			d.Line, d.Column = line, 1
		}
	}
	s.diagnostics = append(s.diagnostics, d)
}

func (s *source) value(node *yaml.Node, pointer string, depth int) any {
	s.places[pointer] = node
	if depth > maxDepth {
		s.report(pointer, "too_deep", "", "The document is nested more than %d levels deep.", maxDepth)
		return nil
	}
	switch node.Kind {
	case yaml.MappingNode:
		return s.mapping(node, pointer, depth)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, child := range node.Content {
			list[i] = s.value(child, pointer+"/"+strconv.Itoa(i), depth+1)
		}
		return list
	case yaml.ScalarNode:
		return s.scalar(node, pointer)
	}
	s.report(pointer, "alias", "", "Anchors and aliases are not supported.")
	return nil
}

func (s *source) mapping(node *yaml.Node, pointer string, depth int) any {
	object := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		at := pointer + "/" + escape(key.Value)
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			s.report(pointer, "key", "", "A key must be plain text.")
			continue
		}
		if s.keys[at] != nil {
			s.places[at] = key
			s.report(at, "duplicate", "", "This key already exists on line %d.", s.keys[at].Line)
			continue
		}
		s.keys[at] = key
		object[key.Value] = s.value(node.Content[i+1], at, depth+1)
	}
	return object
}

func (s *source) scalar(node *yaml.Node, pointer string) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var flag bool
		if err := node.Decode(&flag); err == nil {
			return flag
		}
	case "!!int", "!!float":
		number, err := strconv.ParseFloat(strings.ReplaceAll(node.Value, "_", ""), 64)
		if err == nil && number-number == 0 { // neither infinite nor not a number
			return number
		}
	case "!!str", "!!timestamp":
		return node.Value
	}
	s.report(pointer, "value", "", "This value cannot be read as JSON.")
	return nil
}
