package local

import (
	"context"
	"log/slog"
	"sync"

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
}

// feedWorkers deliver side by side, so that one slow receiver does not hold up the others' wake-ups.
const feedWorkers = 16

func newFeed(deliver func(context.Context, []cases.Effect) error, logger *slog.Logger) *feed {
	return &feed{deliver: deliver, logger: logger, signal: make(chan struct{}, 1)}
}

// add takes effects in without blocking.
func (f *feed) add(effects []cases.Effect) {
	if len(effects) == 0 {
		return
	}
	f.mutex.Lock()
	f.waiting = append(f.waiting, effects...)
	f.mutex.Unlock()
	f.ring()
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
				}
			}
		}()
	}
	workers.Wait()
}
