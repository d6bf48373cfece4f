package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/store/embedded"
	"ballerine/internal/task"
	"ballerine/internal/webhook"
)

// hints are queues in memory: of attempts at webhooks, and of wake-ups of the sweep.
type hints struct {
	mutex    sync.Mutex
	attempts []webhook.Queued
	wakes    []time.Duration
	down     bool
}

func (h *hints) Put(_ context.Context, attempts []webhook.Queued) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.down {
		return errors.New("down")
	}
	h.attempts = append(h.attempts, attempts...)
	return nil
}

func (h *hints) Wake(_ context.Context, pauses []time.Duration) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.wakes = append(h.wakes, pauses...)
	return nil
}

// taken gives a batch of what was put, as Lambda hands it over.
func (h *hints) taken(t *testing.T) (batch json.RawMessage, attempts []webhook.Queued) {
	t.Helper()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	attempts, h.attempts = h.attempts, nil
	var records []string
	for i, a := range attempts {
		body, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, fmt.Sprintf(`{"messageId":"m%d","body":%q}`, i, body))
	}
	return json.RawMessage(`{"Records":[` + strings.Join(records, ",") + `]}`), attempts
}

// receivers answer by their host.
type receivers struct {
	mutex sync.Mutex
	got   []string
}

func (r *receivers) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Host == "dead.example" {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.got = append(r.got, request.Header.Get("webhook-id"))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
}

// queued is a system whose attempts at webhooks go through a queue.
type queued struct {
	t       *testing.T
	db      *embedded.DB
	core    *app.Core
	hooks   *webhook.Service
	outbox  *task.Outbox
	exec    *executions
	hints   *hints
	receive *receivers
}

func newQueued(t *testing.T) *queued {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	q := &queued{t: t, db: db, exec: &executions{gone: map[string]bool{}}, hints: &hints{}, receive: &receivers{}}
	logger := slog.New(slog.DiscardHandler)
	if q.core, err = app.New(app.Parts{Store: db.Cases(), Webhooks: db.Webhooks(), Executions: q.exec, Definitions: definitions, Now: time.Now, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	q.hooks = webhook.New(webhook.Config{Store: db.Webhooks(), Client: &http.Client{Transport: q.receive}, Queue: q.hints, Logger: logger})
	q.outbox = task.NewOutbox(task.OutboxConfig{Cases: q.core.Cases, Store: db.Cases(), Executions: q.exec, Webhooks: q.hooks, Waker: q.hints, Now: time.Now, Logger: logger})
	return q
}

func (q *queued) subscribe(tenant, host string) {
	q.t.Helper()
	if _, err := q.hooks.Subscribe(q.t.Context(), tenant, "", "https://"+host+"/", []string{"*"}); err != nil {
		q.t.Fatal(err)
	}
}

func (q *queued) start(tenant, id string) {
	q.t.Helper()
	_, err := q.core.Cases.Start(q.t.Context(), identity.Principal{Tenant: tenant, Kind: identity.Client, ID: "key_1"}, cases.StartCommand{ID: id, Workflow: "small", Subject: cases.SubjectInput{Type: "individual"}})
	if err != nil {
		q.t.Fatal(err)
	}
}

// dispatch is a call of the function with all that waits in the outbox, and returns how long it took.
func (q *queued) dispatch() time.Duration {
	q.t.Helper()
	handler := task.NewDispatch(q.outbox, func(json.RawMessage) ([]cases.Effect, error) {
		effects, err := q.db.Cases().Undelivered(q.t.Context(), time.Now().Add(time.Second), 100)
		return effects, err
	})
	began := time.Now()
	if _, err := handler(q.t.Context(), nil); err != nil {
		q.t.Fatal(err)
	}
	return time.Since(began)
}

func (q *queued) sweep(store cases.Store, payload string) {
	q.t.Helper()
	sweep := task.NewSweep(task.SweepConfig{
		Cases: q.core.Cases, Store: store, Executions: q.exec, Outbox: q.outbox, Now: time.Now, Logger: slog.New(slog.DiscardHandler), Overdue: 5 * time.Second, Quiet: 2 * time.Minute, Batch: 3,
	})
	if _, err := sweep(q.t.Context(), json.RawMessage(payload)); err != nil {
		q.t.Fatal(err)
	}
}

// A receiver that hangs costs dispatch and the sweep no time, and holds up no other receiver's attempt of the same batch; the next
// attempt at it is a message with its pause.
func TestAReceiverThatHangsHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.subscribe("a", "dead.example")
		q.subscribe("a", "fine.example")
		q.start("a", "case_1")
		if took := q.dispatch(); took != 0 {
			t.Errorf("dispatch took %s", took)
		}
		batch, attempts := q.hints.taken(t)
		if len(attempts) != 2 {
			t.Fatalf("put: %+v", attempts)
		}
		answer, err := task.NewDeliver(q.hooks)(t.Context(), batch)
		if err != nil || string(answer) != `{"batchItemFailures":[]}` {
			t.Errorf("%s %v", answer, err)
		}
		if len(q.receive.got) != 1 {
			t.Errorf("the other receiver got %v", q.receive.got)
		}
		_, again := q.hints.taken(t)
		if len(again) != 1 || again[0].After <= 0 || again[0].After > 10*time.Second {
			t.Errorf("the next attempt: %+v", again)
		}
		if answer, err := task.NewDeliver(q.hooks)(t.Context(), batch); err != nil || string(answer) != `{"batchItemFailures":[]}` || len(q.receive.got) != 1 {
			t.Errorf("the same messages again: %s %v %v", answer, err, q.receive.got)
		}
		began := time.Now()
		q.sweep(q.db.Cases(), `{}`)
		if took := time.Since(began); took != 0 {
			t.Errorf("the sweep took %s", took)
		}
	})
}

