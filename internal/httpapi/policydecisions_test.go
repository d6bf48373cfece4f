package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	decisionsPath = "/v1/policies/plain/decisions"
	evaluatePath  = "/v1/policies/plain/evaluate"
)

// askedPolicy is the policy plain with a form of its input, part of which is personal.
const askedPolicy = `id: plain
title: Plain
inputs:
  $schema: https://json-schema.org/draft/2020-12/schema
  type: object
  properties: {amount: {type: number}, name: {type: string, personal: true}}
outcomes: [review, approve]
default: review
rules: [{id: large, outcome: approve, when: amount < 10 && name != "", reason: {en: It is little, de: Es ist wenig}}]
`

// decides publishes the policy, and decides about an amount and a name.
func (h *house) decides(amount int) (id string) {
	h.t.Helper()
	if h.call("ada", "GET", plainVersions+"/2", "").Code == http.StatusNotFound {
		h.made(http.StatusCreated, "ada", "POST", plainVersions, object{"source": askedPolicy})
	}
	id, _ = h.made(http.StatusOK, "client", "POST", evaluatePath, object{"input": object{"amount": amount, "name": "Ada Secret"}, "subject": fmt.Sprint("s-", amount)})["decision"].(string)
	return id
}

func TestADecisionIsKeptAndShowsItsInputToWhoMaySeeItAlone(t *testing.T) {
	h := newHouse(t)
	id := h.decides(5)
	for who, sees := range map[string]bool{
		"otto": true, "mara": true, "ada": true, "dana": false, "client": false, "key decisions:read": false, "key decisions:read decisions:input": true,
	} {
		w := h.call(who, "GET", decisionsPath+"/"+id, "")
		shown := h.answer(w, http.StatusOK)
		h.has("to "+who, shown, object{"id": id, "policy": "plain", "version": 2, "outcome": "approve", "subject": "s-5", "fired": "[large]"})
		if strings.Contains(w.Body.String(), "Ada Secret") != sees || (shown["input"] != nil) != sees || shown["answer"] == nil || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("to %s: %v %s", who, w.Header(), w.Body)
		}
		if step, _ := at(shown, "answer", "trace", 0).(map[string]any); (step["reason"] == "It is little") != sees || (at(step, "texts", "de") == "Es ist wenig") != sees || strings.Contains(w.Body.String(), "Es ist wenig") != sees || (at(step, "inputs", "amount") == 5.0) != sees || step["rule"] != "large" {
			t.Errorf("the trace to %s: %v", who, step)
		}
		if w := h.call(who, "GET", decisionsPath, ""); strings.Contains(w.Body.String(), "Ada Secret") || at(h.answer(w, 200), "data", 0, "id") != id || at(h.answer(w, 200), "data", 0, "answer") != nil {
			t.Errorf("listed to %s: %s", who, w.Body)
		}
		full := h.call(who, "GET", decisionsPath+"?view=full", "")
		if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[sees]; full.Code != want || strings.Contains(full.Body.String(), "Ada Secret") != sees {
			t.Errorf("in full to %s: %d %s", who, full.Code, full.Body)
		}
		if replay := h.call(who, "POST", decisionsPath+"/"+id+"/replay", ""); at(h.answer(replay, http.StatusOK), "identical") != true || strings.Contains(replay.Body.String(), "Ada Secret") {
			t.Errorf("replayed to %s: %s", who, replay.Body)
		}
	}
}

func TestWhatACalledPolicyHasReadIsShownToWhoMaySeeItAlone(t *testing.T) {
	h := newHouse(t)
	h.decides(5)
	const calling = "id: calling\ntitle: Calling\noutcomes: [review, approve]\ndefault: review\nrules: [{id: asks, outcome: approve, when: {policy: plain, outcome: approve}}]\n"
	h.made(http.StatusCreated, "ada", "POST", "/v1/policies/calling/versions", object{"source": calling})
	id, _ := h.made(http.StatusOK, "client", "POST", "/v1/policies/calling/evaluate", object{"input": object{"amount": 7, "name": "Ada Secret"}})["decision"].(string)
	for who, sees := range map[string]bool{"otto": true, "dana": false} {
		shown := h.answer(h.call(who, "GET", "/v1/policies/calling/decisions/"+id, ""), http.StatusOK)
		step := at(shown, "answer", "calls", 0, "trace", 0)
		if (at(step, "inputs", "amount") == 7.0) != sees || (at(step, "reason") == "It is little") != sees || at(step, "rule") != "large" {
			t.Errorf("to %s: %v", who, step)
		}
	}
}

