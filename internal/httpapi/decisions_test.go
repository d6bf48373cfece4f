package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
)

const askedDesk = "id: desk\nsubject: individual\ninitial: review\nstates: {review: {tags: [manual_review], on: {approve: approved}}, approved: {type: final}}\n"

func TestADecisionThatAPersonIsAskedForGoesOnAsACase(t *testing.T) {
	b := newBackOf(t, askedDesk)
	w := b.call("client", "POST", "/v1/decisions/desk", `{"context":{},"subject":{"type":"individual","external_id":"cust-1"}}`)
	open := b.answer(w, http.StatusAccepted)
	if one := b.ok("client", "GET", w.Header().Get("Location"), ""); one["id"] != open["id"] {
		t.Errorf("%v", one)
	}
	if open["status"] != "active" || open["outcome"] != nil || fmt.Sprint(open["configuration"]) != "[review]" || w.Header().Get("Location") == "" {
		t.Errorf("%v", open)
	}
}

func TestADecisionThatCannotBeMadeExplainsWhy(t *testing.T) {
	b := newBackOf(t, askedDesk)
	for name, row := range map[string]struct {
		who, path, body string
		status          int
		code            string
	}{
		"no such workflow":      {"client", "none", `{"context":{}}`, http.StatusUnprocessableEntity, "unknown_workflow"},
		"no context":            {"client", "desk", `{}`, http.StatusUnprocessableEntity, "invalid"},
		"another subject":       {"client", "desk", `{"context":{},"subject":{"type":"robot"}}`, http.StatusUnprocessableEntity, "invalid"},
		"a subject that is off": {"client", "desk", `{"context":{},"subject":{"type":5}}`, http.StatusUnprocessableEntity, "invalid"},
		"somebody who may not":  {"otto", "desk", `{"context":{}}`, http.StatusForbidden, "forbidden"},
	} {
		if got := b.answer(b.call(row.who, "POST", "/v1/decisions/"+row.path, row.body), row.status); got["code"] != row.code {
			t.Errorf("%s: %v", name, got)
		}
	}
}
