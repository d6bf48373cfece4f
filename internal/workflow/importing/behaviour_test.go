package importing_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"ballerine/internal/workflow"
	"ballerine/internal/workflow/importing"
)

// TestImportedWorkflowsDoWhatTheyDidBefore runs what has been imported on the pure core.
func TestImportedWorkflowsDoWhatTheyDidBefore(t *testing.T) {
	event := func(kind string, payload any) workflow.SimulatedEvent {
		return workflow.SimulatedEvent{Type: kind, Payload: payload}
	}
	for name, one := range map[string]struct {
		file    string
		events  []workflow.SimulatedEvent
		context map[string]any
		want    string
	}{
		"the initial event has begun it":                      {"ballerine-kyc", nil, nil, "run_kyc"},
		"a plugin's success is the event that it names":       {"ballerine-kyc", []workflow.SimulatedEvent{event("done.invoke.kyc_session", map[string]any{"decision": "approved"})}, nil, "auto_approved"},
		"and another answer leads elsewhere":                  {"ballerine-kyc", []workflow.SimulatedEvent{event("done.invoke.kyc_session", map[string]any{"decision": "declined"})}, nil, "manual_review"},
		"a plugin's failure is its other event":               {"ballerine-kyc", []workflow.SimulatedEvent{event("error.invoke.kyc_session", map[string]any{"error": "x"})}, nil, "manual_review"},
		"a guard finds the payload's field":                   {"ballerine-plain", []workflow.SimulatedEvent{event("GO", map[string]any{"answer": "yes"})}, nil, "b"},
		"but not over the context's":                          {"ballerine-plain", []workflow.SimulatedEvent{event("GO", map[string]any{"answer": "yes"})}, map[string]any{"answer": "no"}, "c"},
		"a child is started and the parent goes on":           {"ballerine-kyb", []workflow.SimulatedEvent{event("COLLECTION_FINISHED", nil), event("done.invoke.kyc_children", nil)}, nil, "pending_kyc"},
		"a child that has ended is reported":                  {"ballerine-kyb", []workflow.SimulatedEvent{event("COLLECTION_FINISHED", nil), event("done.invoke.kyc_children", nil), event("child.kyc_children", map[string]any{"states": []any{"approved"}})}, map[string]any{"children": map[string]any{"kyc_children": map[string]any{"cases": map[string]any{"x": 1.0}}}}, "manual_review"},
		"one that has not is not":                             {"ballerine-kyb", []workflow.SimulatedEvent{event("COLLECTION_FINISHED", nil), event("done.invoke.kyc_children", nil), event("child.kyc_children", map[string]any{"states": []any{"idle"}})}, map[string]any{"children": map[string]any{"kyc_children": map[string]any{"cases": map[string]any{"x": 1.0}}}}, "pending_kyc"},
		"plugins of a state run one after the other":          {"ballerine-calls", []workflow.SimulatedEvent{event("GO", nil), event("done.invoke.web_hook", nil), event("done.invoke.welcome_mail", nil)}, nil, "c"},
		"a condition that was a function does not hold":       {"xstate5-stately", []workflow.SimulatedEvent{event("SUBMIT_FORM", nil)}, nil, "Declined"},
		"until somebody says what it is":                      {"xstate5-stately", []workflow.SimulatedEvent{event("SUBMIT_FORM", nil)}, map[string]any{"guards": map[string]any{"isAdult_age_18": true}}, "In_review"},
		"ids are targets":                                     {"xstate5-stately", []workflow.SimulatedEvent{event("SUBMIT_FORM", nil), event("approve", nil)}, map[string]any{"guards": map[string]any{"isAdult_age_18": true}}, "Approved"},
		"history is remembered":                               {"xstate4-history", []workflow.SimulatedEvent{event("BOLD", nil), event("POWER", nil), event("POWER", nil)}, nil, "on.bold"},
		"timers in milliseconds":                              {"xstate4-history", []workflow.SimulatedEvent{event("POWER", nil), {After: "PT61S"}}, nil, "gone"},
		"regions end together":                                {"xstate4-parallel", []workflow.SimulatedEvent{event("PAY", nil), event("SEND", nil), event("ARRIVE", nil)}, nil, "delivery.done payment.paid"},
		"several targets":                                     {"xstate5-guards", []workflow.SimulatedEvent{event("GO", nil)}, map[string]any{"guards": map[string]any{"isClosed": true}}, "b"},
		"a raised event is taken at the beginning":            {"xstate5-raise", nil, nil, "b"},
		"work of ours is work":                                {"xstate5-raise", []workflow.SimulatedEvent{event("done.invoke.risk", map[string]any{"outcome": "approve"})}, nil, "c"},
		"a service that was code is a vendor that can answer": {"xstate4-services", []workflow.SimulatedEvent{event("FETCH", nil), event("done.invoke.fetchUser", map[string]any{})}, nil, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			input, err := os.ReadFile("testdata/" + one.file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			result, problems := importing.Import(one.file, input, importing.Options{})
			if problems.Failed() {
				t.Fatal(problems)
			}
			w, found := workflow.Parse("workflow.yaml", result.Workflow, nil)
			if w == nil {
				t.Fatal(found)
			}
			lines := workflow.Simulate(w, one.events, one.context, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			last := lines[len(lines)-1]
			if got := strings.Join(last.Configuration, " "); got != one.want || last.Error != nil {
				t.Errorf("at %s, want %s (%+v)", got, one.want, last.Error)
			}
		})
	}
}
