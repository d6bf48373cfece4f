package importing

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/workflow"
)

// Result of an import.
type Result struct {
	Workflow []byte              // YAML
	Plugins  map[string][]byte   // YAML by id: the services that a Ballerine definition calls
	Notes    problem.Diagnostics // what could not be carried, and what to do instead, with its place in the input
}

// Import reads a definition and makes a workflow of it. The diagnostics fail when the input is none of those that are
// known, or when what comes out is not a valid workflow; they then hold every problem.
func Import(file string, text []byte) (Result, problem.Diagnostics) {
	doc := source.Parse(file, text)
	if doc.Root == nil {
		return Result{}, doc.Diagnostics
	}
	i := &importer{doc: doc, plugins: map[string]*yaml.Node{}, guards: map[string]bool{}}
	var out *yaml.Node
	switch {
	case member(doc.Root, "definition") != nil:
		out = i.ballerine(doc.Root)
	case member(doc.Root, "states") != nil:
		out = i.xstate(doc.Root)
	default:
		doc.Report(doc.Root, "", "unknown_format", "this is neither a state machine nor a definition with one", "an XState machine has states, a Ballerine definition has definition")
	}
	if doc.Diagnostics.Failed() {
		return Result{}, doc.Diagnostics
	}
	result := Result{Workflow: write(out), Plugins: map[string][]byte{}, Notes: doc.Diagnostics}
	for _, id := range slices.Sorted(maps.Keys(i.plugins)) {
		result.Plugins[id] = write(i.plugins[id])
	}
	if _, found := workflow.Parse("workflow.yaml", result.Workflow, nil); found.Failed() {
		return result, append(slices.Clone(doc.Diagnostics), found...)
	}
	return result, nil
}

// importer converts one definition. Notes are warnings of the document.
type importer struct {
	doc       *source.Document
	ballerina bool                  // guards also find a payload's fields at the top
	plugins   map[string]*yaml.Node // by id
	guards    map[string]bool       // named conditions, by the field of the context that stands for them
	outputs   bool                  // something is written below pluginsOutput
	extras    map[string]*extra     // what extensions do, by state
}

func (i *importer) note(node *yaml.Node, path, message, hint string) {
	i.doc.Warn(node, path, "not_carried", message, hint)
}

func write(node *yaml.Node) []byte {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		panic("importing: a tree of nodes is always YAML: " + err.Error())
	}
	_ = encoder.Close() // a buffer takes everything
	return out.Bytes()
}

// object is a mapping in the making.
type object struct{ *yaml.Node }

func newObject() object { return object{&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}} }

// set adds a member; nil adds nothing.
func (o object) set(name string, value *yaml.Node) object {
	if value != nil {
		o.Content = append(o.Content, text(name), value)
	}
	return o
}

func (o object) text(name, value string) object {
	if value != "" {
		o.set(name, text(value))
	}
	return o
}

// drop takes a member away.
func (o object) drop(name string) {
	for k := 0; k+1 < len(o.Content); k += 2 {
		if o.Content[k].Value == name {
			o.Content = slices.Delete(o.Content, k, k+2)
			return
		}
	}
}

func (o object) empty() bool { return len(o.Content) == 0 }

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

func sequence(nodes ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: nodes}
}

func itoa(n int) string { return strconv.Itoa(n) }

func sortedExtras(extras map[string]*extra) []string { return slices.Sorted(maps.Keys(extras)) }

// short writes a mapping or list in one line.
func short(node *yaml.Node) *yaml.Node {
	node.Style = yaml.FlowStyle
	return node
}

// plain copies a node as it is, without the style of its document.
func plain(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	copied := &yaml.Node{Kind: node.Kind, Tag: node.Tag, Value: node.Value}
	for _, child := range node.Content {
		copied.Content = append(copied.Content, plain(child))
	}
	return copied
}

// member of a mapping; nil when there is none, or it is null.
func member(node *yaml.Node, name string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for k := 0; k+1 < len(node.Content); k += 2 {
		if node.Content[k].Value == name && !source.IsNull(node.Content[k+1]) {
			return node.Content[k+1]
		}
	}
	return nil
}

func textOf(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

// pairs of a mapping.
func pairs(node *yaml.Node) (found []source.Pair) {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for k := 0; k+1 < len(node.Content); k += 2 {
		found = append(found, source.Pair{Name: node.Content[k].Value, Key: node.Content[k], Value: node.Content[k+1]})
	}
	return found
}

func elements(node *yaml.Node) []*yaml.Node {
	if source.IsNull(node) {
		return nil
	}
	return source.Sequence(node)
}

var unfit = regexp.MustCompile(`[^0-9A-Za-z_-]+`)

// name makes a state's name, a plugin's or a workflow's id of any text.
func name(given string) string {
	fit := strings.Trim(unfit.ReplaceAllString(given, "_"), "_-")
	if fit == "" {
		fit = "unnamed"
	}
	return fit[:min(len(fit), 60)]
}

// pluginID makes the id of a plugin: small letters, digits and dashes.
func pluginID(given string) string {
	return strings.ToLower(strings.ReplaceAll(name(given), "_", "-"))
}

// field makes a name of the context of any text.
func field(given string) string {
	fit := strings.ReplaceAll(name(given), "-", "_")
	if fit[0] >= '0' && fit[0] <= '9' {
		fit = "_" + fit
	}
	return fit
}
