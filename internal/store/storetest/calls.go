package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ballerine/internal/cases"
)

// calls are counted with the attempt, whether it changes the case or not.
func calls(t *testing.T, s cases.Store) {
	ctx := context.Background()
	r := record("a", "case_1")
	must(t, s.Commit(ctx, created(r)))
	run := cases.TaskRun{
		ID: "task_1", Source: "vendor", Name: "desk", Outcome: "failed", Error: "timeout", StartedAt: epoch, Duration: time.Second,
		Call: &cases.Call{Request: "GET https://desk.example", Price: &cases.Price{Amount: 0.1, Currency: "EUR"}},
	}
	must(t, s.PutTaskRun(ctx, "a", "case_1", run))
	done := run
	done.ID, done.Error, done.Outcome = "task_2", "", "done"
	change := next(r, nil)
	change.TaskRuns, change.Counts = []cases.TaskRun{done}, cases.RunCounts(done)
	must(t, s.Commit(ctx, change))
	plain := run
	plain.ID, plain.Call = "task_3", nil
	must(t, s.PutTaskRun(ctx, "a", "case_1", plain))
	for group, want := range map[string]string{"calls/desk/2026-01-02": "map[calls:2 done:1 error/timeout:1 took/79:2]", "spend/desk/2026-01": "map[spend/EUR:200000]"} {
		got, err := s.Counts(ctx, "a", group)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v %v, want %s", group, got, err, want)
		}
		if other, err := s.Counts(ctx, "b", group); err != nil || len(other) != 0 {
			t.Errorf("another tenant has %v %v", other, err)
		}
	}
	runs, err := s.TaskRuns(ctx, "a", "case_1")
	if err != nil || len(runs) != 3 || runs[0].Call == nil || runs[0].Call.Price.Amount != 0.1 {
		t.Errorf("%+v %v", runs, err)
	}
}
