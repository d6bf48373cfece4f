package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	plainVersions = "/v1/policies/plain/versions"
	proposalsPath = "/v1/proposals"
)

// proposed turns four eyes on, and lets somebody propose a version of the policy.
func (h *house) proposed(who string) string {
	h.t.Helper()
	h.fourEyes()
	return h.proposes(who, 20)
}

func (h *house) proposes(who string, bound int) string {
	h.t.Helper()
	id, _ := h.made(http.StatusAccepted, who, "POST", plainVersions, object{"source": policyUnder(bound), "comment": "more"})["id"].(string)
	return proposalsPath + "/" + id
}

func TestWithFourEyesPublishingIsAProposalOfWhichNothingCountsYet(t *testing.T) {
	h := newHouse(t)
	h.fourEyes()
	w := h.call("ada", "POST", plainVersions, text(object{"source": policyUnder(20), "comment": "more"}))
	made := h.answer(w, http.StatusAccepted)
	path := proposalsPath + "/" + fmt.Sprint(made["id"])
	h.has("proposed", made, object{"status": "open", "proposed_by": "ada", "comment": "more", "decided_at": nil, "settings": nil, "decided_by": nil})
	if w.Header().Get("Location") != path || at(made, "documents", 0, "base") != 1.0 || at(made, "documents", 0, "source") != nil || at(made, "documents", 0, "version") != nil {
		t.Errorf("%s %v", w.Header().Get("Location"), made)
	}
	again := h.call("ada", "POST", plainVersions, text(object{"source": policyUnder(20), "comment": "more"}))
	if again.Header().Get("Idempotency-Replayed") != "true" || again.Body.String() != w.Body.String() {
		t.Errorf("the same call again: %v %s", again.Header(), again.Body)
	}
	if versions, _ := h.made(http.StatusOK, "ada", "GET", plainVersions, nil)["data"].([]any); len(versions) != 1 {
		t.Errorf("%d versions before anybody has approved", len(versions))
	}
	shown := h.made(http.StatusOK, "otto", "GET", path, nil)
	if source, _ := at(shown, "documents", 0, "source").(string); !strings.Contains(source, "amount < 20") || at(shown, "documents", 0, "newest") != 1.0 || at(shown, "documents", 0, "diff") == nil {
		t.Errorf("who decides sees %v", shown)
	}
	// A dry run and what is there already make no proposal.
	h.has("dry run", h.made(http.StatusOK, "ada", "POST", plainVersions, object{"source": policyUnder(30), "dry_run": true}), object{"created": true, "dry_run": true, "version": 2})
	h.has("the same", h.made(http.StatusOK, "ada", "POST", plainVersions, object{"source": shippedPolicy}), object{"created": false, "version": 1})
	if all, _ := h.made(http.StatusOK, "ada", "GET", proposalsPath, nil)["data"].([]any); len(all) != 1 {
		t.Errorf("%d proposals", len(all))
	}
}

func TestAnotherPersonApprovesRejectsOrTheProposerWithdraws(t *testing.T) {
	h := newHouse(t)
	path := h.proposed("ada")
	approved := h.made(http.StatusOK, "mara", "POST", path+"/approval", object{"comment": "seen"})
	h.has("approved", approved, object{"status": "approved", "decided_by": "mara", "proposed_by": "ada", "reason": "seen"})
	if at(approved, "documents", 0, "version") != 2.0 || approved["decided_at"] == nil {
		t.Errorf("%v", approved)
	}
	h.has("what counts", h.made(http.StatusOK, "otto", "GET", plainVersions+"/2", nil), object{"published_by": "ada", "approved_by": "mara", "shipped": false, "proposal": approved["id"]})
	h.has("approved again", h.made(http.StatusOK, "mara", "POST", path+"/approval", nil), object{"status": "approved", "decided_by": "mara"})
	h.has("what counts is the same", h.made(http.StatusOK, "otto", "GET", plainVersions+"/2", nil), object{"approved_by": "mara"})

	path = h.proposes("dana", 30)
	h.has("rejected", h.made(http.StatusOK, "adam", "POST", path+"/rejection", object{"reason": "too much"}), object{"status": "rejected", "decided_by": "adam", "reason": "too much"})
	withdrawn := h.proposes("dana", 40)
	h.has("withdrawn", h.made(http.StatusOK, "dana", "POST", withdrawn+"/withdrawal", nil), object{"status": "withdrawn", "decided_by": "dana"})
	h.refused(map[string]refusal{
		"approve what was rejected":      {who: "mara", method: "POST", path: path + "/approval", status: 409, code: "already_decided"},
		"withdraw what was rejected":     {who: "dana", method: "POST", path: path + "/withdrawal", status: 409, code: "already_decided"},
		"reject what was withdrawn":      {who: "mara", method: "POST", path: withdrawn + "/rejection", body: object{"reason": "late"}, status: 409, code: "already_decided"},
		"approve as a third what counts": {who: "adam", method: "POST", path: proposalsPath + "/" + fmt.Sprint(approved["id"]) + "/approval", status: 409, code: "already_decided"},
	})
	if versions, _ := h.made(http.StatusOK, "ada", "GET", plainVersions, nil)["data"].([]any); len(versions) != 2 {
		t.Errorf("%d versions", len(versions))
	}
	for status, want := range map[string]int{"open": 0, "approved": 1, "rejected": 1, "withdrawn": 1, "outdated": 0} {
		if found, _ := h.made(http.StatusOK, "otto", "GET", proposalsPath+"?status="+status, nil)["data"].([]any); len(found) != want {
			t.Errorf("%s: %v", status, found)
		}
	}
}

