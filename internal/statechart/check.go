package statechart

// check looks for what is wrong with the chart as a whole.
func (p *parser) check() {
	if p.partial || p.chart.root.Initial == nil {
		return // what follows would only repeat that
	}
	reached := p.reachable()
	for _, s := range p.chart.states[1:] {
		if !reached[s] {
			p.doc.Report(p.nodes[s], p.paths[s], "unreachable", "no transition leads to the state "+s.Path, "")
		} else if s.Kind == Atomic && !p.canLeave(s) {
			p.doc.Report(p.nodes[s], p.paths[s], "dead_end", "nobody can leave the state "+s.Path, "add a transition, or type: final")
		}
		p.timers(s)
	}
	p.livelock()
}

// reachable follows every transition, enabled or not.
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
		if s.Initial != nil {
			visit(s.Initial)
		}
		for _, t := range s.outgoing() {
			if t.Target != nil {
				visit(t.Target)
			} else if meant := p.meant[t]; meant != nil {
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

func (p *parser) canLeave(s *State) bool {
	for ; s != nil; s = s.Parent {
		for _, t := range s.outgoing() {
			if _, misspelt := p.meant[t]; t.Target != nil || misspelt {
				return true
			}
		}
	}
	return false
}

// timers of a state that is always left at once can never fire.
func (p *parser) timers(s *State) {
	for _, t := range s.always {
		if !t.Guarded && t.Target != nil && len(s.Timers) > 0 {
			p.doc.Report(p.nodes[s], p.paths[s], "timer_never", "the timers of "+s.Path+" can never fire: an always transition without a guard leaves it at once", "")
			return
		}
	}
}

// livelock finds circles of always transitions without guards.
func (p *parser) livelock() {
	next := func(s *State) *State {
		for leaf := s.Leaf(); leaf != nil; leaf = leaf.Parent {
			for _, t := range leaf.always {
				if _, misspelt := p.meant[t]; misspelt {
					return nil
				}
				if t.Target == nil && !t.Guarded && !t.Forbidden {
					return s // actions only, for ever
				}
				if !t.Guarded && !t.Forbidden {
					return t.Target.Leaf()
				}
			}
		}
		return nil
	}
	for _, s := range p.chart.states[1:] {
		if s.Kind != Atomic {
			continue
		}
		at := next(s)
		for steps := 0; at != nil && at != s && steps < len(p.chart.states); steps++ {
			at = next(at)
		}
		if at == s {
			p.doc.Report(p.nodes[s], p.paths[s], "livelock", "always transitions without guards lead from "+s.Path+" back to it for ever", "")
		}
	}
}
