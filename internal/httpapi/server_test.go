package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
)

type answers struct {
	mu   sync.Mutex
	kept map[string]idempotency.Reservation
}

func (a *answers) Reserve(_ context.Context, r idempotency.Reservation, takeOver time.Time) (idempotency.Reservation, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	there, ok := a.kept[r.Key]
	if !ok || (there.Answer == nil && there.Hash == r.Hash && there.StartedAt.Before(takeOver)) {
		a.kept[r.Key] = r
		return r, true, nil
	}
	return there, false, nil
}

func (a *answers) Complete(_ context.Context, key, _ string, answer idempotency.Answer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.kept[key]
	r.Answer = &answer
	a.kept[key] = r
	return nil
}

func (a *answers) Abandon(_ context.Context, key, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.kept[key]
	r.StartedAt = time.Time{}
	a.kept[key] = r
	return nil
}

func (a *answers) Release(_ context.Context, key, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.kept, key)
	return nil
}

type keyStore struct {
	identity.Store
	n int
}

func (k *keyStore) User(context.Context, string, string) (identity.Person, error) {
	return identity.Person{ID: "u", Tenant: "t", Roles: []string{"admin"}}, nil
}

func (k *keyStore) PutKey(context.Context, int, identity.Key) error { k.n++; return nil }

func call(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r = r.WithContext(WithPrincipal(r.Context(), identity.Principal{Tenant: "t", Kind: identity.User, ID: "u", Roles: []string{"admin"}}))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBadRequestsAreProblemsWithCodes(t *testing.T) {
	store := &keyStore{}
	h, err := New(Config{Operations: AllOperations(), Secret: make([]byte, 32), Idempotency: &answers{kept: map[string]idempotency.Reservation{}}, Keys: identity.NewKeys(identity.KeysConfig{Store: store})})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		method, path, body string
		header             []string
		status             int
		code               string
	}{
		{"GET", "/v1/nothing", "", nil, 404, "not_found"},
		{"DELETE", "/v1/cases", "", nil, 405, "method_not_allowed"},
		{"POST", "/v1/keys", "{", []string{"Idempotency-Key", "a"}, 400, "malformed_json"},
		{"POST", "/v1/keys", `{"nmae":"secret-value"}`, []string{"Idempotency-Key", "b"}, 422, "invalid"},
		{"POST", "/v1/keys", `{}`, nil, 400, "idempotency_key_required"},
		{"POST", "/v1/keys", strings.Repeat(" ", maxBody+1), []string{"Idempotency-Key", "c"}, 413, "too_large"},
		{"POST", "/v1/policies/p/versions", strings.Repeat(" ", maxLargeBody+1), []string{"Idempotency-Key", "d"}, 413, "too_large"},
		{"POST", "/v1/policies/p/versions", `{"source": "` + strings.Repeat(" ", maxBody+1) + `", "other": 1}`, []string{"Idempotency-Key", "e"}, 422, "invalid"},
		{"POST", "/v1/keys", `{}`, []string{"Idempotency-Key", "d", "Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"GET", "/v1/cases?limit=abc", "", nil, 422, "invalid"},
		{"GET", "/v1/cases?cursor=abc", "", nil, 422, "invalid"},
		{"POST", "/v1/cases/x/decisions", `{"event":"approve"}`, []string{"If-Match", "W/7"}, 422, "invalid"},
		{"GET", "/v1/flow/case", "", nil, 403, "forbidden"},
	} {
		w := call(h, x.method, x.path, x.body, x.header...)
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != x.status || p.Code != x.code || p.RequestID == "" ||
			w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "secret-value") {
			t.Errorf("%s %s: %d %s", x.method, x.path, w.Code, w.Body)
		}
	}
	first := call(h, "POST", "/v1/keys", `{"name":"n"}`, "Idempotency-Key", "k")
	again := call(h, "POST", "/v1/keys", `{"name":"n"}`, "Idempotency-Key", "k")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || store.n != 1 || again.Header().Get("Location") == "" {
		t.Errorf("a repeated call: %d %d, %d keys: %s", first.Code, again.Code, store.n, first.Body)
	}
	if other := call(h, "POST", "/v1/keys", `{"name":"m"}`, "Idempotency-Key", "k"); other.Code != 422 {
		t.Errorf("another body: %d", other.Code)
	}
}

func FuzzCursor(f *testing.F) {
	ring, err := keyring.Of(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	s := cursors{ring}
	f.Add("x", "y")
	f.Fuzz(func(t *testing.T, scope, after string) {
		if cursor := s.sign(scope, after); cursor != nil && strings.ToValidUTF8(after, "") == after {
			if got, err := s.read(scope, *cursor); err != nil || got != after {
				t.Fatal(got, err)
			}
		}
		if _, err := s.read(scope, after); err == nil && after != "" {
			t.Fatal("a forged cursor is good")
		}
	})
}

// TestNoAnswerIsKeptByACacheOnItsWay calls every operation, and what is not there, without and with a credential.
func TestNoAnswerIsKeptByACacheOnItsWay(t *testing.T) {
	h, err := New(Config{Operations: AllOperations(), Secret: make([]byte, 32), Idempotency: &answers{kept: map[string]idempotency.Reservation{}}, Keys: identity.NewKeys(identity.KeysConfig{Store: &keyStore{}})})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := Routes()
	if err != nil || len(routes) < 50 {
		t.Fatalf("%d routes, %v", len(routes), err)
	}
	routes = append(routes, Route{Method: "GET", Path: "/v1/nothing"}, Route{Method: "DELETE", Path: "/v1/health"})
	for _, route := range routes {
		answer := call(h, route.Method, strings.NewReplacer("{", "", "}", "").Replace(route.Path), "{}")
		if got := answer.Header(); len(got["Cache-Control"]) != 1 || got.Get("Cache-Control") != "no-store" || got.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s answers %d with %v", route.Method, route.Path, answer.Code, got)
		}
	}
}

func TestACursorOutlivesTheSecretThatHasSignedIt(t *testing.T) {
	former, newer := make([]byte, 32), append(make([]byte, 31), 1)
	ringOf := func(secrets ...[]byte) cursors {
		t.Helper()
		ring, err := keyring.Of(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		return cursors{ring}
	}
	cursor := *ringOf(former).sign("list", "place")
	if got, err := ringOf(newer, former).read("list", cursor); err != nil || got != "place" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := ringOf(newer).read("list", cursor); err == nil {
		t.Errorf("read with a secret that has not signed it: %q", got)
	}
	if fresh := *ringOf(newer, former).sign("list", "place"); fresh == cursor {
		t.Error("the former secret signs")
	}
}
