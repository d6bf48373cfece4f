package issuer

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

func TestReviewersTokensSurviveRotationAndEndInTime(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	is, err := New(Config{URL: "http://issuer.test", Audience: "dashboard", Now: clock, Expiry: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(is.Handler())
	defer server.Close()
	people := func(audience string) *identity.Authenticator {
		return &identity.Authenticator{People: []*identity.People{identity.NewPeople(identity.Issuer{URL: "http://issuer.test", Audience: audience, JWKS: server.URL + "/.well-known/jwks.json", Now: clock})}}
	}
	ours, c := people("dashboard"), context.Background()
	mint := func() string {
		text, _, err := is.Mint(identity.Person{ID: "user_1", Tenant: "t", Roles: []string{"reviewer", "janitor"}})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + text
	}
	first := mint()
	p, err := ours.Authenticate(c, first)
	if err != nil || p.Tenant != "t" || p.ID != "user_1" || len(p.Roles) != 1 || p.Roles[0] != "reviewer" {
		t.Fatal(p, err)
	}
	if err := is.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Authenticate(c, mint()); err != nil {
		t.Fatal("a token of the new key:", err)
	}
	if _, err := ours.Authenticate(c, first); err != nil {
		t.Fatal("a token of the former key:", err)
	}
	if _, err := people("another").Authenticate(c, first); err == nil {
		t.Fatal("a token for another audience is good")
	}
	now = now.Add(2 * time.Hour)
	if _, err := ours.Authenticate(c, first); err == nil {
		t.Fatal("an expired token is good")
	}
}

// Keys that are fetched from another issuer are kept for a while: one that it has withdrawn must end all the same.
func TestAKeyThatWasWithdrawnEndsAndAnOutageDoesNot(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	is, err := New(Config{URL: "http://issuer.test", Audience: "dashboard", Now: clock, Expiry: 8 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	away, fetches := false, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fetches++; away {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		is.Handler().ServeHTTP(w, r)
	}))
	defer server.Close()
	all := &identity.Authenticator{People: []*identity.People{identity.NewPeople(identity.Issuer{
		URL: "http://issuer.test", Audience: "dashboard", JWKS: server.URL + "/.well-known/jwks.json", Now: clock,
	})}}
	text, _, err := is.Mint(identity.Person{ID: "user_1", Tenant: "t", Roles: []string{"reviewer"}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, want problem.Code, fetched int) {
		t.Helper()
		fetches = 0
		_, err := all.Authenticate(t.Context(), "Bearer "+text)
		if problem.CodeOf(err) != want || fetches != fetched {
			t.Errorf("%s: %v after %d fetches, want %q after %d", what, err, fetches, want, fetched)
		}
	}
	check("at first", "", 1)
	now = now.Add(9 * time.Minute)
	check("young keys", "", 0)
	away, now = true, now.Add(time.Minute)
	check("the issuer is away", "", 1)
	check("the issuer was just asked", "", 0)
	now = now.Add(time.Minute)
	check("it is asked again", "", 1)
	now = now.Add(49 * time.Minute)
	check("nobody knows whether the key is good", problem.Unavailable, 1)
	away = false
	check("the issuer is back", "", 1)
	for range 2 { // the former key stays published once
		if err := is.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	check("keys that were fetched just now", "", 0)
	now = now.Add(10 * time.Minute)
	check("the key was withdrawn", problem.InvalidCredentials, 1)
}
