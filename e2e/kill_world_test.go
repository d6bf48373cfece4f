package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// lateVendor takes requests and calls back later, twice: also while the system is down, and after it has come back.
type lateVendor struct {
	t      *testing.T
	server *httptest.Server
	data   string // the system's folder: it has the secret that signs callbacks
	calls  sync.WaitGroup
	ended  chan struct{}

	mutex    sync.Mutex
	requests map[string]map[string][sha256.Size]byte // case -> Idempotency-Key -> the body
	changed  []string                                // keys that came with another body
	refused  []string                                // callbacks that were refused for good
	answered int
	missed   int // callbacks that found nobody
}

func newLateVendor(t *testing.T, data string) *lateVendor {
	v := &lateVendor{t: t, data: data, ended: make(chan struct{}), requests: map[string]map[string][sha256.Size]byte{}}
	v.server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.server.Close)
	return v
}

// summary counts the callbacks so far.
func (v *lateVendor) summary() string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return fmt.Sprintf("%d callbacks taken and %d that found nobody", v.answered, v.missed)
}

// plugin is how the system asks this vendor.
func (v *lateVendor) plugin() string {
	return `
id: late
title: A vendor who calls back
mode: callback
timeout: PT5S
retry: {attempts: 8, interval: PT1S, rate: 1, errors: [vendor_unavailable, timeout]}
request:
  method: POST
  url: "` + v.server.URL + `/checks"
  body: {reference: "{case.id}", callback_url: "{callback_url}"}
response:
  later: {status: [202]}
callback:
  timeout: P1D
  signature: {secret: VENDOR_CALLBACK_SECRET, scheme: standard-webhooks}
  schema: {type: object, required: [status], properties: {status: {type: string}}}
  result: {status: "{body.status}"}
result: {type: object, required: [status], properties: {status: {type: string}}}
`
}

func (v *lateVendor) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request struct {
		Reference   string `json:"reference"`
		CallbackURL string `json:"callback_url"`
	}
	key := r.Header.Get("Idempotency-Key")
	if err != nil || json.Unmarshal(body, &request) != nil || key == "" {
		return // the system was killed while it asked
	}
	if v.isNew(request.Reference, key, body) {
		v.calls.Go(func() { v.callBack(request.CallbackURL, key) })
	}
	pause(150 * time.Millisecond) // so that a kill finds some requests without an answer
	w.WriteHeader(http.StatusAccepted)
}

// isNew remembers a request by its key, and reports whether it is the first with it.
func (v *lateVendor) isNew(reference, key string, body []byte) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	keys := v.requests[reference]
	if keys == nil {
		keys = map[string][sha256.Size]byte{}
		v.requests[reference] = keys
	}
	before, known := keys[key]
	if keys[key] = sha256.Sum256(body); known && before != keys[key] {
		v.changed = append(v.changed, key)
	}
	return !known
}

// callBack answers a request twice, each time until somebody has taken it.
func (v *lateVendor) callBack(url, key string) {
	for range 2 {
		pause(1500 * time.Millisecond)
		for !v.call(url, key) {
			select {
			case <-v.ended:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

func (v *lateVendor) call(url, key string) (done bool) {
	body := []byte(`{"status":"verified"}`)
	status, err := v.send(url, key, body)
	v.mutex.Lock()
	defer v.mutex.Unlock()
	switch {
	case err != nil:
		v.missed++
		return false
	case status >= 200 && status < 300:
		v.answered++
	case status == http.StatusConflict || status >= 500: // documented: it comes again
		return false
	default:
		v.refused = append(v.refused, fmt.Sprintf("%s: %d", key, status))
	}
	return true
}

func (v *lateVendor) send(url, key string, body []byte) (int, error) {
	text, err := os.ReadFile(filepath.Join(v.data, "secrets.json"))
	if err != nil {
		return 0, err
	}
	var secrets struct {
		Callback string `json:"callback_secret"`
	}
	if err := json.Unmarshal(text, &secrets); err != nil {
		return 0, err
	}
	signer, err := standardwebhooks.NewWebhook(secrets.Callback)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	signature, err := signer.Sign(key, now, body)
	if err != nil {
		return 0, err
	}
	a, err := (&server{}).call("POST", url, "", string(body), standardwebhooks.HeaderWebhookID, key,
		standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10), standardwebhooks.HeaderWebhookSignature, signature)
	return a.status, err
}

// check states what was wrong with the requests and answers of the vendor.
func (v *lateVendor) check() {
	v.t.Helper()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	for reference, keys := range v.requests {
		if len(keys) != 1 {
			v.t.Errorf("the vendor was asked about case %s with %d Idempotency-Keys, want 1", reference, len(keys))
		}
	}
	if len(v.changed) > 0 || len(v.refused) > 0 {
		v.t.Errorf("keys with another body: %v; callbacks that were refused: %v", v.changed, v.refused)
	}
	if v.answered < len(v.requests) {
		v.t.Errorf("%d callbacks for %d cases were taken", v.answered, len(v.requests))
	}
}

// notification is what a subscriber received about one version of a case.
type notification struct {
	Case    string
	Type    string
	Version int
}

// subscribers are three receivers of webhooks: one takes them, one fails, one never answers.
type subscribers struct {
	server *httptest.Server
	closed chan struct{}

	mutex    sync.Mutex
	received map[notification]string // with the outcome that was reported
	calls    map[string]int          // by path
}

var receivers = []string{"/healthy", "/failing", "/hanging"}

func newSubscribers(t *testing.T) *subscribers {
	s := &subscribers{received: map[notification]string{}, calls: map[string]int{}, closed: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() { close(s.closed); s.server.Close() })
	return s
}

func (s *subscribers) serve(w http.ResponseWriter, r *http.Request) {
	var event struct {
		Type string `json:"type"`
		Data struct {
			Case    string `json:"case"`
			Version int    `json:"version"`
			Outcome string `json:"outcome"`
		} `json:"data"`
	}
	err := json.NewDecoder(r.Body).Decode(&event)
	s.mutex.Lock()
	s.calls[r.URL.Path]++
	if err == nil && r.URL.Path == "/healthy" {
		s.received[notification{event.Data.Case, event.Type, event.Data.Version}] = event.Data.Outcome
	}
	s.mutex.Unlock()
	switch {
	case r.URL.Path == "/failing" || err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	case r.URL.Path == "/hanging":
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
	}
}

// summary counts what came in so far; the system may still be calling.
func (s *subscribers) summary() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return fmt.Sprintf("%d webhooks received by the healthy receiver, calls by path: %v", len(s.received), s.calls)
}

// lacks are those of some events that the healthy receiver has not received.
func (s *subscribers) lacks(events []notification) (missing []notification) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, event := range events {
		if _, there := s.received[event]; !there {
			missing = append(missing, event)
		}
	}
	return missing
}

// has are those of some events that the healthy receiver has received.
func (s *subscribers) has(events []notification) (found []notification) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, event := range events {
		if _, there := s.received[event]; there {
			found = append(found, event)
		}
	}
	return found
}

// pause lets some time pass, at most this long: what a kill meets is left to chance.
func pause(most time.Duration) { time.Sleep(rand.N(most)) }
