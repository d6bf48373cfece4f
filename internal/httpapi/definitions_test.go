package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// workflowTitled is the workflow small as tenants write it.
func workflowTitled(title string) string {
	return strings.NewReplacer("version: 1\n", "", "title: Small", "title: "+title).Replace(shippedWorkflow)
}

// documents that a tenant may publish, by where.
var documents = map[string]struct{ path, source, list string }{
	"workflow": {"/v1/workflows/small", workflowTitled("Another"), ""},
	"policy":   {"/v1/policies/plain", policyUnder(20), "/v1/policies"},
	"plugin":   {"/v1/plugins/oracle", strings.Replace(shippedPlugin, "title: Oracle", "title: Another", 1), "/v1/plugins"},
}

func TestAPublishedDefinitionIsTheNewestVersionOfItsTenantAlone(t *testing.T) {
	h := newHouse(t)
	for kind, d := range documents {
		body := text(object{"source": d.source, "comment": "better"})
		w := h.call("dana", "POST", d.path+"/versions", body)
		made := h.answer(w, http.StatusCreated)
		version := fmt.Sprint(made["version"])
		h.has(kind, made, object{"created": true, "dry_run": false, "kind": kind, "shipped": false, "published_by": "dana", "comment": "better", "source": nil})
		if w.Header().Get("Location") != d.path+"/versions/"+version {
			t.Errorf("%s: %v", kind, w.Header())
		}
		if again := h.call("dana", "POST", d.path+"/versions", body); again.Code != http.StatusCreated || again.Header().Get("Location") != w.Header().Get("Location") || again.Header().Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: the same call again: %d %v", kind, again.Code, again.Header())
		}
		same := h.made(http.StatusOK, "ada", "POST", d.path+"/versions", object{"source": d.source})
		h.has(kind+" that is there", same, object{"created": false, "version": made["version"], "published_by": "dana"})
		h.has(kind+" with its source", h.made(http.StatusOK, "otto", "GET", d.path+"/versions/"+version, nil), object{"source": d.source, "digest": made["digest"], "published_by": "dana"})
		versions := h.made(http.StatusOK, "otto", "GET", d.path+"/versions", nil)
		if at(versions, "data", 0, "version") != made["version"] || at(versions, "data", 1, "shipped") != true || at(versions, "data", 2) != nil || at(versions, "data", 0, "source") != nil {
			t.Errorf("%s: versions %v", kind, versions)
		}
		if others := h.made(http.StatusOK, "other ada", "GET", d.path+"/versions", nil); at(others, "data", 0, "shipped") != true || at(others, "data", 1) != nil {
			t.Errorf("%s: another tenant has %v", kind, others)
		}
		h.refused(map[string]refusal{
			kind + " of another tenant": {who: "other ada", method: "GET", path: d.path + "/versions/" + version, status: 404, code: "not_found"},
		})
		if d.list == "" {
			continue
		}
		if newest := h.made(http.StatusOK, "mara", "GET", d.list, nil); at(newest, "data", 0, "version") != made["version"] || at(newest, "data", 1) != nil {
			t.Errorf("%s: the newest are %v", kind, newest)
		}
	}
}

func TestADryRunPublishesNothing(t *testing.T) {
	h := newHouse(t)
	for kind, d := range documents {
		w := h.call("ada", "POST", d.path+"/versions", text(object{"source": d.source, "dry_run": true}))
		h.has(kind, h.answer(w, http.StatusOK), object{"created": true, "dry_run": true})
		if w.Header().Get("Location") != "" {
			t.Errorf("%s: %v", kind, w.Header())
		}
		if versions := h.made(http.StatusOK, "otto", "GET", d.path+"/versions", nil); at(versions, "data", 0, "shipped") != true || at(versions, "data", 1) != nil {
			t.Errorf("%s: %v", kind, versions)
		}
	}
}

