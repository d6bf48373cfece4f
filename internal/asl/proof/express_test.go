package proof_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/statechart"
	"ballerine/internal/store/onecase"
	"ballerine/internal/task"
	"ballerine/internal/workflow"
)

// drawInstant makes a workflow without waits: states with work, some of it at once, that lead on by what it brings or by
// themselves, forwards only.
func drawInstant(t *rapid.T) string {
	n := rapid.IntRange(1, 5).Draw(t, "states")
	onwards := func(from int, label string) string {
		return "s" + strconv.Itoa(rapid.IntRange(from+1, n).Draw(t, label))
	}
	var b strings.Builder
	b.WriteString("id: instant\ninitial: s0\nstates:\n")
	for i := range n {
		fmt.Fprintf(&b, "  s%d:\n", i)
		if rapid.IntRange(0, 4).Draw(t, "leads on") == 0 {
			fmt.Fprintf(&b, "    always: [{guard: n > %d, target: %s}, {target: %s}]\n", rapid.IntRange(0, 3).Draw(t, "limit"), onwards(i, "if"), onwards(i, "else"))
			continue
		}
		b.WriteString("    invoke:\n")
		works := rapid.IntRange(1, 3).Draw(t, "works")
		atOnce := works > 1 && rapid.Bool().Draw(t, "at once")
		for k := range works {
			work := fmt.Sprintf("src: document, id: w%d%d, retry: {attempts: 0}", i, k)
			if !atOnce && rapid.IntRange(0, 3).Draw(t, "own ending") == 0 {
				work += ", onDone: {actions: {type: assign, values: {n: n + 1}}}"
			}
			if !atOnce && rapid.IntRange(0, 2).Draw(t, "on error") == 0 { // at once, whoever is first would decide
				work += ", onError: " + onwards(i, "error")
			}
			switch {
			case !atOnce:
				fmt.Fprintf(&b, "      - {%s}\n", work)
			case k == 0:
				fmt.Fprintf(&b, "      - parallel:\n          - {%s}\n", work)
			default:
				fmt.Fprintf(&b, "          - {%s}\n", work)
			}
		}
		fmt.Fprintf(&b, "    onDone: [{guard: w%d0.findings_count > %d, target: %s, actions: {type: assign, values: {n: n + 2}}}, {target: %s}]\n", i, rapid.IntRange(0, 4).Draw(t, "value"), onwards(i, "done if"), onwards(i, "done"))
	}
	fmt.Fprintf(&b, "  s%d: {type: final}\n", n)
	return b.String()
}

// instant runs one case of a workflow by either of its machines; work ends with the given results, -1 is a failure.
type instant struct {
	wf      *workflow.Workflow
	results map[string]int
	store   onecase.Store
	service *cases.Service
	step    task.Handler
}

func (d *instant) Workflow(context.Context, string, string, int) (*workflow.Workflow, error) {
	return d.wf, nil
}

func (d *instant) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	if function == "step" {
		return d.step(ctx, payload)
	}
	var r request
	if err := json.Unmarshal(payload, &r); err != nil {
		return nil, err
	}
	job, todo, follow, err := d.service.BeginWork(ctx, r.branch(), r.State, r.Work)
	if err == nil && todo {
		if d.results[r.Work] < 0 {
			return nil, &interpret.InvokeError{Type: "vendor_rejected", Message: "no"}
		}
		follow, err = d.service.FinishWork(ctx, job, cases.Outcome{Payload: map[string]any{"findings_count": float64(d.results[r.Work])}, Run: cases.TaskRun{ID: "task", Attempt: 1}})
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(follow)
}

