package statechart

import (
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// look is the result of consulting a state: a transition, a stop (forbidden), or neither.
type look struct {
	state *State
	taken *Transition
	stop  bool
}

// asker returns what a state does for what is being selected: the first enabled transition, or that it is forbidden.
type asker func(r *run, s *State) (t *Transition, stop bool)

// choose selects the transitions for an event, as SCXML does: for each active leaf the first enabled one, its own before
// its ancestors', in document order within a state; of two that would leave the same states, the one of the descendant,
// else the first.
func (r *run) choose(event string) (chosen []*Transition, known bool) {
	r.selecting, r.known = event, false
	return r.selectBy((*run).onEvent), r.known
}

// chooseAlways selects the eventless transitions.
func (r *run) chooseAlways() []*Transition {
	if !r.chart.always {
		return nil
	}
	return r.selectBy((*run).eventless)
}

// selectBy asks every leaf and its ancestors.
func (r *run) selectBy(choose asker) []*Transition {
	if !r.chart.parallel { // one leaf: no set, no conflicts
		for s := r.leaf(); s != nil; s = s.Parent {
			t, stop := choose(r, s)
			if stop {
				r.known = false
				return nil
			}
			if t != nil {
				r.one[0] = t
				return r.one[:]
			}
		}
		return nil
	}
	found := r.set[:0]
	r.looked = r.looked[:0]
	for i := range r.active {
		if !r.active[i].state.isLeaf() {
			continue
		}
		if t := r.walkUp(r.active[i].state, choose); t != nil && !slices.Contains(found, t) {
			found = append(found, t)
		}
	}
	r.set = found
	if len(found) > 1 {
		found = r.withoutConflicts(found)
	}
	return found
}

// walkUp asks a leaf and then its ancestors. An ancestor that was visited from a former leaf is not evaluated again.
func (r *run) walkUp(leaf *State, choose asker) *Transition {
	for s := leaf; s != nil; s = s.Parent {
		at := slices.IndexFunc(r.looked, func(l look) bool { return l.state == s })
		if at < 0 {
			t, stop := choose(r, s)
			at = len(r.looked)
			r.looked = append(r.looked, look{s, t, stop})
		}
		if l := r.looked[at]; l.taken != nil || l.stop {
			return l.taken
		}
	}
	return nil
}

// onEvent is what a state does on the requested event: the exact name first, then wildcards, the longest first.
func (r *run) onEvent(s *State) (*Transition, bool) {
	if t, stop := r.firstEnabled(s.byEvent[r.selecting]); t != nil || stop {
		return t, stop
	}
	if len(s.globs) == 0 || IsInternal(r.selecting) || r.event.Optional {
		return nil, false
	}
	for i := range s.globs {
		if !matches(s.globs[i].Event, r.selecting) {
			continue
		}
		if t, stop := r.firstEnabled(s.globs[i : i+1]); t != nil || stop {
			return t, stop
		}
	}
	return nil, false
}

func (r *run) eventless(s *State) (*Transition, bool) {
	if len(s.always) == 0 {
		return nil, false
	}
	return r.firstEnabled(s.always)
}

// outcomeDenied is the outcome in a trace of a transition that was not taken although its guard holds: see Input.Denied.
const outcomeDenied = "denied"

// firstEnabled returns the first transition whose guard holds. stop is set by a forbidden one. Any other makes the event known.
func (r *run) firstEnabled(candidates []*Transition) (chosen *Transition, stop bool) {
	for _, t := range candidates {
		if t.Forbidden {
			r.trace = append(r.trace, Trace{State: t.Source.Path, Event: t.Event, Outcome: "forbidden"})
			return nil, true
		}
		r.known = true
		if r.enabled(t) {
			return t, false
		}
	}
	return nil, false
}

// pick is the first enabled transition of a list.
func (r *run) pick(candidates []*Transition) []*Transition {
	t, _ := r.firstEnabled(candidates)
	if t == nil {
		return nil
	}
	return []*Transition{t}
}

// withoutConflicts removes transitions that others preempt: two that would leave a common state exclude each other.
func (r *run) withoutConflicts(found []*Transition) []*Transition {
	kept := make([]*Transition, 0, len(found))
	for _, t := range found {
		preempted := false
		var removed []*Transition
		for _, other := range kept {
			if !r.conflict(t, other) {
				continue
			}
			if !t.Source.isInside(other.Source) {
				preempted = true
				break
			}
			removed = append(removed, other)
		}
		if preempted {
			r.trace = append(r.trace, Trace{State: t.Source.Path, Event: t.Event, Outcome: "preempted"})
			continue
		}
		kept = slices.DeleteFunc(kept, func(other *Transition) bool { return slices.Contains(removed, other) })
		kept = append(kept, t)
	}
	return kept
}

// conflict reports whether both transitions would leave some active state.
func (r *run) conflict(a, b *Transition) bool {
	if len(a.Targets) == 0 || len(b.Targets) == 0 {
		return false
	}
	first, second := r.domainOf(a), r.domainOf(b)
	return slices.ContainsFunc(r.active, func(x activation) bool { return x.state.isInside(first) && x.state.isInside(second) })
}

func (r *run) domainOf(t *Transition) *State {
	if !t.dynamic {
		return t.domain
	}
	return t.domainOf(t.effective(r.remembered))
}

// leaf is the innermost active state; the root before anything is active.
func (r *run) leaf() *State {
	if len(r.active) == 0 {
		return r.chart.root
	}
	return r.active[len(r.active)-1].state
}

func (s *State) isLeaf() bool { return s.Kind == Atomic || s.Kind == Final }

func (r *run) enabled(t *Transition) bool {
	trace := Trace{State: t.Source.Path, Event: t.Event, Guard: t.GuardText, Target: t.targetText(), Outcome: "taken", otherwise: t.Otherwise}
	verdict := expr.Verdict{Truth: expr.True}
	if t.guard != nil {
		verdict = t.guard.test(r)
	}
	switch verdict.Truth {
	case expr.False:
		trace.Outcome = "false"
	case expr.Unknown:
		trace.Outcome, trace.Missing, trace.Reason = "unknown", verdict.Missing, verdict.Reason
	}
	denied := verdict.Truth == expr.True && r.denied != nil && r.denied(t, r.scope.context)
	if denied {
		trace.Outcome = outcomeDenied
	}
	r.trace = append(r.trace, trace)
	return verdict.Truth == expr.True && !denied
}

// targetText names the targets for traces.
func (t *Transition) targetText() string {
	switch len(t.Targets) {
	case 0:
		return ""
	case 1:
		return t.Targets[0].Path
	}
	paths := make([]string, len(t.Targets))
	for i, s := range t.Targets {
		paths[i] = s.Path
	}
	return strings.Join(paths, " ")
}

// matches an event against "*" or "x.*".
func matches(pattern, event string) bool {
	if pattern == "*" {
		return true
	}
	prefix := strings.TrimSuffix(pattern, "*")
	return strings.HasPrefix(event, prefix) || event == strings.TrimSuffix(prefix, ".")
}

// OutcomePrefix begins the names of events that only the chart itself raises. Guards after them can rely on what its
// work has written, because nobody can send them.
const OutcomePrefix = "outcome."

// IsInternal states that an event is the chart's own: wildcards do not match it, and nobody can send it.
func IsInternal(event string) bool {
	for _, prefix := range []string{"done.invoke.", "error.invoke.", "done.state.", "error.work.", "after.", OutcomePrefix, childPrefix} {
		if strings.HasPrefix(event, prefix) {
			return true
		}
	}
	return false
}
