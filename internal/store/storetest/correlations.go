package storetest

import (
	"context"
	"reflect"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func correlations(t *testing.T, s cases.Store) {
	ctx := context.Background()
	one := cases.Correlation{Plugin: "desk", Hash: "h1", Case: "case_1", State: "check", Visit: 1, Work: "ask"}
	found := func(tenant, plugin, hash string, want cases.Correlation) {
		t.Helper()
		got, err := s.Correlated(ctx, tenant, plugin, hash)
		if want == (cases.Correlation{}) {
			wants(t, err, problem.NotFound)
			return
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v %v, want %+v", got, err, want)
		}
	}
	r := record("a", "case_1")
	must(t, s.Commit(ctx, created(r)))
	found("a", "desk", "h1", cases.Correlation{})
	first := next(r, func(r *cases.Record) { r.Correlations = []cases.Correlation{one} })
	must(t, s.Commit(ctx, first))
	found("a", "desk", "h1", one)
	found("b", "desk", "h1", cases.Correlation{})
	found("a", "table", "h1", cases.Correlation{})
	found("a", "desk", "h2", cases.Correlation{})

	// Another case may not have it, and nothing of such a commit is written.
	other := record("a", "case_2")
	must(t, s.Commit(ctx, created(other)))
	theirs := one
	theirs.Case = "case_2"
	err := s.Commit(ctx, next(other, func(r *cases.Record) { r.Correlations = []cases.Correlation{theirs} }))
	if wants(t, err, problem.AlreadyExists); err == nil || problem.As(err).Details["correlation"] != "ask" {
		t.Errorf("%+v", err)
	}
	if left, err := s.Get(ctx, "a", "case_2"); err != nil || left.Version != 1 {
		t.Errorf("version %d, %v", left.Version, err)
	}
	found("a", "desk", "h1", one)

	// The same case may take it again, also for other work.
	later := one
	later.Visit, later.Round, later.Work, later.Asked = 2, 1, "ask again", 1_767_323_045_006
	again := next(first.Next, func(r *cases.Record) { r.Correlations = []cases.Correlation{later} })
	must(t, s.Commit(ctx, again))
	found("a", "desk", "h1", later)
	kept, err := s.Get(ctx, "a", "case_1")
	if err != nil || !reflect.DeepEqual(kept.Correlations, []cases.Correlation{later}) {
		t.Errorf("%+v %v", kept.Correlations, err)
	}

	// Another case may take it over from the one that it names, and from no other.
	theirs.From = "case_3"
	wants(t, s.Commit(ctx, next(other, func(r *cases.Record) { r.Correlations = []cases.Correlation{theirs} })), problem.AlreadyExists)
	theirs.From = "case_1"
	must(t, s.Commit(ctx, next(other, func(r *cases.Record) { r.Correlations = []cases.Correlation{theirs} })))
	theirs.From = ""
	found("a", "desk", "h1", theirs)
}
