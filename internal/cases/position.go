package cases

import (
	"context"

	"ballerine/internal/identity"
	"ballerine/internal/statechart"
)

// Whereabouts is where a case is, what can happen next, and why not.
type Whereabouts struct {
	Case          string                `json:"case"`
	Version       int                   `json:"version"`
	Status        Status                `json:"status" enum:"active,completed,failed,cancelled"`
	Configuration []string              `json:"configuration" nullable:"false" doc:"active atomic states"`
	States        []ActiveState         `json:"states" nullable:"false" doc:"all active states, outer ones before inner ones"`
	Work          []ActiveWork          `json:"work" nullable:"false" doc:"work that is running, is awaited, or waits for an operator"`
	Events        []statechart.Next     `json:"events" nullable:"false" doc:"events that the active states know"`
	Upcoming      []statechart.Upcoming `json:"upcoming" nullable:"false" doc:"transitions that happen automatically: timers, the earliest first, then conditions"`
	Execution     ExecutionRef          `json:"execution"`
	Parked        []string              `json:"parked" nullable:"false" doc:"regions whose branch of the execution waits; the empty name is the workflow itself"`
}

// ActiveState is a state that the case is in.
type ActiveState struct {
	State string   `json:"state"`
	Visit int      `json:"visit" doc:"number of this entry"`
	Tags  []string `json:"tags" nullable:"false"`
}

// ActiveWork is work that the case is busy with.
type ActiveWork struct {
	State  string                `json:"state"`
	Visit  int                   `json:"visit"`
	Work   string                `json:"work"`
	Status statechart.WorkStatus `json:"status" enum:"pending,awaiting,incident"`
}

// Whereabouts answers for a case where it is. Errors: NotFound.
func (s *Service) Whereabouts(ctx context.Context, p identity.Principal, id string) (Whereabouts, error) {
	record, err := s.Get(ctx, p, id)
	if err != nil {
		return Whereabouts{}, err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return Whereabouts{}, err
	}
	w := Whereabouts{
		Case: id, Version: record.Version, Status: record.Status, Configuration: wf.Chart.Configuration(record.Snapshot), Execution: record.Execution,
		States: []ActiveState{}, Work: []ActiveWork{}, Events: []statechart.Next{}, Upcoming: []statechart.Upcoming{}, Parked: append([]string{}, sortedRegions(record.Parked)...),
	}
	for _, a := range record.Snapshot.Active {
		tags := []string{}
		if state, ok := wf.Chart.State(a.State); ok {
			tags = append(tags, state.Tags...)
		}
		w.States = append(w.States, ActiveState{a.State, a.Visit, tags})
	}
	if record.Status != StatusActive {
		return w, nil
	}
	for _, b := range wf.Chart.Busy(record.Snapshot) {
		w.Work = append(w.Work, ActiveWork{b.State, b.Visit, b.Work, b.Status})
	}
	in := statechart.Input{Context: record.Context, Extra: extraOf(wf, record, s.Now()), Now: s.Now()}
	w.Events, w.Upcoming = wf.Chart.Next(record.Snapshot, in), wf.Chart.Upcoming(record.Snapshot, in)
	return w, nil
}
