package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ballerine/client"
	"ballerine/internal/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// delivered is a delivery as the product signs it.
func delivered(t *testing.T, body string, at time.Time) *http.Request {
	t.Helper()
	header, err := webhook.Sign([]webhook.Secret{{Value: secret}}, "evt_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	request.Header = header
	return request
}

func verifier(t *testing.T, secrets ...string) *client.Verifier {
	t.Helper()
	v, err := client.NewVerifier(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const completed = `{"specversion":"1.0","id":"case_1/9/0","source":"/ballerine","type":"case.completed","time":"2026-03-04T05:06:07Z","subject":"case_1",
	"datacontenttype":"application/json","data":{"case":"case_1","workflow":"kyc","workflow_version":1,"status":"completed","version":9,"configuration":["approved"],"outcome":"approved"}}`

func TestAWebhookBecomesATypedEvent(t *testing.T) {
	event, err := verifier(t, "whsec_AAAA", secret).VerifyRequest(delivered(t, completed, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	data, ok := event.Data.(*client.CaseCompletedEventData)
	if !ok || *data.Outcome != "approved" || data.Version != 9 || event.ID != "case_1/9/0" || event.Subject != "case_1" || event.Time.Minute() != 6 {
		t.Errorf("the event is %+v with %+v", event, event.Data)
	}
	own := strings.Replace(completed, "case.completed", "workflow.kyc_passed", 1)
	if event, err = verifier(t, secret).VerifyRequest(delivered(t, own, time.Now())); err != nil {
		t.Fatal(err)
	} else if data, ok := event.Data.(*client.WorkflowEventData); !ok || (*data)["case"] != "case_1" {
		t.Errorf("a workflow's own event has %+v", event.Data)
	}
	later := strings.Replace(completed, "case.completed", "case.invented", 1)
	if event, err = verifier(t, secret).VerifyRequest(delivered(t, later, time.Now())); err != nil {
		t.Fatal(err)
	} else if data, ok := event.Data.(*map[string]any); !ok || (*data)["case"] != "case_1" {
		t.Errorf("an event of a later version has %+v", event.Data)
	}
}

func TestAWebhookThatIsNotOursIsRefused(t *testing.T) {
	changed := delivered(t, completed, time.Now())
	changed.Body = http.NoBody
	unsigned := delivered(t, completed, time.Now())
	unsigned.Header.Del("webhook-signature")
	for name, c := range map[string]struct {
		with    string
		request *http.Request
	}{
		"another secret": {"whsec_AAAA", delivered(t, completed, time.Now())}, "another body": {secret, changed},
		"an old one": {secret, delivered(t, completed, time.Now().Add(-6*time.Minute))}, "without a signature": {secret, unsigned},
	} {
		if _, err := verifier(t, c.with).VerifyRequest(c.request); !errors.Is(err, client.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{"no JSON": "hello", "other data": strings.Replace(completed, `"version":9`, `"version":"nine"`, 1), "too large": completed + strings.Repeat(" ", 300<<10)} {
		if _, err := verifier(t, secret).VerifyRequest(delivered(t, body, time.Now())); err == nil || errors.Is(err, client.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, secrets := range [][]string{nil, {""}, {"whsec_%"}} {
		if _, err := client.NewVerifier(secrets...); err == nil {
			t.Errorf("the secrets %q are taken", secrets)
		}
	}
}

func TestWhatWebhooksHaveMissedIsReadWithItsTypes(t *testing.T) {
	requested := ""
	c, err := client.New("https://api.test", "key", client.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		requested = r.URL.RawQuery
		answer := httptest.NewRecorder()
		answer.WriteString(`{"data":[` + completed + `],"next_cursor":null,"complete_until":"2026-03-04T05:06:07Z"}`)
		return answer.Result(), nil
	})}))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for event, err := range c.AllEvents(t.Context(), &client.ListEventsParams{Type: []string{"case.completed", "case.failed"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := event.Data.(*client.CaseCompletedEventData); !ok || *data.Outcome != "approved" || event.Subject != "case_1" {
			t.Errorf("the event is %+v with %+v", event, event.Data)
		}
		found++
	}
	if found != 1 || requested != "type=case.completed&type=case.failed" {
		t.Errorf("%d events were found with %s", found, requested)
	}
}
