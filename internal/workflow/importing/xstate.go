package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// xstate converts a machine of XState 4 or 5.
func (i *importer) xstate(root *yaml.Node) object {
	if i.version == 0 {
		i.version = versionOf(root)
	}
	i.machine = i.build(root, nil, "", "")
	id := i.identify(orElse(i.textOf(root, "id"), i.textOf(root, "key"), "imported"))
	out := newObject().text("id", id).text("title", i.textOf(root, "description"))
	states := newObject()
	i.state(states, i.machine)
	i.leaveMachine(states)
	i.check()
	out.Content = append(out.Content, states.Content...)
	return out
}

// identify names the machine. No state at the top may have its name: targets begin with either.
func (i *importer) identify(given string) string {
	if i.machine.id == "" {
		i.machine.id = "(machine)"
	}
	i.machine.name = unique(name(given), func(n string) bool {
		return slices.ContainsFunc(i.machine.children, func(s *state) bool { return s.name == n })
	})
	return i.machine.name
}

// Keys by which the versions can be recognized.
var (
	only4 = []string{"cond", "internal", "in", "onEntry", "onExit", "activities", "predictableActionArguments", "preserveActionOrder", "strict", "delimiter", "schema", "tsTypes", "autoForward", "parallel"}
	only5 = []string{"guard", "reenter", "output", "systemId", "onSnapshot", "types", "schemas"}
)

// versionOf returns the XState version that a machine's keys imply; 0 when they imply none, or both.
func versionOf(node *yaml.Node) int {
	four, five := false, false
	var look func(node *yaml.Node, depth int)
	look = func(node *yaml.Node, depth int) {
		if node == nil || depth > 100 {
			return
		}
		if node.Kind == yaml.SequenceNode {
			for _, element := range node.Content {
				look(element, depth+1)
			}
		}
		for _, m := range pairs(node) {
			four = four || slices.Contains(only4, m.Name) || m.Name == "on" && (m.Value.Kind == yaml.SequenceNode || hasKey(m.Value, "")) || m.Name == "history" && m.Value.Tag == "!!bool" && m.Value.Value == "true"
			five = five || slices.Contains(only5, m.Name)
			switch m.Name {
			case "states", "on", "after": // their keys are names
				if m.Value.Kind == yaml.SequenceNode {
					look(m.Value, depth+1)
				}
				for _, inner := range pairs(m.Value) {
					look(inner.Value, depth+1)
				}
			case "always", "onDone", "onError", "invoke":
				look(m.Value, depth+1)
			}
		}
	}
	look(node, 0)
	switch {
	case four && !five:
		return 4
	case five && !four:
		return 5
	}
	return 0
}

func hasKey(node *yaml.Node, key string) bool {
	return slices.ContainsFunc(pairs(node), func(m source.Pair) bool { return m.Name == key })
}

// silent are members that do not affect what a machine does.
var silent = []string{"id", "key", "order", "version", "$schema", "predictableActionArguments", "preserveActionOrder", "strict"}

