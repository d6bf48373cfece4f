package proof_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/asl/asltest"
	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/task"
	"ballerine/internal/workflow"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// house is one case with its execution. Nothing in it moves by itself: calls, deliveries and time wait to be let go.
type house struct {
	later   time.Duration // how long a vendor asks to wait
	t       *rapid.T
	wf      *workflow.Workflow
	store   *store
	cases   *cases.Service
	step    task.Handler
	clock   *interprettest.Virtual
	engine  *interpret.Engine
	case1   string
	p       identity.Principal
	mutex   sync.Mutex
	calls   []*call
	failure error // what must not happen
	stuck   bool  // the chart goes round for ever
}

// call is an invocation that waits to be let go.
type call struct {
	function string
	request  request
	payload  json.RawMessage
	job      *cases.Job // work that has begun
	release  chan string
}

type request struct {
	Tenant, Case, State, Work, Region, Execution string
	Within                                       []int
	Attempt                                      int
	Later                                        bool
}

func (r request) branch() cases.Branch {
	return cases.Branch{Tenant: r.Tenant, Case: r.Case, Execution: r.Execution, Region: statechart.Region{Path: r.Region, Within: r.Within}}
}

// Workflow implements cases.Catalog.
func (h *house) Workflow(context.Context, string, string, int) (*workflow.Workflow, error) {
	return h.wf, nil
}

func newHouse(t *rapid.T, definition []byte) *house {
	wf, diagnostics := workflow.Parse("random.json", definition, nil)
	if wf == nil {
		t.Fatalf("%v\n%s", diagnostics, definition)
	}
	machine, err := compile.Workflow(wf)
	if err != nil {
		t.Fatal(err)
	}
	text := machine.JSON()
	if found := asltest.Check(text); len(found) > 0 {
		t.Fatalf("%v\n%s", found, definition)
	}
	loaded, err := interpret.Load(text, map[string]string{"StepFunctionArn": "step", "DocumentFunctionArn": "document", "VendorFunctionArn": "vendor", "ChildrenFunctionArn": "children", "ScreeningFunctionArn": "screening"})
	if err != nil {
		t.Fatalf("%v\n%s", err, definition)
	}
	h := &house{t: t, wf: wf, clock: interprettest.NewVirtual(epoch), p: identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}}
	h.store = &store{house: h}
	h.store.OnCommit = h.store.committed
	ids := 0
	h.cases = cases.New(cases.Config{Store: h.store, MaxEvents: rapid.SampledFrom([]int{cases.MaxEvents, 250}).Draw(t, "events of an execution"), Catalog: h, Now: h.clock.Now, NewID: func(prefix string) string {
		ids++
		return prefix + "_" + strconv.Itoa(ids)
	}})
	tokens := 0
	h.engine, err = interpret.New(interpret.Config{
		Journal: &interprettest.Memory{}, Clock: h.clock, Invoke: h.invoke, Random: func() float64 { return 0.5 },
		NewToken: func() string { tokens++; return "token-" + strconv.Itoa(tokens) },
	})
	if err == nil {
		err = h.engine.Register("random-v1", loaded)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.step = task.NewStep(task.StepConfig{Cases: h.cases, Executions: interpret.Executions{Engine: h.engine}, Logger: slog.New(slog.DiscardHandler)})
	return h
}

// invoke is what the machine calls: it waits twice, before it looks at the record and before it writes to it.
func (h *house) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	c := &call{function: function, payload: payload, release: make(chan string)}
	if err := json.Unmarshal(payload, &c.request); err != nil {
		return nil, err
	}
	if _, err := h.await(ctx, c); err != nil {
		return nil, err
	}
	if function == "step" {
		answer, err := h.step(ctx, payload)
		return answer, h.reported(err)
	}
	job, todo, follow, err := h.cases.BeginWork(ctx, c.request.branch(), c.request.State, c.request.Work)
	if err != nil {
		return nil, h.reported(err)
	}
	if !todo {
		return json.Marshal(follow)
	}
	c.job = &job
	outcome, err := h.await(ctx, c)
	if err != nil {
		return nil, err
	}
	switch outcome {
	case "fails":
		return nil, &interpret.InvokeError{Type: "vendor_rejected", Message: "no"}
	case "later":
		if c.request.Later {
			follow, err = h.cases.PostponeWork(ctx, job, cases.Postponement{Until: h.clock.Now().Add(h.later), Tries: job.Tries + 1, Error: "vendor_unavailable", Run: cases.TaskRun{ID: "task"}})
			if err != nil {
				return nil, h.reported(err)
			}
			return json.Marshal(follow)
		}
		return nil, &interpret.InvokeError{Type: "vendor_unavailable", Message: "not now"}
	case "stumbles":
		return nil, &interpret.InvokeError{Type: "vendor_unavailable", Message: "not now"}
	}
	follow, err = h.cases.FinishWork(ctx, job, cases.Outcome{Payload: result(c.request.Work), Run: cases.TaskRun{ID: "task"}})
	if err != nil {
		return nil, h.reported(err)
	}
	return json.Marshal(follow)
}

