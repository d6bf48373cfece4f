package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/ratelimit"
	"ballerine/internal/store/embedded"
)

func TestAFloodOfOneTenantIsRefusedAndAnothersPasses(t *testing.T) {
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return at }
	handler, err := httpapi.New(httpapi.Config{
		Operations: httpapi.AllOperations(), Secret: make([]byte, 32), Now: now, Idempotency: db.Idempotency(), People: &identity.Directory{Store: db.Keys(), Now: now},
		Rates: ratelimit.New(ratelimit.Config{Store: db.Rates(), Now: now, Limits: ratelimit.Limits{Tenant: ratelimit.Limit{Rate: 2, Burst: 10}, Credential: ratelimit.Limit{Rate: 1, Burst: 6}}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(tenant, who string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/users", nil)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(httpapi.WithPrincipal(t.Context(), identity.Principal{Tenant: tenant, Kind: identity.User, ID: who, Name: who, Roles: []string{"admin"}})))
		return w
	}
	passed := 0
	for n := range 40 {
		if get("loud", fmt.Sprint("user_", n%4)).Code == http.StatusOK {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d requests of the loud tenant passed, want its burst", passed)
	}
	w := get("loud", "user_9")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if got, want := w.Header().Get("RateLimit-Policy"), `"credential";q=6;w=6, "tenant";q=10;w=5`; got != want {
		t.Errorf("RateLimit-Policy: %s, want %s", got, want)
	}
	if got, want := w.Header().Get("RateLimit"), `"credential";r=5;t=1, "tenant";r=0;t=5`; got != want {
		t.Errorf("RateLimit: %s, want %s", got, want)
	}
	for range 6 {
		if w := get("quiet", "user_1"); w.Code != http.StatusOK {
			t.Fatalf("the quiet tenant is refused: %d %s", w.Code, w.Body)
		}
	}
	if w := get("quiet", "user_1"); w.Code != http.StatusTooManyRequests {
		t.Errorf("a credential that has used up its burst: %d", w.Code)
	}
	at = at.Add(time.Second)
	if w := get("quiet", "user_1"); w.Code != http.StatusOK {
		t.Errorf("a second later: %d %s", w.Code, w.Body)
	}
}
