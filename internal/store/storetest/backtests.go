package storetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

// Backtests is the behaviour of a backtest.Store, beside the ledger.Store of the same data.
func Backtests(t *testing.T, open func(t *testing.T) (backtest.Store, ledger.Store)) {
	ctx := context.Background()
	ref := backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_1"}
	run := func(ref backtest.Ref) backtest.Run {
		return backtest.Run{
			Ref: ref, Status: backtest.Running, Filter: ledger.Filter{From: epoch, Outcome: "review"}, Examples: 3, Comment: "c", Digest: "sha256:x", CreatedAt: epoch, CreatedBy: "user_1",
			Windows: []backtest.Window{{From: epoch, To: epoch.Add(time.Nanosecond)}}, Failure: &backtest.Failure{Part: 2, Code: "timeout", Message: "m"}, Revision: 1,
		}
	}
	t.Run("a run is read as it was written, by its own tenant and policy only, and changes at its revision only", func(t *testing.T) {
		s, _ := open(t)
		want := run(ref)
		must(t, s.PutRun(ctx, 0, want))
		wants(t, s.PutRun(ctx, 0, want), problem.Conflict)
		want.Revision, want.Status, want.EndedAt = 2, backtest.Done, epoch.Add(time.Hour)
		wants(t, s.PutRun(ctx, 2, want), problem.Conflict)
		must(t, s.PutRun(ctx, 1, want))
		wants(t, s.PutRun(ctx, 1, want), problem.Conflict)
		got, err := s.Run(ctx, ref)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, other := range []backtest.Ref{{Tenant: "b", Policy: "p", ID: "backtest_1"}, {Tenant: "a", Policy: "q", ID: "backtest_1"}, {Tenant: "a", Policy: "p", ID: "backtest_2"}} {
			_, err = s.Run(ctx, other)
			wants(t, err, problem.NotFound)
		}
	})
	t.Run("runs are listed newest first, a page at a time", func(t *testing.T) {
		s, _ := open(t)
		for n := range 5 {
			must(t, s.PutRun(ctx, 0, run(backtest.Ref{Tenant: "a", Policy: "p", ID: fmt.Sprintf("backtest_%d", n)})))
		}
		must(t, s.PutRun(ctx, 0, run(backtest.Ref{Tenant: "a", Policy: "p2", ID: "backtest_9"})))
		must(t, s.PutRun(ctx, 0, run(backtest.Ref{Tenant: "b", Policy: "p", ID: "backtest_8"})))
		for _, size := range []int{1, 2, 5, 9} {
			var got []string
			after := ""
			for range 9 {
				page, next, err := s.Runs(ctx, "a", "p", after, size)
				must(t, err)
				for _, one := range page {
					got = append(got, one.ID)
				}
				if after = next; next == "" {
					break
				}
			}
			if want := "[backtest_4 backtest_3 backtest_2 backtest_1 backtest_0]"; fmt.Sprint(got) != want {
				t.Errorf("by %d: %v", size, got)
			}
		}
	})
	t.Run("bodies of any size are kept beside their run", func(t *testing.T) {
		s, _ := open(t)
		noise := rand.NewChaCha8([32]byte{})
		for _, size := range []int{0, 10, 350 << 10, 2<<20 + 5} {
			body := make([]byte, size)
			_, _ = noise.Read(body)
			must(t, s.PutBody(ctx, ref, "report", body))
			got, err := s.Body(ctx, ref, "report")
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%d bytes: %d %v", size, len(got), err)
			}
		}
		_, err := s.Body(ctx, ref, "draft")
		wants(t, err, problem.NotFound)
		_, err = s.Body(ctx, backtest.Ref{Tenant: "b", Policy: "p", ID: ref.ID}, "report")
		wants(t, err, problem.NotFound)
	})
	t.Run("a part changes together with its tally, at its revision only", func(t *testing.T) {
		s, _ := open(t)
		large := make([]byte, 1<<20)
		_, _ = rand.NewChaCha8([32]byte{}).Read(large)
		first := backtest.Part{Number: 2, After: "2026-05-04T08:00:00.000000000Z#dec_1", Decisions: 5, Revision: 1}
		must(t, s.PutPart(ctx, ref, 0, first, []byte("one")))
		wants(t, s.PutPart(ctx, ref, 0, first, []byte("other")), problem.Conflict)
		second := backtest.Part{Number: 2, Done: true, Decisions: 9, Revision: 2, Failure: &backtest.Failure{Part: 2, Code: "internal", Message: "m"}}
		must(t, s.PutPart(ctx, ref, 1, second, large))
		wants(t, s.PutPart(ctx, ref, 1, first, []byte("other")), problem.Conflict)
		got, tally, err := s.Part(ctx, ref, 2)
		if diff := cmp.Diff(second, got); diff != "" || err != nil || !bytes.Equal(tally, large) {
			t.Errorf("%v %s, a tally of %d bytes", err, diff, len(tally))
		}
		must(t, s.PutPart(ctx, ref, 0, backtest.Part{Number: 10, Revision: 1}, []byte("ten")))
		must(t, s.PutPart(ctx, ref, 0, backtest.Part{Number: 1, Revision: 1}, nil))
		must(t, s.PutPart(ctx, backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_10"}, 0, backtest.Part{Number: 3, Revision: 1}, nil))
		parts, err := s.Parts(ctx, ref)
		if err != nil || len(parts) != 3 || parts[0].Number != 1 || parts[1].Number != 2 || parts[2].Number != 10 {
			t.Errorf("%+v %v", parts, err)
		}
		_, _, err = s.Part(ctx, ref, 3)
		wants(t, err, problem.NotFound)
	})
	t.Run("spans are where decisions are", func(t *testing.T) { spans(t, open) })
}

func spans(t *testing.T, open func(t *testing.T) (backtest.Store, ledger.Store)) {
	t.Helper()
	ctx := context.Background()
	s, decisions := open(t)
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, text)
		must(t, err)
		return when
	}
	add := func(tenant, policy, id, when string) {
		_, err := decisions.PutDecision(ctx, ledger.Sealed{Head: ledger.Head{ID: id, Tenant: tenant, Policy: policy, At: at(when), Outcome: "review"}, Body: []byte{0}})
		must(t, err)
	}
	none, err := s.Spans(ctx, "a", "p", time.Time{}, time.Time{})
	if err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	for i, when := range []string{"2025-11-30T23:59:59.999999999Z", "2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z", "2026-01-31T12:00:00Z", "2026-03-05T00:00:00Z"} {
		add("a", "p", fmt.Sprintf("dec_%d", i), when)
	}
	add("a", "p-2", "dec_9", "2026-02-05T00:00:00Z")
	add("b", "p", "dec_9", "2026-02-05T00:00:00Z")
	for _, c := range []struct{ from, to, want string }{
		{"", "", "2025-11-30T23:59:59.999999999Z/2025-12-01T00:00:00Z 2026-01-01T00:00:00Z/2026-01-31T12:00:00.000000001Z 2026-03-05T00:00:00Z/2026-03-05T00:00:00.000000001Z"},
		{"2026-01-01T00:00:00.000000001Z", "2026-01-31T12:00:00Z", "2026-01-15T00:00:00Z/2026-01-15T00:00:00.000000001Z"},
		{"2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z", "2026-01-01T00:00:00Z/2026-01-01T00:00:00.000000001Z"},
		{"2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", ""},
		{"2026-03-06T00:00:00Z", "", ""},
	} {
		var from, to time.Time
		if c.from != "" {
			from = at(c.from)
		}
		if c.to != "" {
			to = at(c.to)
		}
		found, err := s.Spans(ctx, "a", "p", from, to)
		must(t, err)
		var got []string
		for _, span := range found {
			got = append(got, span.From.Format(time.RFC3339Nano)+"/"+span.To.Format(time.RFC3339Nano))
		}
		if fmt.Sprint(got) != "["+c.want+"]" {
			t.Errorf("%s to %s: %v, want %s", c.from, c.to, got, c.want)
		}
	}
}
