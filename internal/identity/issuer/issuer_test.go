package issuer

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"ballerine/internal/identity"
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
