package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/task"
)

// slowly is a store that takes a while for each record, and notes which were read.
type slowly struct {
	cases.Store
	takes time.Duration
	mutex sync.Mutex
	seen  map[string]int
}

func (s *slowly) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	time.Sleep(s.takes)
	s.mutex.Lock()
	s.seen[id]++
	s.mutex.Unlock()
	return s.Store.Get(ctx, tenant, id)
}

// called is a call of the sweep by a new process, with as many cases at once as in a deployment.
func (q *queued) called(store cases.Store, payload string) error {
	sweep := task.NewSweep(task.SweepConfig{
		Cases: q.core.Cases, Store: store, Executions: q.exec, Outbox: q.outbox, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Overdue: 5 * time.Second, Quiet: 2 * time.Minute, Batch: 200,
	})
	_, err := sweep(q.t.Context(), json.RawMessage(payload))
	return err
}

func TestTheLookAtOpenCasesPassesOverNoneForWhichThereWasNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		for n := range 25 {
			q.start("a", fmt.Sprintf("case_%02d", n))
		}
		q.dispatch()
		time.Sleep(10 * time.Minute)
		store := &slowly{Store: q.db.Cases(), takes: 4500 * time.Millisecond, seen: map[string]int{}}
		for range 2 {
			if err := q.called(store, `{}`); err != nil {
				t.Logf("the time of the looks was over: %v", err)
			}
		}
		if len(store.seen) != 25 {
			t.Errorf("%d of 25 cases were looked at", len(store.seen))
		}
	})
}

// Step Functions would refuse more.
func TestACallLooksAtABoundedNumberOfExecutions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		for n := range 320 {
			q.start("a", fmt.Sprintf("case_%03d", n))
		}
		time.Sleep(10 * time.Minute)
		store := &slowly{Store: q.db.Cases(), seen: map[string]int{}}
		if err := q.called(store, `{}`); err != nil {
			t.Error(err)
		}
		if len(store.seen) != 300 {
			t.Errorf("a call has looked at %d cases", len(store.seen))
		}
	})
}

// blind is a store that cannot list which deadlines were missed.
type blind struct {
	cases.Store
	asked int
}

func (b *blind) Due(context.Context, time.Time, int) ([]cases.Ref, error) {
	b.asked++
	return nil, problem.New(problem.Unavailable, "The store is busy.")
}

// What fails in a round keeps nothing else that is due waiting for another minute, and a message is done with it: the schedule is there.
func TestAFailureEndsNeitherTheRoundsNorComesBackAsAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.start("a", "case_1")
		time.Sleep(time.Minute)
		store := &blind{Store: q.db.Cases()}
		if err := q.called(store, `{}`); problem.CodeOf(err) != problem.Unavailable {
			t.Errorf("the schedule is not notified: %v", err)
		}
		if len(q.exec.started) != 1 || store.asked < 2 {
			t.Errorf("%d rounds, started %v", store.asked, q.exec.started)
		}
		q.exec.fail = errors.New("throttled")
		q.start("a", "case_2")
		q.dispatch()
		q.exec.fail = nil
		time.Sleep(5 * time.Second)
		if err := q.called(store, `{"Records":[{"messageId":"a","body":"{}"}]}`); err != nil {
			t.Errorf("the message comes again: %v", err)
		}
		if len(q.exec.started) != 2 {
			t.Errorf("started %v", q.exec.started)
		}
	})
}
