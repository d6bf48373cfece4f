package statechart

import (
	"slices"
	"time"
)

// Upcoming is something that moves the chart automatically: a timer, or an eventless transition whose guard does not hold yet.
type Upcoming struct {
	Kind    string    `json:"kind" enum:"timer,always"`
	State   string    `json:"state"`                    // whose transition it is
	After   string    `json:"after,omitempty"`          // of a timer: its delay as written
	DueAt   time.Time `json:"due_at,omitzero"`          // of a timer
	Targets []string  `json:"targets" nullable:"false"` // where it leads; empty: it stays
	Allowed bool      `json:"allowed"`                  // whether it would be taken now
	Reason  *string   `json:"reason"`                   // why not; null when allowed

	Explanation *Explanation `json:"explanation,omitempty" doc:"why it is not allowed, for programs; absent when allowed"`
}

// Upcoming lists what moves the chart automatically, timers first, the soonest first.
func (c *Chart) Upcoming(snapshot Snapshot, in Input) []Upcoming {
	found := []Upcoming{}
	if snapshot.Status == Done {
		return found
	}
	r := c.newRun(snapshot, in)
	for _, a := range r.active {
		for _, timer := range a.Timers {
			if timer.Index >= len(a.state.Timers) {
				continue
			}
			t := a.state.Timers[timer.Index]
			r.event = Event{Type: t.Event}
			one := r.upcoming("timer", a.state, a.state.byEvent[t.Event])
			one.After, one.DueAt = t.Delay.Text, timer.Due
			found = append(found, one)
		}
	}
	slices.SortStableFunc(found, func(x, y Upcoming) int { return x.DueAt.Compare(y.DueAt) })
	r.event = Event{}
	for _, s := range r.innermostFirst() {
		if len(s.always) > 0 {
			found = append(found, r.upcoming("always", s, s.always))
		}
	}
	return found
}

// upcoming judges the candidates of a state: the first that holds, or why none does.
func (r *run) upcoming(kind string, s *State, candidates []*Transition) Upcoming {
	one := Upcoming{Kind: kind, State: s.Path, Targets: []string{}}
	before := len(r.trace)
	taken, _ := r.firstEnabled(candidates)
	examined := r.trace[before:]
	if taken == nil && len(candidates) > 0 {
		taken = candidates[len(candidates)-1]
		why := explanation(examined)
		reason := why.String()
		one.Reason, one.Explanation = &reason, &why
	} else {
		one.Allowed = true
	}
	r.trace = r.trace[:before]
	if taken != nil {
		for _, target := range taken.Targets {
			one.Targets = append(one.Targets, target.Path)
		}
	}
	return one
}
