package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// SimulatedEvent is one element of an events file. After advances the clock first; without Type that is all.
type SimulatedEvent struct {
	Type    string `json:"type,omitempty"`
	Payload any    `json:"payload,omitempty"`
	After   string `json:"after,omitempty"`
	As      string `json:"as,omitempty"` // who sends it: applicant, client, reviewer or approver; "": the audience is not checked
}

// Line is the output of a simulation after each event; the first line is the state after the start.
type Line struct {
	Event         *string             `json:"event"` // nil: the start, or only time went by
	Configuration []string            `json:"configuration"`
	Status        statechart.Status   `json:"status"`
	Tags          []string            `json:"tags"`
	Effects       []statechart.Effect `json:"effects"`
	Error         *LineError          `json:"error"`
	Why           *statechart.Refusal `json:"why,omitempty"`   // the event was refused, or had no effect
	Trace         []statechart.Trace  `json:"trace,omitempty"` // every guard that was evaluated and every transition taken
}

// LineError states why an event was refused.
type LineError struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Allowed []string        `json:"allowed,omitempty"`
	Places  []problem.Field `json:"places,omitempty"` // where the data would break the schema
}

// codeMisfit is the code of an automatic change after which the data would violate the schema: work that has failed, a
// deadline or a report that waits for a person. An event sent by somebody is refused, as invalid.
const codeMisfit = "schema_violation"

// ReadEvents reads an events file: a JSON array. Error: Invalid with each place, or MalformedJSON.
func ReadEvents(text []byte) ([]SimulatedEvent, error) {
	if faults := source.JSONFaults(text); len(faults) > 0 {
		e := problem.New(problem.Invalid, "The events are not unambiguous JSON.")
		for _, f := range faults {
			e.With(f.Path, f.Code, "%s", f.Message)
		}
		return nil, e
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	events := []SimulatedEvent{}
	if err := decoder.Decode(&events); err != nil {
		const wanted = `The events must be a JSON array of {"type", "payload", "after", "as"}`
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return nil, problem.Wrap(err, problem.MalformedJSON, "%s: %s is none of these.", wanted, name)
		}
		return nil, problem.Wrap(err, problem.MalformedJSON, wanted+".")
	}
	if decoder.More() {
		return nil, problem.New(problem.MalformedJSON, "The events must be one JSON array.")
	}
	return events, CheckEvents(events)
}

