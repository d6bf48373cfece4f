package statechart

import (
	"slices"
	"strings"
	"time"
)

// Due returns the soonest timer that has passed, as the event that Step takes.
func (c *Chart) Due(snapshot Snapshot, now time.Time) (Event, bool) {
	var due time.Time
	var event Event
	if snapshot.Status == Done {
		return event, false
	}
	for _, a := range snapshot.Active {
		s, ok := c.byPath[a.State]
		if !ok || len(a.Timers) == 0 || a.Timers[0].Due.After(now) || a.Timers[0].Index >= len(s.Timers) || (event.Type != "" && !a.Timers[0].Due.Before(due)) {
			continue
		}
		due = a.Timers[0].Due
		event = Event{Type: s.Timers[a.Timers[0].Index].Event, State: a.State, Visit: a.Visit}
	}
	return event, event.Type != ""
}

// Disarm takes a timer away without what would follow from it.
func (c *Chart) Disarm(snapshot Snapshot, event Event) Snapshot {
	return c.clock(snapshot, event, func(timers []Timer, index int) []Timer {
		return slices.DeleteFunc(slices.Clone(timers), func(t Timer) bool { return t.Index == index })
	})
}

// Rearm lets a timer of an active state be due now, whether it has been disarmed or not.
func (c *Chart) Rearm(snapshot Snapshot, event Event, now time.Time) Snapshot {
	return c.clock(c.Disarm(snapshot, event), event, func(timers []Timer, index int) []Timer {
		return slices.Concat([]Timer{{index, now}}, timers)
	})
}

func (c *Chart) clock(snapshot Snapshot, event Event, change func(timers []Timer, index int) []Timer) Snapshot {
	for at, a := range snapshot.Active {
		s, known := c.byPath[a.State]
		if !known || a.State != event.State || event.Visit != 0 && a.Visit != event.Visit {
			continue
		}
		for _, t := range s.Timers {
			if t.Event == event.Type {
				snapshot.Active = slices.Clone(snapshot.Active)
				snapshot.Active[at].Timers = change(a.Timers, t.Index)
				return snapshot
			}
		}
	}
	return snapshot
}

// Await marks work that is answered later, until the deadline at the latest; zero: the answer has none of its own.
// false: the work is over, or belongs to another visit.
func (c *Chart) Await(snapshot Snapshot, state string, visit int, work string, until time.Time) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkPending, func(w *Work) {
		*w = Work{ID: w.ID, Status: WorkAwaiting, Until: until, Round: w.Round}
	})
}

// Postpone marks work that has asked to be repeated, but not before a time. tries is how many attempts were made so far.
// false: the work is over, or belongs to another visit.
func (c *Chart) Postpone(snapshot Snapshot, state string, visit int, work string, until time.Time, tries int) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkPending, func(w *Work) {
		w.Status, w.Until, w.Later, w.Tries = WorkAwaiting, until, true, tries
	})
}

// Again makes work that was put off pending again. false: it was not put off.
func (c *Chart) Again(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	later := false
	again, was := c.mark(snapshot, state, visit, work, WorkAwaiting, func(w *Work) {
		later = w.Later
		w.Status, w.Until, w.Later = WorkPending, time.Time{}, false
	})
	if !later {
		return snapshot, false
	}
	return again, was
}

// Overdue makes awaited work pending again, so that it can fail as pending work does: its answer has not come. false: it is
// not awaited.
func (c *Chart) Overdue(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkAwaiting, (*Work).reset)
}

// Fail makes pending work an incident, whatever the chart defines for its failure. false: it is not pending.
func (c *Chart) Fail(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkPending, func(w *Work) { w.Status = WorkIncident })
}

// Retry makes an incident's work pending again, as a new round. false: there is no such incident.
func (c *Chart) Retry(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkIncident, func(w *Work) {
		w.reset()
		w.Round++
	})
}

// Reopen makes an incident's work pending again because what it waited for has come after all: in the same round. false:
// there is no such incident.
func (c *Chart) Reopen(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkIncident, (*Work).reset)
}

// reset makes work pending, as if no attempt had been made.
func (w *Work) reset() { *w = Work{ID: w.ID, Status: WorkPending, Round: w.Round} }

