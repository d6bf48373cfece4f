package local_test

import (
	"net/http"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
)

func application(income, amount float64, more map[string]any) map[string]any {
	applicant := map[string]any{"income": income, "employed_months": 40.0}
	for name, value := range more {
		applicant[name] = value
	}
	return map[string]any{"context": map[string]any{"applicant": applicant, "amount": amount}}
}

func TestADecisionIsAnsweredAtOnceAndIsACase(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	for outcome, body := range map[string]map[string]any{
		"approved": application(3000, 1000, nil), "declined": application(1000, 100000, nil), "referred": application(3000, 1000, map[string]any{"defaults": 1.0}),
	} {
		status, answer := s.call("reviewer", "POST", "/v1/decisions/application", body)
		if status != http.StatusOK || answer["outcome"] != outcome || answer["status"] != "completed" {
			t.Fatalf("%d %v, want %s", status, answer, outcome)
		}
		results, _ := answer["results"].(map[string]any)
		decision, _ := results["decision"].(map[string]any)
		if decision["policy"] != "application-score" || decision["trace"] == nil {
			t.Errorf("results %v", results)
		}
		r, err := s.Core.Cases.Get(t.Context(), s.client, answer["id"].(string))
		if err != nil || !r.Execution.Express || r.Status != cases.StatusCompleted {
			t.Errorf("%+v, %v", r.Execution, err)
		}
		if report, err := s.Core.Cases.Verify(t.Context(), s.client, r.ID); err != nil || !report.Valid {
			t.Errorf("%+v %v", report, err)
		}
	}
}

func TestADecisionThatPeopleMakeIsAnOpenCase(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	desk := "id: maybe\ncontext: {schema: {type: object, properties: {amount: {type: number}}}}\ninitial: score\nstates:\n" +
		"  score: {always: [{target: passed, guard: 'amount < 100'}, {target: look}]}\n" +
		"  look: {tags: [manual_review], on: {approve: passed, reject: refused}}\n  passed: {type: final}\n  refused: {type: final}\n"
	if status, answer := s.call("developer", "POST", "/v1/workflows/maybe/versions", map[string]any{"source": desk}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	status, answer := s.call("reviewer", "POST", "/v1/decisions/maybe", map[string]any{"context": map[string]any{"amount": 5}})
	if status != http.StatusOK || answer["outcome"] != "passed" {
		t.Errorf("what needs nobody: %d %v", status, answer)
	}
	status, answer = s.call("reviewer", "POST", "/v1/decisions/maybe", map[string]any{"context": map[string]any{"amount": 500}})
	configuration, _ := answer["configuration"].([]any)
	if status != http.StatusAccepted || answer["status"] != "active" || len(configuration) != 1 || configuration[0] != "look" {
		t.Errorf("what people decide: %d %v", status, answer)
	}
}

func TestWhatCannotBeDecidedAtOnceIsRefusedOrGoesOn(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	status, answer := s.call("reviewer", "POST", "/v1/decisions/kyc", map[string]any{"context": map[string]any{}})
	if status != http.StatusUnprocessableEntity || len(answer["errors"].([]any)) == 0 {
		t.Errorf("a workflow that waits: %d %v", status, answer)
	}
	if status, _ = s.call("reviewer", "POST", "/v1/decisions/application", map[string]any{"context": map[string]any{}}); status != http.StatusUnprocessableEntity {
		t.Errorf("without its data: %d", status)
	}
	if status, _ = s.call("reviewer", "POST", "/v1/decisions/nobody", map[string]any{"context": map[string]any{}}); status != http.StatusUnprocessableEntity {
		t.Errorf("unknown: %d", status)
	}
	// A person without a name is screened: the work is an incident, and the case continues as one.
	broken := "id: shaky\ninitial: a\nstates:\n  a: {invoke: {src: screening, id: v, input: {with: {name: nobody}}, retry: {attempts: 0}}, onDone: b}\n  b: {type: final}\n"
	if status, answer = s.call("developer", "POST", "/v1/workflows/shaky/versions", map[string]any{"source": broken}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	status, answer = s.call("reviewer", "POST", "/v1/decisions/shaky", map[string]any{"context": map[string]any{}})
	if status != http.StatusAccepted || answer["status"] != "active" {
		t.Fatalf("%d %v", status, answer)
	}
	id, _ := answer["id"].(string)
	s.until("another execution waits for the operator", func() bool {
		r, err := s.Core.Cases.Get(t.Context(), s.client, id)
		return err == nil && !r.Execution.Express && r.Execution.Sequence == 2 && len(r.Incidents) == 1 && len(r.Parked) == 1
	})
	r, err := s.Core.Cases.Get(t.Context(), s.client, id)
	if err != nil {
		t.Fatal(err)
	}
	operator := identity.Principal{Tenant: s.client.Tenant, Kind: identity.User, ID: "user_operator", Roles: []string{"manager"}}
	if _, err := s.Core.Cases.SkipIncident(t.Context(), operator, id, r.Incidents[0].ID, map[string]any{"hits": []any{}}, ""); err != nil {
		t.Fatal(err)
	}
	s.reach(id, "b")
}
