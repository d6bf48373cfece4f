package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// xstate converts a machine of XState 4 or 5.
func (i *importer) xstate(root *yaml.Node) *yaml.Node {
	out := newObject()
	out.text("id", name(orElse(textOf(member(root, "id")), textOf(member(root, "key")), "imported")))
	out.text("title", textOf(member(root, "description")))
	states := newObject()
	i.state(states, root, "", true)
	if schema := i.schema(nil); schema != nil {
		out.set("context", newObject().set("schema", schema).Node)
	}
	out.Content = append(out.Content, states.Content...)
	return out.Node
}

func orElse(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// ignored are members that say nothing about what a machine does.
var ignored = []string{"id", "key", "order", "version", "$schema", "states", "predictableActionArguments", "preserveActionOrder", "strict", "tsTypes", "schema", "schemas", "types", "delimiter"}

// state converts the members of a state, or of the machine itself, into out.
func (i *importer) state(out object, node *yaml.Node, path string, root bool) {
	if id := textOf(member(node, "id")); id != "" && !root {
		out.text("id", target(id))
	}
	inside := member(node, "states")
	for _, m := range pairs(node) {
		at := source.Join(path, m.Name)
		switch m.Name {
		case "type":
			if m.Value.Value != "compound" && m.Value.Value != "atomic" {
				out.set("type", plain(m.Value))
			}
		case "initial":
			i.initial(out, m.Value, at)
		case "history", "tags", "meta", "description":
			if !root || m.Name != "description" {
				out.set(m.Name, plain(m.Value))
			}
		case "target":
			out.set("target", i.targets(m.Value))
		case "entry", "exit", "onEntry", "onExit":
			out.set(strings.ToLower(strings.TrimPrefix(m.Name, "on")), i.actions(m.Value, at))
		case "on":
			i.events(out, m.Value, at)
		case "always", "onDone", "onError":
			out.set(m.Name, i.transitions(m.Value, at))
		case "after":
			i.after(out, m, at, root)
		case "invoke":
			i.invoke(out, m, at, inside != nil)
		case "context":
			i.note(m.Key, at, "the context that the machine begins with belongs to its cases", "give it with POST /v1/cases")
		case "data", "output":
			i.note(m.Key, at, "what a final state hands on is not carried", "the case's context is there when it has ended")
		default:
			if !slices.Contains(ignored, m.Name) {
				i.note(m.Key, at, m.Name+" has no meaning here", "")
			}
		}
	}
	if inside == nil {
		return
	}
	states := newObject()
	for _, m := range pairs(inside) {
		at := source.Join(path, "states."+m.Name)
		if name(m.Name) != m.Name {
			i.note(m.Key, at, "the state is called "+name(m.Name)+" here: a name has letters, digits, _ and -", "")
		}
		inner := newObject()
		i.state(inner, m.Value, at, false)
		i.extend(inner, m, at)
		states.set(name(m.Name), inner.Node)
	}
	out.set("states", states.Node)
}

// extend adds what extensions do in a state.
func (i *importer) extend(state object, m source.Pair, path string) {
	more := i.extras[m.Name]
	if more == nil {
		return
	}
	if len(more.work) > 0 && member(state.Node, "states") != nil {
		i.note(m.Key, path, "plugins of a state with states inside are left out", "move them into the initial state")
		return
	}
	if len(more.entry) > 0 {
		entry := sequence()
		for _, actions := range append(more.entry, elements(member(state.Node, "entry"))...) {
			entry.Content = append(entry.Content, elements(actions)...)
		}
		state.drop("entry")
		state.set("entry", entry)
	}
	if len(more.work) > 0 {
		state.set("invoke", sequence(more.work...))
	}
}

func (i *importer) initial(out object, node *yaml.Node, path string) {
	if node.Kind == yaml.ScalarNode {
		out.text("initial", name(strings.TrimPrefix(node.Value, ".")))
		return
	}
	made := newObject()
	if t := member(node, "target"); t != nil {
		made.text("target", name(strings.TrimPrefix(elements(t)[0].Value, ".")))
	}
	made.set("actions", i.actions(member(node, "actions"), source.Join(path, "actions")))
	out.set("initial", made.Node)
}

// events converts on. The empty event of XState 4 is always.
func (i *importer) events(out object, node *yaml.Node, path string) {
	made := newObject()
	for _, m := range pairs(node) {
		at := source.Join(path, m.Name)
		if m.Name == "" {
			out.set("always", i.transitions(m.Value, at))
			continue
		}
		event := strings.Join(strings.Fields(m.Name), "_")
		if event != m.Name {
			i.note(m.Key, at, "the event is called "+event+" here: a name has no blanks", "")
		}
		for prefix, instead := range map[string]string{"done.invoke.": "onDone of the work", "error.platform.": "onError of the work", "xstate.": ""} {
			if strings.HasPrefix(event, prefix) {
				i.note(m.Key, at, "the event is one of XState's own", instead)
				event = ""
			}
		}
		if event != "" {
			made.set(event, i.transitions(m.Value, at))
		}
	}
	if !made.empty() {
		out.set("on", made.Node)
	}
}

// transitions converts one or a list; nothing forbids the event.
func (i *importer) transitions(node *yaml.Node, path string) *yaml.Node {
	if source.IsNull(node) {
		return newObject().Node
	}
	list := elements(node)
	var made []*yaml.Node
	for _, one := range list {
		made = append(made, i.transition(one, path))
	}
	switch len(made) {
	case 0:
		return nil
	case 1:
		return made[0]
	}
	return sequence(made...)
}

func (i *importer) transition(node *yaml.Node, path string) *yaml.Node {
	if node.Kind == yaml.ScalarNode {
		return text(target(node.Value))
	}
	made := newObject()
	var conditions []*yaml.Node
	for _, m := range pairs(node) {
		at := source.Join(path, m.Name)
		switch m.Name {
		case "target":
			made.set("target", i.targets(m.Value))
		case "guard", "cond":
			conditions = append(conditions, i.guard(m.Value, at))
		case "in":
			conditions = append(conditions, short(newObject().text("type", "in-state").text("state", target(m.Value.Value)).Node))
		case "actions":
			made.set("actions", i.actions(m.Value, at))
		case "reenter", "internal", "description":
			made.set(m.Name, plain(m.Value))
		case "event", "source", "eventType", "meta", "toJSON", "delay":
		default:
			i.note(m.Key, at, m.Name+" has no meaning in a transition", "")
		}
	}
	switch len(conditions) {
	case 0:
	case 1:
		made.set("guard", conditions[0])
	default:
		made.set("guard", newObject().text("type", "and").set("guards", sequence(conditions...)).Node)
	}
	return made.Node
}

func (i *importer) targets(node *yaml.Node) *yaml.Node {
	var made []*yaml.Node
	for _, one := range elements(node) {
		made = append(made, text(target(one.Value)))
	}
	if len(made) == 1 {
		return made[0]
	}
	return short(sequence(made...))
}

// target keeps #, dots and the names between them.
func target(given string) string {
	head := ""
	for strings.HasPrefix(given, "#") || strings.HasPrefix(given, ".") {
		head, given = head+given[:1], given[1:]
	}
	steps := strings.Split(given, ".")
	for k := range steps {
		steps[k] = name(steps[k])
	}
	return head + strings.Join(steps, ".")
}

// ownGuards are written the same way here.
var ownGuards = []string{"json-logic", "jmespath", "json-schema", "expr"}

// guard converts a condition. One that is only a name was a function: a field of the context stands for it, which nobody
// has written, so that it never holds by itself.
func (i *importer) guard(node *yaml.Node, path string) *yaml.Node {
	if node.Kind == yaml.ScalarNode {
		return i.named(node, path, node.Value)
	}
	kind := textOf(member(node, "type"))
	switch kind {
	case "and", "or":
		var inner []*yaml.Node
		for _, one := range elements(member(node, "guards")) {
			inner = append(inner, i.guard(one, path))
		}
		return newObject().text("type", kind).set("guards", sequence(inner...)).Node
	case "not":
		if inner := member(node, "guard"); inner != nil {
			return newObject().text("type", "not").set("guard", i.guard(inner, path)).Node
		}
	case "in-state", "stateIn", "xstate.stateIn":
		return short(newObject().text("type", "in-state").text("state", target(orElse(textOf(member(node, "state")), textOf(member(member(node, "params"), "state"))))).Node)
	}
	if !slices.Contains(ownGuards, kind) {
		return i.named(node, path, kind)
	}
	options := newObject()
	for _, m := range pairs(member(node, "options")) {
		if m.Name == "assignOnFailure" {
			i.note(m.Key, source.Join(path, "options.assignOnFailure"), "what is assigned when a condition does not hold is not carried", "the trace of the history says what did not hold")
			continue
		}
		options.set(m.Name, plain(m.Value))
	}
	if i.ballerina && kind != "json-schema" && kind != "expr" {
		options.set("payload", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	return newObject().text("type", kind).set("options", options.Node).Node
}

func (i *importer) named(node *yaml.Node, path, given string) *yaml.Node {
	stands := field(orElse(given, "condition"))
	i.guards[stands] = true
	i.note(node, path, "the condition "+orElse(given, "here")+" is a function: until it is written it does not hold", "write it in the place of guards."+stands)
	return text("guards." + stands + " == true")
}

// actions converts entry, exit and actions. What is only a name is noted in the log of the case.
func (i *importer) actions(node *yaml.Node, path string) *yaml.Node {
	var made []*yaml.Node
	for _, one := range elements(node) {
		if action := i.action(one, path); action != nil {
			made = append(made, action)
		}
	}
	switch len(made) {
	case 0:
		return nil
	case 1:
		return made[0]
	}
	return sequence(made...)
}

func (i *importer) action(node *yaml.Node, path string) *yaml.Node {
	kind := orElse(textOf(member(node, "type")), textOf(node))
	switch kind {
	case "xstate.raise", "raise":
		event := member(node, "event")
		if t := orElse(textOf(event), textOf(member(event, "type"))); t != "" {
			return short(newObject().text("type", "raise").text("event", strings.Join(strings.Fields(t), "_")).Node)
		}
	case "xstate.assign", "assign":
		if made := i.assign(node, path); made != nil {
			return made
		}
	case "emit", "log", "notify", "merge":
		if node.Kind == yaml.MappingNode {
			return plain(node)
		}
	}
	i.note(node, path, "the action "+orElse(kind, "here")+" is a function: it is only noted in the log", "write assign, raise, emit or notify in its place")
	return short(newObject().text("type", "log").text("message", orElse(kind, "action")).Node)
}

// assign converts literal assignments; functions do not come with JSON.
func (i *importer) assign(node *yaml.Node, path string) *yaml.Node {
	if values := member(node, "values"); values != nil {
		return plain(node)
	}
	values := newObject()
	for _, m := range pairs(member(node, "assignment")) {
		if source.IsText(m.Value) {
			values.text(field(m.Name), `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(m.Value.Value)+`"`)
			continue
		}
		values.set(field(m.Name), plain(m.Value))
	}
	if values.empty() {
		return nil
	}
	i.note(node, path, "what is assigned is taken as it stands", "a text that is an expression is written without its quotes")
	return newObject().text("type", "assign").set("values", values.Node).Node
}

// after converts delays; one that is only a name was a function.
func (i *importer) after(out object, m source.Pair, path string, root bool) {
	if root {
		i.note(m.Key, path, "the machine itself has no timers here", "put after into its states")
		return
	}
	made := newObject()
	add := func(key *yaml.Node, delay string, node *yaml.Node) {
		if _, ok := statechart.ParseDelay(delay); !ok {
			i.note(key, source.Join(path, delay), "the delay "+delay+" is a function, and its transition is left out", "write a duration: P14D, PT30M")
			return
		}
		made.set(delay, i.transitions(node, source.Join(path, delay)))
	}
	for _, one := range pairs(m.Value) {
		add(one.Key, one.Name, one.Value)
	}
	if m.Value.Kind == yaml.SequenceNode {
		for _, one := range m.Value.Content {
			add(one, textOf(member(one, "delay")), one)
		}
	}
	if !made.empty() {
		out.set("after", made.Node)
	}
}

// ownSources are the tasks of this system.
var ownSources = []string{"vendor", "rules", "document", "children"}

// invoke converts services: a service was code, a plugin takes its place.
func (i *importer) invoke(out object, m source.Pair, path string, inside bool) {
	if inside {
		i.note(m.Key, path, "only a state without states inside does work here, and this is left out", "move it into the initial state, or into a region of its own")
		return
	}
	var made []*yaml.Node
	for _, one := range elements(m.Value) {
		src := orElse(textOf(member(one, "src")), textOf(member(member(one, "src"), "type")), textOf(one), "service")
		work := newObject()
		id := field(orElse(textOf(member(one, "id")), src))
		if slices.Contains(ownSources, src) {
			work.text("src", src).text("id", id).set("input", plain(member(one, "input")))
		} else {
			i.note(one, path, "the service "+src+" is code: it is asked as the plugin "+pluginID(src), "write that plugin: docs/vendors.md")
			work.text("src", "vendor").text("id", id).set("input", short(newObject().text("plugin", pluginID(src)).Node))
		}
		for _, ending := range []string{"onDone", "onError"} {
			if t := member(one, ending); t != nil {
				work.set(ending, i.transitions(t, source.Join(path, ending)))
			}
		}
		made = append(made, work.Node)
	}
	if len(made) > 0 {
		out.set("invoke", sequence(made...))
	}
}

// schema is the schema of the context with what the import writes; nil when there is none.
func (i *importer) schema(given *yaml.Node) *yaml.Node {
	if given == nil || given.Kind != yaml.MappingNode {
		return nil // anything goes
	}
	schema := plain(given)
	own := newObject()
	if len(i.guards) > 0 {
		own.set("guards", short(newObject().text("type", "object").Node))
	}
	if i.outputs {
		own.set("pluginsOutput", short(newObject().text("type", "object").Node))
	}
	if own.empty() {
		return schema
	}
	if properties := member(schema, "properties"); properties != nil {
		for k := 0; k < len(own.Content); k += 2 {
			if member(properties, own.Content[k].Value) == nil {
				properties.Content = append(properties.Content, own.Content[k], own.Content[k+1])
			}
		}
		return schema
	}
	return object{schema}.set("properties", own.Node).Node
}
