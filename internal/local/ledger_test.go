package local_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/policy/ledger"
)

const amounts = `id: amounts
inputs: {type: object, required: [amount], properties: {amount: {type: number}, who: {type: object, properties: {name: {type: string, personal: true}}}}}
outcomes: [review, approve]
default: approve
rules:
  - {id: large, when: "amount >= 100", outcome: review, score: {base: 50}}
`

// publish makes a policy's newest version.
func (s *system) publish(path, source string) {
	s.t.Helper()
	if status, answer := s.call("admin", "POST", path, map[string]any{"source": source}); status != http.StatusCreated {
		s.t.Fatalf("%d %v", status, answer)
	}
}

func (s *system) evaluate(input map[string]any) map[string]any {
	s.t.Helper()
	status, answer := s.call("manager", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": input})
	if status != http.StatusOK {
		s.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

func TestWhatAPolicySawIsKeptAndReplayed(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	answer := s.evaluate(map[string]any{"amount": 150, "who": map[string]any{"name": "Anna"}})
	if answer["outcome"] != "review" || !strings.HasPrefix(fmt.Sprint(answer["decision"]), "dec_") {
		t.Fatalf("%v", answer)
	}
	at := fmt.Sprintf("/v1/policies/amounts/decisions/%v", answer["decision"])
	status, kept := s.call("auditor", "GET", at, nil)
	input, _ := kept["input"].(map[string]any)
	given, _ := kept["answer"].(map[string]any)
	if status != http.StatusOK || input["amount"] != 150.0 || fmt.Sprint(given) != fmt.Sprint(answer) || kept["outcome"] != "review" || kept["version"] != 1.0 {
		t.Errorf("%d %v", status, kept)
	}
	if status, kept = s.call("developer", "GET", at, nil); status != http.StatusOK || kept["input"] != nil || strings.Contains(fmt.Sprint(kept), "Anna") {
		t.Errorf("a developer sees personal data: %d %v", status, kept)
	}
	for role, want := range map[string]int{"developer": http.StatusForbidden, "reviewer": http.StatusForbidden, "auditor": http.StatusOK} {
		if status, list := s.call(role, "GET", "/v1/policies/amounts/decisions?view=full", nil); status != want {
			t.Errorf("%s: %d %v", role, status, list)
		}
	}

	s.publish("/v1/policies/amounts/versions", strings.Replace(amounts, "100", "200", 1)) // the version that decided stays
	if status, replay := s.call("auditor", "POST", at+"/replay", map[string]any{}); status != http.StatusOK || replay["identical"] != true {
		t.Errorf("%d %v", status, replay)
	}
	if status, answer := s.call("auditor", "POST", "/v1/policies/amounts/decisions/dec_none/replay", map[string]any{}); status != http.StatusNotFound {
		t.Errorf("%d %v", status, answer)
	}
	status, old := s.call("admin", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{"amount": 150}, "version": 1, "now": "2026-01-02T03:04:05.123456789+05:30"})
	if status != http.StatusOK || old["outcome"] != "review" {
		t.Errorf("%d %v", status, old)
	}
	if status, kept = s.call("auditor", "GET", fmt.Sprintf("/v1/policies/amounts/decisions/%v", old["decision"]), nil); status != http.StatusOK || kept["at"] != "2026-01-01T21:34:05.123456789Z" {
		t.Errorf("%d %v", status, kept)
	}
	if newest := s.evaluate(map[string]any{"amount": 150}); newest["outcome"] != "approve" || newest["version"] != 2.0 {
		t.Errorf("%v", newest)
	}
	status, list := s.call("auditor", "GET", "/v1/policies/amounts/decisions?outcome=review&limit=1", nil)
	page, _ := list["data"].([]any)
	if status != http.StatusOK || len(page) != 1 || page[0].(map[string]any)["id"] != answer["decision"] {
		t.Fatalf("%d %v", status, list)
	}
	status, list = s.call("auditor", "GET", fmt.Sprintf("/v1/policies/amounts/decisions?outcome=review&limit=1&cursor=%v", list["next_cursor"]), nil)
	if page, _ = list["data"].([]any); status != http.StatusOK || len(page) != 1 || page[0].(map[string]any)["id"] != old["decision"] || list["next_cursor"] != nil {
		t.Errorf("%d %v", status, list)
	}
}

func TestAnInputThatThePolicyDoesNotTakeIsRefusedByPlace(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	status, answer := s.call("admin", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{"amount": "secret", "who": map[string]any{"name": 5, "nom": "secret"}}})
	var places []string
	for _, one := range answer["errors"].([]any) {
		places = append(places, fmt.Sprint(one.(map[string]any)["location"], " ", one.(map[string]any)["code"]))
	}
	if want := "[body.input.amount type body.input.who.name type body.input.who.nom unknown]"; status != http.StatusUnprocessableEntity || fmt.Sprint(places) != want || strings.Contains(fmt.Sprint(answer), "secret") {
		t.Errorf("%d %v", status, answer)
	}
	status, answer = s.call("admin", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(answer["errors"]), "code:required location:input.amount") {
		t.Errorf("what is promised, missing and not handled by a rule counts as good: %d %v", status, answer)
	}
	s.publish("/v1/policies/amounts/versions", strings.Replace(amounts, "outcome: review,", "outcome: review, missing: review,", 1))
	if answer := s.evaluate(map[string]any{}); answer["outcome"] != "review" {
		t.Errorf("what is missing is the rules' business: %v", answer)
	}
}

func TestACaseWithAValueNotAsDeclaredReachesAPerson(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	s.publish("/v1/workflows/decides/versions", "id: decides\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: risk, input: {policy: amounts}}\n    onDone: [{guard: \"risk.outcome == 'review'\", target: b}, {target: c}]\n  b: {type: final}\n  c: {type: final}\n")
	r := s.start("decides", "individual", map[string]any{"amount": "5 secret"})
	one := s.incident(r.ID)
	if text := fmt.Sprint(one["cause"]); one["error"] != "invalid" || !strings.Contains(text, "input.amount: must be of type number") || strings.Contains(text, "secret") {
		t.Errorf("without an outcome for it: %v", one)
	}
	s.publish("/v1/policies/amounts/versions", amounts+"invalid: review\n")
	s.resolve(r.ID, one, "retry", map[string]any{})
	s.reach(r.ID, "b")
	status, shown := s.call("reviewer", "GET", "/v1/cases/"+r.ID, nil)
	risk, _ := shown["risk"].(map[string]any)
	if reasons := fmt.Sprint(risk["reasons"]); status != http.StatusOK || !strings.Contains(reasons, "amount must be of type number") || strings.Contains(reasons, "secret") {
		t.Errorf("the case page says %v", risk)
	}
}

func TestADecisionOfACaseIsKeptOnce(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	s.publish("/v1/workflows/decides/versions", "id: decides\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: amounts, input: {policy: amounts}}\n    onDone: [{guard: \"amounts.outcome == 'review'\", target: b}, {target: c}]\n  b: {type: final}\n  c: {type: final}\n")
	r := s.start("decides", "individual", map[string]any{"amount": 150.0})
	s.reach(r.ID, "b")
	page, _, err := s.Core.Ledger.Decisions(t.Context(), s.client.Tenant, "amounts", ledger.Query{Limit: 10, Bodies: true})
	if err != nil || len(page) != 1 {
		t.Fatalf("%+v %v", page, err)
	}
	now, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	written, _ := now.Context["amounts"].(map[string]any)
	if d := page[0]; d.Case != r.ID || d.Subject != r.Subject.ID || d.ID != written["decision"] || d.Outcome != "review" {
		t.Errorf("%+v %v", d.Head, written)
	}
	replay, err := s.Core.Decider().Replay(t.Context(), s.client.Tenant, "amounts", page[0].ID)
	if err != nil || !replay.Identical {
		t.Errorf("%+v %v", replay, err)
	}
}

func TestADraftIsTriedOnWhatWasDecided(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	for amount := 90; amount < 130; amount += 5 {
		s.evaluate(map[string]any{"amount": amount})
	}
	as := func(who string, body map[string]any) map[string]any {
		t.Helper()
		status, answer := s.call(who, "POST", "/v1/policies/amounts/backtests", body)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		return answer
	}
	backtest := func(body map[string]any) map[string]any { t.Helper(); return as("admin", body) }
	hidden, _ := as("developer", map[string]any{"source": strings.Replace(amounts, "100", "110", 1), "examples": 1})["flips"].([]any)
	if len(hidden) != 1 || len(hidden[0].(map[string]any)["examples"].([]any)) != 0 {
		t.Errorf("who may not see inputs is led to decisions: %v", hidden)
	}
	if same := backtest(map[string]any{"source": amounts}); same["evaluated"] != 8.0 || same["flipped"] != 0.0 || same["complete"] != true {
		t.Errorf("%v", same)
	}
	changed := backtest(map[string]any{"source": strings.Replace(amounts, "100", "110", 1), "examples": 1})
	flips, _ := changed["flips"].([]any)
	if len(flips) != 1 || changed["flipped"] != 2.0 {
		t.Fatalf("%v", changed)
	}
	if flip := flips[0].(map[string]any); flip["from"] != "review" || flip["to"] != "approve" || flip["count"] != 2.0 || len(flip["examples"].([]any)) != 1 {
		t.Errorf("%v", flip)
	}
	if none := backtest(map[string]any{"source": amounts, "to": "2026-01-01T00:00:00Z"}); none["decisions"] != 0.0 {
		t.Errorf("%v", none)
	}
	status, answer := s.call("developer", "POST", "/v1/policies/amounts/backtests", map[string]any{"source": strings.Replace(amounts, "amount >= 100", "amont >= 100", 1)})
	if details, _ := answer["details"].(map[string]any); status != http.StatusUnprocessableEntity || details["diagnostics"] == nil {
		t.Errorf("%d %v", status, answer)
	}
}
