package httpapi_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// What the tenant t has is called by a name that strangers know, and contains what no answer to another tenant may contain.
const (
	knownName   = "zanzibar"
	privateMark = "quagga"
)

const privateWorkflow = `
id: zanzibar
title: quagga
subject: individual
documents: [{kind: passport, title: Passport, content_types: [image/png]}]
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final}
  rejected: {type: final}
`

// furnish gives the tenant t one of everything that a path can name, and returns their ids by the path's beginning and the
// parameter's name.
func (h *house) furnish() map[string]string {
	h.t.Helper()
	id := func(made object) string { return fmt.Sprint(made["id"]) }
	source := func(text string) object { return object{"source": text} }
	h.made(http.StatusCreated, "ada", "POST", "/v1/workflows/zanzibar/versions", source(privateWorkflow))
	h.made(http.StatusCreated, "ada", "POST", "/v1/policies/zanzibar/versions", source(strings.ReplaceAll(policyUnder(20), "plain", knownName)))
	h.made(http.StatusCreated, "ada", "POST", "/v1/plugins/zanzibar/versions", source(strings.ReplaceAll(strings.Replace(shippedPlugin, "id: oracle", "id: zanzibar", 1), "title: Oracle", "title: quagga")))
	ids := map[string]string{
		"workflows/id": knownName, "decisions/workflow": knownName, "policies/id": knownName, "plugins/id": knownName, "connectors/id": knownName, "lists/id": knownName,
		"workflows/version": "1", "policies/version": "1", "plugins/version": "1", "lists/edition": "1",
	}
	ids["policies/run"] = id(h.made(http.StatusAccepted, "ada", "POST", "/v1/policies/zanzibar/backtest-runs", source(strings.ReplaceAll(policyUnder(30), "plain", knownName))))
	ids["policies/trial"] = id(h.made(http.StatusCreated, "ada", "POST", "/v1/policies/zanzibar/trials", object{"kind": "shadow", "source": strings.ReplaceAll(policyUnder(30), "plain", knownName)}))
	h.made(http.StatusOK, "client", "POST", "/v1/policies/zanzibar/evaluate", object{"input": object{"amount": 5, "name": privateMark}})
	ids["policies/decision"] = fmt.Sprint(at(h.made(http.StatusOK, "ada", "GET", "/v1/policies/zanzibar/decisions", nil), "data", 0, "id"))
	h.made(http.StatusCreated, "ada", "PUT", "/v1/lists/zanzibar", object{"type": "block", "holds": "text", "matching": "exact"})
	h.made(http.StatusOK, "ada", "POST", "/v1/lists/zanzibar/changes", object{"add": []object{{"value": privateMark}}}, "If-Match", "*")

	ids["watchlists/list"], ids["watchlists/edition"] = knownName, "2"
	h.watches(knownName, "1", 5)
	h.watches(knownName, "2", 1) // which waits

	start := func(workflow, external string) string {
		return id(h.made(http.StatusCreated, "client", "POST", "/v1/cases", object{
			"workflow": workflow, "external_id": external, "subject": object{"type": "individual", "name": privateMark}, "context": object{"name": privateMark},
		}))
	}
	failing := start("small", privateMark+"-failing")
	branch := cases.Branch{Tenant: "t", Case: failing}
	if _, err := h.core.Cases.FailWork(h.t.Context(), branch, "check", "answer", 1, cases.Failure{Error: "vendor_unavailable", Cause: privateMark, Attempts: 1}); err != nil {
		h.t.Fatal(err)
	}
	ids["incident's case"] = failing
	ids["cases/incident"] = fmt.Sprint(at(h.made(http.StatusOK, "ada", "GET", "/v1/cases/"+failing+"/incidents", nil), "data", 0, "id"))
	ids["flow/page"] = knownName
	ids["cases/id"] = start(knownName, privateMark)
	path := "/v1/cases/" + ids["cases/id"]
	ids["cases/document"] = id(at(h.made(http.StatusCreated, "client", "POST", path+"/documents", object{"kind": "passport", "content_type": "image/png", "size": 10, "sha256": strings.Repeat("0", 64)}), "document").(object))
	ids["cases/note"] = id(h.made(http.StatusCreated, "ada", "POST", path+"/notes", object{"text": privateMark}))
	h.made(http.StatusOK, "client", "POST", path+"/events", object{"type": "SUBMIT"})
	ids["cases/task"] = h.exchanged("t", ids["cases/id"], "task_1")

	ids["views/id"] = id(h.made(http.StatusCreated, "ada", "POST", "/v1/views", object{"name": privateMark, "shared": true, "query": object{"risk": "high"}}))
	ids["webhooks/id"], ids["webhooks/delivery"] = "whk_1", h.deadDelivery("t", 1)
	ids["keys/id"] = id(at(h.made(http.StatusCreated, "ada", "POST", "/v1/keys", object{"name": privateMark, "scopes": []string{"cases:read"}})).(object))
	h.fourEyes()
	ids["proposals/id"] = id(h.made(http.StatusAccepted, "ada", "POST", "/v1/policies/zanzibar/versions", source(strings.ReplaceAll(policyUnder(70), "plain", knownName))))
	return ids
}