func TestWhoMayNotDecideAProposal(t *testing.T) {
	h := newHouse(t)
	own := h.proposed("ada")
	key := "key definitions:read definitions:publish definitions:approve settings:write"
	reason := object{"reason": "no"}
	rows := map[string]refusal{
		"withdraw another's": {who: "dana", method: "POST", path: own + "/withdrawal", status: 403, code: "forbidden"},
		"a reviewer reads":   {who: "rita", method: "GET", path: own, status: 403, code: "forbidden"},
		"a reviewer lists":   {who: "rita", method: "GET", path: proposalsPath, status: 403, code: "forbidden"},
		"nobody reads":       {who: "nobody", method: "GET", path: own, status: 401, code: "unauthenticated"},
		"nobody lists":       {who: "nobody", method: "GET", path: proposalsPath, status: 401, code: "unauthenticated"},
		"another tenant":     {who: "other ada", method: "GET", path: own, status: 404, code: "not_found"},
		"another tenant's":   {who: "other ada", method: "POST", path: own + "/withdrawal", status: 404, code: "not_found"},
		"none":               {who: "ada", method: "GET", path: proposalsPath + "/prop_none", status: 404, code: "not_found"},
		"withdraw none":      {who: "ada", method: "POST", path: proposalsPath + "/prop_none/withdrawal", status: 404, code: "not_found"},
	}
	for way, body := range map[string]any{"approval": nil, "rejection": reason} {
		for who, status := range map[string]int{"ada": 403, "rita": 403, "otto": 403, "dana": 403, "client": 403, key: 403, "nobody": 401, "other adam": 404} {
			code := map[int]string{401: "unauthenticated", 403: "forbidden", 404: "not_found"}[status]
			rows[way+" by "+who] = refusal{who: who, method: "POST", path: own + "/" + way, body: body, status: status, code: code}
		}
		rows[way+" of none"] = refusal{who: "mara", method: "POST", path: proposalsPath + "/prop_none/" + way, body: body, status: 404, code: "not_found"}
	}
	h.refused(rows)
	h.has("after all that", h.made(http.StatusOK, "ada", "GET", own, nil), object{"status": "open"})
}

func TestAKeyForSettingsWithdrawsItsOwnProposal(t *testing.T) {
	h := newHouse(t)
	h.fourEyes()
	made := h.made(http.StatusCreated, "ada", "POST", "/v1/keys", object{"name": "settings", "scopes": []string{"settings:write", "definitions:read"}})
	secret := fmt.Sprint("Bearer ", made["secret"])
	w := h.call("nobody", "PUT", settingsPath, text(object{"four_eyes": false}), "If-Match", `"2"`, "Authorization", secret)
	path := proposalsPath + "/" + fmt.Sprint(h.answer(w, http.StatusAccepted)["id"])
	w = h.call("nobody", "POST", path+"/withdrawal", "", "Authorization", secret)
	h.has("withdrawn", h.answer(w, http.StatusOK), object{"status": "withdrawn", "decided_by": made["id"]})
}

// TestWhoIsBehindAKeyDoesNotApproveWhatItProposes: else one person would be both.
func TestWhoIsBehindAKeyDoesNotApproveWhatItProposes(t *testing.T) {
	h := newHouse(t)
	h.fourEyes()
	made := h.made(http.StatusCreated, "ada", "POST", "/v1/keys", object{"name": "ci", "scopes": []string{"definitions:publish", "definitions:read"}})
	secret := fmt.Sprint("Bearer ", made["secret"])
	w := h.call("nobody", "POST", plainVersions, text(object{"source": policyUnder(20)}), "Authorization", secret)
	proposal := h.answer(w, http.StatusAccepted)
	if proposal["proposed_by"] != made["id"] || fmt.Sprint(proposal["behind"]) != "[ada]" {
		t.Errorf("%v", proposal)
	}
	path := proposalsPath + "/" + fmt.Sprint(proposal["id"])
	h.refused(map[string]refusal{
		"approved by who holds it": {who: "ada", method: "POST", path: path + "/approval", status: 403, code: "forbidden"},
		"rejected by who holds it": {who: "ada", method: "POST", path: path + "/rejection", body: object{"reason": "r"}, status: 403, code: "forbidden"},
	})
	h.has("by another", h.made(http.StatusOK, "adam", "POST", path+"/approval", nil), object{"status": "approved"})
}

