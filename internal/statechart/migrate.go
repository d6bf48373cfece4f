package statechart

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Migrate moves a run of another version of the chart to this one. mapping maps states of the old version to the states
// of this one that replace them.
//
// An active state that is not mapped and that this version has, of the same kind, stays as it is: its visit, its running
// deadlines, and its work by id. Deadlines are distinguished by their delays, then by their order: an added one starts
// now, a removed one is dropped. Added work counts as done, because it was never requested; removed work is dropped if
// it has ended, and cannot be dropped while it is open. A state that is mapped is re-entered, even if it is mapped to
// itself: a new visit, its work from the beginning, its entry actions; old states are left without exit actions, which
// belonged to the old version. Added regions are entered by default. History states keep what they remember if it still
// exists. Then the chart comes to rest as after any event.
//
// Errors: Invalid with every state that needs a mapping, and everything that is wrong with the mapping; CaseClosed;
// Livelock.
func (c *Chart) Migrate(old *Chart, snapshot Snapshot, mapping map[string]string, in Input) (Result, error) {
	if snapshot.Status == Done {
		return Result{}, problem.New(problem.CaseClosed, "The workflow has reached its end: there is nothing to migrate.")
	}
	m := &migration{chart: c, old: old, mapping: mapping, problems: problem.New(problem.Invalid, "The case cannot be migrated to this version.")}
	m.checkMapping()
	m.choose(snapshot)
	m.checkCompatible()
	if len(m.problems.Fields) > 0 {
		return Result{}, m.problems
	}
	in.Event = Event{}
	r := c.newRun(Snapshot{Status: Active, Visits: snapshot.Visits, History: m.history(snapshot)}, in)
	m.move(r, snapshot)
	if err := r.settle(); err != nil {
		return Result{}, err
	}
	return r.result(), nil
}

type migration struct {
	chart, old *Chart
	mapping    map[string]string
	problems   *problem.Error

	targets []*State // where the active leaves go
	fresh   []*State // the targets that are re-entered
}

// checkMapping finds what the mapping names and what is not there.
func (m *migration) checkMapping() {
	for from, to := range m.mapping {
		if s, ok := m.old.byPath[from]; !ok || s.Kind == History {
			m.unknown(from, "the old version", from, m.old)
		}
		if s, ok := m.chart.byPath[to]; !ok || s.Kind == History {
			m.unknown(from, "the new version", to, m.chart)
		}
	}
	slices.SortFunc(m.problems.Fields, func(a, b problem.Field) int { return strings.Compare(a.Location+a.Message, b.Location+b.Message) })
}

func (m *migration) unknown(from, where, path string, chart *Chart) {
	var names []string
	for _, s := range chart.States() {
		if s.Kind != History {
			names = append(names, s.Path)
		}
	}
	hint := ""
	if meant := expr.Suggest(path, names); meant != "" {
		hint = ": did you mean " + meant + "?"
	}
	m.problems.With("states."+from, "unknown_state", "there is no state %s in %s%s", path, where, hint)
}

// choose finds for every active leaf where it goes.
func (m *migration) choose(snapshot Snapshot) {
	for _, a := range snapshot.Active {
		s, ok := m.old.byPath[a.State]
		if !ok || !s.isLeaf() {
			continue
		}
		if to, mapped := m.mapped(s); mapped {
			if target, ok := m.chart.byPath[to]; ok {
				m.add(target, true)
			}
			continue
		}
		target, ok := m.chart.byPath[a.State]
		switch {
		case !ok:
			m.problems.With("states."+a.State, "unmapped", "the new version does not have this state: map it to another state")
		case target.Kind != s.Kind:
			m.problems.With("states."+a.State, "unmapped", "the new version has a state of another kind here (%s): map it, if necessary to itself to enter it again", target.Kind)
		case m.lost(s, target, a) != "":
			m.problems.With("states."+a.State, "unmapped", "the work %s is running and the new version does not have it: map the state, if necessary to itself to start it again", m.lost(s, target, a))
		default:
			m.add(target, false)
		}
	}
}

// mapped is where a leaf goes because it, or the nearest state around it that the mapping names, is mapped.
func (m *migration) mapped(s *State) (string, bool) {
	for ; s != nil && s.Parent != nil; s = s.Parent {
		if to, ok := m.mapping[s.Path]; ok {
			return to, true
		}
	}
	return "", false
}

// lost is work that is open and that the new version of the state does not have; "" if there is no such work.
func (m *migration) lost(old, next *State, a Activation) string {
	for _, w := range a.Work {
		if _, ok := next.Invocation(w.ID); !ok && !ended(w.Status) {
			return w.ID
		}
	}
	return ""
}

func (m *migration) add(target *State, fresh bool) {
	if !slices.Contains(m.targets, target) {
		m.targets = append(m.targets, target)
	}
	if fresh && !slices.Contains(m.fresh, target) {
		m.fresh = append(m.fresh, target)
	}
}

// checkCompatible checks that the targets can be active at once.
func (m *migration) checkCompatible() {
	for i, a := range m.targets {
		for _, b := range m.targets[i+1:] {
			common := a
			for common != nil && common != b && !b.isInside(common) {
				common = common.Parent
			}
			if common == a || common == b || common.Kind != Parallel {
				m.problems.With("states", "targets", "%s and %s cannot be active at once in the new version", a.Path, b.Path)
			}
		}
	}
}

