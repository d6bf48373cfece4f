package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// changing are bodies of the operations that change one case.
var changing = map[string]string{
	"saveContext": `{"applicant":{"email":"x@example.com"}}`, "saveFlowContext": `{"applicant":{"email":"x@example.com"}}`,
	"saveFlowPage": `{"values":{}}`, "submitFlow": `{}`, "sendEvent": `{"type":"SUBMIT"}`, "sendFlowEvent": `{"type":"SUBMIT"}`, "addNote": `{"text":"seen"}`, "editNote": `{"text":"seen"}`, "snoozeCase": `{"until":"2026-12-24T12:00:00Z"}`, "endSnooze": "", "escalateCase": `{"reason":"r"}`, "endEscalation": "",
	"announceDocument":     `{"kind":"passport","content_type":"image/png","size":1,"sha256":"` + strings.Repeat("0", 64) + `"}`,
	"announceFlowDocument": `{"kind":"passport","content_type":"image/png","size":1,"sha256":"` + strings.Repeat("0", 64) + `"}`,
	"decideCase":           `{"event":"approve"}`, "undoDecision": "", "undoDocumentDecision": "", "cancelCase": `{"reason":"r"}`, "assignCase": `{"user":null}`,
	"decideDocument": `{"decision":"approved"}`, "retryIncident": "", "skipIncident": `{"result":{}}`,
}

// unchanging are operations with a body that are about a case and leave it as it is, except for an entry of the history.
var unchanging = map[string]bool{"createFlowToken": true, "lookAtCase": true, "leaveCase": true, "claimCase": true, "releaseCase": true}

func TestEveryOperationThatChangesACaseHonoursIfMatch(t *testing.T) {
	b := newBackOf(t, matrixDesk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	client := identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1", Scopes: []string{"*"}}
	person := identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_9", Name: "Ida", Email: "ida@example.com", Roles: []string{"admin"}}
	flow := identity.Principal{Tenant: "t", Kind: identity.Applicant, ID: "flow_1", Case: id}
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, route := range routes {
		ofCase := strings.HasPrefix(route.Path, "/v1/cases/{id}/") || strings.HasPrefix(route.Path, "/v1/flow/")
		if !ofCase || route.Method == http.MethodGet || unchanging[route.Operation] {
			continue
		}
		body, known := changing[route.Operation]
		if !known {
			t.Errorf("%s is about a case: say what it is sent, or that it does not change the case", route.Operation)
			continue
		}
		who := client
		switch {
		case strings.HasPrefix(route.Path, "/v1/flow/"):
			who = flow
		case identity.Allow(client, route.Operation) != nil || route.Audience == httpapi.Review:
			who = person
		}
		path := strings.NewReplacer("{id}", id, "{document}", "doc_none", "{incident}", "inc_none", "{note}", "note_none").Replace(route.Path)
		before := b.version(id)
		for given, status := range map[string]int{`"99"`: http.StatusPreconditionFailed, `99`: http.StatusUnprocessableEntity, `*`: http.StatusUnprocessableEntity, `W/"1"`: http.StatusUnprocessableEntity} {
			r := httptest.NewRequestWithContext(t.Context(), route.Method, path, strings.NewReader(body))
			r = r.WithContext(httpapi.WithPrincipal(r.Context(), who))
			if body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			r.Header.Set("If-Match", given)
			r.Header.Set("Idempotency-Key", route.Operation+given)
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			if w.Code != status || status == http.StatusPreconditionFailed && b.answer(w, status)["code"] != "stale" {
				t.Errorf("%s with If-Match %s: %d, want %d: %s", route.Operation, given, w.Code, status, w.Body)
			}
		}
		if after := b.version(id); after != before {
			t.Errorf("%s has changed the case that it was not to change: version %d, then %d", route.Operation, before, after)
		}
		walked++
	}
	if walked != len(changing) {
		t.Errorf("%d operations were walked, %d are written out", walked, len(changing))
	}
	if w := b.withMatch(flow, "PATCH", "/v1/flow/context", changing["saveFlowContext"], b.version(id)); w.Code != http.StatusOK {
		t.Errorf("the version that was seen: %d %s", w.Code, w.Body)
	}
	if w := b.withMatch(client, "PATCH", "/v1/cases/"+id+"/context", `{"applicant":{"email":"y@example.com"}}`, b.version(id)-1); w.Code != http.StatusPreconditionFailed {
		t.Errorf("the version before: %d %s", w.Code, w.Body)
	}
}
