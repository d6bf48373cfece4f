package connector_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/connector"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

const callbackSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// clock gives every delay its end at once, and counts what it was asked for.
type clock struct{ waits chan time.Duration }

func (c clock) Now() time.Time { return start }

func (c clock) After(d time.Duration) <-chan time.Time {
	done := make(chan time.Time, 1)
	done <- start.Add(d)
	c.waits <- d
	return done
}

// stack is the shipped plugins against the sandbox vendor.
type stack struct {
	client    *connector.Client
	registry  *connector.Registry
	waits     chan time.Duration
	callbacks chan callback
	url       string
}

type callback struct {
	header http.Header
	body   []byte
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{waits: make(chan time.Duration, 100), callbacks: make(chan callback, 10)}
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.callbacks <- callback{r.Header.Clone(), body}
	}))
	t.Cleanup(hooks.Close)
	s.url = hooks.URL
	box := sandbox.New(sandbox.Config{APIKey: "sandbox-key", CallbackSecret: callbackSecret, Clock: clock{s.waits}})
	t.Cleanup(box.Close)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	registry, diagnostics := connector.LoadAll(os.DirFS("../../statemachines/plugins"))
	if len(diagnostics) != 0 {
		t.Fatal(diagnostics)
	}
	s.registry = registry
	s.client = &connector.Client{
		HTTP:     outbound.NewClient(outbound.Options{AllowLoopback: true, Timeout: time.Minute}),
		Secrets:  connector.MapSecrets{"VENDOR_API_KEY": "sandbox-key", "VENDOR_CALLBACK_SECRET": callbackSecret},
		Settings: map[string]string{"sandbox": server.URL + "/"},
		Now:      func() time.Time { return start },
	}
	return s
}

func (s *stack) do(t *testing.T, plugin, given, family string, attempt int) (connector.Outcome, error) {
	t.Helper()
	p, ok := s.registry.Get(plugin)
	if !ok {
		t.Fatalf("no plugin %s", plugin)
	}
	return s.client.Do(t.Context(), p, connector.Call{
		Tenant: "demo", Case: "case_1" + given + family, State: "screen", Visit: 2, Work: plugin, Attempt: attempt, CallbackURL: s.url + "/v1/hooks/x",
		Context:   map[string]any{"applicant": map[string]any{"name": map[string]any{"given": given, "family": family}, "date_of_birth": "1974-08-12"}},
		Documents: []connector.Document{{ID: "doc_1", Kind: "passport", Side: "front", SHA256: strings.Repeat("0a", 32), Size: 7}},
	})
}

func TestShippedPluginsReadWhatTheSandboxAnswers(t *testing.T) {
	s := newStack(t)
	for _, c := range []struct {
		plugin, given, family string
		status                string
		score                 float64
		document              string
	}{
		{"identity-check", "Anna Maria", "Eriksson", "verified", 0.98, "verified"},
		{"identity-check", "Anna", "Mismatch", "failed", 0.12, "failed"},
		{"identity-check", "Maybe", "Eriksson", "review", 0.55, "not_checked"},
		{"identity-check", "slow", "Eriksson", "verified", 0.98, "verified"},
		{"identity-check", "Anna", "Smith-Flash", "verified", 0.98, "verified"},
		{"identity-check", "Anna", "Unseen", "verified", 0.98, "not_checked"},
	} {
		outcome, err := s.do(t, c.plugin, c.given, c.family, 0)
		if err != nil {
			t.Errorf("%s %s: %v", c.given, c.family, err)
			continue
		}
		result := outcome.Result.(map[string]any)
		if result["status"] != c.status || result["score"] != c.score || !strings.HasPrefix(result["reference"].(string), "idc_") || len(result) != 4 ||
			!reflect.DeepEqual(result["document"], map[string]any{"status": c.document}) {
			t.Errorf("%s %s: %v", c.given, c.family, result)
		}
	}
	if len(s.waits) != 1 || <-s.waits != 3*time.Second {
		t.Error("Slow did not wait")
	}
}

