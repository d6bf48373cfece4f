package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

// marker is planted wherever a case can have personal data.
const marker = "Zq7marker"

// planted is a case that is full of personal data, and a view that searches for some.
func (b *back) planted() string {
	b.t.Helper()
	const private = `{"workflow":"desk","external_id":"x1","subject":{"type":"individual","external_id":"x1","name":"` + marker + `","email":"` + marker + `@example.com"},
		"context":{"applicant":{"email":"` + marker + `@example.com","country":"FR"}}}`
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", private, "Idempotency-Key", "planted"), http.StatusCreated)["id"].(string)
	b.ok("client", "PATCH", "/v1/cases/"+id+"/context", `{"applicant":{"email":"`+marker+`@example.org"},"other":{"list":["`+marker+`"]}}`)
	b.answer(b.call("client", "POST", "/v1/cases/"+id+"/documents", `{"kind":"passport","content_type":"image/png","size":9,"sha256":"`+strings.Repeat("a", 64)+`","properties":{"number":"`+marker+`"}}`, "Idempotency-Key", "passport"), http.StatusCreated)
	b.answer(b.call("mara", "POST", "/v1/cases/"+id+"/notes", `{"text":"looks like `+marker+`"}`), http.StatusCreated)
	b.answer(b.call("mara", "POST", "/v1/views", `{"name":"shared","shared":true,"query":{"q":"`+marker+`","status":"active"}}`), http.StatusCreated)
	b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"GO","payload":{"said":"`+marker+`"}}`)
	etag := b.call("mara", "GET", "/v1/cases/"+id, "").Header().Get("ETag")
	b.ok("mara", "POST", "/v1/cases/"+id+"/decisions", `{"event":"revision","comment":"`+marker+`","message":"Dear `+marker+`"}`, "If-Match", etag)
	b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"GO"}`)
	call := &cases.Call{Request: "POST https://vendor.example/", Key: marker, Sent: marker, Received: marker, Bytes: 77077077, Status: 200, Calls: []cases.CallPart{{Request: "POST https://vendor.example/", Key: marker, Sent: marker, Received: marker, Bytes: 77077077}}}
	if err := b.db.Cases().PutTaskRun(b.t.Context(), "t", id, cases.TaskRun{ID: "task_1", Source: "vendor", Name: "asked", StartedAt: b.now, Call: call}); err != nil {
		b.t.Fatal(err)
	}
	b.exchanged("t", id, "task_2")
	return id
}

// TestADeveloperSeesNoPersonalDataInAnyAnswer goes through every operation of the document. One that a developer may do to cases
// and that this does not reach fails: write here how it is reached.
func TestADeveloperSeesNoPersonalDataInAnyAnswer(t *testing.T) {
	b := newBack(t)
	id := b.planted()
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{
		"lookAtCase":            `{"editing":true}`,
		"markNotificationsRead": `{}`,
		"migrateCases":          `{"from":1,"to":2,"dry_run":true}`,
	}
	developer := identity.Principal{Tenant: "t", Kind: identity.User, ID: "dana", Roles: []string{"developer"}}
	key := identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1", Scopes: []string{"*", identity.Redacted}}
	auditor := identity.Principal{Tenant: "t", Kind: identity.User, ID: "otto", Roles: []string{"auditor"}}
	reached, leaks := 0, 0
	for _, route := range routes {
		if route.Public {
			continue
		}
		path := strings.NewReplacer("/workflows/{id}", "/workflows/desk", "{id}", id, "{document}", "doc_x", "{incident}", "inc_x", "{note}", "note_x", "{task}", "task_2").Replace(route.Path)
		if strings.Contains(path, "{") {
			path = path[:strings.Index(path, "{")] + "none"
		}
		for name, p := range map[string]identity.Principal{"a developer": developer, "a key that names cases:redacted": key} {
			if identity.Allow(p, route.Operation) != nil || (name != "a developer" && route.Method != http.MethodGet) {
				continue
			}
			w := b.as(p, route.Method, path, bodies[route.Operation])
			if text := w.Body.String() + strings.Join(slices.Concat(w.Header()["Location"], w.Header()["Etag"]), ""); strings.Contains(text, marker) {
				t.Errorf("%s sees personal data in the answer of %s: %s", name, route.Operation, text)
			}
			if !strings.HasPrefix(string(identity.Needs(route.Operation)), "cases:") || name != "a developer" {
				continue
			}
			if reached++; w.Code < 200 || w.Code > 299 {
				t.Errorf("%s is not reached: %d %s", route.Operation, w.Code, w.Body)
			}
			if w.Header().Get("X-Redacted") != "cases:personal" {
				t.Errorf("%s does not say that personal data is missing", route.Operation)
			}
		}
		if route.Method == http.MethodGet && identity.Allow(auditor, route.Operation) == nil {
			w := b.as(auditor, route.Method, path, "")
			if leaks += strings.Count(w.Body.String(), marker); w.Header().Get("X-Redacted") != "" {
				t.Errorf("%s: an auditor sees personal data", route.Operation)
			}
		}
	}
	if reached < 12 || leaks < 15 {
		t.Errorf("%d operations were reached, and what was planted is seen %d times by who may", reached, leaks)
	}
}

