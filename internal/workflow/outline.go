package workflow

import (
	"strings"

	"ballerine/internal/statechart"
)

// OutlineState is a state as a drawing of the chart needs it.
type OutlineState struct {
	Path        string            `json:"path"`
	Parent      string            `json:"parent" doc:"path of the state that it is inside of; empty at the top"`
	Kind        string            `json:"kind" enum:"atomic,compound,parallel,final,history"`
	Initial     bool              `json:"initial"`
	Title       string            `json:"title" doc:"its name for people; empty if the workflow has none"`
	Titles      map[string]string `json:"titles,omitempty" doc:"title by language (ISO 639-1); absent: there is one text, in a language that is not known"`
	Description string            `json:"description"`
	Tags        []string          `json:"tags" nullable:"false"`
	SLA         *string           `json:"sla" doc:"how soon a person should decide here, as ISO 8601"`
}

// OutlineTransition is a transition as a drawing of the chart needs it.
type OutlineTransition struct {
	From  string  `json:"from" doc:"empty: any state"`
	To    string  `json:"to"`
	Kind  string  `json:"kind" enum:"event,after,done,error,always"`
	Event *string `json:"event"`
	After *string `json:"after" doc:"ISO 8601 or milliseconds"`
	Guard *string `json:"guard" doc:"its condition as written"`
}

// Outline returns the states in document order, and the transitions between them.
func Outline(w *Workflow) ([]OutlineState, []OutlineTransition) {
	states, transitions := []OutlineState{}, []OutlineTransition{}
	for _, s := range w.Chart.States() {
		state := OutlineState{
			Path: s.Path, Parent: s.Parent.Path, Kind: string(s.Kind), Initial: s.Parent.Initial == s, Description: s.Description, Tags: append([]string{}, s.Tags...),
		}
		title := s.Title()
		state.Title, state.Titles = title.Text, title.In
		if limit, ok := w.SLA(s.Path); ok {
			state.SLA = &limit.Text
		}
		states = append(states, state)
	}
	for _, s := range append([]*statechart.State{w.Chart.Root()}, w.Chart.States()...) {
		for _, t := range all(s) {
			for _, target := range t.Targets {
				transitions = append(transitions, outlineOf(s, t, target))
			}
		}
	}
	return states, transitions
}

func outlineOf(s *statechart.State, t *statechart.Transition, target *statechart.State) OutlineTransition {
	o := OutlineTransition{From: s.Path, To: target.Path, Kind: "event"}
	switch {
	case t.Event == "":
		o.Kind = "always"
	case strings.HasPrefix(t.Event, "after."):
		o.Kind = "after"
		for _, timer := range t.Source.Timers {
			if timer.Event == t.Event {
				o.After = &timer.Delay.Text
			}
		}
	case strings.HasPrefix(t.Event, "done."):
		o.Kind = "done"
	case strings.HasPrefix(t.Event, "error."):
		o.Kind = "error"
	default:
		o.Event = &t.Event
	}
	if t.Guarded {
		o.Guard = &t.GuardText
	}
	return o
}
