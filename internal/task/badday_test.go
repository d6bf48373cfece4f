package task_test

import (
	"testing"
	"time"

	"ballerine/internal/cases"
)

// The case's machine is started, and each of its executions is gone at the next look, as when the machine has been broken or
// deleted. Ten hours of minutes must not be ten hours of new executions.
func TestAnExecutionThatIsLostAgainAndAgainBecomesAnIncident(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	replaced := 0
	var last time.Time
	for range 10 * 60 {
		f.clock.goOn(time.Minute)
		for _, name := range f.exec.started {
			f.exec.gone[name] = true
		}
		if got := f.swept(t); got["executions_replaced"] > 0 {
			replaced += got["executions_replaced"]
			last = f.clock.now()
		}
	}
	if replaced < 3 || replaced > 8 {
		t.Errorf("replaced %d times within ten hours", replaced)
	}
	after, err := f.core.Cases.Get(t.Context(), f.p, record.ID)
	if err != nil || len(after.Incidents) != 1 || after.Incidents[0].Error != cases.IncidentLost || after.Incidents[0].Attempts != replaced {
		t.Fatalf("incidents %+v, last replaced at %s: %v", after.Incidents, last, err)
	}
	if after.Version > 12 {
		t.Errorf("the history has grown to %d entries", after.Version)
	}

	// A person tries it again once the machine is there, and the case continues.
	f.exec.gone = map[string]bool{}
	if after, err = f.core.Cases.RetryIncident(t.Context(), f.p, record.ID, after.Incidents[0].ID, nil); err != nil || after.Execution.Lost != 0 || len(after.Incidents) != 0 {
		t.Fatalf("%+v %+v %v", after.Execution, after.Incidents, err)
	}
	for range 5 {
		f.clock.goOn(time.Minute)
		if got := f.swept(t); got["executions_replaced"] != 0 {
			t.Fatalf("a new execution was replaced: %v", got)
		}
	}
	if newest := f.exec.started[len(f.exec.started)-1]; newest != after.Execution.Name {
		t.Errorf("started last: %s, want %s", newest, after.Execution.Name)
	}
}

// An execution that did its work for days was not one of those that cannot run: losses count in a row only.
func TestExecutionsThatLastAreReplacedWithoutAnIncident(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	for day := range 12 {
		f.clock.goOn(25 * time.Hour)
		f.swept(t)
		f.clock.goOn(time.Minute)
		f.swept(t)
		for _, name := range f.exec.started {
			f.exec.gone[name] = true
		}
		if got := f.swept(t); got["executions_replaced"] != 1 {
			t.Fatalf("day %d: %v", day, got)
		}
	}
	after, err := f.core.Cases.Get(t.Context(), f.p, record.ID)
	if err != nil || len(after.Incidents) != 0 {
		t.Errorf("%+v %v", after.Incidents, err)
	}
}
