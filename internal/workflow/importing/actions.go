package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// actions converts entry, exit and actions. What is only a name is noted in the log of the case.
func (i *importer) actions(node *yaml.Node, path string) *yaml.Node {
	var made []*yaml.Node
	for k, one := range elements(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at += "[" + itoa(k) + "]"
		}
		if action := i.action(one, at); action != nil {
			made = append(made, i.from(action, one, at))
		}
	}
	return oneOrList(made)
}

// built are XState's own actions that have no counterpart in a workflow, with what to use instead.
var built = map[string]string{
	"send": "raise only sends to the machine itself; use child cases or webhooks for other recipients", "sendTo": "use child cases or webhooks for other recipients", "sendParent": "a case reports to its parent automatically",
	"respond": "", "forwardTo": "", "escalate": "", "start": "", "stop": "work ends when its state is exited", "stopChild": "work ends when its state is exited",
	"cancel": "a timer ends when its state is exited: use after", "choose": "write a transition for each condition", "pure": "", "enqueueActions": "", "spawn": "invoke work, or child cases", "spawnChild": "invoke work, or child cases",
	"update": "", "nullEvent": "", "invoke": "",
}

func (i *importer) action(node *yaml.Node, path string) *yaml.Node {
	kind := i.text(node)
	if node.Kind == yaml.MappingNode {
		kind = i.textOf(node, "type")
	}
	bare, own := strings.CutPrefix(kind, "xstate.")
	hint, beyond := built[bare]
	switch {
	case bare == "raise" && node.Kind == yaml.MappingNode:
		return i.raised(node, path)
	case bare == "assign" && node.Kind == yaml.MappingNode:
		return i.assign(node, path)
	case kind == "emit" && i.has(node, "event") && !own, kind == "notify" && node.Kind == yaml.MappingNode, kind == "merge" && i.has(node, "values"), kind == "log" && i.has(node, "message"):
		return i.plain(node) // as it is written here
	case bare == "emit" && i.has(node, "event"):
		return i.emitted(node, path)
	case beyond && (own || node.Kind == yaml.MappingNode && (i.has(node, "event") || i.has(node, "to"))):
		i.refuse(node, path, "the action "+bare+" is not supported", hint)
		return nil
	}
	i.note(node, path, "the action "+orElse(kind, "here")+" is a function: it is only logged", "write assign, raise, emit or notify in its place")
	return short(newObject().text("type", "log").text("message", orElse(kind, "action")).Node)
}

// eventOf reads an event: a name, or a name with what it carries. Literals stay literals.
func (i *importer) eventOf(node *yaml.Node, path string) (event string, payload *yaml.Node) {
	given := i.member(node, "event")
	if given == nil || given.Kind == yaml.ScalarNode {
		return i.text(given), nil
	}
	carried := newObject()
	for _, m := range i.each(given) {
		if m.Name == "type" {
			event = i.text(m.Value)
			continue
		}
		i.literal(carried, m, source.Join(path, "event."+m.Name))
	}
	if carried.empty() {
		return event, nil
	}
	return event, short(carried.Node)
}

// literal adds a literal value: texts are expressions here, so it is written in quotes.
func (i *importer) literal(out object, m source.Pair, path string) {
	if field(m.Name) != m.Name {
		i.refuseMember(m, path, "a field called "+m.Name+" is not supported: dots separate nested fields here, and other characters are not allowed in names", "rename it")
		return
	}
	if source.IsText(m.Value) {
		out.set(m.Name, text(quoted(i.text(m.Value))))
		return
	}
	out.set(m.Name, short(i.plain(m.Value)))
}

func quoted(given string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(given) + `"`
}

func (i *importer) raised(node *yaml.Node, path string) *yaml.Node {
	event, payload := i.eventOf(node, path)
	refused := false
	for _, m := range i.each(node) {
		at := source.Join(path, m.Name)
		switch m.Name {
		case "type", "event":
		case "payload":
			payload = i.from(i.plain(m.Value), m.Value, at)
		case "delay":
			if !source.IsNull(m.Value) {
				i.refuseMember(m, at, "a delayed raise is not supported: it would happen even after its state was exited", "use a timer: after")
				refused = true
			}
		case "id":
			i.takeAll(m.Value) // by which it could be cancelled
		case "to":
			i.refuseMember(m, at, "an event for another machine is not supported", "")
			refused = true
		case "params":
			i.refuseMember(m, at, "params of a raised event are not supported", "write what the event carries into the event")
			refused = true
		default:
			i.other(m, at)
		}
	}
	if event == "" {
		i.refuse(node, path, "the event that is raised is a function", "name it")
		return nil
	}
	if refused {
		return nil
	}
	named, ok := i.event(node, event, path)
	if !ok {
		return nil
	}
	return short(newObject().text("type", "raise").text("event", named).set("payload", payload).Node)
}

