package interpret_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is an engine on a virtual clock, with functions that a test gives.
type world struct {
	t       testing.TB
	clock   *interprettest.Virtual
	journal interpret.Journal
	engine  *interpret.Engine
	mutex   sync.Mutex
	calls   []call
	invoke  func(w *world, c call) (string, error)
}

type call struct {
	Function string
	Payload  map[string]any
	At       time.Duration // since epoch
}

// token of a call that passed one.
func (c call) token() string { s, _ := c.Payload["token"].(string); return s }

func newWorld(t testing.TB, definition string, invoke func(w *world, c call) (string, error)) *world {
	t.Helper()
	w := &world{t: t, clock: interprettest.NewVirtual(epoch), journal: &interprettest.Memory{}, invoke: invoke}
	w.open(definition)
	return w
}

// open makes a new engine over the journal, as after a restart.
func (w *world) open(definition string) {
	w.t.Helper()
	machine, err := interpret.Load([]byte(definition), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	engine, err := interpret.New(interpret.Config{
		Journal: w.journal, Clock: w.clock, Random: func() float64 { return 0.5 },
		Invoke: func(ctx context.Context, function string, payload []byte) ([]byte, error) {
			c := call{Function: function, At: w.clock.Now().Sub(epoch)}
			if err := json.Unmarshal(payload, &c.Payload); err != nil {
				return nil, err
			}
			w.mutex.Lock()
			w.calls = append(w.calls, c)
			w.mutex.Unlock()
			answer, err := w.invoke(w, c)
			return []byte(answer), err
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := engine.Register("m", machine); err != nil {
		w.t.Fatal(err)
	}
	w.engine = engine
}

func (w *world) start(name, input string) {
	w.t.Helper()
	if err := w.engine.Start(context.Background(), "m", name, []byte(input)); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Settle(w.engine)
}

func (w *world) advance(d time.Duration) { w.clock.Advance(d, w.engine); w.clock.Settle(w.engine) }

// finish lets time pass until the execution has ended, or nothing will happen any more.
func (w *world) finish(name string) interpret.Description {
	w.t.Helper()
	for {
		w.clock.Settle(w.engine)
		d := w.describe(name)
		if d.Status != interpret.Running || !w.clock.Next() {
			return d
		}
	}
}

func (w *world) describe(name string) interpret.Description {
	w.t.Helper()
	d, err := w.engine.Describe(context.Background(), "m", name)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) called() []call {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return append([]call{}, w.calls...)
}

// task is a machine of one Task whose further members are given, followed by Done.
func task(members string) string {
	return `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
	  "Parameters":{"FunctionName":"f","Payload":{"in.$":"$","attempt.$":"$$.State.RetryCount"}},"OutputPath":"$.Payload",` + members + `"Next":"Done"},
	  "Caught":{"Type":"Succeed"},"Done":{"Type":"Succeed"}}}`
}

// wait is a machine that waits for a token, followed by Done.
func wait(members string) string {
	return `{"StartAt":"W","States":{"W":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
	  "Parameters":{"FunctionName":"park","Payload":{"token.$":"$$.Task.Token"}},` + members + `"Next":"Done"},
	  "Caught":{"Type":"Succeed"},"Done":{"Type":"Succeed"}}}`
}

func fails(name string) error { return &interpret.InvokeError{Type: name, Message: "no luck"} }