func TestWhoMayNotSeeDecisionsOrMakeThem(t *testing.T) {
	h := newHouse(t)
	id := h.decides(5)
	one := decisionsPath + "/" + id
	elsewhere := "/v1/policies/other/decisions/" + id
	body := object{"input": object{"amount": 5}}
	rows := map[string]refusal{
		"of another policy":     {who: "otto", method: "GET", path: elsewhere, status: 404, code: "not_found"},
		"replay of another's":   {who: "otto", method: "POST", path: elsewhere + "/replay", status: 404, code: "not_found"},
		"none":                  {who: "otto", method: "GET", path: decisionsPath + "/dec_none", status: 404, code: "not_found"},
		"replay of none":        {who: "otto", method: "POST", path: decisionsPath + "/dec_none/replay", status: 404, code: "not_found"},
		"another tenant":        {who: "other ada", method: "GET", path: one, status: 404, code: "not_found"},
		"replayed by another":   {who: "other ada", method: "POST", path: one + "/replay", status: 404, code: "not_found"},
		"evaluated by a person": {who: "rita", method: "POST", path: evaluatePath, body: body, status: 403, code: "forbidden"},
		"by an auditor":         {who: "otto", method: "POST", path: evaluatePath, body: body, status: 403, code: "forbidden"},
		"by another key":        {who: "key cases:write", method: "POST", path: evaluatePath, body: body, status: 403, code: "forbidden"},
		"by nobody":             {who: "nobody", method: "POST", path: evaluatePath, body: body, status: 401, code: "unauthenticated"},
	}
	for _, who := range []string{"rita", "key cases:read", "nobody"} {
		status, code := http.StatusForbidden, "forbidden"
		if who == "nobody" {
			status, code = http.StatusUnauthorized, "unauthenticated"
		}
		rows["listed to "+who] = refusal{who: who, method: "GET", path: decisionsPath, status: status, code: code}
		rows["shown to "+who] = refusal{who: who, method: "GET", path: one, status: status, code: code}
		rows["replayed by "+who] = refusal{who: who, method: "POST", path: one + "/replay", status: status, code: code}
	}
	h.refused(rows)
	if others := h.made(http.StatusOK, "other ada", "GET", decisionsPath, nil); at(others, "data", 0) != nil {
		t.Errorf("another tenant has %v", others)
	}
}

func TestDecisionsAreFilteredInPages(t *testing.T) {
	h := newHouse(t)
	began := h.now
	small, middle, large := h.decides(5), h.decides(50), h.decides(500)
	ids := func(query string) (found []string) {
		data, _ := h.made(http.StatusOK, "otto", "GET", decisionsPath+query, nil)["data"].([]any)
		for _, one := range data {
			found = append(found, fmt.Sprint(at(one, "id")))
		}
		return found
	}
	kept := h.made(http.StatusOK, "otto", "GET", decisionsPath+"/"+middle, nil)
	for query, want := range map[string][]string{
		"": {large, middle, small}, "?outcome=approve": {small}, "?outcome=review": {large, middle}, "?version=1": nil, "?version=2&outcome=approve": {small}, "?case=case_1": nil,
		"?from=" + fmt.Sprint(kept["at"]): {large, middle}, "?to=" + fmt.Sprint(kept["at"]): {small}, "?to=" + began.Format(time.RFC3339): nil, "?trial=trial_1": nil,
	} {
		if got := ids(query); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	page := h.made(http.StatusOK, "otto", "GET", decisionsPath+"?outcome=review&limit=1", nil)
	cursor := fmt.Sprint(page["next_cursor"])
	if got := ids("?outcome=review&limit=1&cursor=" + cursor); !slices.Equal(got, []string{middle}) {
		t.Errorf("the second page: %v", got)
	}
	h.refused(map[string]refusal{
		"another filter":    {who: "otto", method: "GET", path: decisionsPath + "?outcome=approve&cursor=" + cursor, status: 422, code: "invalid", places: []string{"query.cursor"}},
		"another tenant":    {who: "other ada", method: "GET", path: decisionsPath + "?outcome=review&cursor=" + cursor, status: 422, code: "invalid", places: []string{"query.cursor"}},
		"problems together": {who: "otto", method: "GET", path: decisionsPath + "?view=all&version=0&from=yesterday", status: 422, code: "invalid", places: []string{"query.from", "query.version", "query.view"}},
	})
}

func TestAnEvaluationSaysWhereItsCallIsWrongAndRepeatsNothing(t *testing.T) {
	h := newHouse(t)
	h.decides(5)
	bad := func(body object, places ...string) refusal {
		return refusal{who: "client", method: "POST", path: evaluatePath, body: body, status: 422, code: "invalid", places: places}
	}
	h.refused(map[string]refusal{
		"no input":               bad(object{}, "body.input"),
		"input of another form":  bad(object{"input": object{"amount": "Ada Secret", "name": 5}}, "body.input.amount", "body.input.name"),
		"a subject with a space": bad(object{"input": object{}, "subject": "Ada Secret"}, "body.subject"),
		"several at once":        bad(object{"input": 5, "version": 0, "now": "soon"}, "body.input", "body.now", "body.version"),
		"no such version":        {who: "client", method: "POST", path: evaluatePath, body: object{"input": object{}, "version": 9}, status: 404, code: "unknown_policy"},
		"no such policy":         {who: "client", method: "POST", path: "/v1/policies/none/evaluate", body: object{"input": object{}}, status: 404, code: "unknown_policy"},
	})
	if w := h.call("client", "POST", evaluatePath, text(object{"input": object{"amount": "Ada Secret"}, "subject": "Ada Secret"})); strings.Contains(w.Body.String(), "Secret") {
		t.Errorf("a rejected value is shown: %s", w.Body)
	}
	if all := h.made(http.StatusOK, "otto", "GET", decisionsPath, nil); at(all, "data", 1) != nil {
		t.Errorf("what was refused is kept: %v", all)
	}
	var made []any
	for range 2 {
		made = append(made, h.made(http.StatusOK, "client", "POST", evaluatePath, object{"input": object{"amount": 7}, "now": "2026-01-02T03:04:05Z", "version": 1}, "Idempotency-Key", "one")["decision"])
	}
	kept := h.made(http.StatusOK, "otto", "GET", decisionsPath+"/"+fmt.Sprint(made[0]), nil)
	h.has("of a time and version", kept, object{"version": 1, "at": "2026-01-02T03:04:05Z", "subject": nil})
	if all := h.made(http.StatusOK, "otto", "GET", decisionsPath, nil); made[0] != made[1] || at(all, "data", 2) != nil {
		t.Errorf("%v: %v", made, all)
	}
}
