package statechart

import (
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
)

// Due gives the soonest timer that has passed, as the event that Step takes.
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

// Await marks work whose vendor will call back. false: the work is over, or of another visit.
func (c *Chart) Await(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkPending, WorkAwaiting)
}

// Retry makes an incident's work pending again. false: there is no such incident.
func (c *Chart) Retry(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return c.mark(snapshot, state, visit, work, WorkIncident, WorkPending)
}

func (c *Chart) mark(snapshot Snapshot, state string, visit int, work string, from, to WorkStatus) (Snapshot, bool) {
	for i, a := range snapshot.Active {
		if a.State != state || a.Visit != visit {
			continue
		}
		copied := slices.Clone(a.Work)
		s, known := c.byPath[state]
		if w, ok := workOf(copied, work); ok && known && w.Status == from && isOpen(s, copied, w) {
			w.Status = to
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
// something now. A guard that reads the event's payload is judged without one.
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
			if n, ok := r.judge(t.Event); ok {
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

// judge says whether an event would be taken, and why not. ok is false when it is forbidden.
func (r *run) judge(event string) (Next, bool) {
	before := len(r.trace)
	r.event = Event{Type: event}
	chosen, known := r.choose(event)
	looked := r.trace[before:]
	r.trace = r.trace[:before]
	if len(chosen) > 0 {
		return Next{Event: event, Allowed: true}, true
	}
	if !known {
		return Next{}, false
	}
	reason := ""
	for _, t := range looked {
		reason = explain(t)
	}
	return Next{Event: event, Reason: &reason}, true
}

func explain(t Trace) string {
	if t.Outcome != expr.Unknown.String() {
		return "the condition does not hold: " + t.Guard
	}
	if len(t.Missing) > 0 {
		return "not known yet: " + strings.Join(t.Missing, ", ")
	}
	return "cannot be decided: " + t.Reason
}
