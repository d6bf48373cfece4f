package asl

import (
	"slices"
	"strings"

	"ballerine/internal/statechart"
)

// following are the labels that the state's transitions and work can really lead to, in document order. Raised events
// and events that come while work runs may lead elsewhere: the default, Route, is for them.
func (c *compiler) following(s *statechart.State) []Choice {
	reached := map[string]bool{}
	for i, w := range s.Invocations {
		label := s.Path + "/" + w.ID
		incident := c.entries[label+"/incident"] != ""
		reached[label] = i > 0 || incident // an operator's retry
		reached[label+"/answer"] = c.entries[label+"/answer"] != ""
		reached[label+"/incident"] = incident
	}
	if len(s.Invocations) > 0 && !leavesWhenDone(s) {
		reached[s.Path] = true
	}
	seen := map[*statechart.State]bool{}
	for _, t := range transitionsOf(s) {
		if t.Target != nil && !t.Forbidden {
			c.reach(t.Target.Leaf(), reached, seen)
		}
	}
	var choices []Choice
	for _, route := range c.labels {
		if reached[route.StringEquals] {
			choices = append(choices, route)
		}
	}
	return choices
}

// leavesWhenDone says that the end of a state's work always leads out of it.
func leavesWhenDone(s *statechart.State) bool {
	return slices.ContainsFunc(s.Transitions, func(t *statechart.Transition) bool {
		return t.Event == doneState(s) && t.Target != nil && !t.Guarded && !t.Forbidden
	})
}

func doneState(s *statechart.State) string { return "done.state." + s.Path }

// transitionsOf are all that can be taken while s is the active leaf: its own and its ancestors', but not those for the
// end of another state.
func transitionsOf(s *statechart.State) (found []*statechart.Transition) {
	for _, i := range s.Invocations {
		found = append(found, i.OnDone...)
		found = append(found, i.OnError...)
	}
	for at := s; at != nil; at = at.Parent {
		for _, t := range at.Transitions {
			other := (strings.HasPrefix(t.Event, "done.state.") && t.Event != doneState(s)) ||
				(strings.HasPrefix(t.Event, "error.work.") && t.Event != "error.work."+s.Path)
			if !other {
				found = append(found, t)
			}
		}
	}
	return found
}

// reach adds the labels where a run may come to rest that enters the leaf.
func (c *compiler) reach(leaf *statechart.State, reached map[string]bool, seen map[*statechart.State]bool) {
	if seen[leaf] {
		return
	}
	seen[leaf] = true
	rests := true
	for at := leaf; at != nil; at = at.Parent {
		rests = c.pass(at, "", leaf, reached, seen) && rests
	}
	if leaf.Kind == statechart.Final && leaf.Parent != c.chart.Root() {
		for at := leaf.Parent; at != nil; at = at.Parent {
			rests = c.pass(at, doneState(leaf.Parent), leaf, reached, seen) && rests
		}
	}
	if !rests {
		return
	}
	if len(leaf.Invocations) > 0 {
		reached[leaf.Path+"/"+leaf.Invocations[0].ID] = true
		return
	}
	reached[leaf.Path] = true
}

// pass follows the state's transitions for an event that comes by itself; false: one of them is taken for sure.
func (c *compiler) pass(at *statechart.State, event string, leaf *statechart.State, reached map[string]bool, seen map[*statechart.State]bool) (rests bool) {
	rests = true
	for _, t := range at.Transitions {
		if t.Event != event || t.Forbidden || t.Target == nil {
			continue
		}
		c.reach(t.Target.Leaf(), reached, seen)
		if !t.Guarded && t.Target.Leaf() != leaf {
			rests = false
		}
	}
	return rests
}
