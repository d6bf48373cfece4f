package interpret_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/problem"
)

// journey has all that an execution can wait for: a flaky task, a wait that times out, a wait that is answered, a caught error.
const journey = `{"StartAt":"Flaky","States":{
 "Flaky":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"flaky","Payload":{"attempt.$":"$$.State.RetryCount","n.$":"$.n"}},
   "Retry":[{"ErrorEquals":["again"],"IntervalSeconds":5,"MaxAttempts":2}],"OutputPath":"$.Payload","Next":"Route"},
 "Route":{"Type":"Choice","Choices":[{"Variable":"$.label","StringEquals":"deadline","Next":"Deadline"},{"Variable":"$.label","StringEquals":"wait","Next":"Wait"},
   {"Variable":"$.label","StringEquals":"break","Next":"Break"}],"Default":"Done"},
 "Deadline":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"silent","Payload":{"token.$":"$$.Task.Token"}},
   "TimeoutSecondsPath":"$.seconds","Catch":[{"ErrorEquals":["States.Timeout"],"ResultPath":"$.error","Next":"Timer"}],"Next":"Route"},
 "Timer":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"timer","Payload":{"n.$":"$.n"}},"OutputPath":"$.Payload","Next":"Route"},
 "Wait":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"park","Payload":{"token.$":"$$.Task.Token","n.$":"$.n"}},
   "TimeoutSeconds":1000,"Next":"Route"},
 "Break":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"broken","Payload":{}},
   "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"Pause"}],"Next":"Done"},
 "Pause":{"Type":"Wait","Seconds":30,"Next":"Done"},
 "Done":{"Type":"Succeed"}}}`

// mortal is a journal that dies at a write: before it is stored, or after it was stored but before it was acknowledged.
type mortal struct {
	interpret.Journal
	mutex sync.Mutex
	left  int
	after bool
	dead  bool
	later []interpret.Change // not on the disk yet
}

var errKilled = errors.New("killed")

func (m *mortal) Write(ctx context.Context, changes []interpret.Change) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.dead {
		return errKilled
	}
	changes = append(m.later, changes...)
	m.later = nil
	if m.left--; m.left == 0 {
		m.dead = true
		if m.after {
			if err := m.Journal.Write(ctx, changes); err != nil {
				return err
			}
		}
		return errKilled
	}
	return m.Journal.Write(ctx, changes)
}

// WriteLater implements interpret.LaterWriter: what no later write has taken along is lost with the engine.
func (m *mortal) WriteLater(_ context.Context, changes []interpret.Change) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.dead {
		return errKilled
	}
	m.later = append(m.later, changes...)
	return nil
}

func (m *mortal) killed() bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.dead
}

// parking is the outside world of a journey: what it has been handed survives the engine.
type parking struct {
	mutex  sync.Mutex
	tokens map[string]string // by execution
}

func (p *parking) invoke(w *world, c call) (string, error) {
	n, _ := c.Payload["n"].(string)
	switch c.Function {
	case "flaky":
		if c.Payload["attempt"].(float64) < 2 {
			return "", fails("again")
		}
		return fmt.Sprintf(`{"label":"deadline","seconds":40,"n":%q}`, n), nil
	case "timer":
		return fmt.Sprintf(`{"label":"wait","n":%q}`, n), nil
	case "park":
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.tokens[n] = c.token()
		return `{}`, nil
	case "broken":
		return "", fails("broken")
	default:
		return `{}`, nil
	}
}

// send hands every parked token its answer, once it is taken.
func (p *parking) send(w *world) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for n, token := range p.tokens {
		err := w.engine.SendTaskSuccess(context.Background(), token, []byte(fmt.Sprintf(`{"label":"break","n":%q}`, n)))
		if err == nil || problem.CodeOf(err) == problem.NotFound {
			delete(p.tokens, n)
		}
	}
}

