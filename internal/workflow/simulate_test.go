package workflow

import (
	"slices"
	"testing"
	"time"
)

const typed = `
id: typed
title: Typed
version: 1
subject: individual
context:
  schema:
    type: object
    required: [name]
    properties: {name: {type: string}, age: {type: integer}}
initial: open
states:
  open:
    invoke: {src: vendor, id: answer, input: {plugin: p}}
    onDone: {actions: {type: assign, values: {age: answer.age}}}
    on:
      TYPED: {actions: {type: assign, values: {age: event.payload.age}}}
      CLOSE: closed
    after: {P1D: {target: closed, actions: {type: assign, values: {age: name}}}}
  closed: {type: final}
`

func TestSimulationReportsDataThatBreaksTheSchema(t *testing.T) {
	w, problems := Parse("typed.yaml", []byte(typed), nil)
	if w == nil {
		t.Fatal(problems)
	}
	age := func(v any) map[string]any { return map[string]any{"age": v} }
	lines := Simulate(w, []SimulatedEvent{
		{Type: "TYPED", Payload: age(4.0)}, {Type: "TYPED", Payload: age("four")}, {Type: "done.invoke.answer", Payload: age("five")}, {After: "P2D"}, {Type: "CLOSE"},
	}, map[string]any{"name": "Ada"}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for i, want := range []string{"", "", "invalid", "schema_violation", "schema_violation", ""} {
		code := ""
		if e := lines[i].Error; e != nil {
			code = e.Code
			if len(e.Places) != 1 || e.Places[0].Location != "context.age" || e.Places[0].Code != "type" {
				t.Errorf("line %d: places %+v", i, e.Places)
			}
		}
		if code != want {
			t.Errorf("line %d: %q, want %q: %+v", i, code, want, lines[i])
		}
		if state := []string{"open", "closed"}[i/5]; !slices.Equal(lines[i].Configuration, []string{state}) {
			t.Errorf("line %d: what is refused does not happen: %v", i, lines[i].Configuration)
		}
	}
	if lines := Simulate(w, []SimulatedEvent{{Type: "CLOSE"}}, nil, time.Now()); lines[0].Error != nil || lines[1].Error != nil {
		t.Errorf("what the start lacks is nobody's change: %+v", lines)
	}
}
