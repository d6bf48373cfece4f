package httpapi_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// What an operation does to a case, as far as it matters who does it when.
const (
	elsewhere = "elsewhere" // it is about no case, or only reads
	sends     = "sends"     // an event: the chart defines whose
	decides   = "decides"   // a decision of people
	writes    = "writes"    // data or documents: only while the case waits for the caller
	operates  = "operates"  // by its permission alone, in every state: it takes no transition of an audience
)

// onCases is a row for every operation: an added one declares here what it does to a case, and the matrix below tries it.
var onCases = map[string][]string{
	sends:   {"sendEvent", "sendFlowEvent", "submitFlow"},
	decides: {"decideCase", "decideDocument"},
	writes:  {"saveContext", "saveFlowContext", "saveFlowPage", "announceDocument", "announceFlowDocument"},
	operates: {
		"startCase", "decide", // at a workflow's beginning: no event is sent
		"cancelCase", "assignCase", "assignCases", "addNote", "editNote", "snoozeCase", "endSnooze", "escalateCase", "endEscalation", "claimCase", "releaseCase", "undoDecision", "undoDocumentDecision", "retryIncident", "skipIncident", "migrateCases", "createFlowToken",
		"lookAtCase", "leaveCase", "getDocumentContent", "getDocumentLink", "getTaskExchange", // a look is kept in the history
		"receiveCallback", "receiveVendorCallback", "replayDeadLetters", "discardDeadLetters",
	},
	elsewhere: {
		"getHealth", "listCases", "listEvents", "getCase", "getPosition", "listIncidents", "listNotes", "listHistory", "listRelatedCases", "listTasks", "verifyCase", "listDocuments",
		"getMe", "listUsers", "getQueue", "getStatistics", "listWorkflows", "getWorkflow", "publishWorkflow", "publishPolicy", "publishPlugin",
		"copyWorkflow", "importWorkspace", "listWorkflowVersions", "listPolicyVersions", "listPluginVersions", "getWorkflowVersion",
		"getPolicyVersion", "getPluginVersion", "listPolicies", "listPlugins", "getConnectorHealth", "diffWorkflow", "exportWorkspace", "getPublishingSettings",
		"updatePublishingSettings", "listProposals", "getProposal", "approveProposal", "rejectProposal", "withdrawProposal", "listNotifications", "markNotificationsRead", "listViews", "createView",
		"updateView", "deleteView", "createWebhook", "listWebhooks", "getWebhook", "updateWebhook", "deleteWebhook", "rotateWebhookSecret",
		"testWebhook", "listDeliveries", "redeliver", "evaluatePolicy", "backtestPolicy", "startBacktest", "listBacktests", "getBacktest", "cancelBacktest",
		"createTrial", "endTrial", "approveTrial", "listTrials", "getTrial", "reportTrial", "listPolicyDecisions", "getPolicyDecision",
		"replayPolicyDecision", "listLists", "getList", "listListEditions", "getListEntries", "putList", "putListEntries", "changeList",
		"forgetListEdition", "deleteList", "createScreening", "listWatchlists", "uploadWatchlist", "loadWatchlist", "releaseWatchlist", "rejectWatchlist", "rescreenWatchlist", "removeWatchlist", "retainWatchlist", "createKey", "listKeys", "rotateKey", "revokeKey", "getFlowCase", "getFlowState", "listFlowDocuments", "listDeadLetters",
	},
}

func TestEveryOperationHasARowInTheMatrix(t *testing.T) {
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, operations := range onCases {
		for _, id := range operations {
			rows[id]++
		}
	}
	for _, route := range routes {
		if rows[route.Operation] != 1 {
			t.Errorf("%s has %d rows: say in onCases what it does to a case", route.Operation, rows[route.Operation])
		}
		delete(rows, route.Operation)
	}
	for id := range rows {
		t.Errorf("%s is no operation", id)
	}
}

const matrixDesk = `
id: desk
subject: individual
context: {schema: {type: object, properties: {applicant: {type: object, properties: {email: {type: string}}}}}}
documents: [{kind: passport, title: Passport, content_types: [image/png]}]
flow: {pages: [{id: about, fields: [applicant.email]}, {id: send, event: SUBMIT}]}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: waiting}}
  waiting: {on: {GO: review, PAGE: {target: review, by: [applicant]}}}
  review:
    tags: [manual_review]
    on: {approve: approved, accept: {target: approved, by: approver}, WITHDRAW: {target: rejected, by: [applicant, client]}, LATER: {}}
  approved: {type: final}
  rejected: {type: final}
`

