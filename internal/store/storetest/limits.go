package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
)

// Limits is what a cases.Store takes, and what it refuses as TooLarge with nothing written: the limits of the real store.
func Limits(t *testing.T, open func(t *testing.T) cases.Store) {
	ctx := context.Background()
	publish := func(n int) (effects []cases.Effect) {
		for i := range n {
			effects = append(effects, cases.Effect{Tenant: "a", Case: "case_1", Version: 2, Number: i, Kind: cases.EffectPublish, At: epoch})
		}
		return effects
	}
	start := func(t *testing.T) (cases.Store, cases.Record) {
		s, r := open(t), record("a", "case_1")
		must(t, s.Commit(ctx, created(r)))
		return s, r
	}
	refused := func(t *testing.T, s cases.Store, change cases.Change) {
		t.Helper()
		wants(t, s.Commit(ctx, change), problem.TooLarge)
		got, err := s.Get(ctx, "a", "case_1")
		if err != nil || got.Version != 1 {
			t.Errorf("something was written: version %d, %v", got.Version, err)
		}
	}
	t.Run("100 items in a transaction and not one more", func(t *testing.T) {
		s, r := start(t)
		change := next(r, nil)
		change.Effects = publish(limits.Items - 1) // with the record and the entry one too many
		refused(t, s, change)
		change.Effects = publish(limits.Items - 2)
		must(t, s.Commit(ctx, change))
		if left, err := s.Undelivered(ctx, epoch.Add(1e9), 1000); err != nil || len(left) != limits.Items-2 {
			t.Errorf("%d effects, %v", len(left), err)
		}
	})
	t.Run("400 KB in an item", func(t *testing.T) {
		s, r := start(t)
		for name, large := range map[string]func(text string) cases.Change{
			"entry": func(x string) cases.Change { c := next(r, nil); c.Entry.Details = map[string]any{"x": x}; return c },
			"note": func(x string) cases.Change {
				c := next(r, nil)
				c.Notes = []cases.Note{{ID: "note_1", Text: x, At: epoch}}
				return c
			},
			"attempt": func(x string) cases.Change {
				c := next(r, nil)
				c.TaskRuns = []cases.TaskRun{{ID: "t", Error: x, StartedAt: epoch}}
				return c
			},
			"effect": func(x string) cases.Change {
				c := next(r, nil)
				c.Effects = publish(1)
				c.Effects[0].Data = map[string]any{"x": x}
				return c
			},
			"result": func(x string) cases.Change {
				c := next(r, nil)
				c.Results = []cases.ChildResult{{Child: "c", Data: map[string]any{"x": x}}}
				return c
			},
			"subject": func(x string) cases.Change {
				c := next(r, nil)
				c.Subject = &cases.Subject{Tenant: "a", ID: "subj_1", Type: "individual", ExternalID: "x", Revision: 1, Data: map[string]any{"x": x}}
				return c
			},
		} {
			t.Log(name)
			refused(t, s, large(strings.Repeat("x", limits.Item)))
		}
		wants(t, s.PutTaskRun(ctx, "a", "case_1", cases.TaskRun{ID: "t", Error: strings.Repeat("x", limits.Item), StartedAt: epoch}), problem.TooLarge)
		change := next(r, nil)
		change.Entry.Details = map[string]any{"x": strings.Repeat("x", 380<<10)}
		must(t, s.Commit(ctx, change))
	})
	t.Run("4 MB in a transaction", func(t *testing.T) {
		s, r := start(t)
		change := next(r, nil)
		for n := range 11 {
			change.Results = append(change.Results, cases.ChildResult{Child: fmt.Sprint("c", n), Data: map[string]any{"x": strings.Repeat("x", 380<<10)}})
		}
		refused(t, s, change)
		change.Results = change.Results[:9]
		must(t, s.Commit(ctx, change))
		results, err := s.Results(ctx, "a", "case_1")
		if err != nil || len(results) != 9 || len(results[8].Data["x"].(string)) != 380<<10 {
			t.Errorf("%d results, %v", len(results), err)
		}
		if other, err := s.Results(ctx, "b", "case_1"); err != nil || len(other) != 0 {
			t.Errorf("another tenant sees %v %v", other, err)
		}
	})
	t.Run("a record is whole up to its own limit, in lists too, and can shrink again", func(t *testing.T) {
		s, r := start(t)
		refused(t, s, next(r, func(r *cases.Record) { r.Context = map[string]any{"x": noise(limits.Record)} }))
		for step, size := range []int{limits.Inline - 2048, limits.Inline + 1, 700 << 10, limits.Record - 2048, 900 << 10, 100} {
			change := next(r, func(r *cases.Record) {
				r.Context = map[string]any{"x": noise(size), "step": float64(step)}
				r.DueAt = epoch
			})
			must(t, s.Commit(ctx, change))
			r = change.Next
			got, err := s.Get(ctx, "a", "case_1")
			if err != nil || len(got.Context["x"].(string)) != size || got.Context["step"] != float64(step) || got.Version != r.Version {
				t.Fatalf("%d bytes: version %d, %v", size, got.Version, err)
			}
			page, err := s.List(ctx, "a", cases.Query{Limit: 10})
			if err != nil || len(page.Records) != 1 || len(page.Records[0].Context["x"].(string)) != size {
				t.Fatalf("a list of one record of %d bytes: %d, %v", size, len(page.Records), err)
			}
			if due, err := s.Due(ctx, epoch.Add(1e9), 10); err != nil || len(due) != 1 || due[0].ID != "case_1" {
				t.Fatalf("due %v %v", due, err)
			}
		}
	})
	t.Run("a page of large records ends early and goes on", func(t *testing.T) {
		s := open(t)
		for n := range 5 {
			r := record("a", fmt.Sprintf("case_%d", n))
			r.Context = map[string]any{"x": noise(limits.Record - 4096)}
			must(t, s.Commit(ctx, created(r)))
		}
		seen, pages := 0, 0
		for after := ""; ; {
			page, err := s.List(ctx, "a", cases.Query{Limit: 200, After: after})
			must(t, err)
			if len(page.Records) > 2 {
				t.Errorf("a page of %d records of %d KB", len(page.Records), limits.Record>>10)
			}
			seen, pages = seen+len(page.Records), pages+1
			if after = page.Next; after == "" {
				break
			}
		}
		if seen != 5 || pages < 3 {
			t.Errorf("%d cases on %d pages", seen, pages)
		}
	})
}
