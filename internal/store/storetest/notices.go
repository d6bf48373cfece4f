package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Notices is the behaviour of the notices of commits, as they are read.
func Notices(t *testing.T, open func(t *testing.T) (cases.Store, backoffice.Store)) {
	ctx := context.Background()
	t.Run("notices of a commit are read by their recipients, newest first, from their time on and until they are over", func(t *testing.T) {
		s, reviews := open(t)
		notice := func(to string, shared bool, of string, after time.Duration) cases.Notice {
			return cases.Notice{Tenant: "a", To: to, Shared: shared, Case: "case_1", Kind: cases.NoticeMentioned, Of: of, At: epoch.Add(after)}
		}
		later := notice("user_1", false, "later", time.Hour)
		first := created(record("a", "case_1"))
		first.Notices = []cases.Notice{notice("user_1", false, "first", 0), notice("user_1", false, "second", time.Minute), later, notice("user_2", false, "else", 0), notice("user_1", true, "shared", 0)}
		must(t, s.Commit(ctx, first))
		read := func(to string, shared bool, at time.Duration, limit int) (found []string) {
			all, err := reviews.Notices(ctx, "a", to, shared, epoch.Add(at), limit)
			must(t, err)
			for _, n := range all {
				found = append(found, n.Of)
			}
			return found
		}
		expect := func(what string, got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		expect("at once", read("user_1", false, 0, 10), "first")
		expect("after a minute", read("user_1", false, time.Minute, 10), "second", "first")
		expect("bounded", read("user_1", false, time.Minute, 1), "second")
		expect("later", read("user_1", false, time.Hour, 10), "later", "second", "first")
		expect("somebody else's", read("user_2", false, time.Hour, 10), "else")
		expect("with a permission", read("user_1", true, time.Hour, 10), "shared")
		expect("when the first is over", read("user_1", false, cases.NoticeLife+time.Second, 10), "later", "second")
		if other, err := reviews.Notices(ctx, "b", "user_1", false, epoch.Add(time.Hour), 10); err != nil || len(other) != 0 {
			t.Errorf("another tenant's: %v %v", other, err)
		}
		second := next(first.Next, func(*cases.Record) {})
		later.Gone = true
		second.Notices = []cases.Notice{later}
		must(t, s.Commit(ctx, second))
		expect("taken back", read("user_1", false, time.Hour, 10), "second", "first")
	})
	t.Run("notices that were taken back hide no others, however many they are", func(t *testing.T) {
		s, reviews := open(t)
		now := epoch.Add(time.Hour)
		change := created(record("a", "case_1"))
		change.Notices = []cases.Notice{{Tenant: "a", To: "user_1", Case: "case_1", Kind: cases.NoticeAssigned, Of: "left", At: epoch}}
		must(t, s.Commit(ctx, change))
		for n := range 6 {
			for _, gone := range []bool{false, true} {
				change = next(change.Next, nil)
				for i := range 70 {
					change.Notices = append(change.Notices, cases.Notice{Tenant: "a", To: "user_1", Case: "case_1", Kind: cases.NoticeMentioned, Of: fmt.Sprint(n, "-", i), At: epoch.Add(time.Minute), Gone: gone})
				}
				must(t, s.Commit(ctx, change))
			}
		}
		found, err := reviews.Notices(ctx, "a", "user_1", false, now, 50)
		if err != nil || len(found) != 1 || found[0].Of != "left" {
			t.Errorf("%v %v", found, err)
		}
	})
}

// UnreadableMarks is the handling of marks that cannot be decoded: they are an error, and can be replaced.
func UnreadableMarks(t *testing.T, open func(t *testing.T) (reviews backoffice.Store, spoil func(t *testing.T))) {
	reviews, spoil := open(t)
	marks := backoffice.ReadMarks{Tenant: "a", User: "user_1", Until: epoch, At: epoch, Revision: 1}
	must(t, reviews.PutReadMarks(t.Context(), marks))
	spoil(t)
	damaged, err := reviews.ReadMarks(t.Context(), "a", "user_1")
	wants(t, err, problem.Internal)
	marks.Until, marks.Revision = epoch.Add(time.Hour), damaged.Revision+1
	must(t, reviews.PutReadMarks(t.Context(), marks))
	if again, err := reviews.ReadMarks(t.Context(), "a", "user_1"); err != nil || !again.Until.Equal(marks.Until) {
		t.Errorf("%+v %v", again, err)
	}
	wants(t, reviews.PutReadMarks(t.Context(), marks), problem.Conflict)
}
