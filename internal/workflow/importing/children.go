package importing

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// report is what a parent does when a child of a definition moves.
type report struct {
	definition, event string
	states            *yaml.Node
	result            *yaml.Node // what the parent takes over of the child
	node              *yaml.Node
	path              string
}

// child converts a plugin that starts another workflow and continues immediately.
func (i *importer) child(plugin *yaml.Node, path string) (_, work *yaml.Node) {
	definition := i.textOf(plugin, "definitionId")
	id := field(orElse(i.textOf(plugin, "name"), definition, "child"))
	input := newObject().text("workflow", name(orElse(definition, "child"))).text("until", "none")
	if context := i.fields(plugin, "transformers", source.Join(path, "transformers"), "the initial data of the child", "write it under input.context, as expressions"); context != nil {
		input.set("context", context)
	}
	if m, ok := lookup(plugin, "initEvent"); ok {
		i.refuseMember(m, source.Join(path, "initEvent"), "the event that starts the child is not supported", "a child starts in its initial state")
	}
	i.children[definition] = append(i.children[definition], id)
	made := newObject().text("src", "children").text("id", id).set("input", input.Node)
	i.endings(made, plugin, nil, nil)
	return nil, made.Node
}

// fields makes expressions of a transformer that only picks fields. Others are refused.
func (i *importer) fields(node *yaml.Node, member, path, what, hint string) *yaml.Node {
	list := elements(i.member(node, member))
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 && i.textOf(list[0], "transformer") == "jmespath" {
		if m, ok := lookup(list[0], "mapping"); ok && m.Value.Kind == yaml.ScalarNode {
			if members, ok := hash(m.Value.Value); ok {
				i.textOf(list[0], "mapping")
				made := newObject()
				for _, one := range members {
					made.text(one.path, one.expression())
				}
				return i.from(made.Node, m.Value, path+"[0].mapping")
			}
		}
	}
	for k, one := range list {
		i.refuse(one, path+"["+itoa(k)+"]", what+" is not supported: it is more than a mapping of fields", hint)
	}
	return nil
}

// childReport reads what a parent does when a child moves.
func (i *importer) childReport(node *yaml.Node, path string) {
	r := report{definition: i.textOf(node, "definitionId"), event: eventName(i.textOf(node, "deliverEvent")), states: i.member(node, "persistenceStates"), node: node, path: path}
	for _, state := range elements(r.states) {
		i.text(state)
	}
	r.result = i.fields(node, "transformers", path+".transformers", "the data taken over from the child", "write it under input.result of the work that starts the child")
	ids := i.children[r.definition]
	if len(ids) == 0 {
		i.refuse(node, path, "no plugin of this definition starts child cases of "+r.definition, "start them with work of source children")
		return
	}
	for _, key := range sortedKeys(i.extras) {
		for _, work := range i.extras[key].work {
			if input := (object{work}).get("input"); r.result != nil && (object{input}).get("workflow") != nil && (object{input}).get("workflow").Value == name(r.definition) {
				object{input}.set("result", copied(r.result))
			}
		}
	}
	i.reports = append(i.reports, r)
}

// addReports makes the chart raise a parent's event when a child has come to one of the states.
func (i *importer) addReports(states object) {
	made := newObject()
	for _, r := range i.reports {
		for _, id := range i.children[r.definition] {
			if r.event == "" {
				continue
			}
			on := newObject()
			if list := elements(r.states); len(list) > 0 {
				rule := newObject().set("in", short(sequence(short(newObject().text("var", "event.payload.states.0").Node), copied(sequence(list...)))))
				on.set("guard", newObject().text("type", "json-logic").set("options", newObject().set("rule", rule.Node).Node).Node)
			}
			event := statechart.ChildEvent(id)
			if made.get(event) != nil {
				i.refuse(r.node, r.path, "two reports of child cases of "+r.definition+" are not supported", "write one list of transitions")
				continue
			}
			made.set(event, i.from(on.set("actions", raise(r.event)).Node, r.node, r.path))
		}
	}
	if made.empty() {
		return
	}
	if on := states.get("on"); on != nil {
		on.Content = append(on.Content, made.Content...)
		return
	}
	states.set("on", made.Node)
}

var (
	childPath  = regexp.MustCompile(`childWorkflows(\.([A-Za-z0-9_-]+|"[^"]+"))?`)
	childState = regexp.MustCompile(`(children\.[A-Za-z0-9_]+\.cases(?:\.\*|\.[A-Za-z0-9_]+|\[\])+)\.state\b`)
	childLost  = regexp.MustCompile(`\b(entityId|state)\b`)
)

// aboutChildren lets a condition read children where they are here: childWorkflows.<definition> is children.<work>.cases.
func (i *importer) aboutChildren(made, node *yaml.Node, path string) *yaml.Node {
	for _, child := range made.Content {
		i.aboutChildren(child, node, path)
	}
	if made.Kind != yaml.ScalarNode || !strings.Contains(made.Value, "childWorkflows") {
		return made
	}
	lost := ""
	value := childPath.ReplaceAllStringFunc(made.Value, func(found string) string {
		definition := strings.Trim(strings.TrimPrefix(strings.TrimPrefix(found, "childWorkflows"), "."), `"`)
		ids := i.children[definition]
		if len(ids) != 1 {
			lost = "children of " + orElse(definition, "any definition") + " cannot be distinguished here: " + itoa(len(ids)) + " plugins start them"
			return found
		}
		return "children." + ids[0] + ".cases"
	})
	value = childState.ReplaceAllString(value, "$1.states[0]")
	if lost == "" && childLost.MatchString(value) {
		lost = "of a child only status, states, tags, outcome and result are available here, not its " + childLost.FindString(value)
	}
	if lost != "" {
		i.refuse(node, path, lost, "write the condition over children.<work>: docs/workflows.md")
	}
	made.Value = value
	return made
}
