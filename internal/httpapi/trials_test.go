package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const trialsPath = "/v1/policies/plain/trials"

// tries starts a trial, and gives its path.
func (h *house) tries(who string, body object) string {
	h.t.Helper()
	id, _ := h.made(http.StatusCreated, who, "POST", trialsPath, body)["id"].(string)
	return trialsPath + "/" + id
}

var (
	shadow     = object{"kind": "shadow", "source": policyUnder(30)}
	challenger = object{"kind": "challenger", "share": 0.5, "source": policyUnder(30), "comment": "a wider one"}
)

func TestATrialIsStartedShownAndEnded(t *testing.T) {
	h := newHouse(t)
	w := h.call("dana", "POST", trialsPath, text(challenger))
	made := h.answer(w, http.StatusCreated)
	path := trialsPath + "/" + fmt.Sprint(made["id"])
	h.has("started", made, object{
		"kind": "challenger", "status": "running", "share": 0.5, "base_version": 1, "policy": "plain", "proposed_by": "dana", "comment": "a wider one", "ended_at": nil, "warnings": "[]",
	})
	if w.Header().Get("Location") != path || made["started_at"] == nil {
		t.Errorf("%v %v", w.Header(), made)
	}
	if again := h.call("dana", "POST", trialsPath, text(challenger)); again.Body.String() != w.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same call again: %d %s", again.Code, again.Body)
	}
	h.has("with its draft", h.made(http.StatusOK, "otto", "GET", path, nil), object{"source": policyUnder(30), "status": "running"})
	beside := h.tries("ada", shadow)
	if all := h.made(http.StatusOK, "mara", "GET", trialsPath, nil); at(all, "data", 0, "kind") != "shadow" || at(all, "data", 1, "id") != made["id"] || at(all, "data", 2) != nil || at(all, "data", 0, "source") != nil {
		t.Errorf("%v", all)
	}
	h.refused(map[string]refusal{
		"a second shadow":     {who: "ada", method: "POST", path: trialsPath, body: shadow, status: 409, code: "already_exists", places: []string{"body.kind"}},
		"a second challenger": {who: "ada", method: "POST", path: trialsPath, body: challenger, status: 409, code: "already_exists", places: []string{"body.kind"}},
	})
	ended := h.made(http.StatusOK, "ada", "POST", path+"/end", nil)
	h.has("ended", ended, object{"status": "ended", "ended_by": "ada"})
	h.has("ended again", h.made(http.StatusOK, "dana", "POST", path+"/end", nil), object{"status": "ended", "ended_by": "ada", "ended_at": ended["ended_at"]})
	h.tries("ada", challenger) // its place is free
	h.made(http.StatusCreated, "ada", "POST", plainVersions, object{"source": policyUnder(40)})
	h.has("beside another version", h.made(http.StatusOK, "otto", "GET", beside, nil), object{"status": "outdated", "ended_by": nil})
	h.has("ended when it is over", h.made(http.StatusOK, "ada", "POST", beside+"/end", nil), object{"status": "outdated", "ended_by": nil})
}