// CheckEvents reports the events that nobody could send. Error: Invalid with each place.
func CheckEvents(events []SimulatedEvent) error {
	e := problem.New(problem.Invalid, "The events are not valid.")
	for i, event := range events {
		if event.Type == "" && event.After == "" {
			e.With(fmt.Sprintf("[%d]", i), "required", "type or after is missing")
		}
		if event.As != "" && !slices.Contains(statechart.AudienceNames(), event.As) {
			e.With(fmt.Sprintf("[%d].as", i), "enum", "this must be one of %s", strings.Join(statechart.AudienceNames(), ", "))
		}
		if _, ok := statechart.ParseDelay(event.After); event.After != "" && !ok {
			e.With(fmt.Sprintf("[%d].after", i), "duration", "this must be an ISO 8601 duration, such as P7D or PT30M, or milliseconds")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// simulation is a run in memory.
type simulation struct {
	w        *Workflow
	now      time.Time
	snapshot statechart.Snapshot
	context  map[string]any
	extra    map[string]any     // what guards see beside the context
	trace    []statechart.Trace // since the last line
	vouching vouching
}

// Simulate runs events through the pure core: one line for the start and one for each event. Timers that fall due while
// the clock advances fire at their time. Members "documents" and "stale" of the context are what guards read beside it.
func Simulate(w *Workflow, events []SimulatedEvent, context map[string]any, now time.Time) []Line {
	s, first := begin(w, context, now)
	lines := []Line{first}
	if first.Error != nil {
		return lines // it never started
	}
	for _, event := range events {
		lines = append(lines, s.step(event))
	}
	return lines
}

func begin(w *Workflow, context map[string]any, now time.Time) (*simulation, Line) {
	s := &simulation{w: w, now: now, context: map[string]any{}, extra: map[string]any{}}
	if w.fresh != nil {
		s.extra["stale"] = w.fresh
	}
	for name, value := range context {
		if name == "documents" && !w.declares(name) || name == "stale" && w.fresh != nil {
			s.extra[name] = value
			continue
		}
		s.context[name] = value
	}
	in := s.input(statechart.Event{})
	in.Denied = s.denies(in.Event, false)
	started, err := w.Chart.StartWith(in)
	if err == nil {
		err = s.fits(started)
	}
	if err != nil {
		return s, s.line(nil, nil, err)
	}
	s.apply(started)
	s.vouch(in.Event, false, nil)
	return s, s.line(nil, started.Effects, nil)
}

// Rehearsal is a simulation in single steps, for callers that answer work as it arises.
type Rehearsal struct{ s *simulation }

// Rehearse starts a run as Simulate does.
func Rehearse(w *Workflow, context map[string]any, now time.Time) (*Rehearsal, Line) {
	s, line := begin(w, context, now)
	return &Rehearsal{s}, line
}

// Step advances the clock, and applies an event.
func (r *Rehearsal) Step(event SimulatedEvent) Line { return r.s.step(event) }

// Now is the run's time.
func (r *Rehearsal) Now() time.Time { return r.s.now }

// Context is what the case knows; the caller must not change it.
func (r *Rehearsal) Context() map[string]any { return r.s.context }

// Input is the input of work: what its `with` computes, or otherwise the whole context.
func (r *Rehearsal) Input(i Invocation) map[string]any {
	if i.With == nil {
		return r.s.context
	}
	env, input := &expr.Env{Scope: expr.Layers{r.s.extra, r.s.context}, Now: r.s.now}, map[string]any{}
	for name, program := range i.With {
		if value, verdict := program.Value(env); verdict.Truth == expr.True {
			input[name] = value
		}
	}
	return input
}

func (w *Workflow) declares(name string) bool {
	properties, _ := w.Schema["properties"].(map[string]any)
	_, ok := properties[name]
	return ok
}

func (s *simulation) input(event statechart.Event) statechart.Input {
	return statechart.Input{Context: s.context, Extra: s.extra, Event: event, Now: s.now}
}

// take applies an event as a case does, which has people decide in its favour where the workflow requires two of them.
// misfit states that the data would violate the schema: the event is not applied then.
func (s *simulation) take(in statechart.Input) (result statechart.Result, misfit, err error) {
	decided := s.decides(in.Event)
	in.Denied = s.denies(in.Event, decided)
	result, err = s.w.Chart.StepWith(s.snapshot, in)
	if err != nil {
		return result, nil, err
	}
	if misfit = s.fits(result); misfit != nil {
		return result, misfit, nil
	}
	was := s.standing()
	s.apply(result)
	s.vouch(in.Event, decided && s.w.Approves(in.Event.Type, was, s.standing()), result.Changed)
	return result, nil, nil
}

func (s *simulation) apply(result statechart.Result) {
	s.snapshot, s.context = result.Snapshot, result.Context
	s.trace = append(s.trace, result.Trace...)
}

// fits refuses a result that a case would not accept, because its data would violate the schema. Data at the start may be incomplete.
func (s *simulation) fits(result statechart.Result) error {
	return s.w.CheckChange(s.context, result.Context)
}

// step advances the clock, timer by timer, and applies the event.
func (s *simulation) step(event SimulatedEvent) Line {
	var effects []statechart.Effect
	if event.After != "" {
		found, err := s.advance(event.After)
		effects = found
		if err != nil {
			l := s.line(name(event), effects, err)
			if len(l.Error.Places) > 0 {
				l.Error.Code = codeMisfit
			}
			return l
		}
	}
	if event.Type == "" {
		return s.line(nil, effects, nil)
	}
	return s.send(event, effects)
}

// send applies an event.
func (s *simulation) send(event SimulatedEvent, effects []statechart.Effect) Line {
	in := s.input(statechart.Event{Type: event.Type, Payload: event.Payload, By: statechart.AudienceOf(event.As)})
	why := s.w.Chart.Refusal(s.snapshot, in)
	result, misfit, err := s.take(in)
	if misfit != nil {
		l := s.line(name(event), effects, misfit)
		if statechart.IsInternal(event.Type) {
			l.Error.Code = codeMisfit
		}
		return l
	}
	if err == nil && result.Stale {
		err = problem.New(problem.Stale, "No active state waits for this outcome.")
	}
	l := s.line(name(event), append(effects, result.Effects...), err)
	l.Why = why
	return l
}

func name(event SimulatedEvent) *string {
	if event.Type == "" {
		return nil
	}
	return &event.Type
}

// advance lets timers fire. One after which the data would break the schema has passed all the same, and an incident would keep it.
func (s *simulation) advance(text string) ([]statechart.Effect, error) {
	delay, ok := statechart.ParseDelay(text)
	if !ok {
		return nil, problem.New(problem.Invalid, "after is not a duration.")
	}
	until := delay.After(s.now)
	var effects []statechart.Effect
	var misfit error
	for {
		event, due := s.w.Chart.Due(s.snapshot, until)
		if !due {
			s.now = until
			return effects, misfit
		}
		if at := s.w.Chart.Deadline(s.snapshot); at.After(s.now) {
			s.now = at
		}
		result, unfit, err := s.take(s.input(event))
		if err != nil {
			return effects, err
		}
		if unfit != nil {
			misfit = errors.Join(misfit, unfit)
			s.snapshot = s.w.Chart.Disarm(s.snapshot, event)
			continue
		}
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
		if e.Code == problem.Invalid {
			l.Error.Places = e.Fields
		}
		l.Error.Allowed, _ = e.Details["allowed"].([]string)
	}
	return l
}
