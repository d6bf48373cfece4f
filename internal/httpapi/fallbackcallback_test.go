package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestACallbackOfAFallbackMustFitThePluginAskedFor: guards and policies read what the plugin that the work names promises.
func TestACallbackOfAFallbackMustFitThePluginAskedFor(t *testing.T) {
	h := newHouse(t)
	strict := strings.Replace(shippedPlugin, "result: {said:", "result: {outcome: verified, said:", 1) + "result: {type: object, required: [outcome], properties: {outcome: {enum: [verified, rejected]}}}\n"
	h.made(http.StatusCreated, "ada", "POST", "/v1/plugins/oracle/versions", object{"source": strict})
	path := h.desk(strings.Replace(deskPlugin, "result: {said: '{body.said}'}", "result: {outcome: '{body.outcome}', said: '{body.said}'}", 1))
	id, _ := h.asked("session-1")
	wrong := `{"kind":"final","outcome":"fine","said":"yes","session":{"id":"session-1"}}`
	w := h.sent(path, wrong)
	if got := h.answer(w, http.StatusUnprocessableEntity); at(got, "errors", 0, "location") != "result.outcome" {
		t.Errorf("%v", got)
	}
	h.stateIs(id, "check")
	if text := h.call("otto", "GET", "/v1/cases/"+id+"/history?cause=callback_ignored", "").Body.String(); !strings.Contains(text, `"reason":"unreadable"`) {
		t.Errorf("history: %s", text)
	}
	if w := h.sent(path, strings.Replace(wrong, "fine", "verified", 1)); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "review")
}