func TestWithFourEyesAChallengerWaitsForAnotherPerson(t *testing.T) {
	h := newHouse(t)
	h.fourEyes()
	path := h.tries("ada", challenger)
	h.has("proposed", h.made(http.StatusOK, "otto", "GET", path, nil), object{"status": "proposed", "started_at": nil, "approved_by": nil})
	rows := map[string]refusal{
		"of another policy": {who: "mara", method: "POST", path: strings.Replace(path, "/plain/", "/other/", 1) + "/approval", status: 404, code: "not_found"},
		"of another tenant": {who: "other adam", method: "POST", path: path + "/approval", status: 404, code: "not_found"},
		"none":              {who: "mara", method: "POST", path: trialsPath + "/trial_none/approval", status: 404, code: "not_found"},
		"nobody":            {who: "nobody", method: "POST", path: path + "/approval", status: 401, code: "unauthenticated"},
	}
	for _, who := range []string{"ada", "dana", "rita", "otto", "client", "key definitions:approve policies:try"} {
		rows["approved by "+who] = refusal{who: who, method: "POST", path: path + "/approval", status: 403, code: "forbidden"}
	}
	h.refused(rows)
	decide := func(subject string) object {
		return h.made(http.StatusOK, "client", "POST", "/v1/policies/plain/evaluate", object{"input": object{"amount": 25}, "subject": subject})
	}
	for n := range 8 {
		if answer := decide(fmt.Sprint("s-", n)); answer["outcome"] != "review" || answer["trial"] != nil {
			t.Errorf("the challenger decides before it is approved: %v", answer)
		}
	}
	h.has("approved", h.made(http.StatusOK, "mara", "POST", path+"/approval", nil), object{"status": "running", "approved_by": "mara", "proposed_by": "ada"})
	h.refused(map[string]refusal{
		"approved twice": {who: "mara", method: "POST", path: path + "/approval", status: 409, code: "not_ready", places: []string{"path.trial"}},
	})
	// A shadow decides nothing: one person starts it.
	h.has("a shadow", h.made(http.StatusOK, "otto", "GET", h.tries("ada", shadow), nil), object{"status": "running"})
}

func TestAnApprovalOfATrialSentTwiceIsOne(t *testing.T) {
	h := newHouse(t)
	h.fourEyes()
	path := h.tries("ada", challenger)
	for range 2 {
		h.has("approved", h.made(http.StatusOK, "adam", "POST", path+"/approval", nil, "Idempotency-Key", "one"), object{"status": "running", "approved_by": "adam"})
	}
	h.made(http.StatusOK, "ada", "POST", path+"/end", nil)
	withdrawn := h.tries("ada", challenger)
	h.has("withdrawn", h.made(http.StatusOK, "ada", "POST", withdrawn+"/end", nil), object{"status": "ended", "started_at": nil})
	h.refused(map[string]refusal{"approved after all": {who: "adam", method: "POST", path: withdrawn + "/approval", status: 409, code: "not_ready", places: []string{"path.trial"}}})
}

