package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
	"ballerine/internal/task"
	"ballerine/statemachines"
)

// executions remember what they were asked; those in gone have vanished.
type executions struct {
	mutex   sync.Mutex
	started []string
	woken   int
	gone    map[string]bool
	fail    error
}

func (e *executions) Start(_ context.Context, _ cases.Machine, name string, _ cases.ExecutionInput) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.fail == nil {
		e.started = append(e.started, name)
	}
	return e.fail
}

func (e *executions) Wake(context.Context, string, cases.ExecutionInput) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.woken++
	return e.fail
}

func (e *executions) Stop(context.Context, cases.Machine, string, string) error { return e.fail }

func (e *executions) Running(_ context.Context, _ cases.Machine, name string) (bool, error) {
	return !e.gone[name], nil
}

type fixture struct {
	clock *clock
	exec  *executions
	core  *app.Core
	sweep task.Handler
	p     identity.Principal
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &fixture{clock: clockAt(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), exec: &executions{gone: map[string]bool{}}, p: identity.Principal{Tenant: "a", Kind: identity.Client, ID: "key_1"}}
	f.core, err = app.New(app.Parts{
		Store: db.Cases(), Webhooks: db.Webhooks(), Executions: f.exec, Definitions: statemachines.Files,
		Now: f.clock.now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.sweep = f.core.Sweep()
	return f
}

func (f *fixture) start(t *testing.T) cases.Record {
	t.Helper()
	name := map[string]any{"given": "A", "family": "B"}
	record, err := f.core.Cases.Start(t.Context(), f.p, cases.StartCommand{
		Workflow: "kyc", Subject: cases.SubjectInput{Type: "individual"},
		Context: map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": "1980-01-01", "country": "SE", "email": "a@example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func (f *fixture) swept(t *testing.T) map[string]int {
	t.Helper()
	answer, err := f.sweep(t.Context(), json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	// The store forgets delivered effects in its own time: a write that waits comes after that.
	if err := f.core.Store.PutTaskRun(t.Context(), "a", "any", cases.TaskRun{ID: "task_1", StartedAt: f.clock.now()}); err != nil {
		t.Fatal(err)
	}
	var result map[string]int
	if err := json.Unmarshal(answer, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSweepDeliversWhatDispatchHasMissed(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	if got := f.swept(t); got["effects"] != 0 {
		t.Errorf("dispatch is given no time: %v", got)
	}
	f.clock.goOn(time.Minute)
	f.exec.fail = errors.New("down")
	if got := f.swept(t); got["effects"] != 2 { // the start, and the events for subscribers
		t.Errorf("%v", got)
	}
	f.exec.fail = nil
	if got := f.swept(t); got["effects"] != 0 {
		t.Errorf("an effect that failed is tried again before its time: %v", got)
	}
	f.clock.goOn(time.Minute)
	f.swept(t)
	if len(f.exec.started) != 1 || f.exec.started[0] != record.Execution.Name {
		t.Errorf("started %v", f.exec.started)
	}
	f.swept(t)
	if got := f.swept(t); got["effects"] != 0 {
		t.Errorf("effects are delivered again for ever: %v", got)
	}
}

func TestSweepReplacesAnExecutionThatIsGone(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	f.clock.goOn(time.Hour)
	f.swept(t)
	f.exec.gone[record.Execution.Name] = true
	if got := f.swept(t); got["executions_replaced"] != 1 {
		t.Fatalf("%v", got)
	}
	after, err := f.core.Cases.Get(t.Context(), f.p, record.ID)
	if err != nil || after.Execution.Sequence != 2 || after.Execution.Name == record.Execution.Name {
		t.Errorf("%+v %v", after.Execution, err)
	}
	f.clock.goOn(time.Minute)
	f.swept(t)
	if len(f.exec.started) != 2 || f.exec.started[1] != after.Execution.Name {
		t.Errorf("started %v", f.exec.started)
	}
}

func TestSweepStartsNoOtherExecutionWhileAStartIsUndelivered(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	f.exec.fail = errors.New("down")
	f.exec.gone[record.Execution.Name] = true
	for range 12 {
		f.clock.goOn(time.Hour)
		if got := f.swept(t); got["executions_replaced"] != 0 {
			t.Fatalf("%v", got)
		}
	}
	f.exec.fail = nil
	delete(f.exec.gone, record.Execution.Name)
	for range 12 {
		f.clock.goOn(time.Hour)
		f.swept(t)
	}
	if len(f.exec.started) != 1 || f.exec.started[0] != record.Execution.Name {
		t.Errorf("started %v", f.exec.started)
	}
}

func TestSweepAppliesADeadlineThatItsExecutionHasMissed(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	f.clock.goOn(15 * 24 * time.Hour)
	if got := f.swept(t); got["timers"] != 1 {
		t.Errorf("%v", got)
	}
	after, err := f.core.Cases.Get(t.Context(), f.p, record.ID)
	if err != nil || after.Outcome != "expired" {
		t.Errorf("%s %v", after.Outcome, err)
	}
}

func TestTasksRefuseWhatTheMachinesDoNotSend(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	step := f.core.Step()
	for payload, code := range map[string]problem.Code{
		`[`: problem.MalformedJSON, `{}`: problem.Invalid, `{"tenant":"a","case":"` + record.ID + `","action":"dance"}`: problem.Invalid, `{"tenant":"b","case":"` + record.ID + `","action":"timer"}`: problem.NotFound,
	} {
		if _, err := step(t.Context(), json.RawMessage(payload)); problem.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", payload, err, code)
		}
	}
	answer, err := step(t.Context(), json.RawMessage(`{"tenant":"a","case":"`+record.ID+`","action":"timer"}`))
	var input cases.ExecutionInput
	if err != nil || json.Unmarshal(answer, &input) != nil || input.Label != "collect" || input.Seconds != 14*24*3600 {
		t.Errorf("%s %v", answer, err)
	}
}

func TestAWaitParksItsTokenOrGoesOnAtOnce(t *testing.T) {
	f := newFixture(t)
	record := f.start(t)
	step := f.core.Step()
	park := func(label string) {
		t.Helper()
		payload := `{"tenant":"a","case":"` + record.ID + `","action":"park","state":"collect","label":"` + label + `","visit":1,"token":"tok"}`
		if _, err := step(t.Context(), json.RawMessage(payload)); err != nil {
			t.Fatal(err)
		}
	}
	park("somewhere else")
	if f.exec.woken != 1 {
		t.Errorf("an execution that is behind must go on at once, woken %d", f.exec.woken)
	}
	park("collect")
	if f.exec.woken != 1 {
		t.Errorf("an execution that is where the record is waits, woken %d", f.exec.woken)
	}
}