func TestProblemsOfCallsAboutProposalsHaveTheirPlaces(t *testing.T) {
	h := newHouse(t)
	path := h.proposed("ada")
	long := strings.Repeat("é", 1500) // fewer letters than may be, and more bytes
	h.refused(map[string]refusal{
		"no reason":          {who: "mara", method: "POST", path: path + "/rejection", body: object{}, status: 422, code: "invalid", places: []string{"body.reason"}},
		"no body":            {who: "mara", method: "POST", path: path + "/rejection", status: 400, code: "malformed_json", places: []string{"body"}},
		"an empty reason":    {who: "mara", method: "POST", path: path + "/rejection", body: object{"reason": ""}, status: 422, code: "invalid", places: []string{"body.reason"}},
		"blanks":             {who: "mara", method: "POST", path: path + "/rejection", body: object{"reason": " \t"}, status: 422, code: "invalid", places: []string{"body.reason"}},
		"a long reason":      {who: "mara", method: "POST", path: path + "/rejection", body: object{"reason": long}, status: 422, code: "invalid", places: []string{"body.reason"}},
		"a long comment":     {who: "mara", method: "POST", path: path + "/approval", body: object{"comment": long}, status: 422, code: "invalid", places: []string{"body.comment"}},
		"an unknown name":    {who: "mara", method: "POST", path: path + "/approval", body: object{"note": "x"}, status: 422, code: "invalid", places: []string{"body.note"}},
		"no JSON":            {who: "mara", method: "POST", path: path + "/approval", body: `{"comment":`, status: 400, code: "malformed_json"},
		"an unknown status":  {who: "mara", method: "GET", path: proposalsPath + "?status=gone", status: 422, code: "invalid", places: []string{"query.status"}},
		"a made up cursor":   {who: "mara", method: "GET", path: proposalsPath + "?cursor=x", status: 422, code: "invalid", places: []string{"query.cursor"}},
		"too many, and more": {who: "mara", method: "GET", path: proposalsPath + "?limit=201&status=gone", status: 422, code: "invalid", places: []string{"query.limit", "query.status"}},
	})
}

func TestProposalsComeInPagesThatBelongToTheirList(t *testing.T) {
	h := newHouse(t)
	h.proposed("ada")
	newest := h.proposes("ada", 30)
	page := h.made(http.StatusOK, "otto", "GET", proposalsPath+"?limit=1", nil)
	cursor := fmt.Sprint(page["next_cursor"])
	if proposalsPath+"/"+fmt.Sprint(at(page, "data", 0, "id")) != newest {
		t.Errorf("the newest is not first: %v", page)
	}
	rest := h.made(http.StatusOK, "otto", "GET", proposalsPath+"?limit=1&cursor="+cursor, nil)
	if data, _ := rest["data"].([]any); len(data) != 1 || at(data, 0, "id") == at(page, "data", 0, "id") {
		t.Errorf("%v", rest)
	}
	h.refused(map[string]refusal{
		"of another filter": {who: "otto", method: "GET", path: proposalsPath + "?status=open&cursor=" + cursor, status: 422, code: "invalid", places: []string{"query.cursor"}},
		"of another tenant": {who: "other ada", method: "GET", path: proposalsPath + "?cursor=" + cursor, status: 422, code: "invalid", places: []string{"query.cursor"}},
	})
}

// TestWhatIsBasedOnAnOlderVersionIsOutdatedForGood: nobody approves what has not been compared with what counts.
func TestWhatIsBasedOnAnOlderVersionIsOutdatedForGood(t *testing.T) {
	h := newHouse(t)
	first := h.proposed("ada")
	second := h.proposes("ada", 30)
	h.made(http.StatusOK, "mara", "POST", first+"/approval", nil)
	if shown := h.made(http.StatusOK, "mara", "GET", second, nil); at(shown, "documents", 0, "newest") != 2.0 || at(shown, "documents", 0, "base") != 1.0 {
		t.Errorf("%v", shown)
	}
	late := h.made(http.StatusConflict, "mara", "POST", second+"/approval", nil)
	if late["code"] != "outdated" || at(late, "details", "changed", 0, "newest") != 2.0 || at(late, "details", "changed", 0, "id") != "plain" {
		t.Errorf("%v", late)
	}
	h.refused(map[string]refusal{"again": {who: "adam", method: "POST", path: second + "/approval", status: 409, code: "outdated"}})
	h.has("for good", h.made(http.StatusOK, "ada", "GET", second, nil), object{"status": "outdated"})
}
