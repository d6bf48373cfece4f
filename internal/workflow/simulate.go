package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// SimulatedEvent is one element of an events file. After advances the clock first; without Type that is all.
type SimulatedEvent struct {
	Type    string `json:"type,omitempty"`
	Payload any    `json:"payload,omitempty"`
	After   string `json:"after,omitempty"`
}

// Line is what a simulation says after each event; the first line is the state after the start.
type Line struct {
	Event         *string             `json:"event"` // nil: the start, or only time went by
	Configuration []string            `json:"configuration"`
	Status        statechart.Status   `json:"status"`
	Tags          []string            `json:"tags"`
	Effects       []statechart.Effect `json:"effects"`
	Error         *LineError          `json:"error"`
	Trace         []statechart.Trace  `json:"trace,omitempty"` // every guard that was looked at and every transition taken
}

// LineError says why an event was refused.
type LineError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Allowed []string `json:"allowed,omitempty"`
}

// ReadEvents reads an events file: a JSON array. Error: Invalid with each place, or MalformedJSON.
func ReadEvents(text []byte) ([]SimulatedEvent, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	events := []SimulatedEvent{}
	if err := decoder.Decode(&events); err != nil {
		return nil, problem.Wrap(err, problem.MalformedJSON, `The events must be a JSON array of {"type", "payload", "after"}.`)
	}
	if decoder.More() {
		return nil, problem.New(problem.MalformedJSON, "The events must be one JSON array.")
	}
	e := problem.New(problem.Invalid, "The events have problems.")
	for i, event := range events {
		if event.Type == "" && event.After == "" {
			e.With(fmt.Sprintf("[%d]", i), "required", "type or after is missing")
		}
		if _, ok := statechart.ParseDelay(event.After); event.After != "" && !ok {
			e.With(fmt.Sprintf("[%d].after", i), "duration", "this must be an ISO 8601 duration or milliseconds")
		}
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	return events, nil
}

// simulation is a run in memory.
type simulation struct {
	w         *Workflow
	now       time.Time
	snapshot  statechart.Snapshot
	context   map[string]any
	documents map[string]any
	trace     []statechart.Trace // since the last line
}

// Simulate runs events through the pure core: one line for the start and one for each event. Timers that fall due while
// the clock advances fire at their time. A member "documents" of the context is the summary that guards read.
func Simulate(w *Workflow, events []SimulatedEvent, context map[string]any, now time.Time) []Line {
	s := &simulation{w: w, now: now, context: map[string]any{}}
	for name, value := range context {
		if name == "documents" && !w.declares(name) {
			s.documents = map[string]any{name: value}
			continue
		}
		s.context[name] = value
	}
	started, err := w.Chart.StartWith(s.input(statechart.Event{}))
	s.apply(started, err)
	lines := []Line{s.line(nil, started.Effects, err)}
	if err != nil {
		return lines // it never started
	}
	for _, event := range events {
		lines = append(lines, s.step(event))
	}
	return lines
}

func (w *Workflow) declares(name string) bool {
	properties, _ := w.Schema["properties"].(map[string]any)
	_, ok := properties[name]
	return ok
}

func (s *simulation) input(event statechart.Event) statechart.Input {
	return statechart.Input{Context: s.context, Extra: s.documents, Event: event, Now: s.now}
}

func (s *simulation) apply(result statechart.Result, err error) {
	if err == nil {
		s.snapshot, s.context = result.Snapshot, result.Context
		s.trace = append(s.trace, result.Trace...)
	}
}

// step advances the clock, timer by timer, and applies the event.
func (s *simulation) step(event SimulatedEvent) Line {
	var effects []statechart.Effect
	if event.After != "" {
		found, err := s.advance(event.After)
		effects = found
		if err != nil {
			return s.line(name(event), effects, err)
		}
	}
	if event.Type == "" {
		return s.line(nil, effects, nil)
	}
	result, err := s.w.Chart.StepWith(s.snapshot, s.input(statechart.Event{Type: event.Type, Payload: event.Payload}))
	s.apply(result, err)
	if err == nil && result.Stale {
		err = problem.New(problem.Stale, "No active state waits for this outcome.")
	}
	return s.line(name(event), append(effects, result.Effects...), err)
}

func name(event SimulatedEvent) *string {
	if event.Type == "" {
		return nil
	}
	return &event.Type
}

func (s *simulation) advance(text string) ([]statechart.Effect, error) {
	delay, ok := statechart.ParseDelay(text)
	if !ok {
		return nil, problem.New(problem.Invalid, "after is not a duration.")
	}
	until := delay.After(s.now)
	var effects []statechart.Effect
	for {
		event, due := s.w.Chart.Due(s.snapshot, until)
		if !due {
			s.now = until
			return effects, nil
		}
		if at := s.w.Chart.Deadline(s.snapshot); at.After(s.now) {
			s.now = at
		}
		result, err := s.w.Chart.StepWith(s.snapshot, s.input(event))
		if err != nil {
			return effects, err
		}
		s.apply(result, nil)
		effects = append(effects, result.Effects...)
	}
}

func (s *simulation) line(event *string, effects []statechart.Effect, err error) Line {
	l := Line{
		Event: event, Configuration: s.w.Chart.Configuration(s.snapshot), Status: s.snapshot.Status,
		Tags: s.w.Chart.Tags(s.snapshot), Effects: effects, Trace: s.trace,
	}
	s.trace = nil
	if l.Effects == nil {
		l.Effects = []statechart.Effect{}
	}
	if l.Status == "" {
		l.Status = statechart.Active
	}
	if err != nil {
		e := problem.As(err)
		l.Error = &LineError{Code: string(e.Code), Message: e.Message}
		l.Error.Allowed, _ = e.Details["allowed"].([]string)
	}
	return l
}
