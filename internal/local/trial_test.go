package local_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/local"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
)

// strict is amounts with a lower limit, and an outcome that the live version does not have.
var strict = strings.NewReplacer("amount >= 100", "amount >= 60", "outcomes: [review", "outcomes: [reject, review").Replace(amounts)

func (s *system) try(role string, body map[string]any) (status int, answer map[string]any) {
	s.t.Helper()
	return s.call(role, "POST", "/v1/policies/amounts/trials", body)
}

// tried starts a trial and gives its id.
func (s *system) tried(body map[string]any) string {
	s.t.Helper()
	status, answer := s.try("developer", body)
	if status != http.StatusCreated {
		s.t.Fatalf("%d %v", status, answer)
	}
	return fmt.Sprint(answer["id"])
}

func (s *system) report(trial string) (status int, report map[string]any) {
	s.t.Helper()
	return s.call("auditor", "GET", "/v1/policies/amounts/trials/"+trial+"/report", nil)
}

func TestAShadowIsKeptBesideTheLiveDecisionAndReported(t *testing.T) {
	s := run(t, local.Patient(local.Options{Data: t.TempDir(), Definitions: definitions(t)}))
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	before := s.evaluate(map[string]any{"amount": 80})
	status, answer := s.try("developer", map[string]any{"kind": "shadow", "source": strict, "comment": "a lower limit"})
	if status != http.StatusCreated || answer["status"] != "running" || answer["base_version"] != 1.0 || !strings.Contains(fmt.Sprint(answer["warnings"]), "has no outcome reject") {
		t.Fatalf("%d %v", status, answer)
	}
	id := fmt.Sprint(answer["id"])
	var flipped string
	for amount := 40; amount < 120; amount += 10 {
		answer := s.evaluate(map[string]any{"amount": amount, "who": map[string]any{"name": "Anna"}})
		if answer["trial"] != nil || answer["version"] != 1.0 || (answer["outcome"] == "review") != (amount >= 100) {
			t.Errorf("the shadow has changed the answer: %v", answer)
		}
		if amount == 60 {
			flipped = fmt.Sprint(answer["decision"])
		}
	}
	status, kept := s.call("auditor", "GET", "/v1/policies/amounts/decisions/"+flipped, nil)
	shadow, _ := kept["shadow"].(map[string]any)
	if status != http.StatusOK || shadow["trial"] != id || shadow["outcome"] != "review" || shadow["score"] != 50.0 || fmt.Sprint(shadow["fired"]) != "[large]" || kept["outcome"] != "approve" {
		t.Errorf("%d %v", status, kept)
	}
	if status, replay := s.call("auditor", "POST", "/v1/policies/amounts/decisions/"+flipped+"/replay", map[string]any{}); status != http.StatusOK || replay["identical"] != true {
		t.Errorf("%d %v", status, replay)
	}
	status, report := s.report(id)
	of, _ := report["shadow"].(map[string]any)
	if status != http.StatusOK || report["decisions"] != 8.0 || of["flipped"] != 4.0 || of["flip_rate"] != 0.5 || report["complete"] != true || report["arms"] != nil {
		t.Fatalf("%d %v", status, report)
	}
	flip := of["flips"].([]any)[0].(map[string]any)
	if flip["from"] != "approve" || flip["to"] != "review" || !strings.Contains(fmt.Sprint(flip["examples"]), flipped) || strings.Contains(fmt.Sprint(report), fmt.Sprint(before["decision"])) {
		t.Errorf("%v", report)
	}
	if status, list := s.call("auditor", "GET", "/v1/policies/amounts/decisions?trial="+id, nil); status != http.StatusOK || len(list["data"].([]any)) != 8 {
		t.Errorf("%d %v", status, list)
	}
}

