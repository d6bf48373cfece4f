package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// Registry is the behaviour of a registry.Store.
func Registry(t *testing.T, open func(t *testing.T) registry.Store) {
	ctx := context.Background()
	definition := func(tenant string, kind registry.Kind, id string, version int) registry.Definition {
		return registry.Definition{
			Tenant: tenant, Kind: kind, ID: id, Version: version, Title: "T", Digest: "sha256:x", Source: "id: " + id + "\n", Machine: "arn:" + id,
			Comment: "c", PublishedAt: epoch, PublishedBy: "user_1",
		}
	}
	t.Run("a version is read as it was written", func(t *testing.T) {
		s := open(t)
		want := definition("a", registry.Workflow, "kyc", 2)
		want.Source = strings.Repeat("# a long document\n", registry.MaxSource/18)
		must(t, s.PutDefinition(ctx, want))
		got, err := s.Definition(ctx, "a", registry.Workflow, "kyc", 2)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, other := range []registry.Definition{
			definition("b", registry.Workflow, "kyc", 2), definition("a", registry.Policy, "kyc", 2), definition("a", registry.Workflow, "ky", 2), definition("a", registry.Workflow, "kyc", 3),
		} {
			_, err = s.Definition(ctx, other.Tenant, other.Kind, other.ID, other.Version)
			wants(t, err, problem.NotFound)
		}
	})
	t.Run("a version is never written twice", func(t *testing.T) {
		s := open(t)
		must(t, s.PutDefinition(ctx, definition("a", registry.Policy, "p", 1)))
		other := definition("a", registry.Policy, "p", 1)
		other.Source = "another"
		wants(t, s.PutDefinition(ctx, other), problem.Conflict)
		got, err := s.Definition(ctx, "a", registry.Policy, "p", 1)
		if err != nil || got.Source == "another" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("the newest is the one with the highest number", func(t *testing.T) {
		s := open(t)
		_, err := s.Definition(ctx, "a", registry.Workflow, "kyc", 0)
		wants(t, err, problem.NotFound)
		for _, version := range []int{2, 9, 10, 3} {
			must(t, s.PutDefinition(ctx, definition("a", registry.Workflow, "kyc", version)))
		}
		must(t, s.PutDefinition(ctx, definition("a", registry.Workflow, "kyc-2", 77)))
		must(t, s.PutDefinition(ctx, definition("b", registry.Workflow, "kyc", 99)))
		got, err := s.Definition(ctx, "a", registry.Workflow, "kyc", 0)
		if err != nil || got.Version != 10 || got.Source == "" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("lists come by id and the newest first, without sources", func(t *testing.T) {
		s := open(t)
		for _, d := range []registry.Definition{
			definition("a", registry.Workflow, "kyc", 2), definition("a", registry.Workflow, "kyc", 10), definition("a", registry.Workflow, "aml", 1),
			definition("a", registry.Plugin, "kyc", 5), definition("b", registry.Workflow, "kyc", 6), definition("a", registry.Workflow, "kyc-2", 3),
		} {
			must(t, s.PutDefinition(ctx, d))
		}
		names := func(id string) (found []string) {
			all, err := s.Definitions(ctx, "a", registry.Workflow, id)
			must(t, err)
			for _, d := range all {
				if d.Source != "" || d.Digest == "" {
					t.Errorf("%+v", d)
				}
				found = append(found, d.ID+"@"+strings.Repeat("i", d.Version))
			}
			return found
		}
		if got := names(""); !slices.Equal(got, []string{"aml@i", "kyc@iiiiiiiiii", "kyc@ii", "kyc-2@iii"}) {
			t.Errorf("%v", got)
		}
		if got := names("kyc"); !slices.Equal(got, []string{"kyc@iiiiiiiiii", "kyc@ii"}) {
			t.Errorf("%v", got)
		}
		if got := names("none"); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	settings(t, open)
	proposals(t, open)
}
