package compile

import (
	"slices"
	"strings"

	"ballerine/internal/statechart"
)

// following are the rules for the labels that the state's transitions and work can really lead to, in document order.
// Raised events and events that come while work runs may lead elsewhere: the default, Route, is for them.
func (b *branch) following(s *statechart.State) []Choice {
	reached := map[string]bool{}
	stages := s.Stages()
	for _, stage := range stages {
		if len(stage) > 1 {
			reached[statechart.StageLabel(s.Path, stage[0].Stage)] = stage[0].Stage > 0
			continue
		}
		label := s.Path + "/" + stage[0].ID
		reached[label] = true // also by an operator's retry, or as what was put off
		reached[label+"/answer"] = b.entries[label+"/answer"] != ""
		reached[label+"/incident"] = true
	}
	if len(stages) > 0 && !leavesWhenDone(s) {
		reached[s.Path] = true
	}
	seen := map[*statechart.State]bool{}
	for _, t := range transitionsOf(s) {
		if !t.Forbidden {
			b.reachTargets(t, reached, seen)
		}
	}
	choices := b.rulesFor(reached)
	if b.region != "" {
		choices = append(choices, rule(statechart.LabelOut, b.names.of(b.region, "out")))
	}
	return choices
}

// after is what follows a state of the machine: the Choice over the labels, or, if one piece of work nearly always
// follows, that directly, which saves a transition. Work checks the record before it does anything: if the record is
// elsewhere it does nothing and returns where to go. A sequence of works ends at a Choice, so there are no cycles.
func (b *branch) after(s *statechart.State, owner, role string) string {
	next := b.names.of(owner, "next")
	label := ""
	switch work, isAnswer := strings.CutSuffix(role, ".answer"); {
	case owner != s.Path: // a piece of work beside others ends with its branch
	case role == "":
		label = b.onlyLabel(s)
	case strings.HasSuffix(role, ".incident"):
	default:
		label = b.nextWork(s, work, isAnswer)
	}
	if to, ok := b.entries[label]; ok && isWork(label) {
		return to
	}
	return next
}

// isWork reports whether the label is that of a single piece of work.
func isWork(label string) bool {
	return strings.Contains(label, "/") && !strings.Contains(label, "/*")
}

// nextWork is the label of the work that follows another one; "" if that may decide otherwise.
func (b *branch) nextWork(s *statechart.State, id string, answered bool) string {
	i, _ := s.Invocation(id)
	stages := s.Stages()
	w, _ := b.workflow.Invocation(s.Path, id)
	if len(i.OnDone) > 0 || w.Callback != answered || i.Stage+1 >= len(stages) || len(stages[i.Stage+1]) > 1 {
		return ""
	}
	return s.Path + "/" + stages[i.Stage+1][0].ID
}

// onlyLabel is where all events lead that the state waits for; "" when there are several such places, or none. Deadlines
// have a way of their own.
func (b *branch) onlyLabel(s *statechart.State) string {
	reached, seen := map[string]bool{}, map[*statechart.State]bool{}
	for _, t := range transitionsOf(s) {
		if t.Event == "" || statechart.IsInternal(t.Event) || t.Forbidden {
			continue
		}
		if len(t.Targets) == 0 {
			return ""
		}
		b.reachTargets(t, reached, seen)
	}
	if len(reached) != 1 {
		return ""
	}
	for label := range reached {
		return label
	}
	return ""
}

// leavesWhenDone states that the end of a state's work always leads out of it.
func leavesWhenDone(s *statechart.State) bool {
	return slices.ContainsFunc(s.Transitions, func(t *statechart.Transition) bool {
		return t.Event == doneEvent(s) && len(t.Targets) > 0 && !t.Guarded && !t.Forbidden
	})
}

func doneEvent(s *statechart.State) string { return "done.state." + s.Path }

