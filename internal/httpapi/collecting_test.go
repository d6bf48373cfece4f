package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

const handDesk = `
id: desk
subject: individual
context: {schema: {type: object, properties: {applicant: {type: object, properties: {email: {type: string}}}}}}
flow: {pages: [{id: send, event: SUBMIT}]}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: review}}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}
  approved: {type: final}
  rejected: {type: final}
`

// TestWhoSuppliesDataDoesNotApprove: a person acts for the applicant while the case collects; somebody else approves.
func TestWhoSuppliesDataDoesNotApprove(t *testing.T) {
	b := newBackOf(t, handDesk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	if next := b.ok("rita", "GET", "/v1/cases/"+id, "")["next"].([]any); len(next) != 1 {
		t.Errorf("what Rita can do: %v", next)
	}
	if next := b.ok("otto", "GET", "/v1/cases/"+id, "")["next"].([]any); len(next) != 0 {
		t.Errorf("what an auditor can do: %v", next)
	}
	b.ok("rita", "PATCH", "/v1/cases/"+id+"/context", `{"applicant":{"email":"x@example.com"}}`)
	b.ok("rita", "POST", "/v1/cases/"+id+"/events", `{"type":"SUBMIT"}`)

	entries := b.ok("rita", "GET", "/v1/cases/"+id+"/history", "")["data"].([]any)
	for _, one := range entries[1:] {
		if actor := one.(map[string]any)["actor"].(map[string]any); actor["as"] != "applicant" || actor["kind"] != "user" {
			t.Errorf("the history says %v", actor)
		}
	}
	if report := b.ok("rita", "GET", "/v1/cases/"+id+"/verification", ""); report["valid"] != true {
		t.Error(report)
	}
	approve := func(who string) (int, string) {
		w := b.call(who, "POST", "/v1/cases/"+id+"/decisions", `{"event":"approve","reason":"r","comment":"c"}`, "If-Match", `"3"`)
		return w.Code, w.Body.String()
	}
	if code, text := approve("rita"); code != http.StatusConflict || !strings.Contains(text, "four_eyes") {
		t.Errorf("who has supplied the data approves: %d %s", code, text)
	}
	supplied := func(who string) any {
		needs, _ := b.ok(who, "GET", "/v1/cases/"+id, "")["needs"].(map[string]any)
		return needs["supplied"]
	}
	if supplied("rita") != true || supplied("robin") != nil {
		t.Errorf("needs: %v, %v", supplied("rita"), supplied("robin"))
	}
	if code, text := approve("robin"); code != http.StatusOK {
		t.Errorf("somebody else approves: %d %s", code, text)
	}
}

// TestWhoHasStartedACaseDoesNotApproveIt, but may reject it.
func TestWhoHasStartedACaseDoesNotApproveIt(t *testing.T) {
	b := newBackOf(t, handDesk)
	id, _ := b.answer(b.call("rita", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"SUBMIT"}`)
	decide := func(event string) int {
		return b.call("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"`+event+`","reason":"r","comment":"c"}`, "If-Match", `"2"`).Code
	}
	if code := decide("approve"); code < 400 {
		t.Errorf("approved: %d", code)
	}
	if code := decide("reject"); code != http.StatusOK {
		t.Errorf("rejected: %d", code)
	}
}

// TestTheApplicantsLinkIsTheWorkflows: with their token in it.
func TestTheApplicantsLinkIsTheWorkflows(t *testing.T) {
	for definition, want := range map[string]string{
		handDesk: "", strings.Replace(handDesk, "flow: {", "flow: {url: 'https://apply.example.com/#token={token}', ", 1): "https://apply.example.com/#token=",
	} {
		b := newBackOf(t, definition)
		id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
		made := b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/flow-tokens", `{}`), http.StatusCreated)
		token, _ := made["token"].(string)
		if got, _ := made["url"].(string); token == "" || want == "" && got != "" || want != "" && got != want+token {
			t.Errorf("%v, want %s", made, want)
		}
	}
}

// TestWhoCorrectsDataDoesNotApprove: in review as well as while the case collects.
func TestWhoCorrectsDataDoesNotApprove(t *testing.T) {
	b := newBackOf(t, handDesk)
	id, _ := b.answer(b.call("client", "POST", "/v1/cases", `{"workflow":"desk","subject":{"type":"individual"}}`), http.StatusCreated)["id"].(string)
	b.ok("client", "POST", "/v1/cases/"+id+"/events", `{"type":"SUBMIT"}`)
	b.ok("rita", "PATCH", "/v1/cases/"+id+"/context", `{"applicant":{"email":"y@example.com"}}`)
	w := b.call("rita", "POST", "/v1/cases/"+id+"/decisions", `{"event":"approve","reason":"r","comment":"c"}`, "If-Match", `"3"`)
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "four_eyes") {
		t.Errorf("who has corrected the data approves: %d %s", w.Code, w.Body)
	}
}
