package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// importer converts one definition. It reads strictly: each key and each value of the input is consumed by the function
// that converts or refuses it, and what has not been consumed is reported at the end. So an unexpected member cannot get
// lost.
type importer struct {
	doc       *source.Document
	version   int  // of XState: 4 or 5; 0: not known
	ballerina bool // guards also find a payload's fields at the top
	taken     map[*yaml.Node]bool
	origins   map[*yaml.Node]origin // where nodes of the output come from
	plugins   map[string]*yaml.Node // by id
	guards    map[string]string     // fields of the context that represent named conditions, and which ones
	machine   *state
	moves     []move
	outward   []object            // transitions that leave the machine itself and enter it again
	outputs   bool                // something is written below pluginsOutput
	extras    map[string]*extra   // what extensions do, by the key of the state
	children  map[string][]string // ids of the work that starts children, by their definition
	reports   []report            // what a parent does when a child moves
	payloads  bool                // the note on payloads was made
}

// origin is a place of the input.
type origin struct {
	node *yaml.Node
	path string
}

func newImporter(doc *source.Document, options Options) *importer {
	return &importer{
		doc: doc, version: options.XState, taken: map[*yaml.Node]bool{}, origins: map[*yaml.Node]origin{}, plugins: map[string]*yaml.Node{},
		guards: map[string]string{}, extras: map[string]*extra{}, children: map[string][]string{},
	}
}

// note records that something was dropped, or what replaces it.
func (i *importer) note(node *yaml.Node, path, message, hint string) {
	i.takeAll(node)
	i.doc.Warn(node, path, "not_carried", message, hint)
}

// refuse states that something has a meaning that cannot be carried.
func (i *importer) refuse(node *yaml.Node, path, message, hint string) {
	i.takeAll(node)
	i.doc.Report(node, path, "not_carried", message, hint)
}

// noteMember and refuseMember are about a member with all that it holds.
func (i *importer) noteMember(m source.Pair, path, message, hint string) {
	i.takeAll(m.Value)
	i.note(m.Key, path, message, hint)
}

func (i *importer) refuseMember(m source.Pair, path, message, hint string) {
	i.takeAll(m.Value)
	i.refuse(m.Key, path, message, hint)
}

// has reports whether there is a member that is not null, without consuming it.
func (i *importer) has(node *yaml.Node, name string) bool {
	_, ok := lookup(node, name)
	return ok
}

// member consumes a member's key; nil if it is missing or null.
func (i *importer) member(node *yaml.Node, name string) *yaml.Node {
	for _, m := range pairs(node) {
		if m.Name == name {
			i.taken[m.Key] = true
			if !source.IsNull(m.Value) {
				return m.Value
			}
		}
	}
	return nil
}

// text takes a scalar; "" for anything else, which is left to be reported.
func (i *importer) text(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	i.taken[node] = true
	return node.Value
}

func (i *importer) textOf(node *yaml.Node, name string) string { return i.text(i.member(node, name)) }

// each consumes the keys of a mapping and returns its members.
func (i *importer) each(node *yaml.Node) []source.Pair {
	found := pairs(node)
	for _, m := range found {
		i.taken[m.Key] = true
	}
	return found
}

func (i *importer) takeAll(node *yaml.Node) {
	if node == nil {
		return
	}
	i.taken[node] = true
	for _, child := range node.Content {
		i.takeAll(child)
	}
}

// plain takes a node with all that it holds, and copies it without the style of its document.
func (i *importer) plain(node *yaml.Node) *yaml.Node {
	i.takeAll(node)
	return copied(node)
}

// from records the origin of a node of the output.
func (i *importer) from(made, node *yaml.Node, path string) *yaml.Node {
	if _, there := i.origins[made]; made != nil && !there {
		i.origins[made] = origin{node, path}
	}
	return made
}

// leftovers reports what has not been consumed. In a machine an unknown key has no meaning, as in XState; in the
// configuration of the software around a machine it may have any.
func (i *importer) leftovers(node *yaml.Node, path string) {
	switch node.Kind {
	case yaml.ScalarNode:
		if !i.taken[node] && !source.IsNull(node) {
			i.doc.Report(node, path, "not_understood", "this cannot be interpreted", "")
		}
	case yaml.SequenceNode:
		for k, element := range node.Content {
			i.leftovers(element, path+"["+itoa(k)+"]")
		}
	case yaml.MappingNode:
		for _, m := range pairs(node) {
			at := source.Join(path, m.Name)
			switch {
			case i.taken[m.Key]:
				i.leftovers(m.Value, at)
			case strings.HasPrefix(at, "extensions.") || strings.HasPrefix(at, "config."):
				i.doc.Report(m.Key, at, "unknown_key", m.Name+" is unknown, and is not imported", "")
			default:
				i.doc.Warn(m.Key, at, "unknown_key", m.Name+" is unknown, and is ignored", "")
			}
		}
	}
}

// twice reports duplicate keys in an object, and keys that are not names.
func twice(doc *source.Document, node *yaml.Node, path string) {
	switch node.Kind {
	case yaml.SequenceNode:
		for k, element := range node.Content {
			twice(doc, element, path+"["+itoa(k)+"]")
		}
	case yaml.MappingNode:
		for _, m := range doc.Mapping(node, path) {
			twice(doc, m.Value, source.Join(path, m.Name))
		}
	}
}

// place maps the places of diagnostics about the output to the input.
func (i *importer) place(found problem.Diagnostics, out *yaml.Node) {
	for _, d := range found {
		at := i.originOf(out, d.Path, origin{i.doc.Root, ""})
		if slices.ContainsFunc(i.doc.Diagnostics, func(other problem.Diagnostic) bool {
			return other.Severity == problem.SeverityError && other.Line == at.node.Line && other.Column == at.node.Column
		}) {
			continue // what was refused there already is not refused again for what is left of it
		}
		if d.Severity == problem.SeverityWarning {
			i.doc.Warn(at.node, at.path, d.Code, d.Message, d.Hint)
			continue
		}
		i.doc.Report(at.node, at.path, d.Code, d.Message, d.Hint)
	}
}

// originOf follows a path of the output as far as it exists, and returns the last known place on the way.
func (i *importer) originOf(node *yaml.Node, path string, last origin) origin {
	if found, ok := i.origins[node]; ok {
		last = found
	}
	path = strings.TrimPrefix(path, ".")
	if path == "" {
		return last
	}
	if node.Kind == yaml.SequenceNode {
		for k, element := range node.Content {
			if rest, ok := strings.CutPrefix(path, "["+itoa(k)+"]"); ok {
				return i.originOf(element, rest, last)
			}
		}
		return last
	}
	var next *source.Pair
	for _, m := range pairs(node) {
		rest, ok := strings.CutPrefix(path, m.Name)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && (next == nil || len(m.Name) > len(next.Name)) {
			next = &m
		}
	}
	if next == nil {
		return last
	}
	return i.originOf(next.Value, path[len(next.Name):], last)
}
