package storetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Ledger is the behaviour of a ledger.Store.
func Ledger(t *testing.T, open func(t *testing.T) ledger.Store) {
	ctx := context.Background()
	decision := func(tenant, policy string, n int) ledger.Sealed {
		return ledger.Sealed{Head: ledger.Head{
			ID: fmt.Sprintf("dec_%03d", n), Tenant: tenant, Policy: policy, Version: 1 + n%2, Digest: "sha256:x", At: epoch.Add(time.Duration(n) * 20 * 24 * time.Hour).Add(time.Nanosecond),
			Outcome: []string{"approve", "review"}[n%2], Score: 1.5, Severity: "low", Fired: []string{"a"}, Case: "case_1", Subject: "subj_1", Took: time.Millisecond,
			Editions: map[string]string{"l": "3"}, Engine: n % 3, Omitted: []string{"input"},
		}, Body: []byte{0, 1, 2, 255}}
	}
	tried := func(n int) (*ledger.Side, *ledger.Shadow) {
		side := &ledger.Side{Trial: rules.Trial{ID: "trial_1", Arm: rules.Challenger}, Point: 0.1 + 0x1p-53}
		shadow := &ledger.Shadow{Trial: "trial_2", Outcome: "review", Score: 2.5, Severity: "low", Fired: []string{"b"}, Took: time.Microsecond}
		return []*ledger.Side{nil, side, nil}[n%3], []*ledger.Shadow{shadow, nil, nil}[n%3]
	}
	add := func(t *testing.T, s ledger.Store, d ledger.Sealed) ledger.Sealed {
		t.Helper()
		kept, err := s.PutDecision(ctx, d)
		must(t, err)
		return kept
	}
	t.Run("a decision is read as it was written, by its own tenant and policy only", func(t *testing.T) {
		s := open(t)
		want := decision("a", "p", 1)
		want.Trial, _ = tried(1)
		_, want.Shadow = tried(0)
		noise := rand.NewChaCha8([32]byte{})
		want.Body = make([]byte, ledger.MaxBytes-1000)
		_, _ = noise.Read(want.Body)
		if diff := cmp.Diff(want, add(t, s, want)); diff != "" {
			t.Error(diff)
		}
		got, err := s.Decision(ctx, "a", "p", "dec_001")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
		for _, other := range [][3]string{{"b", "p", "dec_001"}, {"a", "q", "dec_001"}, {"a", "p", "dec_002"}, {"a", "p", "dec_00"}} {
			_, err = s.Decision(ctx, other[0], other[1], other[2])
			wants(t, err, problem.NotFound)
		}
	})
	t.Run("the same decision again, at another time, is the first", func(t *testing.T) {
		s := open(t)
		first := add(t, s, decision("a", "p", 1))
		again := decision("a", "p", 1)
		again.At, again.Outcome, again.Body = again.At.Add(40*24*time.Hour), "reject", []byte("other")
		if diff := cmp.Diff(first, add(t, s, again)); diff != "" {
			t.Error(diff)
		}
		page, next, err := s.Decisions(ctx, "a", "p", ledger.Query{Limit: 10})
		if err != nil || next != "" || len(page) != 1 || page[0].Outcome != first.Outcome {
			t.Errorf("%+v %q %v", page, next, err)
		}
		add(t, s, decision("b", "p", 1))
		add(t, s, decision("a", "q", 1))
		if page, _, _ = s.Decisions(ctx, "a", "p", ledger.Query{Limit: 10}); len(page) != 1 {
			t.Errorf("%+v", page)
		}
	})
	t.Run("lists are newest first, over months, a page at a time", func(t *testing.T) {
		s := open(t)
		order := rand.New(rand.NewPCG(1, 2)).Perm(12) //nolint:gosec // an order, the same each time
		for _, n := range order {
			d := decision("a", "p", n)
			d.Trial, d.Shadow = tried(n)
			add(t, s, d)
		}
		for _, n := range []int{3, 4} {
			add(t, s, decision("a", "p-2", n))
			add(t, s, decision("b", "p", n))
		}
		twin := decision("a", "p", 7)
		twin.ID = "dec_100" // at the same time
		add(t, s, twin)
		all := []string{"dec_011", "dec_010", "dec_009", "dec_008", "dec_100", "dec_007", "dec_006", "dec_005", "dec_004", "dec_003", "dec_002", "dec_001", "dec_000"}
		for _, size := range []int{1, 2, 5, 13, 50} {
			for _, q := range []struct {
				name   string
				filter ledger.Filter
				keep   func(h ledger.Head) bool
			}{
				{"all", ledger.Filter{}, func(ledger.Head) bool { return true }},
				{"from", ledger.Filter{From: decision("a", "p", 5).At}, func(h ledger.Head) bool { return !h.At.Before(decision("a", "p", 5).At) }},
				{"to", ledger.Filter{To: decision("a", "p", 7).At}, func(h ledger.Head) bool { return h.At.Before(decision("a", "p", 7).At) }},
				{"from and to", ledger.Filter{From: decision("a", "p", 2).At, To: decision("a", "p", 9).At}, func(h ledger.Head) bool {
					return !h.At.Before(decision("a", "p", 2).At) && h.At.Before(decision("a", "p", 9).At)
				}},
				{"outcome", ledger.Filter{Outcome: "review"}, func(h ledger.Head) bool { return h.Outcome == "review" }},
				{"version and case", ledger.Filter{Version: 1, Case: "case_1"}, func(h ledger.Head) bool { return h.Version == 1 }},
				{"of a challenger", ledger.Filter{Trial: "trial_1"}, func(h ledger.Head) bool { return h.Trial != nil }},
				{"of a shadow", ledger.Filter{Trial: "trial_2"}, func(h ledger.Head) bool { return h.Shadow != nil }},
				{"no case", ledger.Filter{Case: "case_2"}, func(ledger.Head) bool { return false }},
			} {
				var want, got []string
				for _, id := range all {
					d, err := s.Decision(ctx, "a", "p", id)
					must(t, err)
					if q.keep(d.Head) {
						want = append(want, id)
					}
				}
				query := ledger.Query{Filter: q.filter, Limit: size, Bodies: size == 5}
				for pages := 0; pages < 30; pages++ {
					page, next, err := s.Decisions(ctx, "a", "p", query)
					must(t, err)
					for _, d := range page {
						if bytes.Equal(d.Body, []byte{0, 1, 2, 255}) != query.Bodies {
							t.Errorf("body %v", d.Body)
						}
						got = append(got, d.ID)
					}
					if len(page) > size {
						t.Errorf("a page of %d", len(page))
					}
					if query.After = next; next == "" {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s by %d: %v, want %v", q.name, size, got, want)
				}
			}
		}
	})
}