func (i *importer) emitted(node *yaml.Node, path string) *yaml.Node {
	event, payload := i.eventOf(node, path)
	return short(newObject().text("type", "emit").text("event", event).set("payload", payload).Node)
}

// assign converts literal assignments; functions do not come with JSON.
func (i *importer) assign(node *yaml.Node, path string) *yaml.Node {
	if i.has(node, "values") {
		return i.plain(node)
	}
	values := newObject()
	given := i.member(node, "assignment")
	if given != nil && given.Kind != yaml.MappingNode {
		i.refuse(given, source.Join(path, "assignment"), "the assignment is a function", "write assign with expressions")
		return nil
	}
	for _, m := range i.each(given) {
		i.literal(values, m, source.Join(path, "assignment."+m.Name))
	}
	if values.empty() {
		i.note(node, path, "the assignment is a function: it is only logged", "write assign with expressions in its place")
		return short(newObject().text("type", "log").text("message", "assign").Node)
	}
	i.doc.Warn(node, path, "not_carried", "the assigned value is taken literally", "to assign an expression, remove the quotes")
	return newObject().text("type", "assign").set("values", values.Node).Node
}

// ownSources are the tasks of this system.
var ownSources = []string{"vendor", "rules", "document", "children", "screening"}

// invoke converts services: a service was code, a plugin takes its place. Several of them begin at once.
func (i *importer) invoke(out object, s *state, m source.Pair, path string) {
	if len(elements(m.Value)) == 0 {
		return
	}
	if len(s.children) > 0 || s.kind == "final" || s.kind == "history" {
		hint := "move it into the initial state, or into a region of its own"
		if s.kind == "final" {
			hint = "add a state before this one that does the work"
		}
		i.refuseMember(m, path, "only an atomic state that is not final can do work", hint)
		return
	}
	var made []*yaml.Node
	ids := map[string]bool{}
	for k, one := range elements(m.Value) {
		at := path
		if m.Value.Kind == yaml.SequenceNode {
			at += "[" + itoa(k) + "]"
		}
		made = append(made, i.from(i.service(one, s, at, ids), one, at))
	}
	if len(made) > 1 {
		made = []*yaml.Node{newObject().set("parallel", sequence(made...)).Node}
	}
	out.set("invoke", i.from(sequence(made...), m.Value, path))
}

func (i *importer) service(node *yaml.Node, s *state, path string, ids map[string]bool) *yaml.Node {
	src := i.text(node)
	if node.Kind == yaml.MappingNode {
		given := i.member(node, "src")
		if src = i.text(given); src == "" && given != nil {
			src = i.textOf(given, "type")
		}
		if given != nil && given.Kind == yaml.MappingNode && i.has(given, "states") {
			i.refuse(given, source.Join(path, "src"), "a machine inside a machine is not supported", "import it separately, and start it as a child case")
		}
	}
	src = orElse(src, "service")
	given := orElse(i.textOf(node, "id"), src)
	id := unique(field(given), func(n string) bool { return ids[n] })
	ids[id] = true
	work := newObject()
	if slices.Contains(ownSources, src) {
		work.text("src", src).text("id", id)
		if input := i.member(node, "input"); input != nil {
			work.set("input", i.from(i.plain(input), input, source.Join(path, "input")))
		}
	} else {
		i.doc.Warn(node, path, "not_carried", "the service "+src+" is code: it becomes a call of the plugin "+pluginID(src)+", by the work "+id, "write that plugin: docs/vendors.md")
		work.text("src", "vendor").text("id", id).set("input", short(newObject().text("plugin", pluginID(src)).Node))
	}
	for _, m := range i.each(node) {
		at := source.Join(path, m.Name)
		switch m.Name {
		case "src", "id":
		case "input":
			if !slices.Contains(ownSources, src) {
				i.noteMember(m, at, "the input of a service that was code is not imported", "write input.with, or the plugin's request")
			}
		case "data", "params":
			i.noteMember(m, at, "the input of a service that was code is not imported", "write input.with, or the plugin's request")
		case "onDone", "onError":
			if !source.IsNull(m.Value) {
				work.set(m.Name, i.from(i.transitions(m.Value, s, map[string]string{"onDone": "done.invoke", "onError": "error.invoke"}[m.Name], at), m.Value, at))
			}
		case "onSnapshot", "autoForward":
			if i.text(m.Value) != "false" {
				i.refuseMember(m, at, m.Name+" is not supported: work returns one answer", "")
			}
		case "systemId", "meta", "description", "type":
			i.noteMember(m, at, m.Name+" of work is not supported", "")
		default:
			i.other(m, at)
		}
	}
	return work.Node
}
