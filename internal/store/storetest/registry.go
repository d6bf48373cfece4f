package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
)

// Registry is the behaviour of a registry.Store.
func Registry(t *testing.T, open func(t *testing.T) registry.Store) {
	ctx := context.Background()
	definition := func(tenant string, kind registry.Kind, id string, version int) registry.Definition {
		return registry.Definition{
			Tenant: tenant, Kind: kind, ID: id, Version: version, Title: "T", Digest: "sha256:x", Source: "id: " + id + "\n", Machine: "arn:" + id,
			Plugins: map[string]workflow.Plugin{"asked": {ID: "asked", Retry: workflow.RetryPolicy{Attempts: 2, Interval: time.Second, Errors: []string{"timeout"}}}},
			Comment: "c", PublishedAt: epoch, PublishedBy: "user_1",
		}
	}
	t.Run("a version is read as it was written", func(t *testing.T) {
		s := open(t)
		want := definition("a", registry.Workflow, "kyc", 2)
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
	t.Run("a source is as long as it may be", func(t *testing.T) {
		s := open(t)
		for version, size := range []int{0, 32 << 10, 32<<10 + 1, 400 << 10, registry.MaxSource} {
			want := definition("a", registry.Policy, "large", version+1)
			want.Source = noise(size)
			must(t, s.PutDefinition(ctx, want))
			for _, wanted := range []int{version + 1, 0} {
				got, err := s.Definition(ctx, "a", registry.Policy, "large", wanted)
				if err != nil || got.Version != version+1 || got.Source != want.Source {
					t.Errorf("%d bytes: %v, %d bytes of version %d", size, err, len(got.Source), got.Version)
				}
			}
		}
		all, err := s.Definitions(ctx, "a", registry.Policy, "")
		if err != nil || len(all) != 5 || all[0].Version != 5 || all[0].Source != "" {
			t.Errorf("%v, %d definitions", err, len(all))
		}
	})
	t.Run("of two long sources for one version the first stays", func(t *testing.T) {
		s := open(t)
		first, second := definition("a", registry.Policy, "p", 1), definition("a", registry.Policy, "p", 1)
		first.Source, second.Source = noise(900<<10), noise(500 << 10)[1:]
		must(t, s.PutDefinition(ctx, first))
		wants(t, s.PutDefinition(ctx, second), problem.Conflict)
		got, err := s.Definition(ctx, "a", registry.Policy, "p", 1)
		if err != nil || got.Source != first.Source {
			t.Errorf("%v, %d bytes", err, len(got.Source))
		}
		_, err = s.Definition(ctx, "b", registry.Policy, "p", 1)
		wants(t, err, problem.NotFound)
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

// noise is a text of so many bytes that compresses badly.
func noise(size int) string {
	var b strings.Builder
	for n := 0; b.Len() < size; n++ {
		sum := sha256.Sum256([]byte{byte(n), byte(n >> 8), byte(n >> 16)})
		b.WriteString(base64.StdEncoding.EncodeToString(sum[:]))
	}
	return b.String()[:size]
}