func TestShippedPluginsNameWhatGoesWrong(t *testing.T) {
	s := newStack(t)
	for name, want := range map[string]problem.Code{
		"Down": problem.VendorUnavailable, "Garbage": problem.VendorGarbage, "Refused": problem.VendorRejected, "": problem.Invalid,
	} {
		_, err := s.do(t, "identity-check", "Anna", name, 0)
		if problem.CodeOf(err) != want {
			t.Errorf("%q: %v", name, err)
		}
		if strings.Contains(err.Error(), "Anna") || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "sandbox-key") {
			t.Errorf("the error reveals too much: %v", err)
		}
	}
}

func TestAFlakyVendorRecoversForTheSameWork(t *testing.T) {
	s := newStack(t)
	for attempt := range 4 {
		outcome, err := s.do(t, "identity-check", "Anna", "Flaky", attempt)
		if attempt < 2 {
			if problem.CodeOf(err) != problem.VendorUnavailable || problem.As(err).Details["retry_after_seconds"] != 1 || problem.As(err).Details["status"] != 503 {
				t.Fatalf("attempt %d: %v %v", attempt, outcome, err)
			}
			continue
		}
		if err != nil || outcome.Result.(map[string]any)["status"] != "verified" {
			t.Fatalf("attempt %d: %v %v", attempt, outcome, err)
		}
	}
}

func TestACallbackComesOnceAndIsRead(t *testing.T) {
	s := newStack(t)
	for attempt := range 2 {
		outcome, err := s.do(t, "identity-check", "Anna", "Callback", attempt)
		if err != nil || !outcome.Awaiting || outcome.Result != nil || outcome.Status != http.StatusAccepted {
			t.Fatalf("%+v %v", outcome, err)
		}
	}
	got := <-s.callbacks
	plugin, _ := s.registry.Get("identity-check")
	result, err := s.client.ReadCallback(t.Context(), "demo", plugin, got.header, got.body)
	if err != nil || result.(map[string]any)["status"] != "verified" {
		t.Fatalf("%v %v", result, err)
	}
	if _, err := s.client.ReadCallback(t.Context(), "demo", plugin, got.header, append(got.body, ' ')); problem.CodeOf(err) != problem.InvalidCredentials {
		t.Errorf("a changed body passes: %v", err)
	}
	if waits := len(s.waits); waits != 1 {
		t.Errorf("%d calls back", waits)
	}
	plain, _ := connector.ParsePlugin("plain.yaml", []byte("id: plain\ntitle: Plain\nrequest: {method: POST, url: \"https://api.example.com/\"}\n"))
	if _, err := s.client.ReadCallback(t.Context(), "demo", plain, got.header, got.body); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("a plugin without callback reads one: %v", err)
	}
}

func TestShippedPluginsPassTheirCasesAndTheKit(t *testing.T) {
	s := newStack(t)
	for _, id := range s.registry.IDs() {
		p, _ := s.registry.Get(id)
		cases, kit := p.RunCases(t.Context()), p.Conform(t.Context())
		if len(cases) == 0 || len(kit) < 10 {
			t.Errorf("%s: %d cases and %d scenarios", id, len(cases), len(kit))
		}
		for _, r := range append(cases, kit...) {
			if !r.Passed {
				t.Errorf("%s: %s: %q", id, r.Name, r.Problems)
			}
		}
	}
}

func TestShippedPluginsCarryTheirPolicy(t *testing.T) {
	s := newStack(t)
	p, _ := s.registry.Get("identity-check")
	want := connector.RetryPolicy{Attempts: 5, Interval: time.Second, Rate: 2, MaxInterval: time.Minute, Jitter: true, Errors: []string{"vendor_unavailable", "timeout"}}
	if shape := p.ResultSchema(); shape["type"] != "object" || shape["properties"].(map[string]any)["status"] == nil {
		t.Errorf("%v", shape)
	}
	if !p.Callback || p.Timeout != 10*time.Second || !reflect.DeepEqual(p.Retry, want) {
		t.Errorf("%+v", p)
	}
}
