package statechart

import (
	"slices"
	"strings"
	"time"
)

// check looks for what is wrong with the chart as a whole. These findings are advice, and reported as warnings: a chart
// with an unreachable state still behaves as written. A circle of eventless transitions is an error: it would never come
// to rest.
func (p *parser) check() {
	p.reports()
	if p.partial || p.chart.root.Kind == Compound && p.chart.root.Initial == nil {
		return // what follows would only repeat that
	}
	reached := p.reachable()
	for _, s := range p.chart.states[1:] {
		if !reached[s] {
			p.doc.Warn(p.nodes[s], p.paths[s], "unreachable", "no transition leads to the state "+s.Path, p.perhapsMeant())
		} else if s.Kind == Atomic && !p.canLeave(s) {
			p.doc.Warn(p.nodes[s], p.paths[s], "dead_end", "there is no way out of the state "+s.Path, "add a transition, or type: final")
		} else if s.Kind == Atomic {
			p.unending(s)
		}
		p.timers(s)
	}
	p.livelock()
	p.races()
	p.skipped()
	p.stuck()
}

// reachable follows every transition, enabled or not.
// perhapsMeant ties a state that is not reached to targets that are not there, and are like no state.
func (p *parser) perhapsMeant() string {
	if len(p.lost) == 0 {
		return ""
	}
	return "unless " + strings.Join(p.lost, " or ") + ", which is not there, is to lead here"
}

func (p *parser) reachable() map[*State]bool {
	reached := map[*State]bool{}
	var visit func(s *State)
	visit = func(s *State) {
		if reached[s] {
			return
		}
		reached[s] = true
		if s.Parent != nil {
			visit(s.Parent)
		}
		switch s.Kind {
		case Compound:
			visit(s.Initial)
		case Parallel:
			for _, region := range s.Regions() {
				visit(region)
			}
		case History:
			for _, target := range s.Default {
				visit(target)
			}
			if len(s.Default) == 0 {
				visit(s.defaultOf())
			}
		}
		for _, t := range s.outgoing() {
			for _, target := range t.Targets {
				visit(target)
			}
			if meant := p.meant[t]; meant != nil {
				visit(meant)
			}
		}
	}
	visit(p.chart.root)
	return reached
}

// outgoing are all transitions that start in the state itself, those of its work included.
func (s *State) outgoing() []*Transition {
	found := s.Transitions
	for _, i := range s.Invocations {
		found = append(append(found[:len(found):len(found)], i.OnDone...), i.OnError...)
	}
	return found
}

// leads reports whether a transition leads anywhere; one whose target is misspelt was meant to.
func (p *parser) leads(t *Transition) bool {
	_, misspelt := p.meant[t]
	return len(t.Targets) > 0 || misspelt
}

// canLeave reports whether some transition can end the state: its own, an ancestor's, or another region's that leaves the
// parallel state around both.
func (p *parser) canLeave(s *State) bool {
	for at := s; at != nil; at = at.Parent {
		if p.leaves(at, s) || at.Kind == Parallel && len(p.exits(at)) > 0 {
			return true
		}
	}
	return false
}

// leaves reports whether a state, or one around it, has a transition that leads somewhere. The end of what is inside a state does not come
// as long as an atomic one inside it is active.
func (p *parser) leaves(at, s *State) bool {
	return slices.ContainsFunc(at.outgoing(), func(t *Transition) bool {
		return p.leads(t) && (at == s || len(at.Invocations) > 0 || t.Event != doneState(at))
	})
}

// unending warns of a state in a region that no transition of the region leaves: its parallel state is never done,
// whatever the other regions do, and what waits for that never happens.
func (p *parser) unending(s *State) {
	region := s
	for ; region.Parent != nil && region.Parent.Kind != Parallel; region = region.Parent {
		if p.leaves(region, s) {
			return
		}
	}
	parallel := region.Parent
	if parallel == nil || p.leaves(region, s) || !slices.ContainsFunc(parallel.byEvent[doneState(parallel)], p.leads) {
		return
	}
	p.doc.Warn(p.nodes[s], p.paths[s], "never_done", "nothing in its region leaves "+s.Path+", so that "+nameOf(parallel)+" is never done and its onDone is never taken", "write type: final, or add a transition")
}

// exits are the transitions from inside a parallel state that leave or re-enter all its regions.
func (p *parser) exits(parallel *State) (found []*Transition) {
	for _, s := range p.chart.states {
		if !s.isInside(parallel) {
			continue
		}
		for _, t := range s.outgoing() {
			_, misspelt := p.meant[t]
			region := t.Source
			for region.Parent != parallel {
				region = region.Parent
			}
			outside := func(target *State) bool { return target != region && !target.isInside(region) }
			if misspelt || slices.ContainsFunc(t.Targets, outside) {
				found = append(found, t)
			}
		}
	}
	return found
}