// A queue that is down loses nothing: the sweep puts what stays due, and not again while there is a message for it.
func TestTheSweepPutsAttemptsForWhichThereIsNoMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.subscribe("a", "fine.example")
		q.hints.down = true
		q.start("a", "case_1")
		q.dispatch()
		q.hints.down = false
		q.sweep(q.db.Cases(), `{}`)
		if len(q.hints.attempts) != 0 {
			t.Error("what has just become due has a message, as far as the sweep knows")
		}
		time.Sleep(20 * time.Second)
		q.sweep(q.db.Cases(), `{}`)
		q.sweep(q.db.Cases(), `{}`)
		batch, attempts := q.hints.taken(t)
		if len(attempts) != 1 {
			t.Fatalf("put: %+v", attempts)
		}
		if _, err := task.NewDeliver(q.hooks)(t.Context(), batch); err != nil || len(q.receive.got) != 1 {
			t.Errorf("%v %v", q.receive.got, err)
		}
	})
}

// Messages of a whole outage of the queue, of one receiver, are put by one run.
func TestTheSweepPutsManyAttemptsOfOneReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.subscribe("a", "fine.example")
		q.hints.down = true
		for n := range 50 {
			q.start("a", fmt.Sprintf("case_%03d", n))
		}
		q.dispatch()
		q.hints.down = false
		time.Sleep(20 * time.Second)
		q.sweep(q.db.Cases(), `{}`)
		if _, attempts := q.hints.taken(t); len(attempts) != 50 {
			t.Errorf("%d of 50 were put", len(attempts))
		}
	})
}

func TestAnEffectThatFailsWakesTheSweepWhenItIsDueAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.exec.fail = errors.New("throttled")
		q.start("a", "case_1")
		q.dispatch()
		if len(q.hints.wakes) != 1 || q.hints.wakes[0] <= time.Second || q.hints.wakes[0] > 4*time.Second {
			t.Fatalf("wakes: %v", q.hints.wakes)
		}
		q.exec.fail = nil
		time.Sleep(q.hints.wakes[0])
		q.sweep(q.db.Cases(), `{"Records":[{"messageId":"a","body":"{}"}]}`)
		if len(q.exec.started) != 1 {
			t.Errorf("started: %v", q.exec.started)
		}
	})
}

// What a decision that can be undone asks for is due seconds after its commit: dispatch is notified too early to deliver it, and
// wakes the sweep for it.
func TestAnEffectThatIsHeldBackWakesTheSweepWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		at := time.Now()
		held := cases.Effect{Tenant: "a", Case: "case_1", Version: 1, Kind: cases.EffectStart, Name: "case_1-1", At: at, NotBefore: at.Add(8 * time.Second)}
		handler := task.NewDispatch(q.outbox, func(json.RawMessage) ([]cases.Effect, error) { return []cases.Effect{held}, nil })
		if _, err := handler(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if len(q.exec.started) != 0 {
			t.Error("it was not held back")
		}
		if len(q.hints.wakes) != 1 || q.hints.wakes[0] < 8*time.Second || q.hints.wakes[0] > 9*time.Second {
			t.Errorf("wakes: %v", q.hints.wakes)
		}
	})
}

// visited is a store that notes whose records were looked at.
type visited struct {
	cases.Store
	mutex sync.Mutex
	seen  []string
}

func (v *visited) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	v.mutex.Lock()
	v.seen = append(v.seen, id)
	v.mutex.Unlock()
	return v.Store.Get(ctx, tenant, id)
}

// Each call is by a new process, as after a cold start: the scan of open cases continues all the same, until all have been seen.
func TestTheLookAtOpenCasesGoesOnInANewProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		for n := range 25 {
			q.start("a", fmt.Sprintf("case_%02d", n))
		}
		q.dispatch()
		time.Sleep(10 * time.Minute)
		store, all := &visited{Store: q.db.Cases()}, map[string]bool{}
		for call := range 3 {
			store.seen = nil
			q.sweep(store, `{}`)
			if len(store.seen) == 0 || len(store.seen) > 9 {
				t.Errorf("call %d looked at %d cases", call, len(store.seen))
			}
			for _, id := range store.seen {
				if all[id] {
					t.Errorf("call %d looked at %s again", call, id)
				}
				all[id] = true
			}
		}
		if len(all) != 25 {
			t.Errorf("%d of 25 cases were looked at", len(all))
		}
		q.sweep(store, `{"Records":[{"messageId":"a","body":"{}"}]}`)
		if slices.Contains(store.seen, "case_00") {
			t.Error("who is woken for an effect has looked at open cases")
		}
	})
}

// A bookmark that the store does not know ends a round of looks, and not all of them for ever.
func TestABookmarkThatCannotBeReadBeginsAtTheFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueued(t)
		defer func() { _ = q.db.Close() }()
		q.start("a", "case_1")
		q.dispatch()
		time.Sleep(10 * time.Minute)
		if err := q.db.Cases().PutBookmarks(t.Context(), cases.Bookmarks{At: map[string][]byte{"open": []byte("~~~"), "effects": []byte("~"), "deliveries": []byte("~")}}); err != nil {
			t.Fatal(err)
		}
		store := &visited{Store: q.db.Cases()}
		for range 2 {
			q.sweep(store, `{}`)
		}
		if !slices.Contains(store.seen, "case_1") {
			t.Error("the case was not looked at")
		}
	})
}
