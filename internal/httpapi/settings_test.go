package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const settingsPath = "/v1/publishing-settings"

func TestTurningFourEyesOnCountsAtOnceAndOffTakesASecondPerson(t *testing.T) {
	h := newHouse(t)
	w := h.call("otto", "GET", settingsPath, "")
	h.has("as everybody begins", h.answer(w, http.StatusOK), object{"four_eyes": false, "version": 1, "changed_at": nil})
	if w.Header().Get("ETag") != `"1"` {
		t.Errorf("%v", w.Header())
	}
	w = h.call("ada", "PUT", settingsPath, `{"four_eyes":true,"comment":"we are two now"}`, "If-Match", `"1"`)
	h.has("on", h.answer(w, http.StatusOK), object{"four_eyes": true, "version": 2, "changed_by": "ada", "comment": "we are two now"})
	if w.Header().Get("ETag") != `"2"` || w.Header().Get("Location") != "" {
		t.Errorf("%v", w.Header())
	}
	h.has("no change", h.made(http.StatusOK, "adam", "PUT", settingsPath, object{"four_eyes": true}, "If-Match", `"2"`), object{"version": 2, "changed_by": "ada"})

	w = h.call("ada", "PUT", settingsPath, `{"four_eyes":false,"comment":"alone again"}`, "If-Match", `"2"`)
	proposal := h.answer(w, http.StatusAccepted)
	path := proposalsPath + "/" + fmt.Sprint(proposal["id"])
	if w.Header().Get("Location") != path || w.Header().Get("ETag") != `"2"` || at(proposal, "settings", "four_eyes") != false || at(proposal, "settings", "base") != 2.0 {
		t.Errorf("%v %v", w.Header(), proposal)
	}
	if documents, ok := proposal["documents"].([]any); !ok || len(documents) != 0 {
		t.Errorf("documents: %v", proposal["documents"])
	}
	h.has("not yet", h.made(http.StatusOK, "ada", "GET", settingsPath, nil), object{"four_eyes": true, "version": 2})
	h.refused(map[string]refusal{"by oneself": {who: "ada", method: "POST", path: path + "/approval", status: 403, code: "forbidden"}})
	h.has("seen by who decides", h.made(http.StatusOK, "mara", "GET", path, nil), object{"status": "open", "comment": "alone again"})
	h.made(http.StatusOK, "mara", "POST", path+"/approval", nil)
	h.has("off", h.made(http.StatusOK, "otto", "GET", settingsPath, nil), object{
		"four_eyes": false, "version": 3, "changed_by": "ada", "approved_by": "mara", "proposal": proposal["id"], "comment": "alone again",
	})
}

// TestAChangeOfSettingsSentTwiceIsMadeOnce: with a key the answer is kept, without one the settings state who made them.
func TestAChangeOfSettingsSentTwiceIsMadeOnce(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		h.has("on", h.made(http.StatusOK, "ada", "PUT", settingsPath, object{"four_eyes": true}, "If-Match", `"1"`), object{"version": 2, "four_eyes": true})
	}
	var ids []any
	for range 2 {
		ids = append(ids, h.made(http.StatusAccepted, "ada", "PUT", settingsPath, object{"four_eyes": false}, "If-Match", `"2"`, "Idempotency-Key", "off")["id"])
	}
	if all, _ := h.made(http.StatusOK, "ada", "GET", proposalsPath, nil)["data"].([]any); ids[0] != ids[1] || len(all) != 1 {
		t.Errorf("%v, of %d", ids, len(all))
	}
	h.refused(map[string]refusal{"another's second": {who: "adam", method: "PUT", path: settingsPath, body: object{"four_eyes": true}, match: `"1"`, status: 412, code: "stale"}})
}

func TestWhoMayNotChangeSettingsAndHow(t *testing.T) {
	h := newHouse(t)
	h.fourEyes() // version 2
	off := object{"four_eyes": false}
	rows := map[string]refusal{
		"nobody reads":        {who: "nobody", method: "GET", path: settingsPath, status: 401, code: "unauthenticated"},
		"a reviewer reads":    {who: "rita", method: "GET", path: settingsPath, status: 403, code: "forbidden"},
		"a key reads of case": {who: "key cases:read", method: "GET", path: settingsPath, status: 403, code: "forbidden"},
		"unseen":              {who: "ada", method: "PUT", path: settingsPath, body: off, status: 428, code: "precondition_required", places: []string{"header.If-Match"}},
		"stale":               {who: "adam", method: "PUT", path: settingsPath, body: off, match: `"1"`, status: 412, code: "stale", places: []string{"header.If-Match"}},
		"of the future":       {who: "ada", method: "PUT", path: settingsPath, body: off, match: `"3"`, status: 412, code: "stale", places: []string{"header.If-Match"}},
		"no ETag":             {who: "ada", method: "PUT", path: settingsPath, body: off, match: "2", status: 422, code: "invalid", places: []string{"header.If-Match"}},
		"any ETag":            {who: "ada", method: "PUT", path: settingsPath, body: off, match: "*", status: 422, code: "invalid", places: []string{"header.If-Match"}},
		"nothing said":        {who: "ada", method: "PUT", path: settingsPath, body: object{}, match: `"2"`, status: 422, code: "invalid", places: []string{"body.four_eyes"}},
		"null":                {who: "ada", method: "PUT", path: settingsPath, body: object{"four_eyes": nil}, match: `"2"`, status: 422, code: "invalid", places: []string{"body.four_eyes"}},
		"a word":              {who: "ada", method: "PUT", path: settingsPath, body: object{"four_eyes": "no"}, match: `"2"`, status: 422, code: "invalid", places: []string{"body.four_eyes"}},
		"two problems":        {who: "ada", method: "PUT", path: settingsPath, body: object{"four_eyes": 0, "x": 1}, match: `"2"`, status: 422, code: "invalid", places: []string{"body.four_eyes", "body.x"}},
		"a long comment":      {who: "ada", method: "PUT", path: settingsPath, body: object{"four_eyes": false, "comment": strings.Repeat("é", 1500)}, match: `"2"`, status: 422, code: "invalid", places: []string{"body.comment"}},
	}
	for _, who := range []string{"mara", "dana", "rita", "otto", "client", "key definitions:publish"} {
		rows["changed by "+who] = refusal{who: who, method: "PUT", path: settingsPath, body: off, match: `"2"`, status: 403, code: "forbidden"}
	}
	h.refused(rows)
	stale := h.made(http.StatusPreconditionFailed, "adam", "PUT", settingsPath, off, "If-Match", `"1"`)
	if at(stale, "details", "settings", "version") != 2.0 || at(stale, "details", "settings", "changed_by") != "ada" {
		t.Errorf("what is there is not shown: %v", stale)
	}
	if message := fmt.Sprint(h.made(http.StatusUnprocessableEntity, "ada", "PUT", settingsPath, off, "If-Match", "2")["detail"]); strings.Contains(message, "case") {
		t.Errorf("settings are no case: %s", message)
	}
	h.has("after all that", h.made(http.StatusOK, "ada", "GET", settingsPath, nil), object{"four_eyes": true, "version": 2})
	h.has("of another tenant", h.made(http.StatusOK, "other ada", "GET", settingsPath, nil), object{"four_eyes": false, "version": 1})
}
