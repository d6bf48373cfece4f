package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func TestFourEyesAreTurnedOffByTwo(t *testing.T) {
	s := newFour(t)
	asked := registry.FourEyes(s.store)
	on := func(want bool) {
		t.Helper()
		if got, err := asked(t.Context(), "acme"); err != nil || got != want {
			t.Errorf("on %t, want %t (%v)", got, want, err)
		}
	}
	on(true)
	if other, err := asked(t.Context(), "other"); err != nil || other {
		t.Errorf("another tenant: %t, %v", other, err)
	}
	off := registry.ChangeSettings{Seen: 2, FourEyes: false, Comment: "too slow"}
	now, p, err := s.ChangeSettings(t.Context(), ann, off)
	if err != nil || p == nil || !now.FourEyes || p.Settings.Base != 2 || p.Settings.FourEyes {
		t.Fatalf("%+v %+v %v", now, p, err)
	}
	_, second, err := s.ChangeSettings(t.Context(), bob, off)
	if err != nil || second.ID == p.ID {
		t.Fatalf("%+v %v", second, err)
	}
	on(true)
	_, err = s.Approve(t.Context(), ann, p.ID, "")
	wants(t, err, problem.Forbidden)
	on(true)
	if _, err = s.Approve(t.Context(), bob, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	on(false)
	now, err = s.Settings(t.Context(), "acme")
	if err != nil || now.Version != 3 || now.ChangedBy != ann.ID || now.ApprovedBy != bob.ID || now.Proposal != p.ID || now.Comment != "too slow" {
		t.Errorf("%+v, %v", now, err)
	}
	_, err = s.Approve(t.Context(), ann, second.ID, "")
	wants(t, err, problem.Outdated)
	if made := s.publish(registry.Policy, "own", ownPolicy); !made.Created || made.Proposal != nil || made.ApprovedBy != "" {
		t.Errorf("%+v", made)
	}
}

func TestSettingsAreChangedOverTheVersionThatWasSeen(t *testing.T) {
	s := newShop(t)
	_, _, err := s.ChangeSettings(t.Context(), ann, registry.ChangeSettings{FourEyes: true})
	wants(t, err, problem.PreconditionRequired)
	if same, p, err := s.ChangeSettings(t.Context(), ann, registry.ChangeSettings{Seen: 1}); err != nil || p != nil || same.Version != 1 {
		t.Errorf("%+v %+v %v", same, p, err)
	}
	if _, _, err = s.ChangeSettings(t.Context(), ann, registry.ChangeSettings{Seen: 1, FourEyes: true}); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.ChangeSettings(t.Context(), bob, registry.ChangeSettings{Seen: 1, FourEyes: true})
	if e := wants(t, err, problem.Stale); e.Details["settings"].(map[string]any)["changed_by"] != ann.ID {
		t.Errorf("%+v", e)
	}
	_, _, err = s.ChangeSettings(t.Context(), ann, registry.ChangeSettings{Seen: 2, Comment: strings.Repeat("x", 2001)})
	wants(t, err, problem.Invalid)
}

// TestNobodyAloneChangesWhatDecides lets people and keys do whatever they like, and looks at every version and every
// change of the settings that results.
func TestNobodyAloneChangesWhatDecides(t *testing.T) {
	s := newShop(t)
	s.Behind = func(_ context.Context, _, key string) ([]string, error) {
		return []string{"user_" + strings.TrimPrefix(key, "key_")}, nil
	}
	tenants, approvals := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		tenants++
		tenant := fmt.Sprintf("t%d", tenants)
		if _, _, err := s.ChangeSettings(t.Context(), identity.Principal{Tenant: tenant, Kind: identity.User, ID: "user_a"}, registry.ChangeSettings{Seen: 1, FourEyes: true}); err != nil {
			r.Fatal(err)
		}
		names := []string{"a", "b", "c"}
		behind := func(id string) string { return strings.TrimPrefix(strings.TrimPrefix(id, "key_"), "user_") }
		var proposals []string
		note := func(p *registry.Proposal) {
			if p != nil {
				proposals = append(proposals, p.ID)
			}
		}
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			name := rapid.SampledFrom(names).Draw(r, "who")
			who := identity.Principal{Tenant: tenant, Kind: identity.User, ID: "user_" + name}
			if rapid.Bool().Draw(r, "key") {
				who = identity.Principal{Tenant: tenant, Kind: identity.Client, ID: "key_" + name}
			}
			id := "prop_none"
			if len(proposals) > 0 {
				id = rapid.SampledFrom(proposals).Draw(r, "proposal")
			}
			switch rapid.SampledFrom([]string{"publish", "approve", "approve", "reject", "withdraw", "settings"}).Draw(r, "what") {
			case "publish":
				age := rapid.IntRange(18, 21).Draw(r, "age")
				made, err := s.Publisher.Publish(t.Context(), who, registry.Publish{Kind: registry.Policy, ID: "risk", Source: strings.Replace(shippedPolicy, "18", fmt.Sprint(age), 1)})
				if err != nil {
					r.Fatal(err)
				}
				note(made.Proposal)
			case "approve":
				if _, err := s.Approve(t.Context(), who, id, ""); err == nil {
					approvals++
				}
			case "reject":
				_, _ = s.Reject(t.Context(), who, id, "no")
			case "withdraw":
				_, _ = s.Withdraw(t.Context(), who, id)
			case "settings":
				now, err := s.Settings(t.Context(), tenant)
				if err != nil {
					r.Fatal(err)
				}
				if !now.FourEyes { // it was turned off by two: alone is allowed now
					if behind(now.ChangedBy) == behind(now.ApprovedBy) {
						r.Fatalf("%+v", now)
					}
					return
				}
				_, p, err := s.ChangeSettings(t.Context(), who, registry.ChangeSettings{Seen: now.Version})
				if err != nil {
					r.Fatal(err)
				}
				note(p)
			}
			if now, err := s.Settings(t.Context(), tenant); err != nil || !now.FourEyes && behind(now.ChangedBy) == behind(now.ApprovedBy) {
				r.Fatalf("%+v, %v", now, err)
			} else if !now.FourEyes {
				return
			}
			versions, err := s.Catalog.Versions(t.Context(), tenant, registry.Policy, "risk")
			if err != nil {
				r.Fatal(err)
			}
			for i, v := range versions {
				if v.Version != len(versions)-i {
					r.Fatalf("versions with gaps: %+v", versions)
				}
				if v.Version > 1 && (!strings.HasPrefix(v.ApprovedBy, "user_") || behind(v.ApprovedBy) == behind(v.PublishedBy)) {
					r.Fatalf("one alone: %+v", v)
				}
			}
		}
	})
	if approvals < tenants/10 {
		t.Errorf("%d approvals in %d tenants prove nothing", approvals, tenants)
	}
}