// bodies are what gets a call as far as looking for what its path names. IDS are the ids of the other tenant.
var bodies = map[string]string{
	"assignCase": `{"user":""}`, "lookAtCase": `{"editing":false}`, "cancelCase": `{"reason":"other"}`, "saveContext": `{"a":1}`, "decideCase": `{"event":"approve","reason":"other","comment":"c"}`,
	"announceDocument": `{"kind":"passport","content_type":"image/png","size":10,"sha256":"` + strings.Repeat("0", 64) + `"}`, "decideDocument": `{"decision":"approved"}`,
	"releaseWatchlist": `{}`, "sendEvent": `{"type":"SUBMIT"}`, "skipIncident": `{"result":{},"comment":"c"}`, "addNote": `{"text":"mine"}`, "editNote": `{"text":"mine"}`, "snoozeCase": `{"until":"2026-12-24T12:00:00Z"}`, "escalateCase": `{"reason":"r"}`, "claimCase": `{}`, "markNotificationsRead": `{}`, "decide": `{"context":{}}`,
	"changeList": `{"add":[{"value":"x"}]}`, "putListEntries": `{"entries":[{"value":"x"}]}`, "putList": `{"type":"block","holds":"text","matching":"exact"}`,
	"evaluatePolicy": `{"input":{}}`, "updateView": `{"name":"mine","query":{}}`, "updateWebhook": `{"events":["*"]}`, "rejectProposal": `{"reason":"no"}`,
	"migrateCases": `{"from":1,"to":2}`, "copyWorkflow": `{"id":"copied"}`, "endTrial": `{}`, "assignCases": `{"cases":["CASE"],"user":"eve"}`,
	"replayDeadLetters": `{"effect":"DELIVERY"}`, "discardDeadLetters": `{"effect":"DELIVERY","reason":"r"}`,
	"sendFlowEvent": `{"type":"SUBMIT"}`, "saveFlowContext": `{"a":1}`, "saveFlowPage": `{"values":{"a":1}}`, "submitFlow": `{}`, "announceFlowDocument": `{"kind":"passport","content_type":"image/png","size":10,"sha256":"` + strings.Repeat("0", 64) + `"}`,
}