func TestWhoMayNotPublishOrReadDefinitions(t *testing.T) {
	h := newHouse(t)
	rows := map[string]refusal{}
	for kind, d := range documents {
		for who, status := range map[string]int{"rita": 403, "mara": 403, "otto": 403, "client": 403, "key definitions:read": 403, "nobody": 401} {
			code := map[int]string{401: "unauthenticated", 403: "forbidden"}[status]
			rows[kind+" published by "+who] = refusal{who: who, method: "POST", path: d.path + "/versions", body: object{"source": d.source}, status: status, code: code}
			rows[kind+" tried by "+who] = refusal{who: who, method: "POST", path: d.path + "/versions", body: object{"source": d.source, "dry_run": true}, status: status, code: code}
		}
		for who, status := range map[string]int{"rita": 403, "key cases:read": 403, "nobody": 401} {
			code := map[int]string{401: "unauthenticated", 403: "forbidden"}[status]
			rows[kind+" listed by "+who] = refusal{who: who, method: "GET", path: d.path + "/versions", status: status, code: code}
			rows[kind+" read by "+who] = refusal{who: who, method: "GET", path: d.path + "/versions/1", status: status, code: code}
			if d.list != "" {
				rows[kind+"s listed by "+who] = refusal{who: who, method: "GET", path: d.list, status: status, code: code}
			}
		}
	}
	for name, row := range map[string]refusal{"copied": {method: "POST", path: "/v1/workflows/small/copy", body: object{"id": "own"}}, "compared": {method: "GET", path: "/v1/workflows/small/diff?from=1"}} {
		row.who, row.status, row.code = "rita", 403, "forbidden"
		rows[name+" by a reviewer"] = row
		row.who, row.status, row.code = "nobody", 401, "unauthenticated"
		rows[name+" by nobody"] = row
	}
	rows["copied by an auditor"] = refusal{who: "otto", method: "POST", path: "/v1/workflows/small/copy", body: object{"id": "own"}, status: 403, code: "forbidden"}
	h.refused(rows)
}

func TestProblemsOfDefinitionsHaveTheirPlaces(t *testing.T) {
	h := newHouse(t)
	plain := "/v1/policies/plain/versions"
	h.refused(map[string]refusal{
		"no source":            {who: "ada", method: "POST", path: plain, body: object{}, status: 422, code: "invalid", places: []string{"body.source"}},
		"an empty source":      {who: "ada", method: "POST", path: plain, body: object{"source": ""}, status: 422, code: "invalid", places: []string{"body.source"}},
		"several at once":      {who: "ada", method: "POST", path: plain, body: object{"source": 5, "dry_run": "yes", "x": 1}, status: 422, code: "invalid", places: []string{"body.dry_run", "body.source", "body.x"}},
		"a long comment":       {who: "ada", method: "POST", path: plain, body: object{"source": policyUnder(20), "comment": strings.Repeat("é", 1500)}, status: 422, code: "invalid", places: []string{"body.comment"}},
		"a version that never": {who: "ada", method: "GET", path: plain + "/0", status: 422, code: "invalid", places: []string{"path.version"}},
		"a version as a word":  {who: "ada", method: "GET", path: plain + "/newest", status: 422, code: "invalid", places: []string{"path.version"}},
		"no such version":      {who: "ada", method: "GET", path: plain + "/9", status: 404, code: "not_found"},
		"no such policy":       {who: "ada", method: "GET", path: "/v1/policies/none/versions", status: 404, code: "not_found"},
		"no such workflow":     {who: "ada", method: "GET", path: "/v1/workflows/none/versions/1", status: 404, code: "not_found"},
		"no such plugin":       {who: "ada", method: "GET", path: "/v1/plugins/none/versions", status: 404, code: "not_found"},
	})
	// Everything that is wrong with a document is reported with lines, and nothing is published.
	bad := strings.NewReplacer("default: review", "default: nothing", "when: amount < 20", "when: amount <").Replace(policyUnder(20))
	for _, dry := range []bool{false, true} {
		w := h.call("ada", "POST", plain, text(object{"source": bad, "dry_run": dry}))
		found := h.answer(w, http.StatusUnprocessableEntity)
		diagnostics, _ := at(found, "details", "diagnostics").([]any)
		if len(diagnostics) < 2 || at(diagnostics, 0, "line") == nil || at(diagnostics, 0, "file") != "source" {
			t.Errorf("dry run %v: %v", dry, found)
		}
	}
	renamed := h.made(http.StatusUnprocessableEntity, "ada", "POST", "/v1/policies/other/versions", object{"source": policyUnder(20)})
	if at(renamed, "details", "diagnostics", 0, "path") != "id" {
		t.Errorf("under another id: %v", renamed)
	}
	h.refused(map[string]refusal{"what was refused": {who: "ada", method: "GET", path: plain + "/2", status: 404, code: "not_found"}})
	if w := h.call("ada", "POST", plain, text(object{"source": policyUnder(20)}), "Idempotency-Key", ""); w.Code != http.StatusBadRequest || at(h.answer(w, 400), "code") != "idempotency_key_required" {
		t.Errorf("without a key: %d %s", w.Code, w.Body)
	}
	h.made(http.StatusCreated, "ada", "POST", plain, object{"source": policyUnder(20)}, "Idempotency-Key", "one")
	if reused := h.made(http.StatusUnprocessableEntity, "ada", "POST", plain, object{"source": policyUnder(30)}, "Idempotency-Key", "one"); reused["code"] != "idempotency_key_reused" {
		t.Errorf("%v", reused)
	}
}

