package sandbox

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// manual is a clock whose delays are ended by the test.
type manual struct {
	waiting chan chan time.Time
	delays  chan time.Duration
	offset  atomic.Int64
}

func newManual() *manual {
	return &manual{waiting: make(chan chan time.Time, 10), delays: make(chan time.Duration, 100)}
}

func (m *manual) Now() time.Time {
	return time.Unix(1_700_000_000+m.offset.Load(), 0)
}

func (m *manual) After(delay time.Duration) <-chan time.Time {
	m.delays <- delay
	c := make(chan time.Time, 1)
	m.waiting <- c
	return c
}

// fire ends the next delay.
func (m *manual) fire() { c := <-m.waiting; c <- m.Now() }

func newServer(t *testing.T, config Config) (*Server, string) {
	t.Helper()
	config.CallbackSecret, config.Log = secret, slog.New(slog.DiscardHandler)
	s := New(config)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(s.Close)
	return s, server.URL
}

func post(t *testing.T, url, key, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	return answer.StatusCode, string(text)
}

func TestTheNameDecides(t *testing.T) {
	_, url := newServer(t, Config{Clock: newManual()})
	for _, c := range []struct {
		path, family string
		status       int
		contains     string
	}{
		{"/identity-checks", "Eriksson", 200, `"status":"verified"`},
		{"/identity-checks", "Downing", 200, `"status":"verified"`},
		{"/identity-checks", "MISMATCH", 200, `"status":"failed"`},
		{"/identity-checks", "Maybe", 200, `"status":"review"`},
		{"/identity-checks", "Down", 503, "unavailable"},
		{"/identity-checks", "Refused", 422, "cannot be checked"},
		{"/identity-checks", "Garbage", 200, "<!doctype html>"},
		{"/identity-checks", "von-Maybe", 200, `"status":"review"`},
	} {
		status, body := post(t, url+c.path, "key "+c.path+c.family, `{"given_name":"Anna","family_name":"`+c.family+`"}`)
		if status != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s %s: %d %s", c.path, c.family, status, body)
		}
	}
}

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	clock := newManual()
	_, url := newServer(t, Config{Clock: clock})
	body := `{"given_name":"Anna","family_name":"Mismatch"}`
	_, first := post(t, url+"/identity-checks", "k", body)
	clock.offset.Add(1000)
	if _, second := post(t, url+"/identity-checks", "k", body); second != first {
		t.Errorf("%s then %s", first, second)
	}
	if _, other := post(t, url+"/identity-checks", "l", body); other == first {
		t.Error("another key gives the same answer")
	}
	if status, _ := post(t, url+"/identity-checks", "k", `{"given_name":"Anna","family_name":"Maybe"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("another body: %d", status)
	}
}

func TestFlakyFailsTwiceForAKeyAndThenRecovers(t *testing.T) {
	_, url := newServer(t, Config{Clock: newManual()})
	for _, key := range []string{"a", "b"} {
		for attempt, want := range []int{503, 503, 200, 200} {
			if status, _ := post(t, url+"/identity-checks", key, `{"given_name":"Anna","family_name":"Flaky"}`); status != want {
				t.Errorf("%s, attempt %d: %d", key, attempt, status)
			}
		}
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	_, url := newServer(t, Config{Clock: newManual()})
	good := `{"given_name":"Anna","family_name":"Eriksson"}`
	for name, c := range map[string]struct {
		path, key, body string
		status          int
	}{
		"no key": {"/identity-checks", "", good, 400}, "no JSON": {"/identity-checks", "k", "{", 400}, "no name": {"/identity-checks", "k", "{}", 400},
		"too large": {"/identity-checks", "k", `{"x":"` + strings.Repeat("y", maxBody) + `"}`, 413}, "elsewhere": {"/other", "k", good, 404},
		"nowhere to call back": {"/identity-checks", "k", `{"given_name":"Anna","family_name":"Callback"}`, 400},
	} {
		if status, _ := post(t, url+c.path, c.key, c.body); status != c.status {
			t.Errorf("%s: %d", name, status)
		}
	}
	_, locked := newServer(t, Config{Clock: newManual(), APIKey: "right"})
	if status, _ := post(t, locked+"/identity-checks", "k", good); status != http.StatusUnauthorized {
		t.Errorf("without the API key: %d", status)
	}
}

func TestSlowAnswersWhenItsTimeHasCome(t *testing.T) {
	clock := newManual()
	_, url := newServer(t, Config{Clock: clock})
	done := make(chan int)
	go func() {
		status, _ := post(t, url+"/identity-checks", "k", `{"given_name":"Slow","family_name":"Eriksson"}`)
		done <- status
	}()
	waiting := <-clock.waiting
	select {
	case <-done:
		t.Fatal("it did not wait")
	default:
	}
	waiting <- clock.Now()
	if status := <-done; status != http.StatusOK {
		t.Errorf("%d", status)
	}
}

func TestACallBackIsSignedAndTriedAgain(t *testing.T) {
	clock := newManual()
	calls := make(chan *http.Request, 10)
	bodies := make(chan []byte, 10)
	failures := atomic.Int32{}
	failures.Store(2)
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if failures.Add(-1) >= 0 {
			w.WriteHeader(http.StatusBadGateway)
		}
		bodies <- body
		calls <- r
	}))
	t.Cleanup(hooks.Close)
	s, url := newServer(t, Config{Clock: clock})
	body := `{"given_name":"Anna","family_name":"Callback","callback_url":"` + hooks.URL + `/back"}`
	for range 2 {
		if status, text := post(t, url+"/identity-checks", "k", body); status != http.StatusAccepted || !strings.Contains(text, "pending") {
			t.Fatalf("%d %s", status, text)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		clock.fire()
		r, got := <-calls, <-bodies
		if err := verifier.VerifyIgnoringTimestamp(got, r.Header); err != nil || r.URL.Path != "/back" || r.Header.Get("Webhook-Timestamp") != "1700000000" {
			t.Fatalf("%v %v", r.Header, err)
		}
		var verdict struct {
			ID, Status string
			Score      float64
		}
		if err := json.Unmarshal(got, &verdict); err != nil || verdict.Status != "verified" || verdict.ID != r.Header.Get("Webhook-Id") {
			t.Fatalf("%s %v", got, err)
		}
	}
	s.Close()
	if len(calls) != 0 || len(clock.waiting) != 0 {
		t.Error("it calls back again after it was taken")
	}
}

func TestACallBackThatWasNotTakenComesAgainSoonHoweverLateItWas(t *testing.T) {
	clock := newManual()
	taken := make(chan struct{})
	refused := false
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !refused {
			refused = true
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		close(taken)
	}))
	t.Cleanup(hooks.Close)
	_, url := newServer(t, Config{Clock: clock, CallbackDelay: 2 * time.Second, Cast: map[string]Part{"Anna Late": {Callback: 40 * time.Hour}}})
	if status, text := post(t, url+"/identity-checks", "k", `{"given_name":"Anna","family_name":"Late","callback_url":"`+hooks.URL+`"}`); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	for range 2 {
		clock.fire()
	}
	<-taken
	if first, second := <-clock.delays, <-clock.delays; first != 40*time.Hour || second != 2*time.Second {
		t.Errorf("it calls after %v, and again after %v", first, second)
	}
}

func TestClosingEndsWhatIsWaiting(t *testing.T) {
	clock := newManual()
	s, url := newServer(t, Config{Clock: clock})
	if status, _ := post(t, url+"/identity-checks", "k", `{"given_name":"Anna","family_name":"Callback","callback_url":"http://127.0.0.1:1/"}`); status != http.StatusAccepted {
		t.Fatal(status)
	}
	done := make(chan int)
	go func() {
		status, _ := post(t, url+"/identity-checks", "slow", `{"given_name":"Anna","family_name":"Slow"}`)
		done <- status
	}()
	<-clock.waiting
	<-clock.waiting
	s.Close()
	if status := <-done; status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
}

func TestOldKeysAreForgottenWithinBounds(t *testing.T) {
	s := New(Config{Clock: newManual()})
	defer s.Close()
	for i := range maxRemember + 10 {
		s.remember(strings.Repeat("k", 1)+time.Duration(i).String(), [32]byte{})
	}
	if len(s.seen) != maxRemember || len(s.order) != maxRemember {
		t.Errorf("%d, %d", len(s.seen), len(s.order))
	}
}
