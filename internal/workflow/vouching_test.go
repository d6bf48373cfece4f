package workflow_test

import (
	"slices"
	"testing"
	"time"

	"ballerine/internal/workflow"
)

const vouched = `
id: vouched
title: Vouched
subject: individual
context: {schema: {type: object, properties: {full_name: {type: string}}}}
review: {four_eyes: critical}
initial: check
states:
  check:
    invoke:
      - {src: screening, id: sanctions, input: {with: {name: full_name}}}
      - {src: rules, id: risk, input: {policy: p}}
    onDone: [{guard: "risk.outcome == 'approve'", target: approved}, {target: review}]
  review:
    tags: [manual_review]
    on: {approve: good, repeat: check, reject: rejected}
  good: {after: {P1D: check}, tags: [approved]}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

// What a case would not do by itself, a test of the workflow must not show as done.
func TestASimulationApprovesNothingThatPeopleMustDecide(t *testing.T) {
	wf, diagnostics := workflow.Parse("vouched.yaml", []byte(vouched), nil)
	if wf == nil {
		t.Fatal(diagnostics)
	}
	hits := func(found ...any) workflow.SimulatedEvent {
		return workflow.SimulatedEvent{Type: "done.invoke.sanctions", Payload: map[string]any{"hits": append([]any{}, found...), "more": false}}
	}
	risk := func(severity string) workflow.SimulatedEvent {
		return workflow.SimulatedEvent{Type: "done.invoke.risk", Payload: map[string]any{"outcome": "approve", "score": 1.0, "severity": severity}}
	}
	one := map[string]any{"name": "Anna"}
	more := workflow.SimulatedEvent{Type: "done.invoke.sanctions", Payload: map[string]any{"hits": []any{}, "more": true}}
	event := func(name string) workflow.SimulatedEvent { return workflow.SimulatedEvent{Type: name} }
	for name, c := range map[string]struct {
		events []workflow.SimulatedEvent
		want   string
	}{
		"nothing was found":                     {[]workflow.SimulatedEvent{hits(), risk("low")}, "approved"},
		"a possible match is open":              {[]workflow.SimulatedEvent{hits(one), risk("low")}, "review"},
		"there are more than are listed":        {[]workflow.SimulatedEvent{more, risk("low")}, "review"},
		"the risk asks for two people":          {[]workflow.SimulatedEvent{hits(), risk("critical")}, "review"},
		"there once was a match":                {[]workflow.SimulatedEvent{hits(one), risk("low"), event("repeat"), hits(), risk("low")}, "review"},
		"a person has decided since":            {[]workflow.SimulatedEvent{hits(one), risk("low"), event("approve"), {After: "P1D"}, hits(), risk("low")}, "approved"},
		"a match is new after the decision":     {[]workflow.SimulatedEvent{hits(one), risk("low"), event("approve"), {After: "P1D"}, hits(one), risk("low")}, "review"},
		"the risk is worse after the decision":  {[]workflow.SimulatedEvent{hits(one), risk("low"), event("approve"), {After: "P1D"}, hits(), risk("critical")}, "review"},
		"a client's event is no decision of it": {[]workflow.SimulatedEvent{hits(one), risk("low"), {Type: "approve", As: "client"}}, "review"},
	} {
		lines := workflow.Simulate(wf, c.events, nil, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		last := lines[len(lines)-1]
		if !slices.Equal(last.Configuration, []string{c.want}) {
			t.Errorf("%s: %v, %+v", name, last.Configuration, last.Error)
		}
	}
}

const brought = `
id: brought
title: Brought along
subject: individual
context: {schema: {type: object, properties: {partner: {type: object}}}}
review: {four_eyes: critical, hits: [partner.hits], checks: []}
initial: wait
states:
  wait:
    on:
      data: {actions: [{type: assign, values: {partner: event.payload.partner}}]}
      go: approved
      look: review
  review: {tags: [manual_review], on: {approve: good, reject: rejected}}
  good: {tags: [approved], on: {leave: wait}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func TestASimulationJudgesWhatIsBroughtAlong(t *testing.T) {
	wf, diagnostics := workflow.Parse("brought.yaml", []byte(brought), nil)
	if wf == nil {
		t.Fatal(diagnostics)
	}
	hits := map[string]any{"partner": map[string]any{"hits": []any{map[string]any{"name": "x"}}}}
	none := map[string]any{"partner": map[string]any{"hits": []any{}}}
	send := func(name string, payload any) workflow.SimulatedEvent {
		return workflow.SimulatedEvent{Type: name, Payload: payload, As: map[bool]string{true: "reviewer", false: "client"}[name == "approve"]}
	}
	for name, c := range map[string]struct {
		context map[string]any
		events  []workflow.SimulatedEvent
		want    string
	}{
		"nothing":                  {none, []workflow.SimulatedEvent{send("go", nil)}, "approved"},
		"at the start":             {hits, []workflow.SimulatedEvent{send("data", none), send("go", nil)}, "wait"},
		"decided":                  {hits, []workflow.SimulatedEvent{send("look", nil), send("approve", nil), send("leave", nil), send("go", nil)}, "approved"},
		"decided, and again later": {hits, []workflow.SimulatedEvent{send("look", nil), send("approve", nil), send("leave", nil), send("data", hits), send("go", nil)}, "wait"},
	} {
		lines := workflow.Simulate(wf, c.events, c.context, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		if last := lines[len(lines)-1]; !slices.Equal(last.Configuration, []string{c.want}) {
			t.Errorf("%s: %v, %+v", name, last.Configuration, last.Error)
		}
	}
}
