package statechart

import "slices"

// entry is a state that is entered. byDefault: its initial state is, too, because no other is named.
type entry struct {
	state     *State
	byDefault bool
}

// remembered returns the states that a history state refers to; ok is false before its parent was left for the first time.
type remembered func(history *State) (states []*State, ok bool)

func noHistory(*State) ([]*State, bool) { return nil, false }

// effective are the targets, with history states replaced by what they refer to.
func (t *Transition) effective(memory remembered) []*State {
	var found []*State
	for _, target := range t.Targets {
		for _, s := range resolved(target, memory) {
			if !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

func resolved(target *State, memory remembered) []*State {
	if target.Kind != History {
		return []*State{target}
	}
	if states, ok := memory(target); ok {
		return states
	}
	if len(target.Default) == 0 {
		return resolved(target.defaultOf(), memory)
	}
	var found []*State
	for _, s := range target.Default {
		found = append(found, resolved(s, memory)...)
	}
	return found
}

// domainOf is the state within which a transition to these targets moves: it stays active. As in XState 5, a transition
// to its own source or into it does not leave the source unless it has reenter, and the least common ancestor may be a
// parallel state: then its regions are left and entered, and the state itself stays.
func (t *Transition) domainOf(targets []*State) *State {
	within := func(ancestor *State) bool {
		return !slices.ContainsFunc(targets, func(s *State) bool { return s != ancestor && !s.isInside(ancestor) })
	}
	if !t.Reenter && within(t.Source) && !t.recallsSource(targets) {
		return t.Source
	}
	d := t.Source
	for d.Parent != nil {
		d = d.Parent
		if !slices.ContainsFunc(targets, func(s *State) bool { return !s.isInside(d) }) {
			break
		}
	}
	return d // or the root, which is never left: as its own source, or as a target
}

// recallsSource states that a history state among the targets refers to the source: what history restores is re-entered,
// and so the source is left first.
func (t *Transition) recallsSource(targets []*State) bool {
	return slices.ContainsFunc(t.Targets, isHistory) && !slices.Contains(t.Targets, t.Source) && slices.Contains(targets, t.Source)
}

// entered is what a transition enters that moves within domain, in document order.
func (t *Transition) entered(domain *State, memory remembered) []entry {
	set := entrySet{memory: memory}
	for _, target := range t.Targets {
		if target.Kind != History && (target != t.Source || domain != t.Source || t.Reenter) {
			set.add(target, true)
		}
		set.down(target)
	}
	for _, target := range t.effective(memory) {
		set.up(target, domain)
	}
	return set.sorted()
}

// entrySet collects the states that are entered, by the algorithm of SCXML.
type entrySet struct {
	memory   remembered
	found    []entry
	defaults []*State // entered by default through a history state without a target of its own
}

// add puts a state into the set. The root is always active: it is never entered.
func (e *entrySet) add(s *State, byDefault bool) {
	if s.Parent == nil {
		return
	}
	for i := range e.found {
		if e.found[i].state == s {
			e.found[i].byDefault = e.found[i].byDefault || byDefault
			return
		}
	}
	e.found = append(e.found, entry{s, byDefault})
}

func (e *entrySet) hasInside(s *State) bool {
	return slices.ContainsFunc(e.found, func(x entry) bool { return x.state.isInside(s) })
}

// down adds what entering s leads to.
func (e *entrySet) down(s *State) {
	switch s.Kind {
	case History:
		e.recall(s)
	case Compound:
		if s.Initial.Kind != History {
			e.add(s.Initial, true)
		}
		e.down(s.Initial)
		e.up(s.Initial, s)
	case Parallel:
		e.regions(s)
	}
}

// recall adds what a history state remembers, or where it leads otherwise.
func (e *entrySet) recall(s *State) {
	states, ok := e.memory(s)
	if !ok {
		states = s.Default
		if len(states) == 0 {
			states = []*State{s.defaultOf()}
			e.defaults = append(e.defaults, s.Parent)
		}
	}
	for _, target := range states {
		if target.Kind != History {
			e.add(target, !ok)
		}
		e.down(target)
	}
	for _, target := range states {
		e.up(target, s.Parent)
	}
}

// up adds the ancestors of s below domain, and the other regions of those that are parallel.
func (e *entrySet) up(s, domain *State) {
	for a := s.Parent; s != domain && a != nil && a != domain; a = a.Parent {
		e.add(a, false)
		if a.Kind == Parallel {
			e.regions(a)
		}
	}
	if domain != nil && domain.Kind == Parallel {
		e.regions(domain)
	}
}

// regions adds those of a parallel state in which no state is entered yet.
func (e *entrySet) regions(s *State) {
	for _, region := range s.Regions() {
		if !e.hasInside(region) {
			e.add(region, true)
			e.down(region)
		}
	}
}

// sorted returns the set in document order.
func (e *entrySet) sorted() []entry {
	for i := range e.found {
		e.found[i].byDefault = e.found[i].byDefault || slices.Contains(e.defaults, e.found[i].state)
	}
	slices.SortFunc(e.found, func(a, b entry) int { return a.state.order - b.state.order })
	return e.found
}

// prepare works out all that does not depend on what history states remember.
func (c *Chart) prepare() {
	byHistory := slices.ContainsFunc(c.states, func(s *State) bool { return s.Initial != nil && s.Initial.Kind == History })
	for _, s := range c.states {
		c.parallel, c.always = c.parallel || s.Kind == Parallel, c.always || len(s.always) > 0
		c.recalls = c.recalls || s.Kind == History
		for _, t := range s.outgoing() {
			if t.dynamic = byHistory || slices.ContainsFunc(t.Targets, isHistory); !t.dynamic && len(t.Targets) > 0 {
				t.domain = t.domainOf(t.effective(noHistory))
				t.entries = t.entered(t.domain, noHistory)
			}
		}
	}
	c.most = c.root.mostRegions()
	set := entrySet{memory: noHistory}
	set.down(c.root)
	c.start = set.sorted()
}

func isHistory(s *State) bool { return s.Kind == History }
