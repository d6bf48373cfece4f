package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const (
	runsPath      = "/v1/policies/plain/backtest-runs"
	backtestsPath = "/v1/policies/plain/backtests"
)

func TestABacktestRunIsStartedShownAndCancelled(t *testing.T) {
	h := newHouse(t)
	body := text(object{"source": policyUnder(30), "comment": "wider", "outcome": "review", "version": 1, "case": "case_1", "trial": "trial_1", "from": "2026-01-02T03:04:05Z", "to": "2026-02-02T03:04:05Z", "examples": 3})
	w := h.call("mara", "POST", runsPath, body)
	made := h.answer(w, http.StatusAccepted)
	path := runsPath + "/" + fmt.Sprint(made["id"])
	h.has("started", made, object{"status": "running", "policy": "plain", "comment": "wider", "examples": 3, "created_by": "mara", "parts": 0, "ended_at": nil, "failure": nil, "seconds_left": nil})
	want := object{"outcome": "review", "version": 1, "case": "case_1", "trial": "trial_1", "from": "2026-01-02T03:04:05Z", "to": "2026-02-02T03:04:05Z"}
	if fmt.Sprint(made["filter"]) != fmt.Sprint(want) || w.Header().Get("Location") != path {
		t.Errorf("%v %v, want %v", w.Header(), made["filter"], want)
	}
	if again := h.call("mara", "POST", runsPath, body); again.Body.String() != w.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same call again: %d %s", again.Code, again.Body)
	}
	if all := h.made(http.StatusOK, "ada", "GET", runsPath, nil); at(all, "data", 0, "id") != made["id"] || at(all, "data", 1) != nil {
		t.Errorf("%v", all)
	}
	h.has("shown", h.made(http.StatusOK, "dana", "GET", path, nil), object{"status": "running", "parts_done": 0, "report": nil})
	cancelled := h.made(http.StatusOK, "dana", "POST", path+"/cancellation", nil)
	h.has("cancelled again", h.made(http.StatusOK, "ada", "POST", path+"/cancellation", nil), object{"status": "cancelled", "ended_at": cancelled["ended_at"]})
	id := fmt.Sprint(made["id"])
	if want := []string{"begun " + id, "ended " + id, "ended " + id}; !slices.Equal(h.done, want) {
		t.Errorf("outside: %v, want %v", h.done, want)
	}
}

func TestABacktestSaysWhatADraftWouldHaveDecided(t *testing.T) {
	h := newHouse(t)
	for _, amount := range []int{5, 25, 50} {
		h.made(http.StatusOK, "client", "POST", "/v1/policies/plain/evaluate", object{"input": object{"amount": amount}})
	}
	done := h.made(http.StatusOK, "mara", "POST", backtestsPath, object{"source": policyUnder(30)})
	h.has("all", done, object{"decisions": 3, "evaluated": 3, "flipped": 1, "complete": true, "next_cursor": nil})
	if at(done, "flips", 0, "from") != "review" || at(done, "flips", 0, "to") != "approve" {
		t.Errorf("%v", done["flips"])
	}
	h.has("of an outcome", h.made(http.StatusOK, "mara", "POST", backtestsPath, object{"source": policyUnder(30), "outcome": "approve"}), object{"decisions": 1, "flipped": 0})
	h.has("of another tenant", h.made(http.StatusOK, "other ada", "POST", backtestsPath, object{"source": policyUnder(30)}), object{"decisions": 0})
	h.has("published by it", h.made(http.StatusOK, "ada", "GET", plainVersions, nil), object{"next_cursor": nil})
	if versions := h.made(http.StatusOK, "ada", "GET", plainVersions, nil); at(versions, "data", 1) != nil {
		t.Errorf("a backtest publishes: %v", versions)
	}
}

func TestADraftNamesNoDecisionToWhoDoesNotSeeInputs(t *testing.T) {
	h := newHouse(t)
	id, _ := h.made(http.StatusOK, "client", "POST", "/v1/policies/plain/evaluate", object{"input": object{"amount": 25}})["decision"].(string)
	draft := object{"source": policyUnder(30)}
	for who, sees := range map[string]bool{"mara": true, "dana": false} {
		done := h.made(http.StatusOK, who, "POST", backtestsPath, draft)
		if named := at(done, "flips", 0, "examples", 0) == id; named != sees || at(done, "flips", 0, "count") != 1.0 {
			t.Errorf("%s sees %v", who, done["flips"])
		}
	}
	h.shadowed(id)
	h.refused(map[string]refusal{
		"of one case":       {who: "dana", method: "POST", path: backtestsPath, body: object{"source": policyUnder(30), "case": "case_1"}, status: 403, code: "forbidden", places: []string{"body.case"}},
		"a run of one case": {who: "dana", method: "POST", path: runsPath, body: object{"source": policyUnder(30), "case": "case_1"}, status: 403, code: "forbidden", places: []string{"body.case"}},
	})
}

