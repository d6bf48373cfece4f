package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/problem"
	"ballerine/internal/watched"
)

// Watched is the behaviour of a watched.Store.
func Watched(t *testing.T, open func(t *testing.T) watched.Store) {
	ctx := context.Background()
	answer := func(id string, n int) watched.Answer {
		return watched.Answer{
			List: "un", ID: id, Version: "v1", Asked: "d", Verdict: watched.Cleared, At: epoch.Add(time.Duration(n) * time.Hour), By: watched.Person{Kind: "user", ID: "ada"}, Case: "case_1", Commit: n + 1,
			Entry: watched.Entry{Name: "Anna Keller", Births: []string{"1970"}, Countries: []string{"CH"}},
		}
	}
	t.Run("answers are read as they were written, by their tenant and subject only", func(t *testing.T) {
		s := open(t)
		want := watched.Answers{Tenant: "a", Subject: "s", Revision: 1, Given: []watched.Answer{answer("1", 0)}, Opened: []watched.Opened{{List: "un", ID: "2", Version: "v", Asked: "d", Case: "case_2", At: epoch}}}
		must(t, s.PutAnswers(ctx, want))
		got, err := s.Answers(ctx, "a", "s")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, other := range [][2]string{{"b", "s"}, {"a", "t"}, {"a", "s\x00"}, {"", "s"}} {
			if got, err := s.Answers(ctx, other[0], other[1]); err != nil || got.Revision != 0 || got.Given != nil {
				t.Errorf("%q: %+v %v", other, got, err)
			}
		}
	})
	t.Run("answers are written over those of the revision before only", func(t *testing.T) {
		s := open(t)
		one := watched.Answers{Tenant: "a", Subject: "s", Revision: 2}
		wants(t, s.PutAnswers(ctx, one), problem.Conflict)
		one.Revision = 1
		must(t, s.PutAnswers(ctx, one))
		wants(t, s.PutAnswers(ctx, one), problem.Conflict)
		one.Revision = 3
		wants(t, s.PutAnswers(ctx, one), problem.Conflict)
		one.Revision = 2
		must(t, s.PutAnswers(ctx, one))
	})
	t.Run("no answer is lost among several writers", func(t *testing.T) {
		s := open(t)
		var group sync.WaitGroup
		for n := range 5 {
			group.Go(func() {
				if err := watched.Change(ctx, s, "a", "s", func(a *watched.Answers) bool { return a.Give(answer(fmt.Sprint(n), n)) }); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got, err := s.Answers(ctx, "a", "s"); err != nil || len(got.Given) != 5 || got.Revision != 5 {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("more than one item holds is refused", func(t *testing.T) {
		s := open(t)
		large := answer("1", 0)
		large.Entry.Name = strings.Repeat("x", 400<<10)
		wants(t, s.PutAnswers(ctx, watched.Answers{Tenant: "a", Subject: "s", Revision: 1, Given: []watched.Answer{large}}), problem.TooLarge)
	})
	watch := func(tenant, subject string, n int, kept bool) watched.Watch {
		w := watched.Watch{Tenant: tenant, Subject: subject, For: "kyc", Kept: kept, EndedAt: epoch.Add(time.Duration(n) * time.Hour), Case: fmt.Sprint("case_", n)}
		if kept {
			w.Workflow, w.Question, w.Editions = "again", watched.Question{Name: "Anna Keller", Lists: []string{"un"}}, map[string]string{"un": "1"}
		}
		return w
	}
	t.Run("the later end of a subject's cases counts, whichever is written first", func(t *testing.T) {
		s := open(t)
		if none, err := s.WatchesOf(ctx, "a", "s"); err != nil || len(none) > 0 {
			t.Fatalf("%+v %v", none, err)
		}
		for _, w := range []watched.Watch{watch("a", "s", 2, true), watch("a", "s", 1, false), watch("b", "s", 3, false)} {
			must(t, s.PutWatch(ctx, w))
		}
		got, err := s.WatchesOf(ctx, "a", "s")
		if diff := cmp.Diff([]watched.Watch{watch("a", "s", 2, true)}, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		must(t, s.PutWatch(ctx, watch("a", "s", 2, true)))
		must(t, s.PutWatch(ctx, watch("a", "s", 4, false)))
		if got, err := s.WatchesOf(ctx, "a", "s"); err != nil || len(got) != 1 || got[0].Kept || got[0].Question.Name != "" {
			t.Errorf("%+v %v", got, err)
		}
	})
	t.Run("each workflow has its own word about a subject", func(t *testing.T) {
		s := open(t)
		account, loan, other := watch("a", "s", 2, true), watch("a", "s", 3, false), watch("a", "s2", 1, true)
		loan.For = "loan"
		for _, w := range []watched.Watch{account, loan, other} {
			must(t, s.PutWatch(ctx, w))
		}
		got, err := s.WatchesOf(ctx, "a", "s")
		if diff := cmp.Diff([]watched.Watch{account, loan}, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		var page []watched.Watch
		for after, more := "", true; more; more = after != "" {
			some, _, next, err := s.Watches(ctx, "a", after, 1)
			must(t, err)
			page, after = append(page, some...), next
		}
		if len(page) != 3 {
			t.Errorf("%d watches: %+v", len(page), page)
		}
	})
	t.Run("each watch of a tenant is on one page", func(t *testing.T) {
		s := open(t)
		for n := range 25 {
			must(t, s.PutWatch(ctx, watch("a", fmt.Sprintf("subj_%02d", n), n, true)))
		}
		must(t, s.PutWatch(ctx, watch("b", "subj_99", 1, true)))
		for _, size := range []int{1, 4, 25, 100} {
			seen := map[string]int{}
			after := ""
			for pages := 0; ; pages++ {
				page, unreadable, next, err := s.Watches(ctx, "a", after, size)
				must(t, err)
				if len(page) > size || len(unreadable) > 0 || pages > 60 {
					t.Fatalf("page %d of %d, %v", pages, len(page), unreadable)
				}
				for _, w := range page {
					seen[w.Subject]++
				}
				if after = next; next == "" {
					break
				}
			}
			if len(seen) != 25 {
				t.Errorf("by %d: %d subjects", size, len(seen))
			}
			for subject, times := range seen {
				if times != 1 {
					t.Errorf("by %d: %s is there %d times", size, subject, times)
				}
			}
		}
	})
	t.Run("runs are written over the revision before, and listed by tenant or all", func(t *testing.T) {
		s := open(t)
		run := func(tenant, list string, revision int) watched.Run {
			return watched.Run{Tenant: tenant, List: list, State: watched.Running, Since: "list_1", NotedAt: epoch, Late: []string{"subj_1"}, Revision: revision}
		}
		wants(t, s.PutRun(ctx, run("a", "un", 2)), problem.Conflict)
		for _, r := range []watched.Run{run("a", "un", 1), run("a", "ofac", 1), run("ab", "un", 1), run("a", "un", 2)} {
			must(t, s.PutRun(ctx, r))
		}
		wants(t, s.PutRun(ctx, run("a", "un", 2)), problem.Conflict)
		got, err := s.Run(ctx, "a", "un")
		if diff := cmp.Diff(run("a", "un", 2), got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		if none, err := s.Run(ctx, "b", "un"); err != nil || none.Revision != 0 {
			t.Errorf("%+v %v", none, err)
		}
		for tenant, want := range map[string]int{"a": 2, "ab": 1, "b": 0, "": 3} {
			if found, err := s.Runs(ctx, tenant); err != nil || len(found) != want {
				t.Errorf("%q: %d runs, %v", tenant, len(found), err)
			}
		}
	})
}