// transitionsOf are all that can be taken while s is where its region is: its own, its ancestors', and those from inside
// a parallel state, but not those for the end of another state.
func transitionsOf(s *statechart.State) (found []*statechart.Transition) {
	for _, i := range s.Invocations {
		found = append(found, i.OnDone...)
		found = append(found, i.OnError...)
	}
	for at := s; at != nil; at = at.Parent {
		for _, t := range at.Transitions {
			other := (strings.HasPrefix(t.Event, "done.state.") && t.Event != doneEvent(s)) ||
				(strings.HasPrefix(t.Event, "error.work.") && t.Event != "error.work."+s.Path)
			if !other {
				found = append(found, t)
			}
		}
	}
	if s.Kind == statechart.Parallel {
		found = append(found, insideOf(s)...)
	}
	return found
}

// insideOf are the transitions of all states inside s.
func insideOf(s *statechart.State) (found []*statechart.Transition) {
	for _, child := range s.Children {
		found = append(found, child.Transitions...)
		for _, i := range child.Invocations {
			found = append(append(found, i.OnDone...), i.OnError...)
		}
		found = append(found, insideOf(child)...)
	}
	return found
}

// reachTargets adds the labels where a run may come to rest that takes the transition.
func (b *branch) reachTargets(t *statechart.Transition, reached map[string]bool, seen map[*statechart.State]bool) {
	for _, target := range t.Targets {
		if target.Kind == statechart.History { // anything inside its parent may be remembered
			b.rests(target.Parent, reached)
			for _, s := range b.chart.States() {
				if s.Inside(target.Parent) && s.Kind != statechart.Compound && s.Kind != statechart.History {
					b.rests(s, reached)
				}
			}
			continue
		}
		for _, leaf := range target.Leaves() {
			b.reach(leaf, reached, seen)
		}
	}
}

// reach adds the labels where a run may come to rest that enters the leaf.
func (b *branch) reach(leaf *statechart.State, reached map[string]bool, seen map[*statechart.State]bool) {
	if seen[leaf] {
		return
	}
	seen[leaf] = true
	rests := true
	for at := leaf; at != nil; at = at.Parent {
		rests = b.pass(at, "", leaf, reached, seen) && rests
	}
	if leaf.Kind == statechart.Final && leaf.Parent != b.chart.Root() {
		for at := leaf.Parent; at != nil; at = at.Parent {
			rests = b.pass(at, doneEvent(leaf.Parent), leaf, reached, seen) && rests
			if at.Kind == statechart.Parallel {
				b.pass(at, doneEvent(at), leaf, reached, seen) // whether it is taken hangs on the other regions
			}
		}
	}
	if rests {
		b.rests(leaf, reached)
	}
}

// rests adds the label of a leaf as this branch sees it: the state itself, its first work, or the parallel state that it
// is inside of.
func (b *branch) rests(leaf *statechart.State, reached map[string]bool) {
	at := leaf
	for s := leaf; s.Parent != nil && s.Path != b.region; s = s.Parent {
		if s.Parent.Kind == statechart.Parallel && s.Parent.Path != b.region {
			at = s.Parent
		}
	}
	switch stages := at.Stages(); {
	case at.Parent == nil:
		reached[statechart.LabelRoot] = true
	case len(stages) == 0:
		reached[at.Path] = true
	case len(stages[0]) > 1:
		reached[statechart.StageLabel(at.Path, 0)] = true
	default:
		reached[at.Path+"/"+stages[0][0].ID] = true
	}
}

// pass follows the state's transitions for an automatic event; false: one of them is certain to be taken.
func (b *branch) pass(at *statechart.State, event string, leaf *statechart.State, reached map[string]bool, seen map[*statechart.State]bool) (rests bool) {
	rests = true
	for _, t := range at.Transitions {
		if t.Event != event || t.Forbidden || len(t.Targets) == 0 {
			continue
		}
		b.reachTargets(t, reached, seen)
		if !t.Guarded && !slices.Contains(t.Targets[0].Leaves(), leaf) {
			rests = false
		}
	}
	return rests
}