// state converts the members of a state, or of the machine itself, into out.
func (i *importer) state(out object, s *state) {
	i.from(out.Node, s.node, s.at)
	root := s.parent == nil
	for _, m := range i.each(s.node) {
		at := source.Join(s.at, m.Name)
		switch m.Name {
		case "type":
			i.kind(out, s, m)
		case "initial":
			i.initial(out, s, m, at)
		case "history":
			i.history(out, s, m)
		case "target":
			i.historyTarget(out, s, m, at)
		case "tags", "meta":
			out.set(m.Name, i.from(i.plain(m.Value), m.Value, at))
		case "description":
			if i.text(m.Value); !root {
				out.text(m.Name, m.Value.Value)
			}
		case "entry", "exit", "onEntry", "onExit":
			if node := out.get(strings.ToLower(strings.TrimPrefix(m.Name, "on"))); node != nil {
				i.refuseMember(m, at, m.Name+" and its other spelling are both present", "write one of them")
				continue
			}
			out.set(strings.ToLower(strings.TrimPrefix(m.Name, "on")), i.from(i.actions(m.Value, at), m.Value, at))
		case "on":
			i.events(out, s, m.Value, at)
		case "always":
			if out.get("always") != nil {
				i.refuseMember(m, at, "always and the event without a name are both present", "write one of them")
				continue
			}
			out.set("always", i.from(i.transitions(m.Value, s, "", at), m.Value, at))
		case "onDone":
			i.onDone(out, s, m, at)
		case "after":
			i.after(out, s, m, at)
		case "invoke":
			i.invoke(out, s, m, at)
		case "activities":
			i.refuseMember(m, at, "activities are code that runs while the state is active, and are not supported", "convert them to work: invoke")
		case "parallel":
			if i.text(m.Value) == "true" {
				i.refuseMember(m, at, "parallel: true is the syntax of XState 3", "write type: parallel")
			}
		case "delimiter":
			if i.text(m.Value) != "." {
				i.refuseMember(m, at, "delimiters other than the dot are not supported", "write targets with dots")
			}
		case "context":
			i.noteMember(m, at, "the initial context of the machine belongs to its cases", "send it with POST /v1/cases")
		case "data", "output":
			i.noteMember(m, at, "the output of a final state is not supported", "the case's context is available after its end")
		case "types", "schema", "schemas", "tsTypes":
			i.noteMember(m, at, m.Name+" only concerns types, and is not imported", "write context.schema")
		case "states":
			i.inner(out, s, m)
		default:
			i.other(m, at)
		}
	}
}

// other members have no meaning in XState, or none for what a machine does.
func (i *importer) other(m source.Pair, at string) {
	if slices.Contains(silent, m.Name) {
		i.takeAll(m.Value)
		return
	}
	i.noteMember(m, at, m.Name+" is unknown to XState, and is ignored", "")
}

func (i *importer) inner(out object, s *state, m source.Pair) {
	if m.Value.Kind == yaml.MappingNode && len(s.children) == 0 {
		return
	}
	states := newObject()
	for k, p := range i.each(m.Value) {
		inner := newObject()
		if p.Value.Kind == yaml.MappingNode {
			i.state(inner, s.children[k])
		}
		i.extend(inner, s.children[k])
		states.set(s.children[k].name, inner.Node)
	}
	out.set("states", states.Node)
}

func (i *importer) kind(out object, s *state, m source.Pair) {
	switch i.text(m.Value) {
	case "compound", "atomic":
	case "parallel", "final", "history":
		out.text("type", m.Value.Value)
	default:
		out.set("type", i.from(i.plain(m.Value), m.Value, source.Join(s.at, "type")))
	}
}

func (i *importer) history(out object, s *state, m source.Pair) {
	if i.text(m.Value) != "false" || s.kind == "history" {
		out.text("history", m.Value.Value)
	}
}

// historyTarget is where a history state leads before anything is remembered.
func (i *importer) historyTarget(out object, s *state, m source.Pair, at string) {
	if s.kind != "history" {
		i.noteMember(m, at, "only a history state can have a target", "")
		return
	}
	found := i.targets(m.Value, s, at)
	if i.version != 5 && (len(found) != 1 || found[0] != s.parent.first()) {
		i.refuse(m.Key, at, "XState 4 uses the target of a history state only before the machine's first transition", "remove it, or use --xstate 5 if this is a machine of XState 5")
	}
	var made []*yaml.Node
	for _, to := range found {
		made = append(made, text(i.reference(s, to)))
	}
	out.set("target", i.from(oneOrList(made), m.Value, at))
}

// first is the state in which a compound one begins, as it is written.
func (s *state) first() *state {
	m, ok := lookup(s.node, "initial")
	if !ok || m.Value.Kind != yaml.ScalarNode {
		return nil
	}
	return s.child(m.Value.Value)
}

