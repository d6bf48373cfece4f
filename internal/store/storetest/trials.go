package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// Trials is the behaviour of a trial.Store.
func Trials(t *testing.T, open func(t *testing.T) trial.Store) {
	ctx := context.Background()
	one := func(tenant, policy string, n int, kind trial.Kind) trial.Trial {
		return trial.Trial{
			ID: fmt.Sprintf("trial_%03d", n), Tenant: tenant, Policy: policy, Kind: kind, Share: 1000, Base: 3, BaseDigest: "sha256:b", Digest: "sha256:d", Source: "id: " + policy,
			Comment: "c", Status: trial.Running, ProposedAt: epoch, ProposedBy: "user_1", ApprovedBy: "user_2", StartedAt: epoch, Revision: 1,
		}
	}
	ended := func(of trial.Trial, status trial.Status) trial.Trial {
		of.Status, of.EndedAt, of.EndedBy, of.Revision, of.Source = status, epoch.Add(time.Hour), "user_3", of.Revision+1, ""
		return of
	}
	running := func(t *testing.T, s trial.Store, tenant, policy string) (ids []string) {
		t.Helper()
		found, err := s.RunningTrials(ctx, tenant, policy)
		must(t, err)
		for _, r := range found {
			if r.Source != "" || r.Digest == "" {
				t.Errorf("%+v", r)
			}
			ids = append(ids, r.ID)
		}
		slices.Sort(ids)
		return ids
	}
	t.Run("a trial is read as it was written, by its own tenant and policy only", func(t *testing.T) {
		s := open(t)
		want := one("a", "p", 1, trial.Challenger)
		want.Source = strings.Repeat("# a long document\n", registry.MaxSource/18)
		must(t, s.PutTrial(ctx, 0, want))
		got, err := s.Trial(ctx, "a", "p", "trial_001")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, other := range [][3]string{{"b", "p", "trial_001"}, {"a", "q", "trial_001"}, {"a", "p", "trial_002"}, {"a", "p", "trial_00"}} {
			_, err = s.Trial(ctx, other[0], other[1], other[2])
			wants(t, err, problem.NotFound)
		}
	})
	t.Run("its source stays, whoever writes over it", func(t *testing.T) {
		s := open(t)
		first := one("a", "p", 1, trial.Shadow)
		must(t, s.PutTrial(ctx, 0, first))
		must(t, s.PutTrial(ctx, 1, ended(first, trial.Ended)))
		got, err := s.Trial(ctx, "a", "p", "trial_001")
		want := ended(first, trial.Ended)
		want.Source = first.Source
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})
	t.Run("of two writes over the same revision one comes first", func(t *testing.T) {
		s := open(t)
		first := one("a", "p", 1, trial.Shadow)
		wants(t, s.PutTrial(ctx, 1, first), problem.Conflict) // there is none to overwrite
		must(t, s.PutTrial(ctx, 0, first))
		wants(t, s.PutTrial(ctx, 0, first), problem.Conflict)
		must(t, s.PutTrial(ctx, 1, ended(first, trial.Ended)))
		wants(t, s.PutTrial(ctx, 1, ended(first, trial.Outdated)), problem.Conflict)
		if got, err := s.Trial(ctx, "a", "p", "trial_001"); err != nil || got.Status != trial.Ended {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("one of a kind runs beside a policy", func(t *testing.T) {
		s := open(t)
		first, second := one("a", "p", 1, trial.Shadow), one("a", "p", 2, trial.Shadow)
		must(t, s.PutTrial(ctx, 0, first))
		wants(t, s.PutTrial(ctx, 0, second), problem.AlreadyExists)
		_, err := s.Trial(ctx, "a", "p", "trial_002")
		wants(t, err, problem.NotFound) // no part of it was written
		for _, other := range []trial.Trial{one("a", "p", 3, trial.Challenger), one("a", "p-2", 4, trial.Shadow), one("b", "p", 5, trial.Shadow)} {
			must(t, s.PutTrial(ctx, 0, other))
		}
		if got := running(t, s, "a", "p"); !slices.Equal(got, []string{"trial_001", "trial_003"}) {
			t.Errorf("%v", got)
		}
		must(t, s.PutTrial(ctx, 1, ended(first, trial.Ended)))
		if got := running(t, s, "a", "p"); !slices.Equal(got, []string{"trial_003"}) {
			t.Errorf("%v", got)
		}
		must(t, s.PutTrial(ctx, 0, second))
		must(t, s.PutTrial(ctx, 1, ended(second, trial.Outdated)))
		must(t, s.PutTrial(ctx, 0, one("a", "p", 6, trial.Shadow)))
		if got := running(t, s, "a", "p"); !slices.Equal(got, []string{"trial_003", "trial_006"}) {
			t.Errorf("%v", got)
		}
		if got := running(t, s, "a", "q"); got != nil {
			t.Errorf("%v", got)
		}
	})
	t.Run("a proposal has no place until it runs, and leaves none when it is taken back", func(t *testing.T) {
		s := open(t)
		proposed := func(n int) trial.Trial {
			p := one("a", "p", n, trial.Challenger)
			p.Status, p.StartedAt, p.ApprovedBy = trial.Proposed, time.Time{}, ""
			return p
		}
		must(t, s.PutTrial(ctx, 0, proposed(1)))
		must(t, s.PutTrial(ctx, 0, proposed(2)))
		if got := running(t, s, "a", "p"); got != nil {
			t.Errorf("%v", got)
		}
		approved := one("a", "p", 1, trial.Challenger)
		approved.Revision = 2
		must(t, s.PutTrial(ctx, 1, approved))
		other := one("a", "p", 2, trial.Challenger)
		other.Revision = 2
		wants(t, s.PutTrial(ctx, 1, other), problem.AlreadyExists)
		must(t, s.PutTrial(ctx, 1, ended(proposed(2), trial.Ended)))
		if got := running(t, s, "a", "p"); !slices.Equal(got, []string{"trial_001"}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("lists are newest first, a page at a time, without sources", func(t *testing.T) {
		s := open(t)
		for n := range 7 {
			p := one("a", "p", n, trial.Shadow)
			p.Status, p.StartedAt = trial.Proposed, time.Time{}
			must(t, s.PutTrial(ctx, 0, p))
		}
		must(t, s.PutTrial(ctx, 0, one("a", "p-2", 9, trial.Shadow)))
		must(t, s.PutTrial(ctx, 0, one("b", "p", 9, trial.Shadow)))
		for _, size := range []int{1, 2, 3, 7, 20} {
			var ids []string
			after := ""
			for pages := 0; pages < 10; pages++ {
				page, next, err := s.Trials(ctx, "a", "p", after, size)
				must(t, err)
				if len(page) > size {
					t.Errorf("a page of %d", len(page))
				}
				for _, one := range page {
					if one.Source != "" {
						t.Errorf("%+v", one)
					}
					ids = append(ids, one.ID)
				}
				if after = next; next == "" {
					break
				}
			}
			if want := []string{"trial_006", "trial_005", "trial_004", "trial_003", "trial_002", "trial_001", "trial_000"}; !slices.Equal(ids, want) {
				t.Errorf("by %d: %v", size, ids)
			}
		}
	})
}