// shadowed looks at a shadow that has seen a decision.
func (h *house) shadowed(before string) {
	h.t.Helper()
	path := h.tries("dana", shadow)
	id, _ := h.made(http.StatusOK, "client", "POST", "/v1/policies/plain/evaluate", object{"input": object{"amount": 25}})["decision"].(string)
	for who, sees := range map[string]bool{"mara": true, "dana": false} {
		report := h.made(http.StatusOK, who, "GET", path+"/report", nil)
		if named := at(report, "shadow", "flips", 0, "examples", 0) == id; named != sees || at(report, "shadow", "flips", 0, "count") != 1.0 {
			h.t.Errorf("%s sees %v", who, report)
		}
		for _, shown := range []any{h.made(http.StatusOK, who, "GET", decisionsPath+"/"+id, nil), at(h.made(http.StatusOK, who, "GET", decisionsPath, nil), "data", 0)} {
			if at(shown, "id") != id || (at(shown, "shadow") != nil) != sees || id == before {
				h.t.Errorf("%s sees %v", who, shown)
			}
		}
	}
}

func TestWhoMayNotBacktestAndWhatIsNone(t *testing.T) {
	h := newHouse(t)
	draft := object{"source": policyUnder(30)}
	path := runsPath + "/" + fmt.Sprint(h.made(http.StatusAccepted, "ada", "POST", runsPath, draft)["id"])
	rows := map[string]refusal{
		"none":                   {who: "ada", method: "GET", path: runsPath + "/backtest_none", status: 404, code: "not_found"},
		"cancel none":            {who: "ada", method: "POST", path: runsPath + "/backtest_none/cancellation", status: 404, code: "not_found"},
		"of another policy":      {who: "ada", method: "GET", path: strings.Replace(path, "/plain/", "/other/", 1), status: 404, code: "not_found"},
		"another tenant's":       {who: "other ada", method: "GET", path: path, status: 404, code: "not_found"},
		"cancelled by another":   {who: "other ada", method: "POST", path: path + "/cancellation", status: 404, code: "not_found"},
		"a made up cursor":       {who: "ada", method: "GET", path: runsPath + "?cursor=x", status: 422, code: "invalid", places: []string{"query.cursor"}},
		"a made up place":        {who: "ada", method: "POST", path: backtestsPath, body: object{"source": policyUnder(30), "cursor": "x"}, status: 422, code: "invalid", places: []string{"body.cursor"}},
		"a draft with problems":  {who: "ada", method: "POST", path: backtestsPath, body: object{"source": "id: plain\noutcomes: [a]\ndefault: b\n"}, status: 422, code: "invalid", places: []string{"source:1:1", "source:3:10"}},
		"a run of such a draft":  {who: "ada", method: "POST", path: runsPath, body: object{"source": "id: plain\noutcomes: [a]\ndefault: b\n"}, status: 422, code: "invalid", places: []string{"source:1:1", "source:3:10"}},
		"several at once":        {who: "ada", method: "POST", path: runsPath, body: object{"examples": 101, "version": 0, "from": "soon"}, status: 422, code: "invalid", places: []string{"body.examples", "body.from", "body.source", "body.version"}},
		"the same, waited for":   {who: "ada", method: "POST", path: backtestsPath, body: object{"examples": -1, "x": 1}, status: 422, code: "invalid", places: []string{"body.examples", "body.source", "body.x"}},
		"no body where it needs": {who: "ada", method: "POST", path: backtestsPath, status: 400, code: "malformed_json", places: []string{"body"}},
	}
	for way, row := range map[string]refusal{
		"try": {method: "POST", path: backtestsPath, body: draft}, "start": {method: "POST", path: runsPath, body: draft}, "list": {method: "GET", path: runsPath}, "get": {method: "GET", path: path}, "cancel": {method: "POST", path: path + "/cancellation"},
	} {
		for _, who := range []string{"rita", "otto", "key policies:evaluate"} {
			row.who, row.status, row.code = who, 403, "forbidden"
			rows[way+" by "+who] = row
		}
		row.who, row.status, row.code = "nobody", 401, "unauthenticated"
		rows[way+" by nobody"] = row
	}
	h.refused(rows)
	h.has("after all that", h.made(http.StatusOK, "ada", "GET", path, nil), object{"status": "running"})
}

// TestWithoutBacktestsThereAreNone asks where runs are not wired, as on a machine without a state machine for them.
func TestWithoutBacktestsThereAreNone(t *testing.T) {
	b := newBack(t)
	const runs = "/v1/policies/kyc-risk/backtest-runs"
	if page := b.ok("mara", "GET", runs, ""); len(page["data"].([]any)) != 0 || page["next_cursor"] != nil {
		t.Errorf("%v", page)
	}
	b.answer(b.call("mara", "GET", runs+"/bt_1", ""), http.StatusNotFound)
	b.answer(b.call("mara", "POST", runs+"/bt_1/cancellation", ""), http.StatusNotFound)
	b.answer(b.call("mara", "GET", runs+"?cursor=x", ""), http.StatusUnprocessableEntity)
	b.answer(b.call("rita", "GET", runs+"/bt_1", ""), http.StatusForbidden)
}
