package statechart

import (
	"strings"

	"ballerine/internal/expr"
)

// choose selects the transition for an event: child before ancestor, document order within a state. known says that
// some active state has a transition for the event, enabled or not. With parallel states this becomes a set.
func (r *run) choose(event string) (chosen *Transition, known bool) {
	leaf := r.leaf()
	for s := leaf; s != nil; s = s.Parent {
		candidates := s.byEvent[event]
		if t, stop := r.firstEnabled(candidates, &known); t != nil || stop {
			return t, known && t != nil && !t.Forbidden
		}
		if len(s.globs) == 0 || IsInternal(event) {
			continue
		}
		for _, t := range s.globs {
			if !matches(t.Event, event) {
				continue
			}
			if t, stop := r.firstEnabled([]*Transition{t}, &known); t != nil || stop {
				return t, known && t != nil && !t.Forbidden
			}
		}
	}
	return nil, known
}

// firstEnabled gives the first transition whose guard holds. stop is set by a forbidden one.
func (r *run) firstEnabled(candidates []*Transition, known *bool) (chosen *Transition, stop bool) {
	for _, t := range candidates {
		if t.Forbidden {
			r.trace = append(r.trace, Trace{State: t.Source.Path, Event: t.Event, Outcome: "forbidden"})
			return nil, true
		}
		*known = true
		if r.enabled(t) {
			return t, false
		}
	}
	return nil, false
}

// pick is the first enabled transition of a list.
func (r *run) pick(candidates []*Transition) *Transition {
	known := false
	t, _ := r.firstEnabled(candidates, &known)
	return t
}

// chooseAlways selects an eventless transition.
func (r *run) chooseAlways() *Transition {
	for s := r.leaf(); s != nil; s = s.Parent {
		if len(s.always) > 0 {
			if t := r.pick(s.always); t != nil {
				return t
			}
		}
	}
	return nil
}

// leaf is the innermost active state; the root before anything is active.
func (r *run) leaf() *State {
	if len(r.active) == 0 {
		return r.chart.root
	}
	return r.active[len(r.active)-1].state
}

func (r *run) enabled(t *Transition) bool {
	trace := Trace{State: t.Source.Path, Event: t.Event, Guard: t.GuardText, Outcome: "taken"}
	if t.Target != nil {
		trace.Target = t.Target.Path
	}
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
	r.trace = append(r.trace, trace)
	return verdict.Truth == expr.True
}

// matches an event against "*" or "x.*".
func matches(pattern, event string) bool {
	if pattern == "*" {
		return true
	}
	prefix := strings.TrimSuffix(pattern, "*")
	return strings.HasPrefix(event, prefix) || event == strings.TrimSuffix(prefix, ".")
}

// IsInternal says that an event is the chart's own: wildcards do not match it.
func IsInternal(event string) bool {
	for _, prefix := range []string{"done.invoke.", "error.invoke.", "done.state.", "error.work.", "after."} {
		if strings.HasPrefix(event, prefix) {
			return true
		}
	}
	return false
}