// history is what the history states of the new version remember: the same as those of the old one, as far as it exists.
func (m *migration) history(snapshot Snapshot) map[string][]string {
	var kept map[string][]string
	for path, states := range snapshot.History {
		s, ok := m.chart.byPath[path]
		if !ok || s.Kind != History {
			continue
		}
		var left []string
		for _, state := range states {
			if to, mapped := m.mapping[state]; mapped {
				state = to
			}
			if found, ok := m.chart.byPath[state]; ok && found.isInside(s.Parent) && !slices.Contains(left, state) {
				left = append(left, state)
			}
		}
		if len(left) < len(states) {
			continue // a part of what was active is no place to come back to
		}
		if kept == nil {
			kept = map[string][]string{}
		}
		kept[path] = left
	}
	return kept
}

// move enters what the targets lead to; what was active and still is keeps what it is busy with.
func (m *migration) move(r *run, snapshot Snapshot) {
	set := entrySet{memory: r.remembered}
	for _, target := range m.targets {
		set.add(target, true)
		if slices.Contains(m.fresh, target) {
			set.down(target)
		}
	}
	for _, target := range m.targets {
		set.up(target, m.chart.root)
	}
	entries := set.sorted()
	m.drop(r, snapshot, entries)
	for _, e := range entries {
		if a, ok := m.stays(snapshot, e.state); ok {
			r.active = append(r.active, activation{e.state, m.kept(r, e.state, a)})
			continue
		}
		r.activate(e.state)
		r.actions(e.state.entry)
		if e.byDefault {
			r.actions(e.state.begin)
		}
		if e.state.Kind == Final {
			r.finish(e.state)
		}
	}
	if r.status == Done {
		r.leaveAll()
	}
}

// stays reports whether an active state of the old version is this one, as it is.
func (m *migration) stays(snapshot Snapshot, s *State) (Activation, bool) {
	for at := s; at != nil; at = at.Parent {
		if slices.Contains(m.fresh, at) {
			return Activation{}, false
		}
	}
	old, ok := m.old.byPath[s.Path]
	if !ok || old.Kind != s.Kind {
		return Activation{}, false
	}
	if _, mapped := m.mapped(old); mapped {
		return Activation{}, false
	}
	at := slices.IndexFunc(snapshot.Active, func(a Activation) bool { return a.State == s.Path })
	if at < 0 {
		return Activation{}, false
	}
	return snapshot.Active[at], true
}

// kept is an activation as the new version has it.
func (m *migration) kept(r *run, s *State, a Activation) Activation {
	before := m.old.byPath[s.Path]
	kept := Activation{State: a.State, Visit: a.Visit}
	pairs := pairTimers(before.Timers, s.Timers)
	for _, timer := range a.Timers {
		if index, ok := pairs[timer.Index]; ok {
			kept.Timers = append(kept.Timers, Timer{Index: index, Due: timer.Due})
		}
	}
	for index, gained := range s.Timers {
		if !slices.Contains(slices.Collect(maps.Values(pairs)), index) {
			kept.Timers = append(kept.Timers, Timer{Index: index, Due: gained.Delay.After(r.now)})
		}
	}
	slices.SortStableFunc(kept.Timers, func(x, y Timer) int { return x.Due.Compare(y.Due) })
	for _, i := range s.Invocations {
		work := Work{ID: i.ID, Status: WorkDone} // never asked for
		if w, ok := workOf(a.Work, i.ID); ok {
			work = *w
		}
		kept.Work = append(kept.Work, work)
	}
	return kept
}

// pairTimers states which timer of a state's new version is which of the old one's: those with the same delay, then those that
// are left, in their order. What has no pair was lost or gained.
func pairTimers(old, next []*Timeout) map[int]int {
	pairs, taken := map[int]int{}, map[int]bool{}
	pair := func(same func(a, b *Timeout) bool) {
		for _, a := range old {
			for _, b := range next {
				if _, paired := pairs[a.Index]; !paired && !taken[b.Index] && same(a, b) {
					pairs[a.Index], taken[b.Index] = b.Index, true
				}
			}
		}
	}
	pair(func(a, b *Timeout) bool { return a.Delay.Text == b.Delay.Text })
	pair(func(_, _ *Timeout) bool { return true })
	return pairs
}

// Moved is the event of a timer of the old version's state as this version has it. false: this version does not have the timer.
func (c *Chart) Moved(old *Chart, timer Event) (Event, bool) {
	before, known := old.byPath[timer.State]
	after, there := c.byPath[timer.State]
	if !known || !there {
		return timer, false
	}
	pairs := pairTimers(before.Timers, after.Timers)
	for _, t := range before.Timers {
		if index, ok := pairs[t.Index]; ok && t.Event == timer.Type {
			timer.Type = after.Timers[index].Event
			return timer, true
		}
	}
	return timer, false
}

// drop reports the work that is left behind.
func (m *migration) drop(r *run, snapshot Snapshot, entries []entry) {
	for _, a := range slices.Backward(snapshot.Active) {
		old, ok := m.old.byPath[a.State]
		if !ok {
			continue
		}
		there := slices.ContainsFunc(entries, func(e entry) bool {
			_, stays := m.stays(snapshot, e.state)
			return e.state.Path == a.State && stays
		})
		if there {
			continue
		}
		for _, next := range openWork(old, a.Work) {
			r.effects = append(r.effects, Effect{Kind: EffectCancel, State: a.State, Visit: a.Visit, Work: next.ID})
		}
	}
}