func TestAWorkflowIsCopiedUnderAnIdThatIsFree(t *testing.T) {
	h := newHouse(t)
	const path = "/v1/workflows/small/copy"
	body := text(object{"id": "own"})
	w := h.call("dana", "POST", path, body)
	h.has("copied", h.answer(w, http.StatusCreated), object{"id": "own", "version": 1, "created": true, "shipped": false, "comment": "a copy of small, version 1"})
	if w.Header().Get("Location") != "/v1/workflows/own/versions/1" {
		t.Errorf("%v", w.Header())
	}
	if again := h.call("dana", "POST", path, body); again.Code != http.StatusCreated || again.Body.String() != w.Body.String() {
		t.Errorf("the same call again: %d %s", again.Code, again.Body)
	}
	h.refused(map[string]refusal{
		"one that is taken":   {who: "ada", method: "POST", path: path, body: object{"id": "own"}, status: 409, code: "already_exists", places: []string{"body.id"}},
		"its own":             {who: "ada", method: "POST", path: path, body: object{"id": "small"}, status: 409, code: "already_exists", places: []string{"body.id"}},
		"no id":               {who: "ada", method: "POST", path: path, body: object{}, status: 422, code: "invalid", places: []string{"body.id"}},
		"an id and a version": {who: "ada", method: "POST", path: path, body: object{"id": "../own", "version": -1}, status: 422, code: "invalid", places: []string{"body.id", "body.version"}},
		"no such version":     {who: "ada", method: "POST", path: path, body: object{"id": "third", "version": 7}, status: 404, code: "not_found"},
		"no such workflow":    {who: "ada", method: "POST", path: "/v1/workflows/none/copy", body: object{"id": "third"}, status: 404, code: "not_found"},
		"of another tenant":   {who: "other ada", method: "POST", path: "/v1/workflows/own/copy", body: object{"id": "third"}, status: 404, code: "not_found"},
	})
	h.fourEyes()
	w = h.call("dana", "POST", path, text(object{"id": "fourth"}))
	proposal := h.answer(w, http.StatusAccepted)
	if w.Header().Get("Location") != proposalsPath+"/"+fmt.Sprint(proposal["id"]) || at(proposal, "documents", 0, "id") != "fourth" || at(proposal, "documents", 0, "base") != 0.0 {
		t.Errorf("%v", proposal)
	}
	h.refused(map[string]refusal{"what is proposed": {who: "ada", method: "GET", path: "/v1/workflows/fourth/versions/1", status: 404, code: "not_found"}})
}

func TestVersionsOfAWorkflowAreCompared(t *testing.T) {
	h := newHouse(t)
	source := strings.Replace(workflowTitled("Another"), "reject: rejected}", "reject: rejected, later: check}", 1)
	published := h.made(http.StatusCreated, "ada", "POST", "/v1/workflows/small/versions", object{"source": source})
	const path = "/v1/workflows/small/diff"
	changes := h.made(http.StatusOK, "otto", "GET", path+"?from=1", nil)
	if found, _ := changes["data"].([]any); len(found) == 0 || fmt.Sprint(found) != fmt.Sprint(published["changes"]) {
		t.Errorf("%v, published with %v", changes, published["changes"])
	}
	if none, ok := h.made(http.StatusOK, "otto", "GET", path+"?from=2&to=2", nil)["data"].([]any); !ok || len(none) != 0 {
		t.Errorf("with itself: %v", none)
	}
	h.refused(map[string]refusal{
		"from nothing":     {who: "otto", method: "GET", path: path, status: 422, code: "invalid", places: []string{"query.from"}},
		"both":             {who: "otto", method: "GET", path: path + "?from=0&to=x", status: 422, code: "invalid", places: []string{"query.from", "query.to"}},
		"no such version":  {who: "otto", method: "GET", path: path + "?from=1&to=9", status: 404, code: "not_found", places: []string{}},
		"no such workflow": {who: "otto", method: "GET", path: "/v1/workflows/none/diff?from=1", status: 404, code: "not_found", places: []string{}},
	})
}
