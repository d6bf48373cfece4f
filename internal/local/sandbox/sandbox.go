package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Clock is the sandbox's time.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// systemClock is the machine's time.
type systemClock struct{}

// Now implements Clock.
func (systemClock) Now() time.Time { return time.Now() }

// After implements Clock.
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Config is what a Server needs.
type Config struct {
	APIKey         string        // expected as bearer token; "": none is needed
	CallbackSecret string        // "whsec_…", signs calls back
	Client         *http.Client  // makes calls back; default a plain one with a timeout
	Clock          Clock         // default systemClock
	SlowDelay      time.Duration // default 3 s
	CallbackDelay  time.Duration // default 2 s
	Log            *slog.Logger  // default slog.Default
	// Cast are people who are known by their full name: "Given Family".
	Cast map[string]Part
	// Pass lets the time go by that an answer of a real vendor would take; nil: answers are at once.
	Pass func(d time.Duration)
}

// Part is what the vendor knows of one person.
type Part struct {
	Status   string        // of the identity check; "" is verified
	Score    float64       // of the identity check
	Fails    int           // how many requests with an Idempotency-Key are answered with 503 first
	Callback time.Duration // the answer arrives later
}

// Server is the vendor. It is an http.Handler; Close it when it is done with.
type Server struct {
	config Config
	mux    *http.ServeMux
	ctx    context.Context // ends with Close: calls back and slow answers stop
	stop   context.CancelFunc
	calls  sync.WaitGroup

	mu     sync.Mutex
	seen   map[string]*exchange // by path and Idempotency-Key
	order  []string             // keys of seen, oldest first
	closed bool
}

// exchange is what is remembered of an Idempotency-Key.
type exchange struct {
	digest   [sha256.Size]byte
	attempts int
	called   bool      // the call back is under way or done
	at       time.Time // of the first attempt
}

// Limits of a request, and of what is remembered.
const (
	maxBody      = 64 << 10
	maxRemember  = 10_000
	callbackRuns = 60 // attempts at a call back, those after the first each CallbackDelay after the one before
)

// New makes a Server.
func New(config Config) *Server {
	if config.Clock == nil {
		config.Clock = systemClock{}
	}
	if config.Client == nil {
		config.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if config.SlowDelay <= 0 {
		config.SlowDelay = 3 * time.Second
	}
	if config.CallbackDelay <= 0 {
		config.CallbackDelay = 2 * time.Second
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	s := &Server{config: config, mux: http.NewServeMux(), seen: map[string]*exchange{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.mux.HandleFunc("POST /identity-checks", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.identity) })
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close stops slow answers and calls back that are still to come, and waits for those under way.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.calls.Wait()
}

// person is the request's body.
type person struct {
	Reference   string `json:"reference"`
	GivenName   string `json:"given_name"`
	FamilyName  string `json:"family_name"`
	CallbackURL string `json:"callback_url"`
	Documents   []struct {
		Kind   string `json:"kind"`
		SHA256 string `json:"sha256"`
	} `json:"documents"`
}

// is reports whether one of the names has the word.
func (p person) is(word string) bool {
	for _, name := range strings.FieldsFunc(p.GivenName+" "+p.FamilyName, func(r rune) bool { return r == ' ' || r == '-' }) {
		if strings.EqualFold(name, word) {
			return true
		}
	}
	return false
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, answer func(http.ResponseWriter, person, string, *exchange)) {
	want := "Bearer " + s.config.APIKey
	if s.config.APIKey != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
		reply(w, http.StatusUnauthorized, map[string]any{"error": "the API key is not valid"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reply(w, http.StatusRequestEntityTooLarge, map[string]any{"error": "the body is too large"})
		return
	}
	var p person
	key := r.Header.Get("Idempotency-Key")
	if json.Unmarshal(body, &p) != nil || key == "" || len(key) > 500 || p.FamilyName == "" || p.GivenName == "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "an Idempotency-Key and a body with given_name and family_name are needed"})
		return
	}
	known, attempt := s.remember(r.URL.Path+" "+key, sha256.Sum256(body))
	if known == nil {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"error": "the Idempotency-Key was used with another body"})
		return
	}
	if s.config.Pass != nil {
		s.config.Pass(latency(r.URL.Path, key, attempt))
	}
	if s.misbehave(w, r, p, attempt) {
		return
	}
	answer(w, p, identifier(r.URL.Path, key), known)
}

// part is what is known of the person by the whole name.
func (s *Server) part(p person) (Part, bool) {
	part, ok := s.config.Cast[p.GivenName+" "+p.FamilyName]
	return part, ok
}