func result(work string) any { return map[string]any{"work": work} }

// reported gives an error its name, as a function does.
func (h *house) reported(err error) error {
	if err == nil {
		return nil
	}
	p := problem.As(err)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if p.Code == problem.Livelock {
		h.stuck = true
	} else if p.Code != problem.Conflict {
		h.failure = err
	}
	return &interpret.InvokeError{Type: string(p.Code), Message: p.Message}
}

func (h *house) await(ctx context.Context, c *call) (string, error) {
	h.mutex.Lock()
	h.calls = append(h.calls, c)
	h.mutex.Unlock()
	var outcome string
	select {
	case outcome = <-c.release:
	case <-ctx.Done():
	}
	if ctx.Err() != nil && outcome == "" {
		h.mutex.Lock()
		h.calls = slices.DeleteFunc(h.calls, func(other *call) bool { return other == c })
		h.mutex.Unlock()
		return "", ctx.Err()
	}
	return outcome, nil
}

// settle returns when everything that runs waits to be let go.
func (h *house) settle() {
	for {
		h.mutex.Lock()
		waiting := len(h.calls)
		h.mutex.Unlock()
		if h.engine.Busy() == waiting {
			return
		}
		runtime.Gosched()
	}
}

// let lets a call go on.
func (h *house) let(c *call, outcome string) {
	h.mutex.Lock()
	h.calls = slices.DeleteFunc(h.calls, func(other *call) bool { return other == c })
	h.mutex.Unlock()
	c.release <- outcome
	h.settle()
}

