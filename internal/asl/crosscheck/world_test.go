package crosscheck_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/statechart/charttest"
	"ballerine/internal/store/onecase"
	"ballerine/internal/task"
	"ballerine/internal/workflow"
)

// world answers the calls of an execution with the real step handler over a real case. All else that happens is drawn
// from the call that it happens at, so that it is the same whichever interpreter asks: clients' events, vendors' answers,
// work that fails, stumbles or comes late, tokens that are sent twice.
type world struct {
	seed  string
	wf    *workflow.Workflow
	names []string // of events
	store onecase.Store
	cases *cases.Service
	step  task.Handler
	p     identity.Principal
	id    string

	mutex sync.Mutex
	began float64 // the clock's seconds at the first call
	now   time.Time
	calls map[string]int
	sends []sent
	log   []string
}

// call is a call, as asl_run.py makes it. It comes twice: first for how long it takes, then for the answer.
type call struct {
	Function string          `json:"function"`
	Payload  json.RawMessage `json:"payload"`
	Phase    int             `json:"phase"`
	Now      float64         `json:"now"`
}

type sent struct {
	Token  string          `json:"token"`
	Output json.RawMessage `json:"output"`
}

// reply to a call.
type reply struct {
	Again  *float64        `json:"again,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
	Cause  string          `json:"cause,omitempty"`
	Send   []sent          `json:"send,omitempty"`
}

// request is what the compiled machines send.
type request struct {
	Action, Tenant, Case, State, Work, Region, Execution, Label string
	Within                                                      []int
	Visit, Attempt                                              int
	Later                                                       bool
	Error                                                       struct{ Error string }
}

func (r request) branch() cases.Branch {
	return cases.Branch{Tenant: r.Tenant, Case: r.Case, Execution: r.Execution, Region: statechart.Region{Path: r.Region, Within: r.Within}}
}

// calls after which a case is called off.
const maxCalls = 60

var dawn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, seed string, wf *workflow.Workflow) *world {
	t.Helper()
	w := &world{seed: seed, wf: wf, now: dawn, calls: map[string]int{}, p: identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}}
	for _, s := range append([]*statechart.State{wf.Chart.Root()}, wf.Chart.States()...) {
		for _, tr := range s.Transitions {
			if tr.Event != "" && !statechart.IsInternal(tr.Event) && !strings.HasSuffix(tr.Event, "*") && !slices.Contains(w.names, tr.Event) {
				w.names = append(w.names, tr.Event)
			}
		}
	}
	ids := 0
	w.store.OnCommit = w.committed
	w.cases = cases.New(cases.Config{Store: &w.store, Catalog: w, Now: func() time.Time { return w.now }, NewID: func(prefix string) string {
		ids++
		return prefix + "_" + strconv.Itoa(ids)
	}, Random: bytes.NewReader(make([]byte, 1<<20))})
	w.step = task.NewStep(task.StepConfig{Cases: w.cases, Executions: w, Logger: slog.New(slog.DiscardHandler)})
	return w
}

// Workflow implements cases.Catalog.
func (w *world) Workflow(context.Context, string, string, int) (*workflow.Workflow, error) {
	return w.wf, nil
}

// committed notes whom a commit wakes, some of them twice.
func (w *world) committed(change cases.Change) {
	for _, e := range change.Effects {
		if e.Kind == cases.EffectWake {
			w.send(e.Token, e.Input(w.now))
			if w.draw(5, "twice", e.Label, strconv.Itoa(e.Visit)) == 0 {
				w.send(e.Token, e.Input(w.now))
			}
		}
	}
}

func (w *world) send(token string, output cases.ExecutionInput) {
	text, err := json.Marshal(output)
	if err != nil {
		panic(err)
	}
	w.sends = append(w.sends, sent{token, text})
}

// Start, Wake, Stop and Running implement cases.Executions.
func (w *world) Start(context.Context, cases.Machine, string, cases.ExecutionInput) error {
	return nil
}

func (w *world) Wake(_ context.Context, token string, output cases.ExecutionInput) error {
	w.send(token, output)
	return nil
}

func (w *world) Stop(context.Context, cases.Machine, string, string) error { return nil }

func (w *world) Running(context.Context, cases.Machine, string) (bool, error) { return true, nil }

// begin starts the case and gives the input of its execution.
func (w *world) begin() (json.RawMessage, error) {
	applicant := map[string]any{"name": map[string]any{"given": "A", "family": "B"}, "date_of_birth": "1980-01-01", "country": "SE", "email": "a@example.com"}
	given := map[string]any{"applicant": applicant}
	switch {
	case w.wf.Schema == nil:
		given = map[string]any{"n": 0.0}
	case w.wf.ID == "application":
		given = map[string]any{"applicant": map[string]any{"income": 3000.0, "employed_months": 40.0}, "amount": 1000.0}
	}
	record, err := w.cases.Start(context.Background(), w.p, cases.StartCommand{Workflow: w.wf.ID, Subject: cases.SubjectInput{Type: w.wf.Subject}, Context: given})
	if err != nil {
		return nil, err
	}
	w.id = record.ID
	return json.Marshal(cases.InputAt("t", record.ID, w.wf.Chart.Position(record.Snapshot), w.now, time.Time{}))
}

// draw is a number below n that the words decide, and how often they were drawn for.
func (w *world) draw(n int, words ...string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(w.seed + "|" + strings.Join(words, "|")))
	key := strings.Join(words, "|")
	w.calls[key]++
	_, _ = h.Write([]byte(strconv.Itoa(w.calls[key])))
	sum := h.Sum64()
	return int((sum ^ sum>>32) % uint64(n))
}

// answer is a call's. now is the clock's seconds.
func (w *world) answer(a call) reply {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(w.log) == 0 && a.Phase == 0 && w.calls["began"] == 0 {
		w.calls["began"], w.began = 1, a.Now
	}
	w.now = dawn.Add(time.Duration(math.Round((a.Now-w.began)*1000)) * time.Millisecond)
	var r request
	if err := json.Unmarshal(a.Payload, &r); err != nil {
		return reply{Error: "MalformedJSON"}
	}
	r.Execution, r.Case = w.id+"-1", w.id // each interpreter names it in its own way; one that takes over is not played
	who := []string{a.Function, r.Action, r.Region, r.State, r.Work, strconv.Itoa(r.Visit), strconv.Itoa(r.Attempt)}
	if a.Phase == 0 {
		most := 4999
		if r.Action == "park" {
			most = 899 // shorter than any wait: in the other interpreter a call that outlives its state disturbs what comes after
		}
		seconds := float64(1+w.draw(most, append(who, "delay")...)) / 1000
		return reply{Again: &seconds}
	}
	w.sends = nil
	w.happenings(who)
	answer := w.call(a.Function, r, a.Payload, who)
	answer.Send = w.sends
	outcome := answer.Error
	if outcome == "" {
		var input cases.ExecutionInput
		if json.Unmarshal(answer.Result, &input) == nil {
			outcome = input.Label
		}
	}
	w.log = append(w.log, fmt.Sprintf("%s %s -> %s", w.now.Format("2006-01-02T15:04:05.000"), strings.Join(who, " "), outcome))
	return answer
}

// happenings are what others do at the moment of a call.
func (w *world) happenings(who []string) {
	ctx := context.Background()
	if len(w.log) == maxCalls {
		w.callOff(ctx)
	}
	for len(w.names) > 0 && w.draw(5, append(who, "event")...) == 0 {
		name := w.names[w.draw(len(w.names), append(who, "which")...)]
		_, _ = w.cases.Send(ctx, w.p, w.id, cases.SendCommand{Type: name}) // one that is refused changes nothing
	}
	for _, b := range w.wf.Chart.Busy(w.store.Record().Snapshot) {
		if b.Status == statechart.WorkAwaiting && w.draw(2, append(who, "answer")...) == 0 {
			_, _ = w.cases.Answer(ctx, w.p, w.id, cases.Reply{State: b.State, Visit: b.Visit, Work: b.Work, Round: b.Round, Payload: map[string]any{"hits": []any{}}, ID: ""})
		}
	}
}

// callOff ends the case, and notifies the branches that wait.
func (w *world) callOff(ctx context.Context) {
	parked := w.store.Record().Parked
	if _, err := w.cases.Cancel(ctx, w.p, w.id, 0, "enough"); err != nil {
		return
	}
	for region, park := range parked {
		position := w.wf.Chart.PositionIn(statechart.Snapshot{}, statechart.Region{Path: region, Within: park.Position.Within})
		w.send(park.Token, cases.InputAt("t", w.id, position, w.now, time.Time{}))
	}
}

// call is the function itself: the real one for step, drawn outcomes for work.
func (w *world) call(function string, r request, payload json.RawMessage, who []string) reply {
	ctx := context.Background()
	if function == "step" {
		var members map[string]any
		if err := json.Unmarshal(payload, &members); err != nil {
			return failing(err)
		}
		members["execution"], members["case"] = r.Execution, r.Case
		text, err := json.Marshal(members)
		if err != nil {
			return failing(err)
		}
		result, err := w.step(ctx, text)
		if err != nil {
			return failing(err)
		}
		return reply{Result: result}
	}
	job, todo, follow, err := w.cases.BeginWork(ctx, r.branch(), r.State, r.Work)
	if err == nil && todo {
		switch w.draw(8, append(who, "outcome")...) {
		case 0:
			return reply{Error: "vendor_rejected", Cause: `{"errorMessage":"failed","errorType":"vendor_rejected"}`}
		case 3:
			if r.Later && job.Tries < 3 {
				tries, wait := job.Tries+1, time.Duration(1+w.draw(4000, append(who, "later")...))*time.Millisecond
				follow, err = w.cases.PostponeWork(ctx, job, cases.Postponement{Until: w.now.Add(wait), Tries: tries, Error: "vendor_unavailable", Run: cases.TaskRun{ID: "task"}})
				return answering(follow, err)
			}
		case 1, 2:
			return reply{Error: "vendor_unavailable", Cause: `{"errorMessage":"failed","errorType":"vendor_unavailable"}`}
		}
		invocation, _ := w.wf.Invocation(r.State, r.Work)
		awaiting := invocation.Callback && w.draw(3, append(who, "callback")...) > 0
		follow, err = w.cases.FinishWork(ctx, job, cases.Outcome{
			Payload: map[string]any{"outcome": []string{"approve", "review"}[w.draw(2, append(who, "risk")...)]}, Awaiting: awaiting, Run: cases.TaskRun{ID: "task"},
		})
	}
	return answering(follow, err)
}

func answering(follow cases.ExecutionInput, err error) reply {
	if err != nil {
		return failing(err)
	}
	result, err := json.Marshal(follow)
	if err != nil {
		return failing(err)
	}
	return reply{Result: result}
}

func failing(err error) reply {
	p := problem.As(err)
	return reply{Error: string(p.Code), Cause: fmt.Sprintf(`{"errorMessage":"failed","errorType":%q}`, p.Code)}
}

// ending is all that is compared.
type ending struct {
	Status  string
	Log     []string
	Record  string
	History int
}

func (w *world) ending(status string) ending {
	record := w.store.Record()
	for region, park := range record.Parked { // each interpreter makes its own tokens
		park.Token = ""
		record.Parked[region] = park
	}
	record.Head = ""
	slices.Sort(w.log) // by time; which of two calls comes first that end in the same millisecond is each engine's own
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	return ending{Status: status, Log: w.log, Record: string(text), History: record.Version}
}

// corpus is the machines: the shipped ones, the fixtures, and random charts.
func corpus(t *testing.T) (found []*workflow.Workflow) {
	t.Helper()
	files, err := filepath.Glob("../compile/testdata/*/workflow.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	shipped, err := filepath.Glob("../../../statemachines/*.yaml")
	if err != nil || len(shipped) == 0 {
		t.Fatal("no shipped workflows", err)
	}
	for _, file := range append(shipped, files...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wf, diagnostics := workflow.Parse(file, text, plugins{})
		if wf == nil {
			t.Fatal(diagnostics)
		}
		found = append(found, wf)
	}
	most := 60
	if os.Getenv("BALLERINE_NIGHTLY") != "" {
		most = 320
	}
	charts := rapid.Custom(func(t *rapid.T) *charttest.Chart {
		return charttest.Draw(t, charttest.Options{Work: true, Timers: true, Parallel: true, States: rapid.SampledFrom([]int{4, 8, 12}).Draw(t, "size")})
	})
	for seed := 1; len(found) < most; seed++ {
		wf, diagnostics := workflow.Parse(fmt.Sprintf("random-%d.json", seed), charts.Example(seed).JSON(), nil)
		if wf == nil {
			t.Fatal(diagnostics)
		}
		if _, err := newWorld(t, "try", wf).begin(); err == nil { // some go round for ever from the start
			found = append(found, wf)
		}
	}
	return found
}

// plugins are the shipped ones; one whose name ends in -later calls back.
type plugins struct{}

func (plugins) Plugin(id string) (workflow.Plugin, bool) {
	if text, err := os.ReadFile("../../../statemachines/plugins/" + id + ".yaml"); err == nil {
		if plugin, diagnostics := connector.ParsePlugin(id, text); !diagnostics.Failed() {
			return plugin.Summary(), true
		}
	}
	return workflow.Plugin{ID: id, Callback: strings.HasSuffix(id, "-later")}, true
}

func (plugins) Workflow(string) bool { return true }

func (plugins) Policy(id string) (workflow.PolicyInfo, bool) {
	return workflow.PolicyInfo{ID: id}, true
}

func definitionOf(t *testing.T, wf *workflow.Workflow) []byte {
	t.Helper()
	machine, err := compile.Workflow(wf)
	if err != nil {
		t.Fatal(err)
	}
	return placeholder.ReplaceAllFunc(machine.JSON(), func(found []byte) []byte {
		return []byte("arn:aws:lambda:us-east-1:123456789012:function:" + strings.ToLower(string(placeholder.FindSubmatch(found)[1])))
	})
}

// plays is how often a machine is played before a difference counts. The other interpreter has a thread for each branch, and
// once in many runs two of them wake in another order on its virtual clock; what the interpreters take for something else
// comes out the same each time.
const plays = 3

// TestBothInterpretersTakeACaseTheSameWay runs the same machines in both, their calls answered by the real handlers.
func TestBothInterpretersTakeACaseTheSameWay(t *testing.T) {
	python := interpreter(t)
	machines := corpus(t)
	var left []int
	for i := range machines {
		left = append(left, i)
	}
	seen, different := map[string]int{}, map[int]string{}
	for play := 0; play < plays && len(left) > 0; play++ {
		theirs := playTheirs(t, python, machines, left)
		clear(different)
		for _, i := range left {
			mine := playOurs(t, newWorld(t, strconv.Itoa(i), machines[i]), definitionOf(t, machines[i]))
			if diff := diffOf(theirs[i], mine); diff != "" {
				different[i] = diff
				continue
			}
			count(seen, mine)
		}
		left = slices.Sorted(maps.Keys(different))
		if len(left) > 0 {
			t.Logf("play %d: machines %v differ", play+1, left)
		}
	}
	for _, i := range left {
		t.Errorf("%d %s: - the other, + ours\n%s", i, machines[i].ID, different[i])
	}
	t.Logf("%d machines: %v", len(machines), seen)
	for _, kind := range []string{"SUCCEEDED", "vendor_rejected", "vendor_unavailable", " timer ", " fail ", " park "} {
		if seen[kind] == 0 {
			t.Errorf("nothing led to %s", kind)
		}
	}
}

// diffOf leaves out what each engine does in its own way: what functions of other branches still do when one has failed.
func diffOf(theirs, mine ending) string {
	if theirs.Status == "FAILED" {
		most := min(len(theirs.Log), len(mine.Log))
		theirs.Log, mine.Log, theirs.Record, mine.Record, theirs.History, mine.History = theirs.Log[:most], mine.Log[:most], "", "", 0, 0
	}
	return cmp.Diff(theirs, mine)
}

func count(seen map[string]int, played ending) {
	seen[played.Status]++
	for _, line := range played.Log {
		for _, kind := range []string{"vendor_rejected", "vendor_unavailable", " timer ", " fail ", " park "} {
			if strings.Contains(line, kind) {
				seen[kind]++
			}
		}
	}
}

// playTheirs runs some of the machines in the other interpreter, each with a world of its own.
func playTheirs(t *testing.T, python string, machines []*workflow.Workflow, which []int) map[int]ending {
	t.Helper()
	worlds := map[int]*world{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		var a call
		if err == nil {
			err = json.NewDecoder(r.Body).Decode(&a)
		}
		if err != nil || worlds[n] == nil {
			http.Error(rw, "what?", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(worlds[n].answer(a))
	}))
	defer server.Close()
	var in bytes.Buffer
	for _, i := range which {
		worlds[i] = newWorld(t, strconv.Itoa(i), machines[i])
		input, err := worlds[i].begin()
		if err != nil {
			t.Fatal(err)
		}
		job := map[string]any{"id": strconv.Itoa(i), "definition": json.RawMessage(definitionOf(t, machines[i])), "input": input, "lambda": server.URL + "/" + strconv.Itoa(i)}
		if err := json.NewEncoder(&in).Encode(job); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(python, "asl_run.py", "--jitter", "0.5", "--timeout", "30")
	var complaints bytes.Buffer
	command.Stdin, command.Stderr = &in, &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	endings := map[int]ending{}
	for _, i := range which {
		var r result
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		endings[i] = worlds[i].ending(r.Status)
	}
	return endings
}

// playOurs runs a world in our interpreter.
func playOurs(t *testing.T, w *world, definition []byte) ending {
	t.Helper()
	machine, err := interpret.Load(definition, nil)
	if err != nil {
		t.Fatal(err)
	}
	clock := interprettest.NewVirtual(dawn)
	var engine *interpret.Engine
	engine, err = interpret.New(interpret.Config{
		Journal: &interprettest.Memory{}, Clock: clock, Random: func() float64 { return 0.5 },
		Invoke: func(ctx context.Context, function string, payload []byte) ([]byte, error) {
			a := call{Function: function[strings.LastIndex(function, ":")+1:], Payload: payload}
			r := w.answer(a)
			for r.Again != nil {
				clock.Sleep(context.WithoutCancel(ctx), time.Duration(math.Round(*r.Again*1000))*time.Millisecond)
				a.Phase++ // a function runs on when nobody waits for it any more
				a.Now = clock.Now().Sub(dawn).Seconds()
				r = w.answer(a)
			}
			for _, s := range r.Send {
				_ = engine.SendTaskSuccess(ctx, s.Token, s.Output) // nobody may wait for it any more
			}
			if r.Error != "" {
				return nil, &interpret.InvokeError{Type: r.Error, Message: "failed"}
			}
			return r.Result, nil
		},
	})
	if err == nil {
		err = engine.Register("m", machine)
	}
	if err != nil {
		t.Fatal(err)
	}
	input, err := w.begin()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := engine.Start(ctx, "m", "x", input); err != nil {
		t.Fatal(err)
	}
	for {
		clock.Settle(engine)
		d, err := engine.Describe(ctx, "m", "x")
		if err != nil {
			t.Fatal(err)
		}
		if d.Status == interpret.Running && clock.Next() {
			continue
		}
		return w.ending(string(d.Status))
	}
}
