package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAFlowTokenLastsAsLongAsAsked(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	for body, want := range map[string]time.Duration{`{}`: time.Hour, `{"expires_in":60}`: time.Minute, `{"expires_in":86400}`: 24 * time.Hour} {
		made := b.answer(b.call("client", "POST", "/v1/cases/"+id+"/flow-tokens", body), http.StatusCreated)
		if made["expires_at"] != b.now.Add(want).Format(time.RFC3339) || made["token"] == "" {
			t.Errorf("%s: %v", body, made["expires_at"])
		}
	}
	for _, body := range []string{`{"expires_in":59}`, `{"expires_in":86401}`, `{"expires_in":null}`} {
		b.answer(b.call("client", "POST", "/v1/cases/"+id+"/flow-tokens", body), http.StatusUnprocessableEntity)
	}
	b.answer(b.call("client", "POST", "/v1/cases/case_none/flow-tokens", `{}`), http.StatusNotFound)
	if entries := b.answer(b.call("rita", "GET", "/v1/cases/"+id+"/history?cause=flow_token_created", ""), http.StatusOK)["data"].([]any); len(entries) != 0 {
		t.Errorf("tokens of a key are noted: %v", entries)
	}
	b.answer(b.call("otto", "POST", "/v1/cases/"+id+"/flow-tokens", `{}`), http.StatusForbidden)
}

// TestAPersonsFlowTokenIsInTheHistory: once, also when the call comes again, and without the token.
func TestAPersonsFlowTokenIsInTheHistory(t *testing.T) {
	b := newBack(t)
	id := b.waiting("ada")
	once := []string{"Idempotency-Key", "link"}
	made := b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/flow-tokens", `{}`, once...), http.StatusCreated)
	if again := b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/flow-tokens", `{}`, once...), http.StatusCreated); again["expires_at"] != made["expires_at"] {
		t.Errorf("again: %v, then %v", made["expires_at"], again["expires_at"])
	}
	w := b.call("rita", "GET", "/v1/cases/"+id+"/history?cause=flow_token_created", "")
	if token, _ := made["token"].(string); token == "" || strings.Contains(w.Body.String(), token) {
		t.Error("the history has the token")
	}
	entries, _ := b.answer(w, http.StatusOK)["data"].([]any)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	entry, _ := entries[0].(map[string]any)
	actor, _ := entry["actor"].(map[string]any)
	details, _ := entry["details"].(map[string]any)
	kept, _ := details["flow_token"].(map[string]any)
	if actor["kind"] != "user" || kept["expires_at"] != made["expires_at"] || !strings.HasPrefix(kept["id"].(string), "flow_") || len(kept) != 2 {
		t.Errorf("%v", entry)
	}
	if report := b.answer(b.call("rita", "GET", "/v1/cases/"+id+"/verification", ""), http.StatusOK); report["valid"] != true {
		t.Errorf("%v", report)
	}
}