// whose is the oracle: which event is whose in which state, written out by hand.
var whose = map[string]map[string]string{
	"collect": {"SUBMIT": "applicant client"},
	"waiting": {"GO": "client", "PAGE": "applicant"},
	"review":  {"approve": "reviewer approver", "accept": "approver", "WITHDRAW": "applicant client"},
}

// collecting states who may write data where.
var collecting = map[string]string{"collect": "applicant client people", "waiting": "applicant client people", "review": "people"}

// TestWhoMayDoWhatWhen tries every writing operation with every credential in every state, with every event.
func TestWhoMayDoWhatWhen(t *testing.T) {
	b := newBackOf(t, matrixDesk)
	user := func(role string) identity.Principal {
		return identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_" + role, Name: role, Email: role + "@example.com", Roles: []string{role}}
	}
	key := func(scopes ...string) identity.Principal {
		return identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_" + strings.Join(scopes, "_"), Scopes: scopes}
	}
	type credential struct {
		who      identity.Principal
		sends    string // as whom it sends events
		deciding string // as whom it decides
		data     string // as whom it writes data
	}
	credentials := map[string]credential{
		"flow token": {identity.Principal{Tenant: "t", Kind: identity.Applicant, ID: "flow_1"}, "applicant", "", "applicant"},
		"key":        {key(), "client", "", "client"}, "key *": {key("*"), "client", "", "client"},
		"key cases:decide":                {key("cases:write", "cases:decide"), "client", "reviewer", "client"},
		"key cases:decide, cases:approve": {key("cases:write", "cases:decide", "cases:approve"), "client", "reviewer approver", "client"},
		"key cases:read":                  {key("cases:read"), "", "", ""},
		"reviewer":                        {user("reviewer"), "", "reviewer", "people"}, "manager": {user("manager"), "", "reviewer approver", "people"},
		"admin": {user("admin"), "", "reviewer approver", "people"}, "auditor": {user("auditor"), "", "", ""}, "developer": {user("developer"), "", "", ""},
	}
	way := map[string][]string{"collect": nil, "waiting": {"SUBMIT"}, "review": {"SUBMIT", "GO"}}
	number := 0
	in := func(state string) string {
		number++
		id, _ := b.answer(b.call("client", "POST", "/v1/cases", fmt.Sprintf(`{"workflow":"desk","external_id":"m-%d","subject":{"type":"individual"}}`, number)), http.StatusCreated)["id"].(string)
		for _, event := range way[state] {
			b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"`+event+`"}`)
		}
		return id
	}
	shares := func(a, b string) bool {
		return slices.ContainsFunc(strings.Fields(a), func(word string) bool { return slices.Contains(strings.Fields(b), word) })
	}
	events := []string{"SUBMIT", "GO", "PAGE", "approve", "accept", "WITHDRAW", "LATER", "NOPE", "done.state.x"}
	digest := strings.Repeat("0", 64)
	for state := range whose {
		for name, c := range credentials {
			try := func(what string, id, method, path, body string, may bool) {
				t.Helper()
				p := c.who
				if p.Kind == identity.Applicant {
					p.Case = id
				}
				before := b.version(id)
				w := b.withMatch(p, method, path, body, before)
				if done := w.Code < 300; done != may {
					t.Errorf("%s in %s by %s: %d %s, may it: %v", what, state, name, w.Code, w.Body, may)
				}
				if after := b.version(id); w.Code >= 300 && after != before {
					t.Errorf("%s in %s by %s was refused, and the case went from version %d to %d", what, state, name, before, after)
				}
			}
			flow := c.who.Kind == identity.Applicant
			path := func(id, own, flowPath string) string {
				if flow {
					return "/v1/flow" + flowPath
				}
				return "/v1/cases/" + id + own
			}
			for _, event := range events {
				id := in(state)
				acting := c.sends
				if c.data == "people" && shares("applicant", collecting[state]) {
					acting = "applicant" // people act for the applicant where the case collects
				}
				try("event "+event, id, "POST", path(id, "/events", "/events"), `{"type":"`+event+`"}`, shares(acting, whose[state][event]))
				if flow {
					continue
				}
				id = in(state)
				behalf := ""
				if c.who.Kind == identity.Client {
					behalf = `,"on_behalf_of":"person_1"`
					if c.deciding != "" {
						try("decision without a person "+event, id, "POST", "/v1/cases/"+id+"/decisions", `{"event":"`+event+`","reason":"r"}`, false)
						try("decision without a reason "+event, id, "POST", "/v1/cases/"+id+"/decisions", `{"event":"`+event+`"`+behalf+`}`, false)
					}
				}
				try("decision "+event, id, "POST", "/v1/cases/"+id+"/decisions", `{"event":"`+event+`","reason":"r","comment":"c"`+behalf+`}`, shares(c.deciding, whose[state][event]))
			}
			id := in(state)
			may := shares(c.data, collecting[state])
			try("data", id, "PATCH", path(id, "/context", "/context"), `{"applicant":{"email":"x@example.com"}}`, may)
			try("a document", id, "POST", path(id, "/documents", "/documents"), `{"kind":"passport","content_type":"image/png","size":10,"sha256":"`+digest+`"}`, may)
			if flow {
				id = in(state)
				try("a page", id, "PUT", "/v1/flow/pages/about", `{"values":{"applicant.email":"x@example.com"}}`, may)
				try("the pages", in(state), "POST", "/v1/flow/submit", `{}`, shares(c.sends, whose[state]["SUBMIT"]))
			}
			if c.sends != "" {
				try("data by an event", id, "POST", path(id, "/events", "/events"), `{"type":"DEEP_MERGE_CONTEXT","payload":{"newContext":{"applicant":{"email":"y@example.com"}}}}`, may)
				try("all data by an event", id, "POST", path(id, "/events", "/events"), `{"type":"UPDATE_CONTEXT","payload":{"context":{}}}`, may)
			}
		}
	}
}

// TestARefusalIsNotKeptUnderItsKey: the same call succeeds once it may.
func TestARefusalIsNotKeptUnderItsKey(t *testing.T) {
	b := newBackOf(t, strings.Replace(matrixDesk, "SUBMIT: waiting", `SUBMIT: {target: waiting, guard: "exists(applicant.email)"}`, 1))
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	send := func() int {
		return b.call("client", "POST", "/v1/cases/"+id+"/events", `{"type":"SUBMIT"}`, "Idempotency-Key", "one").Code
	}
	if code, version := send(), b.version(id); code != http.StatusConflict || version != 1 {
		t.Errorf("%d, version %d", code, version)
	}
	b.ok("client", "PATCH", "/v1/cases/"+id+"/context", `{"applicant":{"email":"x@example.com"}}`)
	if code := send(); code != http.StatusOK {
		t.Errorf("the same call later: %d", code)
	}
}

// TestAKeyOfAnotherCallIsAnotherKey: an Idempotency-Key that somebody else has used, or oneself for another event long ago, does
// not swallow an event.
func TestAKeyOfAnotherCallIsAnotherKey(t *testing.T) {
	b := newBackOf(t, matrixDesk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	send := func(who identity.Principal, path, event string, version int) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(`{"type":"`+event+`"}`))
		r = r.WithContext(httpapi.WithPrincipal(r.Context(), who))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "one")
		w := httptest.NewRecorder()
		b.handler.ServeHTTP(w, r)
		if got := b.version(id); w.Code != http.StatusOK || got != version {
			t.Errorf("%s: %d %s, version %d, want %d", event, w.Code, w.Body, got, version)
		}
	}
	key := identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
	send(identity.Principal{Tenant: "t", Kind: identity.Applicant, ID: "flow_1", Case: id}, "/v1/flow/events", "SUBMIT", 2)
	send(key, "/v1/cases/"+id+"/events", "GO", 3)
	send(key, "/v1/cases/"+id+"/events", "GO", 3)
	b.now = b.now.Add(25 * time.Hour)
	send(key, "/v1/cases/"+id+"/events", "WITHDRAW", 4)
}

func (b *back) version(id string) int {
	b.t.Helper()
	var found struct{ Version int }
	if err := json.Unmarshal(b.call("client", "GET", "/v1/cases/"+id, "").Body.Bytes(), &found); err != nil {
		b.t.Fatal(err)
	}
	return found.Version
}

// withMatch calls as somebody who has seen a version of the case.
func (b *back) withMatch(p identity.Principal, method, path, body string, version int) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	r = r.WithContext(httpapi.WithPrincipal(r.Context(), p))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(version)))
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", fmt.Sprintf("%x", sha256.Sum256([]byte(path+body+p.ID+p.Case))))
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}