// ofTheirOwn are operations that answer whoever has nothing of this name with what is theirs: an empty list, or a new thing of
// their own tenant.
var ofTheirOwn = []string{
	"putList", "publishWorkflow", "publishPolicy", "publishPlugin", "listPolicyDecisions", "listTrials", "listBacktests", "listWorkflowVersions", "listPolicyVersions",
	"listPluginVersions", "backtestPolicy", "startBacktest", "leaveCase",
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// TestNoOperationReachesAnotherTenant makes every call of the interface with the ids of another tenant. A new operation is in it by
// itself; a new kind of id has to be made in furnish.
func TestNoOperationReachesAnotherTenant(t *testing.T) {
	h := newHouse(t)
	ids := h.furnish()
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	named := func(route httpapi.Route) string {
		first := strings.Split(route.Path, "/")[2]
		return parameter.ReplaceAllStringFunc(route.Path, func(found string) string {
			name := strings.Trim(found, "{}")
			id, known := ids[first+"/"+name]
			if name == "id" && strings.Contains(route.Path, "{incident}") {
				id = ids["incident's case"]
			}
			if !known {
				t.Errorf("%s: furnish makes nothing that {%s} of /%s could name", route.Operation, name, first)
			}
			return id
		})
	}
	ada := identity.Principal{Tenant: "t", Kind: identity.User, ID: "ada", Name: "ada", Email: "ada@example.com", Roles: []string{"admin"}}
	began := h.now
	seen := func() map[string]string {
		h.now = began
		found := map[string]string{}
		for _, route := range routes {
			quiet := !slices.Contains([]string{"getDocumentContent", "getDocumentLink", "getTaskExchange", "diffWorkflow"}, route.Operation) // a look is kept in the history
			if route.Method != http.MethodGet || route.Audience == httpapi.Flow || route.Audience == httpapi.Hooks || route.Public || !quiet {
				continue
			}
			w := h.as(ada, route.Method, named(route), "")
			if strings.Contains(route.Path, "{") && w.Code != http.StatusOK {
				t.Errorf("%s does not find what it is to be kept from others: %d %s", route.Operation, w.Code, w.Body)
			}
			found[route.Operation] = fmt.Sprint(w.Code, w.Body)
		}
		return found
	}
	before := seen()

	strangers := []identity.Principal{
		{Tenant: "other", Kind: identity.User, ID: "eve", Name: "eve", Email: "eve@example.com", Roles: identity.Roles()},
		{Tenant: "other", Kind: identity.Client, ID: "key_other", Scopes: []string{"*"}},
		{Tenant: "other", Kind: identity.Applicant, ID: "flow_other", Case: ids["cases/id"]},
	}
	replace := strings.NewReplacer("CASE", ids["cases/id"], "DELIVERY", ids["webhooks/delivery"])
	tried := 0
	for _, route := range routes {
		if route.Audience == httpapi.Hooks || route.Public {
			continue // their credential is the path; see the tests of callbacks
		}
		for _, who := range strangers {
			h.now = h.now.Add(time.Second)
			body, has := bodies[route.Operation]
			switch {
			case has:
				body = replace.Replace(body)
			case strings.HasPrefix(route.Operation, "publish") || strings.Contains(route.Operation, "acktest") || route.Operation == "createTrial":
				body = text(object{"source": policyUnder(40), "kind": "shadow"})
			case route.Method == http.MethodPost || route.Method == http.MethodPut || route.Method == http.MethodPatch:
				body = "{}"
			}
			path := named(route)
			if route.Operation == "diffWorkflow" {
				path += "?from=1&to=1"
			}
			w := h.withMatch(who, route.Method, path, body, 1)
			tried++
			answer := w.Body.String()
			if strings.Contains(answer, privateMark) {
				t.Errorf("%s by %s is answered what another tenant has: %d %s", route.Operation, who.Kind, w.Code, answer)
			}
			for what, id := range ids {
				if len(id) > len(knownName)+4 && strings.Contains(answer, id) && !strings.Contains(path+body, id) {
					t.Errorf("%s by %s is answered the %s of another tenant: %d %s", route.Operation, who.Kind, what, w.Code, answer)
				}
			}
			refused := w.Code == http.StatusNotFound || w.Code == http.StatusForbidden || strings.Contains(answer, `"code":"unknown_`)
			if strings.Contains(route.Path, "{") && !refused && !slices.Contains(ofTheirOwn, route.Operation) {
				t.Errorf("%s by %s of another tenant has to end with 404 or 403: %d %s", route.Operation, who.Kind, w.Code, answer)
			}
		}
	}
	if tried < 3*90 {
		t.Errorf("only %d calls", tried)
	}
	for operation, is := range seen() {
		if is != before[operation] {
			t.Errorf("%s has changed:\n%s\nbefore:\n%s", operation, is, before[operation])
		}
	}
}
