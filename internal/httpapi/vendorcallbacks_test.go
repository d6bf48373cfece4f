package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/cases"
)

// deskPlugin is a vendor with one address for all cases.
const deskPlugin = `
id: desk
title: Desk
mode: callback
request: {method: POST, url: 'https://desk.example/sessions'}
response: {later: {keep: {pin: '{body.pin}'}}}
callback:
  timeout: P1D
  signature: {secret: ORACLE, scheme: standard-webhooks}
  correlate: {answer: body.id, callback: body.session.id, sent: body.at}
  when: "body.kind == 'final' && (!accepted.pin || body.pin == accepted.pin)"
  schema: {type: object, properties: {said: {type: string}}}
  result: {said: '{body.said}'}
`

// desk publishes the plugin and returns the path of its address.
func (h *house) desk(source string) string {
	h.t.Helper()
	made := h.made(http.StatusCreated, "ada", "POST", "/v1/plugins/desk/versions", object{"source": source})
	path, ok := strings.CutPrefix(made["callback_url"].(string), "http://localhost")
	if !ok {
		h.t.Fatalf("callback_url %v", made["callback_url"])
	}
	return path
}

// asked is a case whose vendor has accepted the request with an id of its own; "" for one that has not answered yet.
func (h *house) asked(id string) (string, cases.Job) {
	h.t.Helper()
	made, _ := h.made(http.StatusCreated, "client", "POST", "/v1/cases", object{"workflow": "small", "subject": object{"type": "individual"}})["id"].(string)
	job, _, _, err := h.core.Cases.BeginWork(h.t.Context(), cases.Branch{Tenant: "t", Case: made}, "check", "answer")
	if err != nil {
		h.t.Fatal(err)
	}
	if id != "" {
		h.accepts(job, id, nil)
	}
	return made, job
}

func (h *house) accepts(job cases.Job, id string, kept any) {
	h.t.Helper()
	run := cases.TaskRun{ID: "task_1", State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: 1, Outcome: "awaiting", StartedAt: h.now}
	if _, err := h.core.Cases.FinishWork(h.t.Context(), job, cases.Outcome{Awaiting: true, Accepted: kept, VendorID: &cases.VendorID{Plugin: "desk", ID: id}, Run: run}); err != nil {
		h.t.Fatal(err)
	}
}

// sent is a callback to a path, signed at this time.
func (h *house) sent(path, body string, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	signer, err := standardwebhooks.NewWebhook(secretOfOracle)
	if err != nil {
		h.t.Fatal(err)
	}
	signature, err := signer.Sign("msg_1", h.now, []byte(body))
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("nobody", "POST", path, body, append([]string{"Webhook-Id", "msg_1", "Webhook-Timestamp", strconv.FormatInt(h.now.Unix(), 10), "Webhook-Signature", signature}, header...)...)
}

func (h *house) stateIs(id, want string) {
	h.t.Helper()
	h.has("the case", h.made(http.StatusOK, "client", "GET", "/v1/cases/"+id, nil), object{"configuration": "[" + want + "]"})
}

func finalOf(session string) string {
	return `{"kind":"final","said":"yes","session":{"id":"` + session + `"}}`
}

