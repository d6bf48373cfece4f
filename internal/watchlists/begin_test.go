package watchlists_test

import (
	"testing"

	"ballerine/internal/identity"
	"ballerine/internal/screening"
)

func TestATenantBeginsWithAListOnlyWhileItHasNone(t *testing.T) {
	d := newDesk(t)
	system := identity.Principal{Tenant: "demo", Kind: identity.System, ID: "demo-list"}
	first := listOf("demo", "1", "Anna Keller")
	for n, want := range []bool{true, false} {
		if loaded, err := d.Begin(t.Context(), system, first); err != nil || loaded != want {
			t.Fatalf("call %d: %v, %v", n, loaded, err)
		}
	}
	if hits, of, err := d.Screen(t.Context(), "demo", nil, screening.Query{Name: "Anna Keller"}, screening.Options{}); err != nil || len(hits) != 1 || of["demo"] != "1" {
		t.Errorf("%v %v, %v", hits, of, err)
	}
	d = newDesk(t)
	if _, err := d.load(loader, listOf("un", "7", "Boris Petrov")); err != nil {
		t.Fatal(err)
	}
	if loaded, err := d.Begin(t.Context(), system, first); err != nil || loaded {
		t.Errorf("a tenant with a list of its own got another: %v, %v", loaded, err)
	}
}