// Late returns the awaited work whose time passed first.
func (c *Chart) Late(snapshot Snapshot, now time.Time) (late Doing, found bool) {
	for _, doing := range c.Busy(snapshot) {
		if doing.Status == WorkAwaiting && !doing.Until.IsZero() && !doing.Until.After(now) && (!found || doing.Until.Before(late.Until)) {
			late, found = doing, true
		}
	}
	return late, found
}

// Stuck reports whether the chart cannot move any longer: no work is open, no timer runs, and no active state has an
// event that somebody may send or an eventless transition. A chart that has reached its end is not stuck.
func (c *Chart) Stuck(snapshot Snapshot) bool {
	if snapshot.Status == Done || len(snapshot.Active) == 0 || c.root.mayMove() {
		return false
	}
	for _, a := range snapshot.Active {
		s, ok := c.byPath[a.State]
		if !ok || len(a.Timers) > 0 || s.mayMove() || len(openWork(s, a.Work)) > 0 {
			return false
		}
	}
	return true
}

// mayMove reports whether the state has a transition that does not wait for its own work or timers.
func (s *State) mayMove() bool {
	return slices.ContainsFunc(s.Transitions, func(t *Transition) bool {
		return !t.Forbidden && (t.Event == "" || !IsInternal(t.Event))
	})
}

func (c *Chart) mark(snapshot Snapshot, state string, visit int, work string, from WorkStatus, change func(*Work)) (Snapshot, bool) {
	for i, a := range snapshot.Active {
		if a.State != state || a.Visit != visit {
			continue
		}
		copied := slices.Clone(a.Work)
		s, known := c.byPath[state]
		if w, ok := workOf(copied, work); ok && known && w.Status == from && isOpen(s, copied, w) {
			change(w)
			snapshot.Active = slices.Clone(snapshot.Active)
			snapshot.Active[i].Work = copied
			return snapshot, true
		}
	}
	return snapshot, false
}

// Configuration lists the active atomic states as dotted paths, sorted.
func (c *Chart) Configuration(snapshot Snapshot) []string {
	found := []string{}
	for _, a := range snapshot.Active {
		if s, ok := c.byPath[a.State]; ok && s.isLeaf() {
			found = append(found, a.State)
		}
	}
	slices.Sort(found)
	return found
}

// Tags of all active states, sorted, each once.
func (c *Chart) Tags(snapshot Snapshot) []string {
	found := []string{}
	for _, a := range snapshot.Active {
		if s, ok := c.byPath[a.State]; ok {
			found = append(found, s.Tags...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Next lists the named events that the active states know, each once, innermost first, and whether each would do
// something now. A guard that reads the event's payload is judged without one. With an event's By it lists those that are
// theirs to send.
func (c *Chart) Next(snapshot Snapshot, in Input) []Next {
	if snapshot.Status == Done {
		return []Next{}
	}
	r := c.newRun(snapshot, in)
	return r.next()
}

func (r *run) next() []Next {
	found := []Next{}
	seen := map[string]bool{}
	for _, s := range r.innermostFirst() {
		for _, t := range s.Transitions {
			if t.Event == "" || seen[t.Event] || IsInternal(t.Event) || strings.HasSuffix(t.Event, "*") {
				continue
			}
			seen[t.Event] = true
			if n, by, ok := r.judge(t.Event); ok && r.mine(&n, by) {
				found = append(found, n)
			}
		}
	}
	return found
}

// innermostFirst lists the active states, each leaf followed by its ancestors that have not been listed.
func (r *run) innermostFirst() []*State {
	var found []*State
	for i := range r.active {
		if !r.active[i].state.isLeaf() {
			continue
		}
		for s := r.active[i].state; s != nil && !slices.Contains(found, s); s = s.Parent {
			if s != r.chart.root {
				found = append(found, s)
			}
		}
	}
	return append(found, r.chart.root)
}

// judge reports whether an event would be taken, otherwise why not, and who may send it. ok is false when it is forbidden.
func (r *run) judge(event string) (n Next, by Audience, ok bool) {
	before := len(r.trace)
	r.event = Event{Type: event}
	chosen, known := r.choose(event)
	why := explanation(r.trace[before:])
	r.trace = r.trace[:before]
	if len(chosen) > 0 {
		by = r.everyone(chosen)
		return Next{Event: event, Allowed: true, By: by.Names()}, by, true
	}
	if !known {
		return Next{}, 0, false
	}
	by = r.anyone(event)
	reason := why.String()
	return Next{Event: event, Reason: &reason, Explanation: &why, By: by.Names()}, by, true
}
