package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ballerine/client"
)

// step is what the failing server does with one request: an answer, or no answer.
type step struct {
	status        int
	code, message string
	retryAfter    string
	lost          error
}

// script is a server that answers in steps, and keeps what it was sent and when. It needs no network, so that time is virtual.
type script struct {
	steps []step
	began time.Time
	at    []time.Duration
	keys  []string
	sent  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	s.at, s.keys = append(s.at, time.Since(s.began)), append(s.keys, r.Header.Get("Idempotency-Key"))
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.sent = append(s.sent, string(body))
	}
	now := step{status: 201}
	if len(s.steps) > 0 {
		now, s.steps = s.steps[0], s.steps[1:]
	}
	if now.lost != nil {
		return nil, now.lost
	}
	body := `{"id":"case_1","version":1,"status":"active"}`
	header := http.Header{}
	if now.code != "" {
		body = `{"code":"` + now.code + `","status":` + "0" + `,"errors":[]}`
	}
	if now.message != "" {
		body = `{"message":"` + now.message + `"}`
	}
	if now.retryAfter != "" {
		header.Set("Retry-After", now.retryAfter)
	}
	return &http.Response{StatusCode: now.status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func scripted(t *testing.T, steps ...step) (*client.Client, *script) {
	t.Helper()
	s := &script{steps: steps}
	c, err := client.New("https://api.test", "key", client.WithHTTPClient(&http.Client{Transport: s}))
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

var (
	lost        = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	unreachable = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	busy        = step{status: 503, code: "unavailable", retryAfter: "1"}
	limited     = step{status: 429, code: "rate_limited"}
)

func TestWhatIsSafeIsRepeatedUnderOneKeyAndNothingElse(t *testing.T) {
	start := func(ctx context.Context, c *client.Client) error {
		_, err := c.StartCase(ctx, nil, client.StartBody{Workflow: "kyc"})
		return err
	}
	read := func(ctx context.Context, c *client.Client) error { _, err := c.GetCase(ctx, "case_1"); return err }
	decide := func(ctx context.Context, c *client.Client) error { // has no key: a repeated decision could be a second one
		_, err := c.DecideCase(ctx, "case_1", &client.DecideCaseParams{IfMatch: client.ETag(1)}, client.DecideCaseJSONRequestBody{Event: "approve"})
		return err
	}
	upload := func(ctx context.Context, c *client.Client) error { // a body that can be read once
		_, err := c.PutListEntriesWithBody(ctx, "blocked", &client.PutListEntriesParams{IfMatch: new(client.ETag(1))}, "text/csv", io.MultiReader(strings.NewReader("value\n")))
		return err
	}
	bad := &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
	cases := map[string]struct {
		call     func(context.Context, *client.Client) error
		steps    []step
		attempts int
		code     client.Code // "": it succeeds in the end
		fails    bool
	}{
		"creating while unavailable":           {start, []step{busy, busy}, 3, "", false},
		"creating whose answer was lost":       {start, []step{{lost: lost}}, 2, "", false},
		"creating that is still under way":     {start, []step{{lost: lost}, {status: 409, code: "idempotency_in_flight", retryAfter: "1"}}, 3, "", false},
		"creating too often":                   {start, []step{limited}, 2, "", false},
		"reading while unavailable":            {read, []step{busy}, 2, "", false},
		"reading for ever":                     {read, []step{busy, busy, busy, busy, busy}, 4, client.CodeUnavailable, true},
		"deciding whose answer was lost":       {decide, []step{{lost: lost}}, 1, "", true},
		"deciding while unavailable":           {decide, []step{busy}, 1, client.CodeUnavailable, true},
		"deciding too often: nothing was done": {decide, []step{limited}, 2, "", false},
		"deciding without a connection":        {decide, []step{{lost: unreachable}}, 2, "", false},
		"deciding on an old version":           {decide, []step{{status: 412, code: "stale"}}, 1, client.CodeStale, true},
		"a conflict":                           {start, []step{{status: 409, code: "conflict"}}, 1, client.CodeConflict, true},
		"an internal error":                    {start, []step{{status: 500, code: "internal"}}, 1, client.CodeInternal, true},
		"a gateway's refusal":                  {start, []step{{status: 403, message: "Forbidden"}}, 1, client.CodeForbidden, true},
		"a gateway's throttle":                 {decide, []step{{status: 429, message: "Too Many Requests"}}, 2, "", false},
		"a gateway that gave up":               {decide, []step{{status: 503, message: "Service Unavailable"}}, 1, client.CodeUnavailable, true},
		"a gateway's error of another kind":    {start, []step{{status: 502, message: "Bad Gateway"}}, 1, "http_502", true},
		"a proxy's error":                      {start, []step{{status: 502}}, 1, "http_502", true},
		"a redirect":                           {read, []step{{status: 302}}, 1, "http_302", true},
		"a certificate that is not good":       {read, []step{{lost: bad}}, 1, "", true},
		"a pause that is too long":             {start, []step{{status: 429, code: "rate_limited", retryAfter: "31"}}, 1, client.CodeRateLimited, true},
		"a body that cannot be sent again":     {upload, []step{busy}, 1, client.CodeUnavailable, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				caller, server := scripted(t, c.steps...)
				err := c.call(t.Context(), caller)
				if client.CodeOf(err) != c.code || (err != nil) != c.fails {
					t.Errorf("the error is %v, want the code %q", err, c.code)
				}
				if len(server.at) != c.attempts {
					t.Errorf("%d attempts, want %d", len(server.at), c.attempts)
				}
				for i := range server.keys {
					if server.keys[i] != server.keys[0] || i < len(server.sent) && server.sent[i] != server.sent[0] {
						t.Errorf("attempt %d has another key or body: %q %q", i+1, server.keys, server.sent)
					}
				}
			})
		})
	}
}

