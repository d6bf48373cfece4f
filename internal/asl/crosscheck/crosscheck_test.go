package crosscheck_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
)

// answer is one of a script, as asl_run.py reads it.
type answer struct {
	Result any      `json:"result,omitempty"`
	Error  string   `json:"error,omitempty"`
	Cause  string   `json:"cause,omitempty"`
	Delay  float64  `json:"delay,omitempty"` // seconds
	Token  []action `json:"token,omitempty"`
}

// action is what happens to a token, After seconds from the call.
type action struct {
	After   float64  `json:"after"`
	Success any      `json:"success,omitempty"`
	Failure *failure `json:"failure,omitempty"`
}

type failure struct {
	Error string `json:"error"`
	Cause string `json:"cause"`
}

// job is a machine with a script: the answers of each function in order, the last one repeats.
type job struct {
	ID         string              `json:"id"`
	Definition json.RawMessage     `json:"definition"`
	Input      any                 `json:"input"`
	Lambda     map[string][]answer `json:"lambda"`
}

type result struct {
	ID     string   `json:"id"`
	Status string   `json:"status"`
	Output any      `json:"output"`
	Error  string   `json:"error"`
	States []string `json:"states"`
}

const scenarios = 24 // for each machine

func TestBothInterpretersAgreeOnEveryCompiledMachine(t *testing.T) {
	python := interpreter(t)
	jobs := scripts(t)
	theirs := runTheirs(t, python, jobs)
	seen := map[string]int{}
	for i, j := range jobs {
		ours := runOurs(t, j)
		want := normal(theirs[i])
		if diff := cmp.Diff(want, normal(ours)); diff != "" {
			script, _ := json.Marshal(j.Lambda) // it was sent as JSON
			t.Errorf("%s: - the other, + ours\n%s\nscript: %s", j.ID, diff, script)
		}
		seen[ours.Status]++
		for _, s := range ours.States {
			switch {
			case strings.HasSuffix(s, ".timer"):
				seen["timer"]++
			case strings.HasSuffix(s, ".failed"):
				seen["failed"]++
			case strings.HasSuffix(s, ".incident"):
				seen["incident"]++
			case strings.HasSuffix(s, ".answer"):
				seen["answer"]++
			}
		}
	}
	for _, kind := range []string{"SUCCEEDED", "FAILED", "timer", "failed", "incident", "answer"} {
		if seen[kind] == 0 {
			t.Errorf("no script led to %s: %v", kind, seen)
		}
	}
	t.Logf("%d scripts: %v", len(jobs), seen)
}

// interpreter finds the Python that has moto.
func interpreter(t *testing.T) string {
	t.Helper()
	python := os.Getenv("BALLERINE_ASL_PYTHON")
	if python == "" {
		python = "../../../.tools/asl-venv/bin/python"
	}
	absolute, err := filepath.Abs(python)
	if err == nil {
		_, err = os.Stat(absolute)
	}
	if err == nil {
		return absolute
	}
	message := "the second interpreter is not installed; see this package's doc.go"
	if os.Getenv("CI") != "" {
		t.Fatal(message)
	}
	t.Skip("SKIPPED, NOT TESTED HERE: " + message)
	return ""
}

var placeholder = regexp.MustCompile(`\$\{(\w+)FunctionArn\}`)

// scripts walk every compiled machine: at each call a random one of its labels, error or silence; in the end a way out.
func scripts(t *testing.T) (jobs []job) {
	t.Helper()
	machines, err := filepath.Glob("../compile/testdata/*/machine.asl.json")
	if err != nil || len(machines) < 12 {
		t.Fatalf("%d machines, %v", len(machines), err)
	}
	machines = append(machines, "../../../statemachines/kyc.asl.json")
	for _, file := range machines {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = placeholder.ReplaceAllFunc(text, func(found []byte) []byte {
			name := strings.ToLower(string(placeholder.FindSubmatch(found)[1]))
			return []byte("arn:aws:lambda:us-east-1:123456789012:function:" + name)
		})
		labels := labelsOf(t, text)
		for n := range scenarios {
			random := rand.New(rand.NewPCG(uint64(len(jobs)), uint64(n)))
			jobs = append(jobs, job{
				ID: fmt.Sprintf("%s/%d", filepath.Base(filepath.Dir(file)), n), Definition: text,
				Input: data(labels[n%len(labels)]), Lambda: script(random, labels),
			})
		}
	}
	return jobs
}

func labelsOf(t *testing.T, text []byte) (labels []string) {
	t.Helper()
	var machine struct {
		States map[string]struct {
			Choices []struct{ StringEquals string }
		}
	}
	if err := json.Unmarshal(text, &machine); err != nil {
		t.Fatal(err)
	}
	for _, c := range machine.States["Route"].Choices {
		labels = append(labels, c.StringEquals)
	}
	return append(labels, "no such label")
}

func data(label string) map[string]any {
	return map[string]any{"tenant": "demo", "case": "case_1", "label": label, "visit": 3, "seconds": 600}
}

