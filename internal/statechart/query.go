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
	return mark(snapshot, state, visit, work, WorkPending, WorkAwaiting)
}

// Retry makes an incident's work pending again. false: there is no such incident.
func (c *Chart) Retry(snapshot Snapshot, state string, visit int, work string) (Snapshot, bool) {
	return mark(snapshot, state, visit, work, WorkIncident, WorkPending)
}

func mark(snapshot Snapshot, state string, visit int, work string, from, to WorkStatus) (Snapshot, bool) {
	for i, a := range snapshot.Active {
		if a.State != state || a.Visit != visit {
			continue
		}
		copied := slices.Clone(a.Work)
		if w, ok := workOf(copied, work); ok && w.Status == from && firstOpen(copied) == w {
			w.Status = to
			snapshot.Active = slices.Clone(snapshot.Active)
			snapshot.Active[i].Work = copied
			return snapshot, true
		}
	}
	return snapshot, false
}

// Position gives the label that the following execution routes by:
//
//	"<state>"                     the state waits, or is final
//	"<state>/<work>"              this work must be done now
//	"<state>/<work>/answer"       its vendor will call back: wait
//	"<state>/<work>/incident"     it waits for an operator
func (c *Chart) Position(snapshot Snapshot) Position {
	if len(snapshot.Active) == 0 {
		return Position{Label: "#out"}
	}
	leaf := snapshot.Active[len(snapshot.Active)-1]
	p := Position{Label: leaf.State, Visit: leaf.Visit}
	if w := firstOpen(leaf.Work); w != nil && snapshot.Status == Active {
		p.Label = Label(leaf.State, w.ID, w.Status)
	}
	for _, a := range snapshot.Active {
		if len(a.Timers) > 0 && (p.Until.IsZero() || a.Timers[0].Due.Before(p.Until)) {
			p.Until = a.Timers[0].Due
		}
	}
	return p
}

// Label of a state's work in a status.
func Label(state, work string, status WorkStatus) string {
	switch status {
	case WorkAwaiting:
		return state + "/" + work + "/answer"
	case WorkIncident:
		return state + "/" + work + "/incident"
	}
	return state + "/" + work
}

// Configuration lists the active atomic states as dotted paths, sorted.
func (c *Chart) Configuration(snapshot Snapshot) []string {
	found := []string{}
	for _, a := range snapshot.Active {
		if s, ok := c.byPath[a.State]; ok && s.Kind != Compound {
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
	for s := r.leaf(); s != nil; s = s.Parent {
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

// judge says whether an event would be taken, and why not. ok is false when it is forbidden.
func (r *run) judge(event string) (Next, bool) {
	before := len(r.trace)
	r.event = Event{Type: event}
	chosen, known := r.choose(event)
	looked := r.trace[before:]
	r.trace = r.trace[:before]
	if chosen != nil {
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
