package outbox

import (
	"context"
	"fmt"
	"time"

	"ballerine/internal/cases"
)

// mostPages bounds how many pages one reading takes; the next one continues after them.
const mostPages = 20

// pageTime bounds the reading of a page, and readTime that of all; the attempts at what was read have their own time.
const (
	pageTime = 5 * time.Second
	readTime = 8 * time.Second
)

// Read reads what is due, tenant by tenant, and lets it be delivered; it does not wait for that. It skips effects that
// have not been attempted and were written after fresh: they belong to the process that made the commit. It returns how
// many effects it has taken.
func (o *Outbox) Read(ctx context.Context, fresh time.Time) (taken int, err error) {
	all, done := context.WithTimeout(ctx, readTime)
	defer done()
	for range mostPages {
		o.mutex.Lock()
		after := o.after
		o.mutex.Unlock()
		now := o.config.Now()
		reading, cancel := context.WithTimeout(all, pageTime)
		effects, next, err := o.config.Store.Waiting(reading, cases.OutboxPage{
			Before: now.Add(time.Millisecond), Fresh: fresh, After: after, Each: o.config.Each, Limit: o.config.Page,
		})
		cancel()
		if err != nil {
			return taken, fmt.Errorf("read the outbox: %w", err)
		}
		taken += o.Take(ctx, effects)
		o.mutex.Lock()
		o.after = next
		o.mutex.Unlock()
		if next == "" {
			break
		}
	}
	return taken, nil
}

// Place is where the next Read continues.
func (o *Outbox) Place() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.after
}

// GoOn lets the next Read go on at a place that another process was at.
func (o *Outbox) GoOn(place string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.after = place
}

// Run reads every so often until ctx ends, and returns when what was in flight has landed: for a process that learns of
// commits itself and passes them to Take. What was written before it began it takes at once, since nothing else knows of
// it.
func (o *Outbox) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for began := o.config.Now(); ; {
		fresh := o.config.Now().Add(-cases.DispatchTime)
		if fresh.Before(began) {
			fresh = began
		}
		if _, err := o.Read(ctx, fresh); err != nil && ctx.Err() == nil {
			o.config.Logger.WarnContext(ctx, "the outbox was not read: it is tried again", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			_ = o.Wait(context.WithoutCancel(ctx)) // attempts have deadlines, and end with ctx
			return
		case <-ticker.C:
		}
	}
}

// mostCounted bounds how many effects are counted in the backlog.
const mostCounted = 10_000

// Measure reports how much is due, since when, and how many dead letters there are.
func (o *Outbox) Measure(ctx context.Context) error {
	now := o.config.Now()
	backlog, err := o.config.Store.Backlog(ctx, now, mostCounted)
	if err != nil {
		return fmt.Errorf("measure the outbox: %w", err)
	}
	age := time.Duration(0)
	if !backlog.Oldest.IsZero() {
		age = max(0, now.Sub(backlog.Oldest))
	}
	o.config.Metrics.Gauge("outbox_due", float64(backlog.Due))
	o.config.Metrics.Gauge("outbox_oldest_seconds", age.Seconds())
	o.config.Metrics.Gauge("outbox_dead_letters", float64(backlog.Dead))
	return nil
}