func TestWhoMayNotTryAndWhatIsNoTrial(t *testing.T) {
	h := newHouse(t)
	path := h.tries("ada", shadow)
	with := func(changes object) object {
		body := object{}
		for name, value := range challenger {
			body[name] = value
		}
		for name, value := range changes {
			if body[name] = value; value == nil {
				delete(body, name)
			}
		}
		return body
	}
	bad := func(changes object, places ...string) refusal {
		return refusal{who: "ada", method: "POST", path: trialsPath, body: with(changes), status: 422, code: "invalid", places: places}
	}
	rows := map[string]refusal{
		"no share":                 bad(object{"share": nil}, "body.share"),
		"a share of nothing":       bad(object{"share": 0}, "body.share"),
		"a share below nothing":    bad(object{"share": -0.1}, "body.share"),
		"more than half":           bad(object{"share": 0.5001}, "body.share"),
		"finer than it is counted": bad(object{"share": 0.00015}, "body.share"),
		"a shadow with a share":    bad(object{"kind": "shadow"}, "body.share"),
		"no kind, no source":       bad(object{"kind": nil, "source": nil}, "body.kind", "body.source"),
		"an unknown kind":          bad(object{"kind": "canary", "source": ""}, "body.kind", "body.source"),
		"a long comment":           bad(object{"comment": strings.Repeat("é", 1500)}, "body.comment"),
		"long, and no share":       bad(object{"comment": strings.Repeat("é", 1500), "share": nil}, "body.comment", "body.share"),
		"of no policy":             {who: "ada", method: "POST", path: "/v1/policies/none/trials", body: shadow, status: 404, code: "unknown_policy"},
		"no such trial":            {who: "ada", method: "GET", path: trialsPath + "/trial_none", status: 404, code: "not_found"},
		"of another policy":        {who: "ada", method: "GET", path: strings.Replace(path, "/plain/", "/other/", 1), status: 404, code: "not_found"},
		"another tenant's":         {who: "other ada", method: "GET", path: path, status: 404, code: "not_found"},
		"ended by another tenant":  {who: "other ada", method: "POST", path: path + "/end", status: 404, code: "not_found"},
		"reported to another":      {who: "other ada", method: "GET", path: path + "/report", status: 404, code: "not_found"},
		"a report of none":         {who: "ada", method: "GET", path: trialsPath + "/trial_none/report", status: 404, code: "not_found"},
		"a made up cursor":         {who: "ada", method: "GET", path: trialsPath + "?cursor=x", status: 422, code: "invalid", places: []string{"query.cursor"}},
		"a made up place":          {who: "ada", method: "GET", path: path + "/report?cursor=x", status: 422, code: "invalid", places: []string{"query.cursor"}},
		"too many examples":        {who: "ada", method: "GET", path: path + "/report?examples=101", status: 422, code: "invalid", places: []string{"query.examples"}},
	}
	for way, row := range map[string]refusal{
		"start": {method: "POST", path: trialsPath, body: shadow}, "end": {method: "POST", path: path + "/end"}, "list": {method: "GET", path: trialsPath}, "get": {method: "GET", path: path}, "report": {method: "GET", path: path + "/report"},
	} {
		who := []string{"rita", "key cases:read"}
		if row.method == "POST" {
			who = append(who, "mara", "otto", "client")
		}
		for _, who := range who {
			row.who, row.status, row.code = who, 403, "forbidden"
			rows[way+" by "+who] = row
		}
		row.who, row.status, row.code = "nobody", 401, "unauthenticated"
		rows[way+" by nobody"] = row
	}
	h.refused(rows)
	wrong := h.made(http.StatusUnprocessableEntity, "ada", "POST", trialsPath, with(object{"source": "id: plain\noutcomes: [a]\ndefault: b\n"}))
	if found, _ := at(wrong, "details", "diagnostics").([]any); len(found) < 2 {
		t.Errorf("a draft with problems: %v", wrong)
	}
	h.has("after all that", h.made(http.StatusOK, "ada", "GET", path, nil), object{"status": "running"})
	if all := h.made(http.StatusOK, "ada", "GET", trialsPath, nil); at(all, "data", 1) != nil {
		t.Errorf("%v", all)
	}
}

func TestAReportComparesAShadowWithWhatWasDecided(t *testing.T) {
	h := newHouse(t)
	path := h.tries("ada", shadow)
	for _, amount := range []int{5, 25, 50} {
		h.made(http.StatusOK, "client", "POST", "/v1/policies/plain/evaluate", object{"input": object{"amount": amount}})
	}
	w := h.call("otto", "GET", path+"/report?examples=1", "")
	report := h.answer(w, http.StatusOK)
	h.has("report", report, object{"complete": true, "next_cursor": nil})
	if !strings.Contains(w.Body.String(), `"from":"review","to":"approve","count":1`) || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestTrialsComeInPages(t *testing.T) {
	h := newHouse(t)
	first := h.tries("ada", shadow)
	h.tries("ada", challenger)
	page := h.made(http.StatusOK, "otto", "GET", trialsPath+"?limit=1", nil)
	rest := h.made(http.StatusOK, "otto", "GET", trialsPath+"?limit=1&cursor="+fmt.Sprint(page["next_cursor"]), nil)
	if at(page, "data", 0, "kind") != "challenger" || trialsPath+"/"+fmt.Sprint(at(rest, "data", 0, "id")) != first {
		t.Errorf("%v %v", page, rest)
	}
	h.refused(map[string]refusal{
		"of another policy": {who: "otto", method: "GET", path: "/v1/policies/other/trials?cursor=" + fmt.Sprint(page["next_cursor"]), status: 422, code: "invalid", places: []string{"query.cursor"}},
	})
}
