package importing

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

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

// get is a member; nil if it is missing.
func (o object) get(name string) *yaml.Node {
	m, _ := lookup(o.Node, name)
	return m.Value
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

func yes() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"} }

func sequence(nodes ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: nodes}
}

// oneOrList is the element of a list of one, nil for none.
func oneOrList(nodes []*yaml.Node) *yaml.Node {
	switch len(nodes) {
	case 0:
		return nil
	case 1:
		return nodes[0]
	}
	return sequence(nodes...)
}

func itoa(n int) string { return strconv.Itoa(n) }

// short writes a mapping or list in one line.
func short(node *yaml.Node) *yaml.Node {
	node.Style = yaml.FlowStyle
	return node
}

// twin copies a node with its style.
func twin(node *yaml.Node) *yaml.Node {
	made := *node
	made.Content = nil
	for _, child := range node.Content {
		made.Content = append(made.Content, twin(child))
	}
	return &made
}

func twins(nodes []*yaml.Node) (made []*yaml.Node) {
	for _, node := range nodes {
		made = append(made, twin(node))
	}
	return made
}

func copied(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	made := &yaml.Node{Kind: node.Kind, Tag: node.Tag, Value: node.Value}
	for _, child := range node.Content {
		made.Content = append(made.Content, copied(child))
	}
	return made
}

// lookup finds a member that is not null.
func lookup(node *yaml.Node, name string) (source.Pair, bool) {
	for _, m := range pairs(node) {
		if m.Name == name && !source.IsNull(m.Value) {
			return m, true
		}
	}
	return source.Pair{}, false
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

func orElse(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
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

// unique adds a number to a name that already exists.
func unique(given string, there func(string) bool) string {
	made := given
	for n := 2; there(made); n++ {
		made = given + "_" + itoa(n)
	}
	return made
}

// pluginID makes the id of a plugin: small letters, digits and dashes.
func pluginID(given string) string {
	id := strings.Trim(regexp.MustCompile(`-+`).ReplaceAllString(strings.ToLower(strings.ReplaceAll(name(given), "_", "-")), "-"), "-")
	if id == "" || id[0] < 'a' {
		id = "plugin-" + id
	}
	return strings.TrimRight(id[:min(len(id), 60)], "-")
}

// field makes a name of the context of any text.
func field(given string) string {
	fit := strings.ReplaceAll(name(given), "-", "_")
	if fit[0] >= '0' && fit[0] <= '9' {
		fit = "_" + fit
	}
	return fit
}

// eventName makes the name of an event: without blanks.
func eventName(given string) string { return strings.Join(strings.Fields(given), "_") }