func TestAChallengerDecidesForItsShareAndIsReplayed(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	id := s.tried(map[string]any{"kind": "challenger", "share": 0.25, "source": strict})
	decided := map[string]map[string]any{} // by subject
	challenged := 0
	for n := range 60 {
		subject := fmt.Sprintf("subj_%d", n)
		status, answer := s.call("manager", "POST", "/v1/policies/amounts/evaluate", map[string]any{"input": map[string]any{"amount": 80}, "subject": subject})
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		side, _ := answer["trial"].(map[string]any)
		want, outcome, version := rules.Champion, "approve", 1.0
		if ledger.ArmAt(ledger.Point(id, subject), 2500) == rules.Challenger {
			want, outcome, version = rules.Challenger, "review", 0
			challenged++
		}
		if side["id"] != id || side["arm"] != string(want) || answer["outcome"] != outcome || answer["version"] != version {
			t.Errorf("%s: %v", subject, answer)
		}
		decided[subject] = answer
	}
	if challenged == 0 || challenged == 60 {
		t.Fatalf("%d of 60", challenged)
	}
	status, report := s.report(id)
	arms, _ := report["arms"].(map[string]any)
	champion, _ := arms["champion"].(map[string]any)
	challenger, _ := arms["challenger"].(map[string]any)
	if status != http.StatusOK || report["decisions"] != 60.0 || challenger["decisions"] != float64(challenged) || champion["subjects"] != float64(60-challenged) || report["shadow"] != nil {
		t.Errorf("%d %v", status, report)
	}
	for _, one := range arms["outcomes"].([]any) {
		if one := one.(map[string]any); one["outcome"] == "review" && (one["difference"] != 1.0 || one["beyond_chance"] != true) {
			t.Errorf("%v", one)
		}
	}
	if status, list := s.call("auditor", "GET", "/v1/policies/amounts/decisions?version=1&limit=200", nil); status != http.StatusOK || len(list["data"].([]any)) != 60-challenged {
		t.Errorf("%d %v", status, len(list["data"].([]any)))
	}
	replayAll := func(when string) {
		t.Helper()
		for subject, answer := range decided {
			at := fmt.Sprintf("/v1/policies/amounts/decisions/%v", answer["decision"])
			if status, replay := s.call("auditor", "POST", at+"/replay", map[string]any{}); status != http.StatusOK || replay["identical"] != true {
				t.Errorf("%s, %s: %d %v", when, subject, status, replay)
			}
		}
	}
	replayAll("while it runs")

	status, ended := s.call("developer", "POST", "/v1/policies/amounts/trials/"+id+"/end", map[string]any{})
	if status != http.StatusOK || ended["status"] != "ended" || ended["ended_by"] != "user_developer5" || ended["ended_at"] == nil {
		t.Errorf("%d %v", status, ended)
	}
	if answer := s.evaluate(map[string]any{"amount": 80}); answer["trial"] != nil || answer["version"] != 1.0 {
		t.Errorf("an ended trial decides: %v", answer)
	}
	replayAll("after its end")
	if _, again := s.report(id); again["decisions"] != 60.0 {
		t.Errorf("%v", again)
	}
}