func TestOneAddressServesAllCasesByTheVendorsID(t *testing.T) {
	h := newHouse(t)
	path := h.desk(deskPlugin)
	one, _ := h.asked("session-1")
	two, _ := h.asked("session-2")
	for range 2 { // the second one is the same again
		if w := h.sent(path, finalOf("session-2")); w.Code != http.StatusNoContent {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	h.stateIs(one, "check")
	h.stateIs(two, "review")
	if w := h.sent(path, finalOf("session-1")); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(one, "review")
	if again := h.desk(strings.Replace(deskPlugin, "title: Desk", "title: Another", 1)); again != path {
		t.Errorf("another version has the address %s", again)
	}
	if listed := h.call("ada", "GET", "/v1/plugins", "").Body.String(); !strings.Contains(listed, path) {
		t.Errorf("the list of plugins does not have the address: %s", listed)
	}
}

func TestAFixedAddressTakesNothingUnsigned(t *testing.T) {
	h := newHouse(t)
	path := h.desk(deskPlugin)
	id, _ := h.asked("session-1")
	body := finalOf("session-1")
	bent := path[:len(path)-1] + "A"
	if strings.HasSuffix(path, "A") {
		bent = path[:len(path)-1] + "B"
	}
	for name, row := range map[string]struct {
		w      *httptest.ResponseRecorder
		status int
		code   string
	}{
		"another token":       {h.sent(bent, body), 401, "invalid_credentials"},
		"another plugin":      {h.sent(strings.Replace(path, "/desk/", "/oracle/", 1), body), 401, "invalid_credentials"},
		"another tenant":      {h.sent(strings.Replace(path, "/t/", "/other/", 1), body), 401, "invalid_credentials"},
		"signed by another":   {h.sent(path, body, "Webhook-Signature", "v1,AAAA"), 401, "invalid_credentials"},
		"no signature":        {h.sent(path, body, "Webhook-Signature", ""), 401, "invalid_credentials"},
		"a body that is bent": {h.call("nobody", "POST", path, body), 401, "invalid_credentials"},
		"no JSON":             {h.sent(path, "session-1"), 422, "invalid"},
	} {
		if got := h.answer(row.w, row.status); got["code"] != row.code || strings.Contains(row.w.Body.String(), id) {
			t.Errorf("%s: %v", name, got)
		}
	}
	h.stateIs(id, "check")
	if fixed := h.core.Addresses.Of("t", "oracle"); h.sent(strings.TrimPrefix(fixed, "http://localhost"), body).Code != http.StatusNotFound {
		t.Error("a plugin without callback.correlate has a fixed address")
	}
}

// TestACallbackThatIsFasterThanTheAnswerComesAgain: the vendor repeats it until its id is known, and no longer than ten minutes.
func TestACallbackThatIsFasterThanTheAnswerComesAgain(t *testing.T) {
	h := newHouse(t)
	path := h.desk(deskPlugin)
	id, job := h.asked("")
	early := h.sent(path, finalOf("session-1"))
	if h.answer(early, http.StatusConflict)["code"] != "conflict" || early.Header().Get("Retry-After") != "30" {
		t.Fatalf("%d %s, Retry-After %q", early.Code, early.Body, early.Header().Get("Retry-After"))
	}
	h.accepts(job, "session-1", nil)
	if w := h.sent(path, finalOf("session-1")); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "review")
	began := h.now
	for after, want := range map[time.Duration]int{0: 409, 9 * time.Minute: 409, 10 * time.Minute: 204, time.Hour: 204} {
		h.now = began
		stranger := "stranger-" + after.String()
		h.sent(path, finalOf(stranger))
		h.now = began.Add(after)
		if w := h.sent(path, finalOf(stranger)); w.Code != want {
			t.Errorf("an unknown id after %s: %d", after, w.Code)
		}
	}
	h.now = began
	for name, row := range map[string]struct {
		body string
		want int
	}{
		"sent a moment ago":     {`{"kind":"final","session":{"id":"x"},"at":"` + h.now.Add(-time.Minute).Format(time.RFC3339) + `"}`, 409},
		"sent long ago":         {`{"kind":"final","session":{"id":"x"},"at":"` + h.now.Add(-time.Hour).Format(time.RFC3339) + `"}`, 204},
		"sent long ago, in ms":  {`{"kind":"final","session":{"id":"y"},"at":` + strconv.FormatInt(h.now.Add(-time.Hour).UnixMilli(), 10) + `}`, 204},
		"about something else":  {`{"kind":"final","case":"none"}`, 204},
		"an id that is no text": {`{"kind":"final","session":{"id":{}}}`, 204},
	} {
		if w := h.sent(path, row.body); w.Code != row.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestCallbacksOutOfOrderAreAppliedOnce(t *testing.T) {
	h := newHouse(t)
	path := h.desk(strings.Replace(deskPlugin, "when: \"body.kind == 'final' && (!accepted.pin || body.pin == accepted.pin)\"", "when: \"body.kind == 'final'\"", 1))
	id, _ := h.asked("session-1")
	for _, body := range []string{finalOf("session-1"), `{"kind":"started","session":{"id":"session-1"}}`, strings.Replace(finalOf("session-1"), "yes", "no", 1), finalOf("session-1")} {
		if w := h.sent(path, body); w.Code != http.StatusNoContent {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	h.stateIs(id, "review")
	if text := h.call("client", "GET", "/v1/cases/"+id, "").Body.String(); !strings.Contains(text, `"said":"yes"`) {
		t.Errorf("another callback than the first counts: %s", text)
	}
	if w := h.sent(path, `{"kind":"started","session":{"id":"nobody"}}`); w.Code != http.StatusNoContent {
		t.Errorf("what is not the answer is asked for again: %d", w.Code)
	}
}

// A vendor that gives the request of a new round the former one's id calls back about both.
func TestACallbackAboutAFormerRoundDoesNotCount(t *testing.T) {
	h := newHouse(t)
	path := h.desk(deskPlugin)
	id, job := h.asked("")
	accepts := func() {
		run := cases.TaskRun{ID: "task_" + h.now.Format("02"), State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: 1, Outcome: "awaiting", StartedAt: h.now}
		if _, err := h.core.Cases.FinishWork(t.Context(), job, cases.Outcome{Awaiting: true, Until: h.now.Add(24 * time.Hour), VendorID: &cases.VendorID{Plugin: "desk", ID: "session-1", Asked: h.now}, Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	accepts()
	former := h.now
	h.now = h.now.Add(48 * time.Hour)
	if _, err := h.core.Cases.Expire(t.Context(), cases.Branch{Tenant: "t", Case: id}); err != nil {
		t.Fatal(err)
	}
	record, err := h.core.Cases.Store.Get(t.Context(), "t", id)
	if err != nil || len(record.Incidents) != 1 {
		t.Fatalf("%v %+v", err, record.Incidents)
	}
	h.made(http.StatusOK, "client", "POST", "/v1/cases/"+id+"/incidents/"+record.Incidents[0].ID+"/retry", nil)
	if job, _, _, err = h.core.Cases.BeginWork(t.Context(), cases.Branch{Tenant: "t", Case: id}, "check", "answer"); err != nil {
		t.Fatal(err)
	}
	accepts()
	at := func(at time.Time, said string) string {
		return strings.Replace(strings.Replace(finalOf("session-1"), "yes", said, 1), `{"kind"`, `{"at":"`+at.UTC().Format(time.RFC3339)+`","kind"`, 1)
	}
	if w := h.sent(path, at(former, "no")); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "check")
	if w := h.sent(path, at(h.now, "yes")); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "review")
	if text := h.call("client", "GET", "/v1/cases/"+id, "").Body.String(); !strings.Contains(text, `"said":"yes"`) {
		t.Errorf("the callback about the former round counts: %s", text)
	}
}

// TestOneSignedBodyCountsForOneCase: a condition compares the callback with what was kept of the acceptance, and with the case.
func TestOneSignedBodyCountsForOneCase(t *testing.T) {
	h := newHouse(t)
	path := h.desk(deskPlugin)
	id, job := h.asked("")
	h.accepts(job, "session-1", object{"pin": "1234"})
	if w := h.sent(path, finalOf("session-1")); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "check")
	if w := h.sent(path, `{"kind":"final","said":"yes","pin":"1234","session":{"id":"session-1"}}`); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(id, "review")

	// The same of addresses that name the case: the vendor repeats its id, and the body of one is none of another's.
	h = newHouse(t)
	h.made(http.StatusCreated, "ada", "POST", "/v1/plugins/oracle/versions", object{"source": strings.Replace(shippedPlugin, "when: \"body.kind == 'final'\"", "when: \"body.kind == 'final' && body.case == case.id\"", 1)})
	one, two := h.awaiting(), h.awaiting()
	body := `{"kind":"final","said":"yes","case":"` + one.Case + `"}`
	for _, c := range []string{h.token(two, time.Hour), h.token(one, time.Hour)} {
		if w := h.calledBack(c, body, h.now); w.Code != http.StatusNoContent {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	h.stateIs(two.Case, "check")
	h.stateIs(one.Case, "review")
}

// TestACallbackThatNeedsTheAcceptanceWaitsForIt: it is understood only with what the first answer has left.
func TestACallbackThatNeedsTheAcceptanceWaitsForIt(t *testing.T) {
	h := newHouse(t)
	h.made(http.StatusCreated, "ada", "POST", "/v1/plugins/oracle/versions", object{"source": strings.Replace(shippedPlugin, "when: \"body.kind == 'final'\"", "when: \"body.pin == accepted.pin\"", 1)})
	c := h.awaiting()
	other, job := h.asked("")
	c.Case, c.Visit = other, job.Visit
	token := h.token(c, time.Hour)
	if w := h.calledBack(token, `{"pin":"1","said":"yes"}`, h.now); w.Code != http.StatusConflict || w.Header().Get("Retry-After") != "30" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.accepts(job, "session-1", object{"pin": "1"})
	if w := h.calledBack(token, `{"pin":"1","said":"yes"}`, h.now); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.stateIs(other, "review")
}
