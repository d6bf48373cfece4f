package importing

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// transitions converts one or a list; an empty one forbids the event.
func (i *importer) transitions(node *yaml.Node, s *state, event, path string) *yaml.Node {
	if source.IsNull(node) {
		i.moves = append(i.moves, move{source: s, event: event, node: node, at: path})
		return newObject().Node
	}
	var made []*yaml.Node
	for k, one := range elements(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at += "[" + itoa(k) + "]"
		}
		for _, written := range i.transition(one, s, event, at) {
			made = append(made, i.from(written, one, at))
		}
	}
	return oneOrList(made)
}

// transition converts one; the equivalent here may take two.
func (i *importer) transition(node *yaml.Node, s *state, event, path string) []*yaml.Node {
	t := move{source: s, event: event, node: node, at: path}
	if node.Kind == yaml.ScalarNode {
		if t.targets = i.targets(node, s, path); len(t.targets) == 0 {
			return []*yaml.Node{text(node.Value)} // refused: it is kept so that it can be corrected
		}
		made := newObject()
		i.leads(made, &t, nil)
		return i.unlessThere(made, t, nil)
	}
	made, explicit := newObject(), map[string]*yaml.Node{}
	var conditions []*yaml.Node
	for _, m := range i.each(node) {
		at := source.Join(path, m.Name)
		switch m.Name {
		case "target":
			if !source.IsNull(m.Value) {
				if t.targets = i.targets(m.Value, s, at); len(t.targets) == 0 {
					made.set("target", copied(m.Value))
				}
			}
		case "guard", "cond":
			if !source.IsNull(m.Value) {
				conditions = append(conditions, i.from(i.guard(m.Value, s, at), m.Value, at))
			}
		case "in":
			if !source.IsNull(m.Value) {
				conditions = append(conditions, i.inState(m.Value, s, at))
			}
		case "actions":
			made.set("actions", i.from(i.actions(m.Value, at), m.Value, at))
		case "reenter", "internal":
			explicit[m.Name] = m.Value
			if v := i.text(m.Value); v != "true" && v != "false" && !source.IsNull(m.Value) {
				i.refuse(m.Value, at, m.Name+" is true or false", "")
			}
		case "description":
			made.text("description", i.text(m.Value))
		case "event", "source", "eventType", "toJSON", "delay":
			i.takeAll(m.Value) // what XState writes of a machine that it has read
		case "meta":
			i.noteMember(m, at, "meta of a transition is not supported", "")
		default:
			i.other(m, at)
		}
	}
	made.set("guard", allOf(conditions))
	t.guarded = len(conditions) > 0
	i.leads(made, &t, explicit)
	return i.unlessThere(made, t, conditions)
}

// allOf holds when each condition does; nil for none.
func allOf(conditions []*yaml.Node) *yaml.Node {
	if len(conditions) < 2 {
		return oneOrList(conditions)
	}
	return newObject().text("type", "and").set("guards", sequence(conditions...)).Node
}

// unlessThere returns the transition as it is written here. XState 4 does not re-enter states that a transition finds
// active: where that makes a difference, a transition that only runs actions comes first, for the case that the target
// is already active.
func (i *importer) unlessThere(made object, t move, conditions []*yaml.Node) []*yaml.Node {
	i.moves = append(i.moves, t)
	if there := i.found(t); there != nil {
		acts := newObject().set("guard", allOf(append([]*yaml.Node{i.whileIn(t.source, there)}, twins(conditions)...)))
		if actions := made.get("actions"); actions != nil {
			acts.set("actions", twin(actions))
		}
		i.moves = append(i.moves, move{source: t.source, event: t.event, node: t.node, at: t.at, guarded: true})
		return []*yaml.Node{acts.Node, made.Node}
	}
	if len(made.Content) == 2 && t.node.Kind == yaml.ScalarNode && !slices.Contains(i.outward, made) { // the target alone
		return made.Content[1:]
	}
	return []*yaml.Node{made.Node}
}

// found is the innermost target state of a transition of XState 4 that may already be active, and is not re-entered
// then; nil if that makes no difference, or cannot be expressed here.
func (i *importer) found(t move) *state {
	if i.version != 4 || !t.inward || len(t.targets) != 1 {
		return nil
	}
	way := t.targets[0].wayFrom(t.source)
	if len(way) == 0 || !way[len(way)-1].shows() || slices.ContainsFunc(way[:len(way)-1], (*state).shows) {
		return nil
	}
	return way[len(way)-1]
}

// wayFrom are the states from below one around it to the innermost in which the state begins; nil when regions or history are
// on the way.
func (s *state) wayFrom(from *state) (way []*state) {
	for around := s; around != from; around = around.parent {
		if around == nil {
			return nil
		}
		way = append([]*state{around}, way...)
	}
	for s != nil && s.kind == "compound" {
		if s = s.first(); s != nil {
			way = append(way, s)
		}
	}
	if s == nil || s.kind != "atomic" || from.kind == "parallel" || slices.ContainsFunc(way, func(s *state) bool { return s.kind == "parallel" }) {
		return nil
	}
	return way
}