// deliver makes an effect happen.
func (h *house) deliver(at int) {
	effect := h.store.effects[at]
	h.store.effects = slices.Delete(h.store.effects, at, at+1)
	executions := interpret.Executions{Engine: h.engine}
	var err error
	switch ref := (cases.Machine{Workflow: cases.WorkflowRef{ID: "random", Version: 1}}); effect.Kind {
	case cases.EffectStart:
		err = executions.Start(context.Background(), ref, effect.Name, effect.Input(h.clock.Now()))
	case cases.EffectWake:
		err = executions.Wake(context.Background(), effect.Token, effect.Input(h.clock.Now()))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.settle()
}

// rest lets go what needs nobody's decision: steps, beginnings, what is late, deliveries, and the time of retries.
func (h *house) rest() {
	for range 10_000 {
		if h.stuck || h.failure != nil {
			return
		}
		if len(h.store.effects) > 0 {
			h.deliver(0)
			continue
		}
		at := slices.IndexFunc(h.calls, func(c *call) bool { return c.job == nil || !h.wanted(c) })
		switch {
		case at >= 0:
			h.let(h.calls[at], "late")
		case h.retrying() && h.clock.Next():
			h.settle()
		default:
			return
		}
	}
	h.t.Fatal("the execution does not come to rest")
}

// wanted reports whether the record still waits for this work.
func (h *house) wanted(c *call) bool {
	if c.request.Execution != h.store.Record().Execution.Name {
		return false // another execution has taken over: it does the work again
	}
	return h.store.Record().Status == cases.StatusActive && slices.ContainsFunc(h.wf.Chart.Busy(h.store.Record().Snapshot), func(b statechart.Doing) bool {
		return b.State == c.job.State && b.Visit == c.job.Visit && b.Work == c.request.Work && b.Status == statechart.WorkPending
	})
}

// check is what must hold at rest: every region is parked where it is, or its work is being done; nothing else is.
func (h *house) check() {
	if h.failure != nil {
		h.t.Fatal(h.failure)
	}
	if h.stuck {
		return
	}
	record := h.store.Record()
	description, err := h.engine.Describe(context.Background(), "random-v1", record.Execution.Name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.over(record.Execution.Sequence)
	if record.Status != cases.StatusActive {
		if description.Status != interpret.Succeeded || len(h.calls) > 0 {
			h.t.Fatalf("the case has ended, its execution is %s in %s %s %s, %d calls", description.Status, description.State, description.Error, description.Cause, len(h.calls))
		}
		return
	}
	if description.Status != interpret.Running {
		h.t.Fatalf("the case is active, its execution is %s in %s: %s %s", description.Status, description.State, description.Error, description.Cause)
	}
	busy := h.wf.Chart.Busy(record.Snapshot)
	waits, works := 0, 0
	for region, position := range leaves("", h.wf.Chart, h.wf.Chart.Position(record.Snapshot)) {
		at := slices.IndexFunc(busy, func(b statechart.Doing) bool {
			return b.Status == statechart.WorkPending && b.Visit == position.Visit && statechart.Label(b.State, b.Work, b.Status) == position.Label
		})
		if at >= 0 {
			works++
			if !slices.ContainsFunc(h.calls, func(c *call) bool {
				return c.job != nil && c.job.State == busy[at].State && c.job.Visit == busy[at].Visit && c.request.Work == busy[at].Work
			}) {
				h.t.Fatalf("nobody does the work %+v", busy[at])
			}
			continue
		}
		waits++
		if park, ok := record.Parked[region]; !ok || !park.Position.Same(position) || !slices.Equal(park.Position.Within, position.Within) {
			h.t.Fatalf("region %q is at %+v, its branch is parked at %+v at %s\n%s", region, position, record.Parked, h.clock.Now(), h.transcript())
		}
	}
	if len(record.Parked) != waits || len(h.calls) > works {
		h.t.Fatalf("%d waits, %d are parked; %d works, %d calls", waits, len(record.Parked), works, len(h.calls))
	}
}

// over checks that the executions that have handed over have ended well.
func (h *house) over(current int) {
	for n := 1; n < current; n++ {
		name := h.store.Record().ID + "-" + strconv.Itoa(n)
		if old, err := h.engine.Describe(context.Background(), "random-v1", name); err != nil || old.Status != interpret.Succeeded {
			h.t.Fatalf("%s has handed over, and is %s in %s: %s %v", name, old.Status, old.State, old.Cause, err)
		}
	}
}

// transcript lists what the execution and its calls did.
func (h *house) transcript() string {
	var b strings.Builder
	history, _ := h.engine.History(context.Background(), "random-v1", h.store.Record().Execution.Name)
	for _, e := range history {
		b.WriteString(e.At.Format("05.000 ") + e.Type + " " + e.State + " " + e.Error + "\n")
	}
	for _, c := range h.calls {
		b.WriteString("waits: " + c.function + " " + string(c.payload) + "\n")
	}
	return b.String()
}

// retrying reports whether a task of some execution waits for its next attempt, which is the clock's business.
func (h *house) retrying() bool {
	for n := 1; n <= h.store.Record().Execution.Sequence; n++ {
		history, err := h.engine.History(context.Background(), "random-v1", h.store.Record().ID+"-"+strconv.Itoa(n))
		if err != nil {
			h.t.Fatal(err)
		}
		waiting := map[string]bool{}
		for _, e := range history {
			switch e.Type {
			case "TaskFailed", "TaskTimedOut":
				waiting[e.State] = true
			case "TaskScheduled", "StateExited":
				delete(waiting, e.State)
			}
		}
		if len(waiting) > 0 {
			return true
		}
	}
	return false
}

// leaves are the positions at which something waits or works, by region.
func leaves(region string, chart *statechart.Chart, position statechart.Position) map[string]statechart.Position {
	if len(position.Regions) == 0 {
		return map[string]statechart.Position{region: position}
	}
	var names []string
	if state, stage, isStage := strings.Cut(position.Label, "/*"); isStage {
		s, _ := chart.State(state)
		n, _ := strconv.Atoi(stage)
		for _, i := range s.Stages()[n] {
			names = append(names, state+"/"+i.ID)
		}
	} else {
		s := chart.Root()
		if position.Label != statechart.LabelRoot {
			s, _ = chart.State(position.Label)
		}
		for _, r := range s.Regions() {
			names = append(names, r.Path)
		}
	}
	found := map[string]statechart.Position{}
	for i, inner := range position.Regions {
		if inner.Label == statechart.LabelOut {
			continue // work that has ended before the others
		}
		for name, p := range leaves(names[i], chart, inner) {
			found[name] = p
		}
	}
	return found
}
