package local

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"ballerine/internal/cases"
)

// feed hands committed effects to the outbox at once, many side by side: the stand-in for a table's stream. What fails
// stays in the store and is found by the sweep.
type feed struct {
	deliver func(context.Context, []cases.Effect) error
	logger  *slog.Logger

	mutex   sync.Mutex
	waiting []cases.Effect
	signal  chan struct{}
	late    chan time.Time // when effects that were held back are due
	added   int            // effects, ever
	open    int            // effects that are waiting or being delivered
}

// feedWorkers deliver side by side, so that one slow receiver does not hold up the others' wake-ups.
const feedWorkers = 16

func newFeed(deliver func(context.Context, []cases.Effect) error, logger *slog.Logger) *feed {
	return &feed{deliver: deliver, logger: logger, signal: make(chan struct{}, 1), late: make(chan time.Time, 1)}
}

// add takes effects in without blocking.
func (f *feed) add(effects []cases.Effect) {
	if len(effects) == 0 {
		return
	}
	f.mutex.Lock()
	f.waiting = append(f.waiting, effects...)
	f.added += len(effects)
	f.open += len(effects)
	f.mutex.Unlock()
	f.ring()
}

// state tells how many effects there have been, and how many of them are not delivered.
func (f *feed) state() (added, open int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.added, f.open
}

func (f *feed) delivered(n int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.open -= n
}

func (f *feed) ring() {
	select {
	case f.signal <- struct{}{}:
	default:
	}
}

// take gives the next batch: what moves executions first, since cases wait for it.
func (f *feed) take() []cases.Effect {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	n := min(len(f.waiting), 32)
	batch := f.waiting[:n:n]
	f.waiting = f.waiting[n:]
	if len(f.waiting) > 0 {
		f.ring()
	}
	return batch
}

// held are the effects that wait for their time, because what they follow from can still be undone. When it has come the
// store is asked for what is left of them: what was taken back is not there any more.
func (f *feed) held(ctx context.Context, now func() time.Time, undelivered func(before time.Time) ([]cases.Effect, error)) {
	var due []time.Time
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-f.late:
			due = append(due, at)
			slices.SortFunc(due, time.Time.Compare)
		case <-timer.C:
		}
		for len(due) > 0 && !due[0].After(now()) {
			due = due[1:]
			effects, err := undelivered(now())
			if err != nil {
				f.logger.Warn("effects that were held back were not read: the sweep will try again", "error", err.Error())
			}
			f.add(slices.DeleteFunc(effects, func(e cases.Effect) bool { return e.NotBefore.IsZero() }))
		}
		timer.Reset(time.Hour)
		if len(due) > 0 {
			timer.Reset(max(time.Millisecond, due[0].Sub(now())+5*time.Millisecond))
		}
	}
}

// watch takes the effects of commits in without blocking for long: those that are held back wait elsewhere.
func (f *feed) watch(ctx context.Context, now func() time.Time) func([]cases.Effect) {
	return func(effects []cases.Effect) {
		var latest time.Time
		at := now()
		ready := slices.DeleteFunc(slices.Clone(effects), func(e cases.Effect) bool {
			if e.NotBefore.After(latest) {
				latest = e.NotBefore
			}
			return e.NotBefore.After(at)
		})
		f.add(ready)
		if latest.After(at) {
			go func() {
				select {
				case f.late <- latest:
				case <-ctx.Done():
				}
			}()
		}
	}
}

// run delivers until ctx ends, and returns when the deliveries that were under way have ended.
func (f *feed) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range feedWorkers {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				select {
				case <-ctx.Done():
					return
				case <-f.signal:
				}
				if batch := f.take(); len(batch) > 0 {
					if err := f.deliver(ctx, batch); err != nil && ctx.Err() == nil {
						f.logger.Warn("some effects were not delivered: the sweep will try again", "error", err.Error())
					}
					f.delivered(len(batch))
				}
			}
		}()
	}
	workers.Wait()
}