// races warns of two regions that would both leave their parallel state on the same event: the first in the document
// wins, which is rarely meant.
func (p *parser) races() {
	for _, parallel := range p.chart.states {
		if parallel.Kind != Parallel {
			continue
		}
		first := map[string]*Transition{}
		for _, t := range p.exits(parallel) {
			other := first[t.Event]
			if other == nil {
				first[t.Event] = t
				continue
			}
			if t.Event == "" || strings.HasPrefix(t.Event, "done.") || strings.HasPrefix(t.Event, "error.") || regionOf(t.Source, parallel) == regionOf(other.Source, parallel) {
				continue
			}
			if at, ok := p.places[t]; ok {
				p.doc.Warn(at.node, at.path, "race", "two regions of "+nameOf(parallel)+" race to leave it on "+t.Event+": "+other.Source.Path+" comes first and wins",
					"move the transition to "+nameOf(parallel)+" itself, or guard both")
			}
		}
	}
}

func regionOf(s, parallel *State) *State {
	for s.Parent != parallel {
		s = s.Parent
	}
	return s
}

func nameOf(s *State) string {
	if s.Parent == nil {
		return "the chart"
	}
	return s.Path
}

// timers that can never fire: of a state that is always left at once, and behind a sooner one that leaves for sure.
func (p *parser) timers(s *State) {
	for _, t := range s.always {
		if t.Guarded || len(t.Targets) == 0 {
			continue
		}
		if len(s.Timers) > 0 {
			p.doc.Warn(p.nodes[s], p.paths[s], "timer_never", "the timers of "+s.Path+" can never fire: an always transition without a guard leaves it at once", "")
		}
		if len(s.Invocations) > 0 {
			p.doc.Warn(p.nodes[s], p.paths[s], "work_never", "the work of "+s.Path+" never starts: an always transition without a guard leaves it at once", "add a guard, or use onDone")
		}
		return
	}
	for _, timer := range s.Timers {
		for at := s; at.Parent != nil; at = at.Parent {
			if sooner := at.leavesBefore(timer, at == s); sooner != nil {
				p.doc.Warn(p.nodes[s], p.paths[s], "timer_never", "the timer "+timer.Delay.Text+" of "+s.Path+" can never fire: after "+sooner.Delay.Text+" "+at.Path+" has been left", "")
				break
			}
		}
	}
}

// leavesBefore is a timer of the state that has surely left it before another one, of the state or inside it, is due.
func (s *State) leavesBefore(other *Timeout, own bool) *Timeout {
	start := time.Unix(0, 0).UTC()
	for _, timer := range s.Timers {
		due, later := timer.Delay.After(start), other.Delay.After(start)
		if timer == other || due.After(later) || own && due.Equal(later) {
			continue
		}
		for _, t := range s.byEvent[timer.Event] {
			if !t.Guarded && !t.Forbidden && len(t.Targets) > 0 && (t.Reenter || !within(t.Targets, s)) {
				return timer
			}
		}
	}
	return nil
}

// within reports whether all states are s or inside it.
func within(states []*State, s *State) bool {
	return !slices.ContainsFunc(states, func(x *State) bool { return x != s && !x.isInside(s) })
}

// livelock finds circles of always transitions without guards.
func (p *parser) livelock() {
	for _, s := range p.chart.states[1:] {
		if s.Kind != Atomic {
			continue
		}
		at := p.driven(s)
		for steps := 0; at != nil && at != s && steps < len(p.chart.states); steps++ {
			at = p.driven(at)
		}
		if at == s {
			p.doc.Report(p.nodes[s], p.paths[s], "livelock", "always transitions without guards lead from "+s.Path+" back to it forever", "")
		}
	}
}

// driven is the leaf that an unguarded always transition leads to from a leaf; nil when none does for sure.
func (p *parser) driven(leaf *State) *State {
	for s := leaf; s != nil; s = s.Parent {
		for _, t := range s.always {
			if _, misspelt := p.meant[t]; misspelt || t.Forbidden {
				return nil
			}
			if t.Guarded {
				continue
			}
			if len(t.Targets) == 0 {
				return leaf // actions only, for ever
			}
			if leaves := t.Targets[0].Leaves(); len(t.Targets) == 1 && len(leaves) == 1 && t.Targets[0].Kind != History {
				return leaves[0]
			}
			return nil
		}
	}
	return nil
}
