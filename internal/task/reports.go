package task

import (
	"context"
	"slices"
	"sync"
	"time"

	"ballerine/internal/cases"
)

// reports combines what many children report to one parent: while one commit is being written, the reports that arrive
// for the same parent wait and go into the next one. Written separately, they would conflict with each other.
type reports struct {
	mutex   sync.Mutex
	parents map[string]*queue
}

// queue belongs to one parent. It exists as long as reports are being delivered.
type queue struct{ next *batch }

type batch struct {
	effects  []cases.Effect
	done     chan struct{}
	failures []error // one for each effect
}

// deliver hands the effects, all for one parent, to write: with those of others, and never two at once for a parent. It
// returns an error for each.
func (r *reports) deliver(ctx context.Context, effects []cases.Effect, write func(context.Context, ...cases.Effect) error) []error {
	parent := effects[0].Tenant + "/" + effects[0].Name
	r.mutex.Lock()
	if r.parents == nil {
		r.parents = map[string]*queue{}
	}
	q, busy := r.parents[parent]
	if !busy {
		q = &queue{}
		r.parents[parent] = q
	}
	if q.next == nil {
		q.next = &batch{done: make(chan struct{})}
	}
	mine := q.next
	from := len(mine.effects)
	mine.effects = append(mine.effects, effects...)
	r.mutex.Unlock()
	if !busy {
		r.work(ctx, parent, q, write)
	}
	select {
	case <-mine.done:
		return mine.failures[from : from+len(effects)]
	case <-ctx.Done():
		return slices.Repeat([]error{ctx.Err()}, len(effects)) // the effects stay in the outbox
	}
}

// work writes batch after batch until no report waits.
func (r *reports) work(ctx context.Context, parent string, q *queue, write func(context.Context, ...cases.Effect) error) {
	for {
		r.mutex.Lock()
		now := q.next
		if q.next = nil; now == nil {
			delete(r.parents, parent)
			r.mutex.Unlock()
			return
		}
		r.mutex.Unlock()
		now.failures = oneByOne(ctx, now.effects, timed(write))
		close(now.done)
	}
}

// writeTime bounds one write. The deadline of the caller that happens to write for the others does not apply to them.
const writeTime = 10 * time.Second

func timed(write func(context.Context, ...cases.Effect) error) func(context.Context, ...cases.Effect) error {
	return func(ctx context.Context, effects ...cases.Effect) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
		defer cancel()
		return write(ctx, effects...)
	}
}

// oneByOne writes a batch; when that fails, each alone, so that one that cannot be written does not keep out the others.
func oneByOne(ctx context.Context, effects []cases.Effect, write func(context.Context, ...cases.Effect) error) []error {
	failures := make([]error, len(effects))
	err := write(ctx, effects...)
	if err == nil {
		return failures
	}
	if len(effects) == 1 {
		return []error{err}
	}
	for i, effect := range effects {
		failures[i] = write(ctx, effect)
	}
	return failures
}
