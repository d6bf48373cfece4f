package statechart

import (
	"slices"
	"strings"
)

// stuck warns of work after whose end the case may be unable to move: every transition has a guard, and there is no
// other way out. When no guard holds, Chart.Stuck is true, and the case waits as an incident.
func (p *parser) stuck() {
	for _, s := range p.chart.states {
		if len(s.Invocations) == 0 || !p.canLeave(s) || p.movesOn(s) {
			continue
		}
		p.doc.Warn(p.nodes[s], p.paths[s], "stuck", "when the work of "+s.Path+" has ended and no guard holds, nothing more can happen: the case waits with an incident",
			"add a last transition without a guard to onDone, an event, or after")
	}
}

// movesOn reports whether the state may change whatever its guards evaluate to: somebody's event, a timer, an eventless
// transition, or the end of its work.
func (p *parser) movesOn(s *State) bool {
	sure := func(t *Transition) bool { return !t.Guarded && !t.Forbidden && p.leads(t) }
	if slices.ContainsFunc(s.byEvent[doneState(s)], sure) {
		return true
	}
	last := s.Invocations[len(s.Invocations)-1]
	if slices.ContainsFunc(last.OnDone, sure) || slices.ContainsFunc(s.byEvent["done.invoke."+last.ID], sure) {
		return true
	}
	raised := func(t *Transition) bool { return sure(t) && strings.HasPrefix(t.Event, OutcomePrefix) } // by the work itself
	for at := s; at != nil; at = at.Parent {
		if slices.ContainsFunc(at.Transitions, raised) || len(at.Timers) > 0 || at.mayMove() || at.Kind == Parallel && len(p.exits(at)) > 0 {
			return true
		}
	}
	return false
}