func TestWhatIsNotShownIsReported(t *testing.T) {
	b := newBack(t)
	id := b.planted()
	c := b.ok("dana", "GET", "/v1/cases/"+id, "")
	redacted, _ := c["redacted"].([]any)
	applicant := c["context"].(map[string]any)["applicant"].(map[string]any)
	for _, path := range []any{"subject.name", "context.applicant.email", "context.*", "documents.properties"} {
		if !slices.Contains(redacted, path) {
			t.Errorf("%v is not reported: %v", path, redacted)
		}
	}
	if email, there := applicant["email"]; !there || email != nil || applicant["country"] != "FR" {
		t.Errorf("%v", applicant)
	}
	if seen := b.ok("otto", "GET", "/v1/cases/"+id, ""); seen["redacted"] != nil || seen["subject"].(map[string]any)["name"] != marker {
		t.Errorf("an auditor: %v", seen)
	}
	notes := b.ok("dana", "GET", "/v1/cases/"+id+"/notes", "")["data"].([]any)
	if note := notes[0].(map[string]any); note["text"] != "[redacted]" || note["by"].(map[string]any)["id"] != "mara" {
		t.Errorf("%v", note)
	}
	history := b.ok("dana", "GET", "/v1/cases/"+id+"/history?cause=note", "")["data"].([]any)
	if entry := history[0].(map[string]any); entry["cause"] != "note" || entry["details"] != nil && entry["details"].(map[string]any)["redacted"] != true {
		t.Errorf("%v", entry)
	}
}

// TestDigestsOfPersonalDataAreNotShown: whoever tries all days finds a date of birth by its digest.
func TestDigestsOfPersonalDataAreNotShown(t *testing.T) {
	b := newBack(t)
	id := b.planted()
	for who, sees := range map[string]bool{"dana": false, "otto": true} {
		run := b.ok(who, "GET", "/v1/cases/"+id+"/tasks", "")["data"].([]any)[0].(map[string]any)
		call := run["call"].(map[string]any)
		for _, member := range []string{"key", "sent", "received", "bytes"} {
			if _, there := call[member]; there != sees {
				t.Errorf("%s sees %s: %v", who, member, there)
			}
		}
		if call["status"] != 200.0 || call["request"] != "POST https://vendor.example/" {
			t.Errorf("%s: %v", who, call)
		}
		documents := b.ok(who, "GET", "/v1/cases/"+id+"/documents", "")["data"].([]any)
		if sum := documents[0].(map[string]any)["sha256"]; (sum != "") != sees {
			t.Errorf("%s sees the digest of a document: %v", who, sum)
		}
	}
}

func TestWhoDoesNotSeePersonalDataDoesNotSearchByIt(t *testing.T) {
	b := newBack(t)
	b.planted()
	w := b.call("dana", "GET", "/v1/cases?q="+marker, "")
	if b.answer(w, http.StatusForbidden)["details"].(map[string]any)["permission"] != "cases:personal" || w.Header().Get("WWW-Authenticate") != `Bearer error="insufficient_scope", scope="cases:personal"` {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	if found := b.ok("otto", "GET", "/v1/cases?q="+marker, "")["data"].([]any); len(found) != 1 {
		t.Errorf("an auditor finds %d", len(found))
	}
}
