package webhook

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ballerine/internal/problem"
)

func TestTwoCallersNeverAttemptTheSameDeliveryAtOnce(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	delivery := b.publish(t, "e1")
	inside, release := make(chan struct{}, 20), make(chan struct{})
	b.mu.Lock()
	b.answer = func(http.ResponseWriter, *http.Request) { inside <- struct{}{}; <-release }
	b.mu.Unlock()
	var won, lost atomic.Int32
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			switch _, err := b.Attempt(context.WithoutCancel(t.Context()), delivery); problem.CodeOf(err) {
			case "":
				won.Add(1)
			case problem.Conflict:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	<-inside
	running, err := b.store.Delivery(t.Context(), "demo", delivery.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Attempt(t.Context(), running); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("a running attempt is doubled: %v", err)
	}
	if _, err := b.Redeliver(t.Context(), "demo", delivery.Subscription, delivery.ID, ""); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("redelivered while it runs: %v", err)
	}
	close(release)
	group.Wait()
	if won.Load() != 1 || lost.Load() != 15 || len(b.received) != 1 {
		t.Errorf("won %d, lost %d, calls %d", won.Load(), lost.Load(), len(b.received))
	}
}

func TestAnAttemptThatDiedIsMadeAgainAfterItsLease(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	delivery := b.publish(t, "e1")
	ctx, cancel := context.WithCancel(t.Context())
	b.mu.Lock()
	b.answer = func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }
	b.mu.Unlock()
	if _, err := b.Attempt(ctx, delivery); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b.answerWith(http.StatusOK)
	if summary, err := b.attemptDue(t.Context(), 10); err != nil || summary.Tried != 0 {
		t.Fatalf("within the lease: %+v %v", summary, err)
	}
	b.advance(b.config.Timeout + lease)
	if summary, err := b.attemptDue(t.Context(), 10); err != nil || summary.Delivered != 1 {
		t.Fatalf("after the lease: %+v %v", summary, err)
	}
}

// TestALeaseIsAsLongAsIsAsked is for a process that attempts alone: what it left when it died need not wait for long.
func TestALeaseIsAsLongAsIsAsked(t *testing.T) {
	b := newBench(t)
	b.subscribe(t, "*")
	delivery := b.publish(t, "e1")
	b.config.Lease = time.Second
	ctx, cancel := context.WithCancel(t.Context())
	b.mu.Lock()
	b.answer = func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }
	b.mu.Unlock()
	if _, err := b.Attempt(ctx, delivery); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b.answerWith(http.StatusOK)
	b.advance(b.config.Timeout + time.Second + time.Millisecond)
	if summary, err := b.attemptDue(t.Context(), 10); err != nil || summary.Delivered != 1 {
		t.Fatalf("after the lease: %+v %v", summary, err)
	}
}

// failing is a store whose reads of one subscription fail.
type failing struct {
	*memory
	broken string
}

func (f failing) Subscription(ctx context.Context, tenant, id string) (Subscription, error) {
	if id == f.broken {
		return Subscription{}, problem.New(problem.Unavailable, "The store is away.")
	}
	return f.memory.Subscription(ctx, tenant, id)
}

func TestOneBrokenDeliveryDoesNotHoldUpTheOthers(t *testing.T) {
	b := newBench(t)
	broken := b.subscribe(t, "*")
	for range 20 {
		b.subscribe(t, "*")
	}
	if created, err := b.Create(t.Context(), b.event("e1")); err != nil || len(created) != 21 {
		t.Fatal(len(created), err)
	}
	service := New(Config{Store: failing{b.store, broken.ID}, Now: b.clock, AllowLoopback: true, Concurrency: 3})
	summary, err := service.attemptDue(t.Context(), 100)
	if problem.CodeOf(err) != problem.Unavailable || summary != (Summary{Tried: 20, Delivered: 20}) {
		t.Fatalf("%+v %v", summary, err)
	}
}

func TestAttemptDueIsBounded(t *testing.T) {
	b := newBench(t)
	for range 12 {
		b.subscribe(t, "*")
	}
	if _, err := b.Create(t.Context(), b.event("e1")); err != nil {
		t.Fatal(err)
	}
	var running, most atomic.Int32
	b.mu.Lock()
	b.answer = func(http.ResponseWriter, *http.Request) {
		now := running.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		running.Add(-1)
	}
	b.mu.Unlock()
	b.config.Concurrency = 2
	summary, err := b.attemptDue(t.Context(), 10)
	if err != nil || summary.Delivered != 10 || most.Load() > 2 {
		t.Errorf("%+v, %d at once, %v", summary, most.Load(), err)
	}
}
