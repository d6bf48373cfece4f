package httpapi_test

import (
	"net/http"
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
	b.answer(b.call("otto", "POST", "/v1/cases/"+id+"/flow-tokens", `{}`), http.StatusForbidden)
}