func script(random *rand.Rand, labels []string) map[string][]answer {
	lambda := map[string][]answer{}
	pick := func() any { return data(labels[random.IntN(len(labels)-random.IntN(2))]) } // an unknown one less often
	for _, function := range []string{"step", "rules", "vendor", "document", "children", "screening"} {
		if function != "step" && random.IntN(2) == 0 { // ill for just about as long as there are retries
			name := []string{"vendor_unavailable", "Lambda.ServiceException"}[random.IntN(2)]
			for range 2 + random.IntN(6) {
				lambda[function] = append(lambda[function], failed(name))
			}
			lambda[function] = append(lambda[function], answer{Result: data("#out")})
			continue
		}
		for range 1 + random.IntN(6) {
			lambda[function] = append(lambda[function], one(random, pick))
		}
		end := data("#out")
		lambda[function] = append(lambda[function], answer{Result: end, Token: []action{{After: 1, Success: end}}})
	}
	return lambda
}

func one(random *rand.Rand, pick func() any) answer {
	switch random.IntN(10) {
	case 0:
		return failed("vendor_unavailable")
	case 1:
		return failed("Lambda.ServiceException")
	case 2:
		return failed("vendor_rejected")
	case 3:
		return answer{Result: pick(), Delay: 70} // longer than a function may run; a wait continues
	case 4:
		return answer{Result: pick(), Token: []action{{After: 5, Failure: &failure{"States.Timeout", "told so"}}}}
	case 5:
		return answer{Result: pick()} // a wait ends by its deadline
	case 6:
		return answer{Result: pick(), Token: []action{{After: 700, Success: pick()}}} // too late
	default:
		return answer{Result: pick(), Token: []action{{After: float64(random.IntN(500)), Success: pick()}}}
	}
}

// failed returns the cause as the engine makes it from a function's error.
func failed(name string) answer {
	return answer{Error: name, Cause: fmt.Sprintf(`{"errorMessage":"no luck","errorType":%q}`, name)}
}

func runTheirs(t *testing.T, python string, jobs []job) (results []result) {
	t.Helper()
	var in bytes.Buffer
	for _, j := range jobs {
		if err := json.NewEncoder(&in).Encode(j); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(python, "asl_run.py")
	var complaints bytes.Buffer // it logs every failed state
	command.Stdin, command.Stderr = &in, &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for decoder.More() {
		var r result
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if len(results) != len(jobs) {
		t.Fatalf("%d results for %d jobs", len(results), len(jobs))
	}
	return results
}

// ours plays a script to our interpreter on a virtual clock.
type ours struct {
	mutex  sync.Mutex
	script map[string][]answer
	clock  *interprettest.Virtual
	engine *interpret.Engine
}

func runOurs(t *testing.T, j job) result {
	t.Helper()
	machine, err := interpret.Load(j.Definition, nil)
	if err != nil {
		t.Fatalf("%s: %v", j.ID, err)
	}
	o := &ours{script: map[string][]answer{}, clock: interprettest.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	for function, answers := range j.Lambda {
		o.script[function] = answers
	}
	if o.engine, err = interpret.New(interpret.Config{Journal: &interprettest.Memory{}, Clock: o.clock, Invoke: o.invoke}); err != nil {
		t.Fatal(err)
	}
	if err := o.engine.Register("m", machine); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(j.Input)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := o.engine.Start(ctx, "m", "x", input); err != nil {
		t.Fatal(err)
	}
	for {
		o.clock.Settle(o.engine)
		d, err := o.engine.Describe(ctx, "m", "x")
		if err != nil {
			t.Fatal(err)
		}
		if d.Status == interpret.Running && o.clock.Next() {
			continue
		}
		return o.result(t, j.ID, d)
	}
}

func (o *ours) result(t *testing.T, id string, d interpret.Description) result {
	t.Helper()
	r := result{ID: id, Status: string(d.Status), Error: d.Error}
	if d.Output != nil {
		if err := json.Unmarshal(d.Output, &r.Output); err != nil {
			t.Fatal(err)
		}
	}
	history, err := o.engine.History(context.Background(), "m", "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range history {
		if event.Type == "StateEntered" {
			r.States = append(r.States, event.State)
		}
	}
	return r
}

func (o *ours) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	function = function[strings.LastIndex(function, ":")+1:]
	var call struct{ Token string }
	if err := json.Unmarshal(payload, &call); err != nil {
		return nil, err
	}
	o.mutex.Lock()
	a := o.script[function][0]
	if len(o.script[function]) > 1 {
		o.script[function] = o.script[function][1:]
	}
	o.mutex.Unlock()
	if call.Token != "" {
		for _, act := range a.Token {
			o.clock.AfterFunc(time.Duration(act.After*float64(time.Second)), func() { o.act(call.Token, act) })
		}
	}
	if a.Delay > 0 {
		o.clock.Sleep(ctx, time.Duration(a.Delay*float64(time.Second)))
	}
	if a.Error != "" {
		return nil, &interpret.InvokeError{Type: a.Error, Message: "no luck"}
	}
	return json.Marshal(a.Result)
}

// act sends a token; one that is not waited for any more is no news.
func (o *ours) act(token string, a action) {
	if a.Failure != nil {
		_ = o.engine.SendTaskFailure(context.Background(), token, a.Failure.Error, a.Failure.Cause)
		return
	}
	output, err := json.Marshal(a.Success)
	if err != nil {
		panic(err)
	}
	_ = o.engine.SendTaskSuccess(context.Background(), token, output)
}

// normal leaves out the texts that each engine words for itself: causes of States.* errors.
func normal(r result) result {
	if output, ok := r.Output.(map[string]any); ok {
		if e, ok := output["error"].(map[string]any); ok && strings.HasPrefix(fmt.Sprint(e["Error"]), "States.") {
			delete(e, "Cause")
		}
	}
	return r
}