// load makes a machine of a definition.
func (d *instant) load(t *rapid.T, machine *compile.Machine, err error) *interpret.Machine {
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := interpret.Load(machine.JSON(), map[string]string{"StepFunctionArn": "step", "DocumentFunctionArn": "document"})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func newInstant(t *rapid.T, wf *workflow.Workflow, results map[string]int, decisions func(d *instant) cases.Decisions) *instant {
	d := &instant{wf: wf, results: results}
	var ids atomic.Int64 // branches of a machine ask at once
	d.service = cases.New(cases.Config{Store: &d.store, Catalog: d, Decisions: decisions(d), NewID: func(prefix string) string {
		return fmt.Sprintf("%s_%d", prefix, ids.Add(1))
	}})
	d.step = task.NewStep(task.StepConfig{Cases: d.service, Executions: interpret.Executions{}, Logger: slog.New(slog.DiscardHandler)})
	return d
}

// TestADecisionComesToWhereItsCaseWouldHaveCome runs random workflows without waits by both of their machines.
func TestADecisionComesToWhereItsCaseWouldHaveCome(t *testing.T) {
	ctx, client := t.Context(), identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
	start := cases.StartCommand{Workflow: "instant", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"n": 0.0}}
	rapid.Check(t, func(rt *rapid.T) {
		wf, diagnostics := workflow.Parse("instant.yaml", []byte(drawInstant(rt)), nil)
		if wf == nil {
			rt.Skip(diagnostics) // a state that nothing leads to
		}
		results := map[string]int{}
		for _, s := range wf.Chart.States() {
			for _, i := range s.Invocations {
				results[i.ID] = rapid.IntRange(-1, 5).Draw(rt, i.ID)
			}
		}
		ref := cases.WorkflowRef{ID: "instant", Version: 0}

		var express *interpret.Express
		decided := newInstant(rt, wf, results, func(d *instant) cases.Decisions {
			var err error
			if express, err = interpret.NewExpress(interpret.Config{Invoke: d.invoke}, nil); err != nil {
				rt.Fatal(err)
			}
			return express
		})
		machine, err := compile.Express(wf)
		if err := express.Register(ref, decided.load(rt, machine, err)); err != nil {
			rt.Fatal(err)
		}
		one, err := decided.service.Decision(ctx, client, start)
		if closing := express.Close(ctx); err != nil || closing != nil {
			rt.Fatal(err, closing)
		}

		followed := newInstant(rt, wf, results, func(*instant) cases.Decisions { return nil })
		other := followed.follow(ctx, rt, client, start, ref)

		if one.Status != cases.StatusCompleted && len(one.Incidents) == 0 {
			rt.Fatalf("neither at its end nor an incident: %v %+v %v\n%s", wf.Chart.Configuration(one.Snapshot), one.Snapshot, results, wf.Source)
		}
		ignored := cmpopts.IgnoreFields(statechart.Activation{}, "Visit")
		if diff := cmp.Diff(other.Snapshot, one.Snapshot, ignored, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("- the case, + the decision\n%s\n%s", diff, wf.Source)
		}
		if diff := cmp.Diff(other.Context, one.Context); diff != "" || other.Status != one.Status || len(other.Incidents) != len(one.Incidents) {
			rt.Fatalf("- the case (%s), + the decision (%s)\n%s", other.Status, one.Status, diff)
		}
	})
}

// follow runs the case by its Standard machine until that has ended or waits.
func (d *instant) follow(ctx context.Context, t *rapid.T, client identity.Principal, start cases.StartCommand, ref cases.WorkflowRef) cases.Record {
	engine, err := interpret.New(interpret.Config{Journal: &interprettest.Memory{}, Invoke: d.invoke})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := compile.Workflow(d.wf)
	if err := engine.Register(interpret.MachineName(ref), d.load(t, machine, err)); err != nil {
		t.Fatal(err)
	}
	executions := interpret.Executions{Engine: engine}
	d.step = task.NewStep(task.StepConfig{Cases: d.service, Executions: executions, Logger: slog.New(slog.DiscardHandler)})
	var woken sync.WaitGroup
	d.store.OnCommit = func(change cases.Change) {
		for _, e := range change.Effects {
			if e.Kind == cases.EffectWake {
				woken.Go(func() { _ = executions.Wake(ctx, e.Token, e.Input(time.Now())) }) // the engine may be closed by then
			}
		}
	}
	defer woken.Wait()
	record, err := d.service.Start(ctx, client, start)
	if err != nil {
		t.Fatal(err)
	}
	input := cases.InputAt("t", record.ID, d.wf.Chart.Position(record.Snapshot), time.Now(), time.Time{})
	if err := executions.Start(ctx, cases.Machine{Tenant: "t", Workflow: ref}, record.Execution.Name, input); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		running, err := executions.Running(ctx, cases.Machine{Tenant: "t", Workflow: ref}, record.Execution.Name)
		if err != nil || time.Now().After(end) {
			t.Fatal("it does not come to its end", err)
		}
		if record = d.store.Record(); !running || len(record.Parked) > 0 && len(d.wf.Chart.Busy(record.Snapshot)) == len(record.Parked) && !pending(d.wf, record) {
			break
		}
	}
	if err := engine.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return d.store.Record()
}

// pending reports whether some work is being done.
func pending(wf *workflow.Workflow, record cases.Record) bool {
	for _, b := range wf.Chart.Busy(record.Snapshot) {
		if b.Status == statechart.WorkPending {
			return true
		}
	}
	return false
}