// targets finds the states that are named; those that are not there are refused.
func (i *importer) targets(node *yaml.Node, from *state, path string) (found []*state) {
	for k, one := range elements(node) {
		at := path
		if node.Kind == yaml.SequenceNode {
			at += "[" + itoa(k) + "]"
		}
		given := i.text(one)
		if to := i.find(from, given); to != nil {
			found = append(found, to)
			continue
		}
		i.refuse(one, at, "there is no state "+given, "")
	}
	return found
}

// leads writes the target of a transition, and whether it leaves its source on the way. A transition to the state itself
// or into it leaves and enters it in XState 4, unless it is marked as internal or begins with a dot; in XState 5 it does
// if it is marked with reenter.
func (i *importer) leads(made object, t *move, explicit map[string]*yaml.Node) {
	if len(t.targets) == 0 {
		return
	}
	var list []*yaml.Node
	for _, to := range t.targets {
		list = append(list, text(i.reference(t.source, to)))
	}
	if len(list) > 1 {
		made.Content = append(newObject().set("target", short(sequence(list...))).Content, made.Content...)
	} else {
		made.Content = append(newObject().set("target", list[0]).Content, made.Content...)
	}
	switch {
	case i.reenters(t, explicit):
		made.set("reenter", yes())
	case i.machine.shows() && i.leavesMachine(t, explicit):
		i.outward = append(i.outward, made)
	default:
		t.stays = len(t.source.children) == 0 && !slices.ContainsFunc(t.targets, func(to *state) bool { return to != t.source })
	}
	if i.version != 5 {
		i.check4(*t, i.external4(t, explicit))
	}
	if i.version != 4 {
		i.check5(*t)
	}
}

// check5 refuses what XState 5 does by mistake: its machine is in no state after that, or restarts.
func (i *importer) check5(t move) {
	for _, to := range t.targets {
		if to.kind == "history" && to.parent.kind == "parallel" && t.source.inside(to.parent) && !i.has(to.node, "target") {
			i.refuse(t.node, t.at, "XState 5 loses the active states when the history of regions that were never exited is entered from inside; here they start again", "name the intended state")
		}
	}
}

// leavesMachine reports whether the machine itself is left and entered again.
func (i *importer) leavesMachine(t *move, explicit map[string]*yaml.Node) bool {
	switch {
	case t.source == i.machine:
		return !t.inward
	case !slices.Contains(t.targets, i.machine):
		return false
	case i.version == 4:
		return i.external4(t, explicit)
	case i.version == 5 && isTrue(explicit["reenter"]):
		return true
	}
	i.refuse(t.node, t.at, "XState 5 enters the machine itself here without having exited it", "write reenter: true, or name the state in which it starts again")
	return false
}

// external4 reports whether XState 4 takes a transition as one that leaves its source, wherever it leads.
func (i *importer) external4(t *move, explicit map[string]*yaml.Node) bool {
	if given := explicit["internal"]; given != nil && !source.IsNull(given) {
		return !isTrue(given)
	}
	return !i.dotted(t.node)
}

// leaveMachine writes what the machine does when it is left and entered again into the transitions that do it: here the
// machine is never left. The order is the same: the states inside are left before, and entered afterwards.
func (i *importer) leaveMachine(out object) {
	for _, made := range i.outward {
		var all []*yaml.Node
		for _, part := range []*yaml.Node{out.get("exit"), made.get("actions"), out.get("entry")} {
			all = append(all, twins(elements(part))...)
		}
		made.drop("actions")
		made.set("actions", oneOrList(all))
	}
}

func isTrue(node *yaml.Node) bool { return node != nil && node.Value == "true" }

func (i *importer) reenters(t *move, explicit map[string]*yaml.Node) bool {
	inward := !slices.ContainsFunc(t.targets, func(to *state) bool { return !to.within(t.source) })
	if !inward {
		return false
	}
	external := isTrue(explicit["reenter"])
	if given := explicit["internal"]; given != nil && !source.IsNull(given) {
		external = !isTrue(given)
	} else if explicit["reenter"] == nil && i.version != 5 && !i.dotted(t.node) {
		external = i.version == 4
		if i.version == 0 && t.source.changes(t.targets) {
			i.refuse(t.node, t.at, "in XState 4 this transition leaves "+t.source.title()+" and enters it again, in XState 5 it does not, and the XState version of the machine is unknown",
				"set --xstate to 4 or 5, or write reenter")
		}
	}
	if t.inward = !external; t.inward {
		return false
	}
	if t.source.parent == nil {
		return false
	}
	if t.source.work && i.ballerina { // a transition to itself runs no plugins there
		if len(t.targets) != 1 || t.targets[0] != t.source || t.source.showsBesidesWork() {
			i.refuse(t.node, t.at, "this transition enters the state again without its plugins, which is not supported", "")
		}
		return false
	}
	if i.version == 4 && t.source.parent.kind == "parallel" {
		if t.source.shows() {
			i.refuse4(t.node, t.at, "XState 4 enters only this region again; here all regions would be entered again", "move its actions, timers and work into the states inside")
		}
		return false
	}
	return true
}