func TestKillsAtAnyWriteChangeNoOutcome(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kept := &interprettest.Memory{}
		outside := &parking{tokens: map[string]string{}}
		w := &world{t: t, clock: interprettest.NewVirtual(epoch), invoke: outside.invoke}
		names := []string{"a", "b", "c"}
		for life := 0; ; life++ {
			journal := &mortal{Journal: kept, left: -1}
			if life < 6 {
				journal.left, journal.after = rapid.IntRange(1, 12).Draw(rt, "dies at write"), rapid.Bool().Draw(rt, "after it was kept")
			}
			w.journal = journal
			w.open(journey)
			if err := w.engine.Recover(context.Background()); err != nil {
				rt.Fatal(err)
			}
			for _, name := range names {
				// The starter does not know whether a start was kept, and starts again.
				if err := w.engine.Start(context.Background(), "m", name, []byte(fmt.Sprintf(`{"n":%q}`, name))); err != nil && !journal.killed() {
					rt.Fatal(err)
				}
			}
			live(w, outside, journal)
			if !journal.killed() {
				break
			}
			bury(w)
		}
		for _, name := range names {
			got := w.describe(name)
			want := fmt.Sprintf(`{"error":{"Cause":"{\"errorMessage\":\"no luck\",\"errorType\":\"broken\"}","Error":"broken"},"label":"break","n":%q}`, name)
			if got.Status != interpret.Succeeded || string(got.Output) != want || got.Transitions != 12 {
				rt.Fatalf("%s: %s in %s with %d transitions: %s %s", name, got.Status, got.State, got.Transitions, got.Output, got.Error)
			}
		}
	})
}

// live lets time pass until the engine dies or nothing is left to do.
func live(w *world, outside *parking, journal *mortal) {
	for !journal.killed() {
		w.clock.Settle(w.engine)
		outside.send(w)
		w.clock.Settle(w.engine)
		if !w.clock.Next() {
			return
		}
	}
}

// bury ends a killed engine: its last words are not kept.
func bury(w *world) {
	w.clock.Settle(w.engine)
	_ = w.engine.Close(context.Background()) // its journal is dead
	w.clock.Advance(time.Millisecond, w.engine)
}

func TestThousandsOfParkedExecutionsHoldNoGoroutine(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSeconds":600,"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"Caught"}],`), func(*world, call) (string, error) { return `{}`, nil })
	for i := range 5000 {
		if err := w.engine.Start(context.Background(), "m", fmt.Sprint(i), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Settle(w.engine)
	if n := w.engine.Busy(); n != 0 {
		t.Fatalf("%d workers are busy with parked executions", n)
	}
	w.advance(601 * time.Second)
	for i := range 5000 {
		if got := w.describe(fmt.Sprint(i)); got.State != "Caught" || got.Status != interpret.Succeeded {
			t.Fatalf("%d: %s in %s", i, got.Status, got.State)
		}
	}
}

func BenchmarkTransitions(b *testing.B) {
	ring := `{"StartAt":"A","States":{
	 "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Payload":{"tenant.$":"$.tenant","case.$":"$.case","attempt.$":"$$.State.RetryCount","execution.$":"$$.Execution.Name"}},"OutputPath":"$.Payload","Next":"N"},
	 "N":{"Type":"Choice","Choices":[{"Variable":"$.label","StringEquals":"no","Next":"End"}],"Default":"A"},"End":{"Type":"Succeed"}}}`
	answer := `{"tenant":"demo","case":"case_01J0000000000000000000000","label":"yes","visit":1,"seconds":25920000}`
	calls := 0
	machine, err := interpret.Load([]byte(ring), nil)
	if err != nil {
		b.Fatal(err)
	}
	engine, err := interpret.New(interpret.Config{Journal: &interprettest.Memory{}, Invoke: func(context.Context, string, []byte) ([]byte, error) {
		calls++
		if calls%1000 == 0 || calls >= b.N/2 {
			return []byte(`{"label":"no"}`), nil
		}
		return []byte(answer), nil
	}})
	if err != nil {
		b.Fatal(err)
	}
	if err := engine.Register("m", machine); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	transitions := 0
	for i := 0; transitions < b.N; i++ {
		name := fmt.Sprint(i)
		if err := engine.Start(context.Background(), "m", name, []byte(answer)); err != nil {
			b.Fatal(err)
		}
		clock := interprettest.NewVirtual(epoch)
		clock.Settle(engine)
		d, err := engine.Describe(context.Background(), "m", name)
		if err != nil {
			b.Fatal(err)
		}
		transitions += d.Transitions
	}
	b.ReportMetric(float64(transitions)/b.Elapsed().Seconds(), "transitions/s")
}
