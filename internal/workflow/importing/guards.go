package importing

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// ownGuards are written the same way here.
var ownGuards = []string{"json-logic", "jmespath", "json-schema", "expr"}

// guard converts a condition. A condition that is only a name was a function: a field of the context represents it,
// which is never written, so the condition never holds by itself.
func (i *importer) guard(node *yaml.Node, s *state, path string) *yaml.Node {
	if node.Kind == yaml.ScalarNode {
		return i.named(node, path, i.text(node), nil)
	}
	kind := i.textOf(node, "type")
	switch {
	case kind == "and" || kind == "or":
		var inner []*yaml.Node
		list := i.member(node, "guards")
		for k, one := range elements(list) {
			inner = append(inner, i.guard(one, s, source.Join(path, "guards")+"["+itoa(k)+"]"))
		}
		return newObject().text("type", kind).set("guards", sequence(inner...)).Node
	case kind == "not" && i.has(node, "guard"):
		return newObject().text("type", "not").set("guard", i.guard(i.member(node, "guard"), s, source.Join(path, "guard"))).Node
	case kind == "in-state" || kind == "stateIn" || kind == "xstate.stateIn":
		at := i.member(node, "state")
		if at == nil {
			at = i.member(i.member(node, "params"), "state")
		}
		if to := i.find(s, i.text(at)); to != nil {
			return i.whileIn(s, to)
		}
		i.refuse(node, path, "the state that this condition refers to does not exist", "")
		return text("false")
	case slices.Contains(ownGuards, kind) && i.has(node, "options"):
		return i.own(node, kind, path)
	}
	return i.code(node, kind, path)
}

// own converts a guard that is written here as well.
func (i *importer) own(node *yaml.Node, kind, path string) *yaml.Node {
	options := newObject()
	for _, m := range i.each(i.member(node, "options")) {
		at := source.Join(path, "options."+m.Name)
		switch m.Name {
		case "assignOnFailure":
			i.noteMember(m, at, "assignments for a condition that does not hold are not supported", "the trace in the history shows what did not hold")
		case "rule", "schema":
			options.set(m.Name, i.from(i.aboutChildren(i.plain(m.Value), m.Value, at), m.Value, at))
		default:
			i.refuseMember(m, at, m.Name+" is not an option of this condition", "")
		}
	}
	if i.ballerina && kind != "json-schema" && kind != "expr" {
		options.set("payload", yes())
		if !i.payloads {
			i.payloads = true
			i.doc.Warn(node, path, "not_carried", "in Ballerine an event's payload overrides the context in conditions; here a condition only sees a field of the payload if the context has none with that name, so that a sender cannot override known data", "")
		}
	}
	return newObject().text("type", kind).set("options", options.Node).Node
}

// code identifies a condition with parameters: each set of them is a condition of its own.
func (i *importer) code(node *yaml.Node, kind, path string) *yaml.Node {
	given := map[string]any{}
	for _, m := range pairs(node) {
		if m.Name != "type" {
			given[m.Name] = i.doc.Value(m.Value, source.Join(path, m.Name))
		}
	}
	i.takeAll(node)
	if params, ok := given["params"].(map[string]any); ok && len(given) == 1 {
		given = params
	}
	return i.named(node, path, kind, given)
}

func (i *importer) named(node *yaml.Node, path, given string, params map[string]any) *yaml.Node {
	identity, stands := given, field(orElse(given, "condition"))
	if len(params) > 0 {
		text, err := json.Marshal(params)
		if err != nil {
			text = []byte("{}")
		}
		identity += " " + string(text)
		for _, name := range slices.Sorted(maps.Keys(params)) {
			value, err := json.Marshal(params[name])
			if err == nil {
				stands += "_" + field(name+"_"+strings.Trim(string(value), `"`))
			}
		}
		stands = stands[:min(len(stands), 60)]
	}
	stands = unique(stands, func(n string) bool { other, there := i.guards[n]; return there && other != identity })
	i.guards[stands] = identity
	i.note(node, path, "the condition "+orElse(identity, "here")+" is a function: it does not hold until it is replaced", "write it instead of guards."+stands)
	return text("guards." + stands + " == true")
}