func (s *state) showsBesidesWork() bool {
	before := s.work
	s.work = false
	defer func() { s.work = before }()
	return s.shows()
}

// changes reports whether it could be seen that the state is left on the way to states inside it.
func (s *state) changes(targets []*state) bool {
	return s.shows() || s.kind == "parallel" || slices.ContainsFunc(targets, func(to *state) bool { return to.kind == "history" }) || s.parent != nil && s.parent.kind == "parallel"
}

func (s *state) title() string {
	if s.parent == nil {
		return "the machine"
	}
	return s.path()
}

// dotted reports whether a target of the transition begins with a dot.
func (i *importer) dotted(node *yaml.Node) bool {
	if m, ok := lookup(node, "target"); ok {
		node = m.Value
	}
	return slices.ContainsFunc(elements(node), func(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, ".") })
}

// check4 refuses what XState 4 does in a way that neither SCXML nor XState 5 has.
func (i *importer) check4(t move, external bool) {
	for _, to := range t.targets {
		switch {
		case to.kind == "history" && concurrent(t.source, to.parent):
			i.refuse4(t.node, t.at, "XState 4 returns to the state before the last one for the history of an active state; here history is the configuration when the state was last exited", "name the state")
		case to != t.source && t.source.inside(to):
			i.toAncestor(t, to, external)
		case t.inward && to.inside(t.source) && i.found(t) == nil && to.enteredOnTheWay(t.source):
			i.refuse4(t.node, t.at, "XState 4 does not exit the active states of "+to.title()+" here; here it would be entered again", "exit the enclosing state as well: internal: false, or name another state")
		}
		for around := to.parent; around != nil; around = around.parent {
			if around.kind != "parallel" || !concurrent(t.source, around) || t.source.inside(around) && to.within(t.source.region(around)) {
				continue
			}
			i.refuse4(t.node, t.at, "XState 4 moves one region of "+around.title()+" here and keeps the others; here the others start again", "raise an event that the region handles")
			break
		}
	}
}

// enteredOnTheWay reports whether something can be seen of entering the state from one around it, with where it begins.
func (s *state) enteredOnTheWay(from *state) bool {
	if way := s.wayFrom(from); len(way) > 0 {
		return slices.ContainsFunc(way, (*state).shows)
	}
	for around := s; around != from; around = around.parent {
		if around.shows() {
			return true
		}
	}
	shows := false
	for _, child := range s.children {
		child.walk(func(inner *state) { shows = shows || inner.shows() })
	}
	return shows
}

// toAncestor: XState 4 stays in what is active already when the transition is internal. It leaves the ancestor otherwise, and
// enters it again, but never leaves the other regions around it.
func (i *importer) toAncestor(t move, to *state, external bool) {
	for s := t.source; s != to.parent; s = s.parent {
		if s.shows() && !external || s == to && to.parent != nil && to.parent.kind == "parallel" {
			i.refuse4(t.node, t.at, "XState 4 does not leave "+to.title()+" here, nor its active states; here it would be entered again", "name the intended state inside it")
			return
		}
	}
}

// inState converts XState 4's in: "#id", or a state value of what is two levels up.
func (i *importer) inState(node *yaml.Node, s *state, path string) *yaml.Node {
	base := s
	for range 2 {
		if base.parent != nil {
			base = base.parent
		}
	}
	var found []*yaml.Node
	var visit func(node *yaml.Node, base *state, at string)
	visit = func(node *yaml.Node, base *state, at string) {
		if node.Kind == yaml.MappingNode {
			for _, m := range i.each(node) {
				here := source.Join(at, m.Name)
				inner := base.child(m.Name)
				if inner == nil {
					i.refuseMember(m, here, "there is no state "+m.Name, "")
				} else if pairs(m.Value) != nil || m.Value.Kind == yaml.ScalarNode {
					visit(m.Value, inner, here)
				} else {
					found = append(found, i.whileIn(s, inner))
				}
			}
			return
		}
		given := i.text(node)
		to := base.below(strings.Split(given, "."))
		if strings.HasPrefix(given, "#") {
			to = i.find(s, given)
		}
		if to == nil {
			i.refuse(node, at, "there is no state "+given, "")
			return
		}
		found = append(found, i.whileIn(s, to))
	}
	visit(node, base, path)
	if len(found) == 1 {
		return found[0]
	}
	return newObject().text("type", "and").set("guards", sequence(found...)).Node
}

func (i *importer) whileIn(from, to *state) *yaml.Node {
	if to.parent == nil {
		return text("true")
	}
	return short(newObject().text("type", "in-state").text("state", i.reference(from, to)).Node)
}

// refuse4 refuses what only XState 4 means.
func (i *importer) refuse4(node *yaml.Node, path, message, hint string) {
	if i.version == 0 {
		hint = "if the machine was written for XState 5, use --xstate 5; otherwise " + hint
	}
	i.refuse(node, path, message, hint)
}
