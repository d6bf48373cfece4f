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
}