// latency is how long a vendor takes: most of a second.
func latency(path, key string, attempt int) time.Duration {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", path, key, attempt))
	vary := int(binary.BigEndian.Uint16(sum[:])) // milliseconds are derived from it
	return 480*time.Millisecond + time.Duration(vary/64)*time.Millisecond
}

// remember finds or makes the exchange and counts the attempt; nil when the key was used with another body.
func (s *Server) remember(key string, digest [sha256.Size]byte) (*exchange, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.seen[key]
	if known == nil {
		if len(s.order) == maxRemember {
			delete(s.seen, s.order[0])
			s.order = s.order[1:]
		}
		known = &exchange{digest: digest, at: s.config.Clock.Now().UTC()}
		s.seen[key] = known
		s.order = append(s.order, key)
	}
	if known.digest != digest {
		return nil, 0
	}
	known.attempts++
	return known, known.attempts
}

// misbehave simulates behaviour that is unrelated to the person's identity, and reports whether it answered.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, p person, attempt int) bool {
	part, _ := s.part(p)
	switch {
	case p.is("Down"), p.is("Flaky") && attempt <= 2, attempt <= part.Fails:
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, map[string]any{"error": "temporarily unavailable"})
		return true
	case p.is("Refused"):
		reply(w, http.StatusUnprocessableEntity, map[string]any{"error": "the person cannot be checked"})
		return true
	case p.is("Slow"):
		select {
		case <-s.config.Clock.After(s.config.SlowDelay):
		case <-r.Context().Done():
			return true
		case <-s.ctx.Done():
			reply(w, http.StatusServiceUnavailable, map[string]any{"error": "shutting down"})
			return true
		}
	}
	return false
}

func (s *Server) identity(w http.ResponseWriter, p person, id string, exchanged *exchange) {
	verdict := map[string]any{"id": id, "status": "verified", "score": 0.98}
	switch {
	case p.is("Garbage"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Welcome</title><p>This is not the answer you expect.</p>")
		return
	case p.is("Mismatch"):
		verdict["status"], verdict["score"] = "failed", 0.12
	case p.is("Maybe"):
		verdict["status"], verdict["score"] = "review", 0.55
	}
	part, known := s.part(p)
	if known && part.Score > 0 {
		verdict["score"] = part.Score
	}
	if known && part.Status != "" {
		verdict["status"] = part.Status
	}
	verdict["document"] = map[string]any{"status": documentStatus(p, verdict["status"])}
	if !p.is("Callback") && part.Callback == 0 {
		reply(w, http.StatusOK, verdict)
		return
	}
	if p.CallbackURL == "" {
		reply(w, http.StatusBadRequest, map[string]any{"error": "a callback_url is required"})
		return
	}
	delay := s.config.CallbackDelay
	if part.Callback > 0 {
		delay = part.Callback
	}
	s.callLater(p.CallbackURL, id, verdict, delay, exchanged)
	reply(w, http.StatusAccepted, map[string]any{"id": id, "status": "pending"})
}

// documentStatus is the vendor's result for the document that the request names.
func documentStatus(p person, identity any) string {
	switch {
	case len(p.Documents) == 0 || p.is("Unseen"):
		return "not_checked"
	case identity == "verified":
		return "verified"
	case identity == "failed":
		return "failed"
	}
	return "not_checked"
}

// callLater calls back once for an Idempotency-Key, after the delay.
func (s *Server) callLater(url, id string, verdict map[string]any, delay time.Duration, known *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known.called || s.closed {
		return
	}
	known.called = true
	s.calls.Go(func() {
		for range callbackRuns {
			select {
			case <-s.ctx.Done():
				return
			case <-s.config.Clock.After(delay):
			}
			if s.call(url, id, verdict) || s.ctx.Err() != nil {
				return
			}
			delay = s.config.CallbackDelay
		}
		s.config.Log.Warn("the sandbox vendor could not call back", "id", id)
	})
}

// call makes one signed call back and reports whether it was taken.
func (s *Server) call(url, id string, verdict map[string]any) bool {
	body, err := json.Marshal(verdict)
	if err != nil {
		return false
	}
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	signer, err := standardwebhooks.NewWebhook(s.config.CallbackSecret)
	if err != nil {
		return false
	}
	at := s.config.Clock.Now()
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, id)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := s.config.Client.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode >= 200 && answer.StatusCode < 300
}

func identifier(path, key string) string {
	sum := sha256.Sum256([]byte(path + " " + key))
	return "idc_" + hex.EncodeToString(sum[:10])
}

func reply(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone: the error cannot be reported
}
