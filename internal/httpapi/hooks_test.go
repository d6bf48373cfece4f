package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
)

// awaiting is a case that waits for the vendor's callback, and what names the work.
func (h *house) awaiting() identity.Callback {
	h.t.Helper()
	id, _ := h.made(http.StatusCreated, "client", "POST", "/v1/cases", object{"workflow": "small", "subject": object{"type": "individual"}})["id"].(string)
	job, _, _, err := h.core.Cases.BeginWork(h.t.Context(), cases.Branch{Tenant: "t", Case: id}, "check", "answer")
	if err != nil {
		h.t.Fatal(err)
	}
	run := cases.TaskRun{ID: "task_1", State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: 1, Outcome: "done", StartedAt: h.now}
	if _, err := h.core.Cases.FinishWork(h.t.Context(), job, cases.Outcome{Awaiting: true, Run: run}); err != nil {
		h.t.Fatal(err)
	}
	return identity.Callback{Tenant: "t", Case: id, State: "check", Visit: job.Visit, Work: "answer", Plugin: "oracle"}
}

// token of the address that the vendor was given.
func (h *house) token(c identity.Callback, lasts time.Duration) string {
	h.t.Helper()
	token, err := h.core.Tokens.Callback(c, h.now.Add(lasts))
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// calledBack sends the vendor's message, signed at a time.
func (h *house) calledBack(token, body string, at time.Time, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	signer, err := standardwebhooks.NewWebhook(secretOfOracle)
	if err != nil {
		h.t.Fatal(err)
	}
	signature, err := signer.Sign("msg_1", at, []byte(body))
	if err != nil {
		h.t.Fatal(err)
	}
	header = append([]string{"Webhook-Id", "msg_1", "Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10), "Webhook-Signature", signature}, header...)
	return h.call("nobody", "POST", "/v1/hooks/"+token, body, header...)
}

func (h *house) caseOf(c identity.Callback) object {
	h.t.Helper()
	return h.made(http.StatusOK, "client", "GET", "/v1/cases/"+c.Case, nil)
}

const answered = `{"kind":"final","said":"yes"}`

func TestACallbackGoesOnWithItsCaseOnce(t *testing.T) {
	h := newHouse(t)
	c := h.awaiting()
	token := h.token(c, time.Hour)
	w := h.calledBack(token, answered, h.now)
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.has("after it", h.caseOf(c), object{"configuration": "[review]"})
	version := h.caseOf(c)["version"]
	if w := h.calledBack(token, answered, h.now); w.Code != http.StatusNoContent {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
	h.has("after it was sent again", h.caseOf(c), object{"configuration": "[review]"})
	if w := h.calledBack(token, `{"kind":"final","said":"no"}`, h.now); w.Code != http.StatusNoContent {
		t.Errorf("another answer: %d %s", w.Code, w.Body)
	}
	if text := h.call("client", "GET", "/v1/cases/"+c.Case, "").Body.String(); strings.Contains(text, `"said":"no"`) {
		t.Errorf("a second answer counts: version %v and then %s", version, text)
	}
}

// TestACallbackThatIsNobodysLeavesTheCase: a forger learns nothing, and changes nothing.
func TestACallbackThatIsNobodysLeavesTheCase(t *testing.T) {
	h := newHouse(t)
	c := h.awaiting()
	token := h.token(c, time.Hour)
	mended := func(change func(c *identity.Callback)) string {
		other := c
		change(&other)
		return h.token(other, time.Hour)
	}
	flow, _ := h.made(http.StatusCreated, "client", "POST", "/v1/cases/"+c.Case+"/flow-tokens", object{})["token"].(string)
	before := h.caseOf(c)["version"]
	for name, row := range map[string]struct {
		w      *httptest.ResponseRecorder
		status int
		code   string
	}{
		"no token":               {h.calledBack("x", answered, h.now), 401, "invalid_credentials"},
		"a token that was bent":  {h.calledBack(token[:len(token)-8]+"AAAAAAAA", answered, h.now), 401, "invalid_credentials"},
		"an applicant's token":   {h.calledBack(flow, answered, h.now), 401, "invalid_credentials"},
		"a token that is over":   {h.calledBack(h.token(c, -time.Hour), answered, h.now), 401, "credentials_expired"},
		"a token of no case":     {h.calledBack(mended(func(c *identity.Callback) { c.Case = "" }), answered, h.now), 401, "invalid_credentials"},
		"another tenant's case":  {h.calledBack(mended(func(c *identity.Callback) { c.Tenant = "other" }), answered, h.now), 404, "not_found"},
		"a case that is not":     {h.calledBack(mended(func(c *identity.Callback) { c.Case = "case_none" }), answered, h.now), 404, "not_found"},
		"a signature of another": {h.calledBack(token, answered, h.now, "Webhook-Signature", "v1,AAAA"), 401, "invalid_credentials"},
		"no signature":           {h.calledBack(token, answered, h.now, "Webhook-Signature", ""), 401, "invalid_credentials"},
		"signed long ago":        {h.calledBack(token, answered, h.now.Add(-6*time.Minute)), 401, "invalid_credentials"},
		"signed ahead of time":   {h.calledBack(token, answered, h.now.Add(6*time.Minute)), 401, "invalid_credentials"},
		"no time":                {h.calledBack(token, answered, h.now, "Webhook-Timestamp", ""), 401, "invalid_credentials"},
		"signed with a key":      {h.call("client", "POST", "/v1/hooks/"+token, answered), 401, "invalid_credentials"},
	} {
		if got := h.answer(row.w, row.status); got["code"] != row.code {
			t.Errorf("%s: %v", name, got)
		}
		if strings.Contains(row.w.Body.String(), c.Case) {
			t.Errorf("%s learns of the case: %s", name, row.w.Body)
		}
	}
	h.has("after all that", h.caseOf(c), object{"configuration": "[check]", "version": before})
}

// TestACallbackThatAnswersNothingIsToldInTheHistory: the case still waits, and who looks at it sees why.
func TestACallbackThatAnswersNothingIsToldInTheHistory(t *testing.T) {
	for name, row := range map[string]struct {
		body, kind string
		status     int
		reason     string
		places     string
	}{
		"not the answer yet":      {`{"kind":"started","said":"Ada Secret"}`, "application/json", http.StatusNoContent, "not_an_answer", ""},
		"not what is expected":    {`{"kind":"final","said":7}`, "application/json", http.StatusUnprocessableEntity, "unreadable", "callback.body.said"},
		"without what is needed":  {`{"kind":"final","name":"Ada Secret"}`, "application/json", http.StatusUnprocessableEntity, "unreadable", "callback.body"},
		"no JSON":                 {`Ada Secret`, "application/json", http.StatusUnprocessableEntity, "unreadable", "response.body"},
		"of another content type": {answered, "text/plain", http.StatusUnprocessableEntity, "unreadable", "response.body"},
		"a name in it twice":      {`{"kind":"final","said":"a","said":"Ada Secret"}`, "application/json", http.StatusUnprocessableEntity, "unreadable", "response.body.said"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c := h.awaiting()
			token := h.token(c, time.Hour)
			w := h.calledBack(token, row.body, h.now, "Content-Type", row.kind)
			if w.Code != row.status || strings.Contains(w.Body.String(), "Secret") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if row.status != http.StatusNoContent {
				if got := h.answer(w, row.status); got["code"] != "invalid" || fmt.Sprint(at(got, "errors", 0, "location")) != row.places {
					t.Errorf("%v", got)
				}
			}
			history := h.call("otto", "GET", "/v1/cases/"+c.Case+"/history?cause=callback_ignored", "")
			data, _ := h.answer(history, http.StatusOK)["data"].([]any)
			if len(data) != 1 || !strings.Contains(history.Body.String(), `"reason":"`+row.reason+`"`) || strings.Contains(history.Body.String(), "Secret") {
				t.Errorf("history: %s", history.Body)
			}
			h.has("still", h.caseOf(c), object{"configuration": "[check]"})
			if w := h.calledBack(token, answered, h.now); w.Code != http.StatusNoContent {
				t.Errorf("the answer: %d %s", w.Code, w.Body)
			}
			h.has("answered", h.caseOf(c), object{"configuration": "[review]"})
		})
	}
}