func (i *importer) initial(out object, s *state, m source.Pair, at string) {
	if len(s.children) == 0 || s.kind == "parallel" {
		i.noteMember(m, at, "only a compound state can have an initial state", "")
		return
	}
	if m.Value.Kind == yaml.ScalarNode {
		if child := i.begins(m.Value, s, at); child != nil {
			out.set("initial", i.from(text(child.name), m.Value, at))
		}
		return
	}
	made := newObject()
	for _, inner := range i.each(m.Value) {
		here := source.Join(at, inner.Name)
		switch inner.Name {
		case "target":
			list := elements(inner.Value)
			if len(list) != 1 {
				i.refuse(inner.Key, here, "several initial states are not supported", "")
			} else if child := i.begins(list[0], s, here); child != nil {
				made.text("target", child.name)
			}
		case "actions":
			made.set("actions", i.actions(inner.Value, here))
		case "source", "reenter", "eventType", "event":
			i.takeAll(inner.Value)
		default:
			i.other(inner, here)
		}
	}
	out.set("initial", i.from(made.Node, m.Value, at))
}

// begins finds an initial state: a name, ".name" or "#id" of a child.
func (i *importer) begins(node *yaml.Node, s *state, at string) *state {
	given := i.text(node)
	found := s.child(given)
	if found == nil && (strings.HasPrefix(given, "#") || strings.HasPrefix(given, ".")) {
		found = i.find(s, given)
	}
	if found == nil || found.parent != s {
		i.refuse(node, at, "the initial state "+given+" is not one of the states directly inside", "")
		return nil
	}
	return found
}

// onDone of a state with states inside follows when they have come to an end. Of others it never does in XState; here it
// would be the end of the state's work.
func (i *importer) onDone(out object, s *state, m source.Pair, at string) {
	if len(s.children) == 0 || s.parent == nil {
		i.noteMember(m, at, "onDone only applies to a state with states inside: here it never happens, and is ignored", "for the end of work use onDone of the invocation")
		return
	}
	out.set("onDone", i.from(i.transitions(m.Value, s, "done.state", at), m.Value, at))
}

// events converts on: a mapping, or XState 4's list. The event without a name is always.
func (i *importer) events(out object, s *state, node *yaml.Node, path string) {
	names, lists, origins := []string{}, map[string][]*yaml.Node{}, map[string]origin{}
	add := func(key *yaml.Node, given string, value *yaml.Node, at string) {
		event, ok := i.event(key, given, at)
		if !ok {
			i.takeAll(value)
			return
		}
		if other, there := origins[event]; !there {
			names, origins[event] = append(names, event), origin{key, at}
		} else if node.Kind == yaml.MappingNode {
			i.refuse(key, at, "two events have the name "+event+" here", "rename one of them: the other is at "+other.path)
		}
		made := i.transitions(value, s, event, at)
		if made != nil && made.Kind == yaml.SequenceNode {
			lists[event] = append(lists[event], made.Content...)
		} else if made != nil {
			lists[event] = append(lists[event], made)
		}
	}
	if node.Kind == yaml.SequenceNode {
		i.inOrder(node, path)
		for k, one := range node.Content {
			at := path + "[" + itoa(k) + "]"
			add(one, i.textOf(one, "event"), one, at)
		}
	}
	for _, m := range i.each(node) {
		add(m.Key, m.Name, m.Value, source.Join(path, m.Name))
	}
	made := newObject()
	for _, event := range names {
		list := oneOrList(lists[event])
		if event == "" {
			out.set("always", i.from(list, origins[event].node, origins[event].path))
			continue
		}
		made.set(event, i.from(list, origins[event].node, origins[event].path))
	}
	if !made.empty() {
		out.set("on", i.from(made.Node, node, path))
	}
}

