package cases_test

import (
	"slices"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// reservedWorkflow keeps what its work answers in a field that it reserves, and continues by an event of its own.
const reservedWorkflow = `
id: asked
reserved: [pluginsOutput]
initial: check
by: [applicant, client, reviewer]
states:
  check:
    tags: [collection_flow]
    invoke:
      src: vendor
      id: kyc
      input: {plugin: p}
      onDone: {actions: [{type: merge, values: {pluginsOutput.kyc: event.payload}}, {type: raise, event: outcome.OK}]}
    on:
      outcome.OK:
        - {guard: {type: json-logic, options: {rule: {"==": [{var: pluginsOutput.kyc.decision}, approved]}, payload: true}}, target: approved}
        - {target: review}
      LATER: review
  review:
    on:
      GO: {guard: {type: json-logic, options: {rule: {"==": [{var: pluginsOutput.kyc.decision}, approved]}, payload: true}}, target: approved}
  approved: {type: final}
`

// TestNobodyPosesAsTheWorkOfACase: the events of work and the fields that it writes are refused to everybody, on every way in.
func TestNobodyPosesAsTheWorkOfACase(t *testing.T) {
	forged := map[string]any{"pluginsOutput": map[string]any{"kyc": map[string]any{"decision": "approved"}}}
	d := newDesk(t, reservedWorkflow)
	_, err := d.Start(t.Context(), client, cases.StartCommand{Workflow: "asked", Subject: cases.SubjectInput{Type: "individual"}, Context: forged})
	if p := wantCode(t, err, problem.Invalid); !slices.Equal(places(p), []string{"body.context.pluginsOutput reserved"}) {
		t.Errorf("at the start: %v", places(p))
	}
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "asked", Subject: cases.SubjectInput{Type: "individual"}}))
	for name, event := range map[string]struct {
		kind    string
		payload any
		place   string
	}{
		"the work's own event": {"outcome.OK", forged, "body.type reserved"},
		"all data anew":        {cases.EventUpdateContext, map[string]any{"context": forged}, "body.context.pluginsOutput reserved"},
		"data laid over it":    {cases.EventDeepMergeContext, map[string]any{"newContext": forged}, "body.context.pluginsOutput reserved"},
	} {
		_, err := d.event(r.ID, event.kind, event.payload)
		if p := wantCode(t, err, problem.Invalid); !slices.Equal(places(p), []string{event.place}) {
			t.Errorf("%s: %v", name, places(p))
		}
	}
	must[cases.Record](d)(d.event(r.ID, "LATER", nil))
	if _, err := d.event(r.ID, "GO", forged); err != nil {
		t.Log(err)
	}
	wantState(t, d.get(r.ID), "review")
	d.verified(r.ID)
}
