package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func settings(t *testing.T, open func(t *testing.T) registry.Store) {
	ctx := context.Background()
	t.Run("of the settings the newest version counts, and none is written twice", func(t *testing.T) {
		s := open(t)
		_, err := s.Settings(ctx, "a")
		wants(t, err, problem.NotFound)
		for version := 2; version <= 11; version++ {
			want := registry.Settings{Tenant: "a", Version: version, FourEyes: version%2 == 1, Comment: "c", ChangedAt: epoch, ChangedBy: "user_1", ApprovedBy: "user_2", Proposal: "prop_1"}
			must(t, s.PutSettings(ctx, want))
			wants(t, s.PutSettings(ctx, registry.Settings{Tenant: "a", Version: version, ChangedBy: "user_9"}), problem.Conflict)
			got, err := s.Settings(ctx, "a")
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
		_, err = s.Settings(ctx, "b")
		wants(t, err, problem.NotFound)
	})
}

// proposal is open and has documents with sources.
func proposal(tenant, id string, documents int) registry.Proposal {
	p := registry.Proposal{
		Tenant: tenant, ID: id, Status: registry.Open, Comment: "because", ProposedAt: epoch, ProposedBy: "key_1", Behind: []string{"user_1"},
	}
	for i := range documents {
		p.Documents = append(p.Documents, registry.Proposed{
			Kind: registry.Policy, ID: fmt.Sprintf("p%d", i), Base: i, BaseDigest: "sha256:b", Title: "T", Digest: "sha256:x", Comment: "c", Source: fmt.Sprintf("id: p%d\n", i),
		})
		if i == 1 { // one of them is long
			p.Documents[i].Source += noise(400 << 10)
		}
	}
	return p
}

// approved is a proposal as it ends, and what its documents become.
func approved(p registry.Proposal, by string) (registry.Proposal, []registry.Definition) {
	var made []registry.Definition
	p.Documents = slices.Clone(p.Documents)
	for i := range p.Documents {
		d := &p.Documents[i]
		d.Version = d.Base + 1
		made = append(made, registry.Definition{
			Tenant: p.Tenant, Kind: d.Kind, ID: d.ID, Version: d.Version, Digest: d.Digest, Source: d.Source, PublishedAt: epoch, PublishedBy: p.ProposedBy, ApprovedBy: by, Proposal: p.ID,
		})
	}
	p.Status, p.DecidedAt, p.DecidedBy, p.Reason = registry.Approved, epoch, by, "good"
	return p, made
}

func proposals(t *testing.T, open func(t *testing.T) registry.Store) {
	ctx := context.Background()
	t.Run("a proposal is read as it was written, with all its sources", func(t *testing.T) {
		s := open(t)
		want := proposal("a", "prop_1", 90)
		for i := range 9 {
			want.Documents[i].Source = strings.Repeat("# a long document\n", registry.MaxSource/18)
		}
		must(t, s.AddProposal(ctx, want))
		must(t, s.AddProposal(ctx, proposal("a", "prop_10", 2))) // a longer name for the same beginning
		got, err := s.Proposal(ctx, "a", "prop_1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %.2000s", err, diff)
		}
		_, err = s.Proposal(ctx, "b", "prop_1")
		wants(t, err, problem.NotFound)
		_, err = s.Proposal(ctx, "a", "prop_")
		wants(t, err, problem.NotFound)
	})
	t.Run("one of the settings has no documents", func(t *testing.T) {
		s := open(t)
		want := proposal("a", "prop_1", 0)
		want.Settings = &registry.ProposedSettings{Base: 2}
		must(t, s.AddProposal(ctx, want))
		got, err := s.Proposal(ctx, "a", "prop_1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("an id is taken once", func(t *testing.T) {
		s := open(t)
		must(t, s.AddProposal(ctx, proposal("a", "prop_1", 1)))
		other := proposal("a", "prop_1", 2)
		other.Documents[0].Source = "another"
		wants(t, s.AddProposal(ctx, other), problem.Conflict)
		got, err := s.Proposal(ctx, "a", "prop_1")
		if err != nil || len(got.Documents) != 1 || got.Documents[0].Source == "another" {
			t.Errorf("%+v %v", got, err)
		}
		must(t, s.AddProposal(ctx, proposal("b", "prop_1", 1)))
	})
	t.Run("what is approved becomes versions in one go, and its sources stay", func(t *testing.T) {
		s := open(t)
		p := proposal("a", "prop_1", 90)
		must(t, s.AddProposal(ctx, p))
		want, made := approved(p, "user_2")
		must(t, s.DecideProposal(ctx, want, made, nil))
		got, err := s.Proposal(ctx, "a", "prop_1")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, d := range made {
			got, err := s.Definition(ctx, "a", d.Kind, d.ID, d.Version)
			if diff := cmp.Diff(d, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
	})
	t.Run("a version that is there already lets nothing of a proposal count", func(t *testing.T) {
		s := open(t)
		p := proposal("a", "prop_1", 3)
		must(t, s.AddProposal(ctx, p))
		must(t, s.PutSettings(ctx, registry.Settings{Tenant: "a", Version: 2}))
		next, made := approved(p, "user_2")
		wants(t, s.DecideProposal(ctx, next, made, &registry.Settings{Tenant: "a", Version: 2}), problem.Conflict)
		must(t, s.PutDefinition(ctx, made[2]))
		wants(t, s.DecideProposal(ctx, next, made, &registry.Settings{Tenant: "a", Version: 3}), problem.Conflict)
		if got, err := s.Proposal(ctx, "a", "prop_1"); err != nil || got.Status != registry.Open {
			t.Errorf("%+v %v", got, err)
		}
		if got, err := s.Settings(ctx, "a"); err != nil || got.Version != 2 {
			t.Errorf("%+v %v", got, err)
		}
		_, err := s.Definition(ctx, "a", made[0].Kind, made[0].ID, made[0].Version)
		wants(t, err, problem.NotFound)
	})
	t.Run("settings that are approved are the newest", func(t *testing.T) {
		s := open(t)
		p := proposal("a", "prop_1", 0)
		must(t, s.AddProposal(ctx, p))
		next, _ := approved(p, "user_2")
		must(t, s.DecideProposal(ctx, next, nil, &registry.Settings{Tenant: "a", Version: 3, FourEyes: true}))
		if got, err := s.Settings(ctx, "a"); err != nil || got.Version != 3 || !got.FourEyes {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("a proposal ends once, whoever comes at the same time", func(t *testing.T) {
		s := open(t)
		p := proposal("a", "prop_1", 2)
		must(t, s.AddProposal(ctx, p))
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				next, made := approved(p, fmt.Sprintf("user_%d", i))
				if i%2 == 1 {
					next.Status, made = registry.Rejected, nil
				}
				errs[i] = s.DecideProposal(ctx, next, made, nil)
			})
		}
		all.Wait()
		winner := slices.Index(errs, nil)
		for i, err := range errs {
			if i != winner {
				wants(t, err, problem.Conflict)
			}
		}
		got, err := s.Proposal(ctx, "a", "prop_1")
		if err != nil || got.DecidedBy != fmt.Sprintf("user_%d", winner) {
			t.Errorf("%d has come first: %+v %v", winner, got, err)
		}
		d, err := s.Definition(ctx, "a", registry.Policy, "p1", 2)
		if (got.Status == registry.Approved) != (err == nil && d.ApprovedBy == got.DecidedBy) {
			t.Errorf("%s, and %+v %v", got.Status, d, err)
		}
		wants(t, s.DecideProposal(ctx, proposal("a", "prop_none", 0), nil, nil), problem.Conflict)
		wants(t, s.DecideProposal(ctx, proposal("b", "prop_1", 0), nil, nil), problem.Conflict)
	})
	t.Run("lists come the newest first, by status, page by page, without sources", func(t *testing.T) {
		s := open(t)
		for i := range 7 {
			p := proposal("a", fmt.Sprintf("prop_%d", i), 1)
			must(t, s.AddProposal(ctx, p))
			if i%3 == 0 {
				p.Status = registry.Rejected
				must(t, s.DecideProposal(ctx, p, nil, nil))
			}
		}
		must(t, s.AddProposal(ctx, proposal("b", "prop_9", 1)))
		listed := func(status registry.Status, limit int) (found []string) {
			query := registry.ProposalQuery{Status: status, Limit: limit}
			for range 20 {
				page, next, err := s.Proposals(ctx, "a", query)
				must(t, err)
				if len(page) > limit {
					t.Errorf("%d on a page of %d", len(page), limit)
				}
				for _, p := range page {
					if p.Documents[0].Source != "" || p.Documents[0].Digest == "" || p.Tenant != "a" {
						t.Errorf("%+v", p)
					}
					found = append(found, strings.TrimPrefix(p.ID, "prop_"))
				}
				if query.After = next; next == "" {
					return found
				}
			}
			t.Fatal("the list does not end")
			return nil
		}
		for _, limit := range []int{1, 2, 3, 7, 50} {
			for status, want := range map[registry.Status][]string{"": {"6", "5", "4", "3", "2", "1", "0"}, registry.Open: {"5", "4", "2", "1"}, registry.Rejected: {"6", "3", "0"}, registry.Outdated: nil} {
				if got := listed(status, limit); !slices.Equal(got, want) {
					t.Errorf("%q, %d a page: %v, want %v", status, limit, got, want)
				}
			}
		}
	})
}