func TestPausesGrowAndRespectWhatTheServerAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, server := scripted(t, step{status: 503, code: "unavailable"}, step{status: 503, code: "unavailable", retryAfter: "7"}, step{status: 503, code: "unavailable"})
		if _, err := caller.GetCase(t.Context(), "case_1"); err != nil {
			t.Fatal(err)
		}
		first, second, third := server.at[1], server.at[2]-server.at[1], server.at[3]-server.at[2]
		if first < 125*time.Millisecond || first > 250*time.Millisecond || second != 7*time.Second || third < 500*time.Millisecond || third > time.Second {
			t.Errorf("the pauses are %v, %v, %v", first, second, third)
		}
	})
}

func TestADeadlineEndsRetriesWithTheirReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, server := scripted(t, step{status: 429, code: "rate_limited", retryAfter: "20"})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := caller.GetCase(ctx, "case_1")
		var refused *client.Error
		if !errors.As(err, &refused) || refused.RetryAfter != 20*time.Second || refused.Attempts != 1 {
			t.Errorf("the error is %v", err)
		}
		if waited := time.Since(began); waited != 0 || len(server.at) != 1 {
			t.Errorf("it has waited %v for a pause that the deadline does not leave time for", waited)
		}
	})
}

func TestACancelledCallIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, server := scripted(t, step{status: 503, code: "unavailable", retryAfter: "20"})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := caller.GetCase(ctx, "case_1")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, client.CodeUnavailable) || len(server.at) != 1 {
			t.Errorf("%v after %d attempts", err, len(server.at))
		}
	})
}

func TestErrorsDoNotHoldWhatWasAskedFor(t *testing.T) {
	caller, _ := scripted(t, step{lost: unreachable}, step{status: 500})
	_, err := caller.ListCases(t.Context(), &client.ListCasesParams{Q: new("Eriksson")})
	if err == nil || strings.Contains(err.Error(), "Eriksson") || strings.Contains(err.Error(), "key") {
		t.Errorf("the error is %v", err)
	}
}

func TestAddressesAndCredentialsAreChecked(t *testing.T) {
	for _, address := range []string{"", "api.test", "ftp://api.test", "https://", "https://u:p@api.test", "https://api.test?x=1", "https://api.test#x", ":"} {
		if _, err := client.New(address, "key"); err == nil {
			t.Errorf("the address %q is taken", address)
		}
	}
	if _, err := client.New("https://api.test", "key\n"); err == nil {
		t.Error("a credential with a line break is taken")
	}
	c, err := client.New("https://api.test/base/", "key")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.GetCase(t.Context(), id); err == nil || !strings.Contains(err.Error(), "id") {
			t.Errorf("the id %q: %v", id, err)
		}
	}
}

func TestParametersArriveAsTheyWereGiven(t *testing.T) {
	var got *http.Request
	c, err := client.New("https://api.test/base/", "secret", client.WithUserAgent("shop/2.3"), client.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r
		return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader([]byte("{}")))}, nil
	})}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetCase(t.Context(), "a/b ?c"); err != nil {
		t.Fatal(err)
	}
	if got.URL.EscapedPath() != "/base/v1/cases/a%2Fb%20%3Fc" || got.Header.Get("Authorization") != "Bearer secret" || got.Header.Get("User-Agent") != "shop/2.3 ballerine-go/1" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
	created := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if _, err := c.ListCases(t.Context(), &client.ListCasesParams{Q: new("a&b=c+d"), Overdue: new(true), Limit: new(int64(7)), CreatedAfter: &created}); err != nil {
		t.Fatal(err)
	}
	query := got.URL.Query()
	if query.Get("q") != "a&b=c+d" || query.Get("overdue") != "true" || query.Get("limit") != "7" || query.Get("created_after") != "2026-03-04T05:06:07Z" || len(query) != 4 {
		t.Errorf("the query is %v", query)
	}
	if _, err := c.ListHistory(t.Context(), "case_1", &client.ListHistoryParams{Cause: []client.ListHistoryParamsCause{"event", "decision"}}); err != nil {
		t.Fatal(err)
	}
	if got.URL.RawQuery != "cause=event&cause=decision" {
		t.Errorf("the query is %s", got.URL.RawQuery)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTheCallerDecidesHowOftenACallIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{steps: []step{busy, busy, busy}}
		c, err := client.New("https://api.test", "key", client.WithHTTPClient(&http.Client{Transport: s}), client.WithRetry(client.Retry{Attempts: 2}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.GetCase(t.Context(), "case_1"); err == nil || len(s.at) != 2 {
			t.Errorf("%d attempts (%v), want 2 and the refusal", len(s.at), err)
		}
	})
}