func TestWorkThatIsRepeatedAfterTheEndOfATrialIsTheFirstDecision(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	id := s.tried(map[string]any{"kind": "challenger", "share": 0.5, "source": strict})
	subject := ""
	for n := 0; subject == ""; n++ {
		if candidate := fmt.Sprint("subj_", n); ledger.ArmAt(ledger.Point(id, candidate), 5000) == rules.Challenger {
			subject = candidate
		}
	}
	decider := s.Core.Decider()
	attempt := func() rules.Answer {
		t.Helper()
		policy, err := s.Core.Catalog.Policy(t.Context(), s.client.Tenant, "amounts")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := decider.Decide(t.Context(), ledger.Request{
			Tenant: s.client.Tenant, Policy: policy, Input: map[string]any{"amount": 80.0}, At: s.Core.Now(), Subject: subject, Case: "case_1", Work: "w", Since: s.Core.Now().Truncate(1e12),
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	first := attempt()
	if first.Trial == nil || first.Trial.Arm != rules.Challenger || first.Outcome != "review" {
		t.Fatalf("%+v", first)
	}
	if status, _ := s.call("developer", "POST", "/v1/policies/amounts/trials/"+id+"/end", map[string]any{}); status != http.StatusOK {
		t.Fatal(status)
	}
	if again := attempt(); again.Decision != first.Decision || again.Outcome != "review" || again.Trial == nil || *again.Trial != *first.Trial {
		t.Errorf("%+v", again)
	}
}

func TestACaseIsDecidedByItsSubjectsSide(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	s.publish("/v1/workflows/decides/versions", "id: decides\ninitial: a\nstates:\n  a:\n    invoke: {src: rules, id: amounts, input: {policy: amounts}}\n    onDone: [{guard: \"amounts.outcome == 'review'\", target: b}, {target: c}]\n  b: {type: final}\n  c: {type: final}\n")
	id := s.tried(map[string]any{"kind": "challenger", "share": 0.5, "source": strict})
	sides := map[rules.Arm]int{}
	for range 8 {
		r := s.start("decides", "individual", map[string]any{"amount": 80.0})
		arm := ledger.ArmAt(ledger.Point(id, r.Subject.ID), 5000)
		sides[arm]++
		s.reach(r.ID, map[rules.Arm]string{rules.Champion: "c", rules.Challenger: "b"}[arm])
		now, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		written, _ := now.Context["amounts"].(map[string]any)
		if side, _ := written["trial"].(map[string]any); side["id"] != id || side["arm"] != string(arm) {
			t.Errorf("%v", written)
		}
	}
	t.Logf("%v", sides)
}

func TestANewVersionMakesATrialOutdated(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	id := s.tried(map[string]any{"kind": "challenger", "share": 0.5, "source": strict})
	shadow := s.tried(map[string]any{"kind": "shadow", "source": strict})
	if status, answer := s.try("admin", map[string]any{"kind": "shadow", "source": amounts}); status != http.StatusConflict || answer["code"] != "already_exists" {
		t.Errorf("%d %v", status, answer)
	}
	for n := range 20 {
		s.evaluate(map[string]any{"amount": n})
	}
	s.publish("/v1/policies/amounts/versions", strings.Replace(amounts, "100", "90", 1))
	for n := range 20 {
		if answer := s.evaluate(map[string]any{"amount": n}); answer["trial"] != nil || answer["version"] != 2.0 {
			t.Errorf("%v", answer)
		}
	}
	_, list := s.call("auditor", "GET", "/v1/policies/amounts/trials?limit=1", nil)
	page, _ := list["data"].([]any)
	if len(page) != 1 || list["next_cursor"] == nil {
		t.Fatalf("%v", list)
	}
	if newest := page[0].(map[string]any); newest["id"] != shadow || newest["status"] != "outdated" || newest["ended_at"] == nil || newest["ended_by"] != nil || newest["source"] != nil {
		t.Errorf("%v", newest)
	}
	_, list = s.call("auditor", "GET", fmt.Sprintf("/v1/policies/amounts/trials?limit=1&cursor=%v", list["next_cursor"]), nil)
	if page, _ = list["data"].([]any); len(page) != 1 || page[0].(map[string]any)["id"] != id || list["next_cursor"] != nil {
		t.Errorf("%v", list)
	}
	if status, report := s.report(id); status != http.StatusOK || report["decisions"] != 20.0 {
		t.Errorf("%d %v", status, report)
	}
	next := s.tried(map[string]any{"kind": "shadow", "source": strict}) // it takes the place of the outdated one
	s.evaluate(map[string]any{"amount": 95})
	if status, report := s.report(next); status != http.StatusOK || report["decisions"] != 1.0 {
		t.Errorf("%d %v", status, report)
	}
	if status, one := s.call("auditor", "GET", "/v1/policies/amounts/trials/"+shadow, nil); status != http.StatusOK || one["status"] != "outdated" || one["source"] != strict {
		t.Errorf("%d %v", status, one)
	}
}

func TestAChallengerWaitsForAnotherPerson(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	if status, now := s.call("admin", "PUT", "/v1/publishing-settings", map[string]any{"four_eyes": true}, "If-Match", `"1"`); status != http.StatusOK {
		t.Fatalf("%d %v", status, now)
	}
	s.tried(map[string]any{"kind": "shadow", "source": strict}) // needs nobody
	status, proposed := s.try("admin", map[string]any{"kind": "challenger", "share": 0.5, "source": strict})
	if status != http.StatusCreated || proposed["status"] != "proposed" || proposed["started_at"] != nil {
		t.Fatalf("%d %v", status, proposed)
	}
	at := fmt.Sprintf("/v1/policies/amounts/trials/%v/approval", proposed["id"])
	_, key := s.call("admin", "POST", "/v1/keys", map[string]any{"scopes": []string{"policies:try"}})
	secret, _ := key["secret"].(string)
	status, keys := s.with(secret, "POST", "/v1/policies/amounts/trials", map[string]any{"kind": "challenger", "share": 0.5, "source": strict})
	if behind, _ := keys["behind"].([]any); status != http.StatusCreated || len(behind) != 1 || behind[0] != "user_admin0" {
		t.Fatalf("%d %v", status, keys)
	}
	if status, answer := s.call("admin", "POST", fmt.Sprintf("/v1/policies/amounts/trials/%v/approval", keys["id"]), map[string]any{}); status != http.StatusForbidden {
		t.Errorf("who made the key that proposes approves: %d %v", status, answer)
	}
	for n := range 10 {
		if answer := s.evaluate(map[string]any{"amount": n}); answer["trial"] != nil {
			t.Errorf("%v", answer)
		}
	}
	for _, role := range []string{"admin", "developer", "reviewer", "auditor"} { // the admin has proposed it
		if status, answer := s.call(role, "POST", at, map[string]any{}); status != http.StatusForbidden {
			t.Errorf("%s: %d %v", role, status, answer)
		}
	}
	status, approved := s.call("manager", "POST", at, map[string]any{})
	if status != http.StatusOK || approved["status"] != "running" || approved["approved_by"] != "user_manager1" || approved["started_at"] == nil {
		t.Errorf("%d %v", status, approved)
	}
	if answer := s.evaluate(map[string]any{"amount": 1}); answer["trial"] == nil {
		t.Errorf("%v", answer)
	}
	if status, answer := s.call("manager", "POST", at, map[string]any{}); status != http.StatusConflict || answer["code"] != "not_ready" {
		t.Errorf("%d %v", status, answer)
	}
}

func TestADraftThatIsNotFitIsNotTried(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/policies/amounts/versions", amounts)
	failing := amounts + "cases:\n  - {name: small, now: 2026-01-01, input: {amount: 1}, expect: {outcome: review}}\n"
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		reason string
	}{
		"with problems":        {map[string]any{"kind": "shadow", "source": strings.Replace(amounts, "amount >=", "amont >=", 1)}, 422, "amont"},
		"with a failing case":  {map[string]any{"kind": "shadow", "source": failing}, 422, "the case \\\"small\\\" fails"},
		"of another policy":    {map[string]any{"kind": "shadow", "source": strings.Replace(amounts, "id: amounts", "id: other", 1)}, 422, "the document's id is other"},
		"a shadow's share":     {map[string]any{"kind": "shadow", "share": 0.1, "source": amounts}, 422, "body.share"},
		"a challenger without": {map[string]any{"kind": "challenger", "source": amounts}, 422, "body.share"},
		"more than half":       {map[string]any{"kind": "challenger", "share": 0.51, "source": amounts}, 422, "body.share"},
		"finer than counted":   {map[string]any{"kind": "challenger", "share": 0.12345, "source": amounts}, 422, "body.share"},
		"another kind":         {map[string]any{"kind": "canary", "source": amounts}, 422, "body.kind"},
	} {
		status, answer := s.try("developer", c.body)
		if text := fmt.Sprintf("%q", fmt.Sprint(answer)); status != c.status || !strings.Contains(text, c.reason) {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if status, answer := s.call("developer", "POST", "/v1/policies/none/trials", map[string]any{"kind": "shadow", "source": amounts}); status != http.StatusNotFound {
		t.Errorf("%d %v", status, answer)
	}
	for _, role := range []string{"manager", "auditor", "reviewer"} {
		if status, answer := s.try(role, map[string]any{"kind": "shadow", "source": amounts}); status != http.StatusForbidden {
			t.Errorf("%s: %d %v", role, status, answer)
		}
	}
}