// inOrder refuses a list in which a wildcard stands before other events: there the order decides, here the exact name.
func (i *importer) inOrder(node *yaml.Node, path string) {
	for k, one := range node.Content {
		m, _ := lookup(one, "event")
		if m.Value != nil && m.Value.Value == "*" && slices.ContainsFunc(node.Content[k+1:], func(later *yaml.Node) bool {
			other, ok := lookup(later, "event")
			return !ok || other.Value.Value != "*"
		}) {
			i.doc.Report(m.Value, path+"["+itoa(k)+"].event", "not_carried", "in XState this wildcard takes precedence over the events after it; here an exact name takes precedence", "put * last")
			return
		}
	}
}

// event returns the name of an event here; false when it cannot be one, which is reported.
func (i *importer) event(key *yaml.Node, given, at string) (string, bool) {
	event := eventName(given)
	ending := ""
	if i.version == 4 && strings.HasSuffix(event, ".*") {
		event, ending = strings.TrimSuffix(event, "*")+"_", ", and .* at its end would match many events; in XState 4 it is part of one name"
	}
	for prefix, instead := range map[string]string{
		"done.invoke.": "write onDone of the work", "error.platform.": "write onError of the work", "error.invoke.": "write onError of the work", "done.state.": "write onDone of the state",
		"xstate.": "", "after.": "write after", "error.work.": "", statechart.OutcomePrefix: "rename it", "child.": "rename it", "UPDATE_CONTEXT": "rename it", "DEEP_MERGE_CONTEXT": "rename it",
	} {
		if strings.HasPrefix(event, prefix) {
			i.refuse(key, at, "an event named "+event+" is the system's own", instead)
			return "", false
		}
	}
	switch {
	case event == "*" || event == "":
	case strings.HasSuffix(event, ".*") && i.version == 0:
		i.refuse(key, at, event+" is one event in XState 4, and all events with that prefix in XState 5", "set --xstate to 4 or 5")
		return "", false
	}
	if event != given {
		i.doc.Warn(key, at, "not_carried", "the event is renamed to "+event+": a name has no blanks"+ending, "")
	}
	return event, true
}

// after converts delays. One that is only a name was a function.
func (i *importer) after(out object, s *state, m source.Pair, path string) {
	if s.parent == nil {
		i.refuseMember(m, path, "the machine itself has no timers here", "put after into its states")
		return
	}
	made := newObject()
	add := func(key *yaml.Node, delay string, node *yaml.Node, at string) {
		switch _, ok := statechart.ParseDelay(delay); {
		case strings.TrimLeft(delay, "0") == "" && delay != "":
			i.refuse(key, at, "a delay of 0 is not supported: it is a separate step in XState", "write always, or a delay of 1 (a millisecond)")
			i.takeAll(node)
			return
		case !ok:
			i.refuse(key, at, "the delay "+delay+" is a function, or longer than ten years", "write a duration: P14D, PT30M")
			i.takeAll(node)
			return
		}
		for _, one := range elements(node) {
			if node.Kind == yaml.SequenceNode && one.Kind == yaml.ScalarNode {
				i.refuse(one, at, "XState reads no target from a text in the list of a timer: nothing happens there", "write {target: "+one.Value+"}")
			}
		}
		list := i.transitions(node, s, "after", at)
		if there := made.get(delay); there != nil && list != nil {
			both := sequence(append(slices.Clone(elements(there)), elements(list)...)...)
			made.drop(delay)
			list = both
		}
		made.set(delay, i.from(list, key, at))
	}
	if m.Value.Kind == yaml.SequenceNode {
		for k, one := range m.Value.Content {
			add(one, i.textOf(one, "delay"), one, path+"["+itoa(k)+"]")
		}
	}
	for _, one := range i.each(m.Value) {
		add(one.Key, one.Name, one.Value, source.Join(path, one.Name))
	}
	if !made.empty() {
		out.set("after", i.from(made.Node, m.Value, path))
	}
}
