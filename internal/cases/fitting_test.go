package cases_test

import (
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const taking = `
id: taking
subject: individual
context: {schema: {type: object, properties: {x: {type: number}, y: {type: number}}, required: [y]}}
initial: open
by: [applicant, client, reviewer]
states:
  open: {tags: [collection_flow], on: {TAKE: {actions: {type: assign, values: {x: event.payload.v}}}}}
`

func TestAnEventDoesNotWriteWhatTheSchemaDoesNotHave(t *testing.T) {
	d := newDesk(t, taking)
	id := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "taking", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"y": 1.0}})).ID
	_, err := d.Send(t.Context(), client, id, cases.SendCommand{Type: "TAKE", Payload: map[string]any{"v": "text"}})
	if p := problem.As(err); err == nil || p.Code != problem.Invalid || len(p.Fields) != 1 || p.Fields[0].Location != "context.x" {
		t.Errorf("text is taken for a number: %v", err)
	}
	if r := d.get(id); r.Version != 1 {
		t.Errorf("the case is at version %d", r.Version)
	}
	if r := must[cases.Record](d)(d.Send(t.Context(), client, id, cases.SendCommand{Type: "TAKE", Payload: map[string]any{"v": 7.0}})); r.Context["x"] != 7.0 {
		t.Errorf("x is %v", r.Context["x"])
	}
	must[cases.Record](d)(d.SaveContext(t.Context(), client, id, map[string]any{"y": 2.0}))
}
