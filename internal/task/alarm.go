package task

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Waker lets the sweep begin before its schedule does: effects that have failed are due again within seconds.
type Waker interface {
	// Wake lets it begin after each of the pauses, which are at most 15 minutes.
	Wake(ctx context.Context, pauses []time.Duration) error
}

// longestWait is the longest pause of a Waker. What is due later waits for the schedule.
const longestWait = 15 * time.Minute

// mostWakes bounds how many wake-ups one call requests: each sweep takes all that is due by then, and requests a wake-up for what it has put off.
const mostWakes = 10

// wakeTime bounds the asking.
const wakeTime = 3 * time.Second

// alarm gathers when effects are due again, to the second.
type alarm struct {
	waker  Waker // nil: there is a loop that reads the outbox
	now    func() time.Time
	logger *slog.Logger

	mutex sync.Mutex
	at    map[time.Time]struct{}
}

// set notes a time.
func (a *alarm) set(at time.Time) {
	if a.waker == nil || at.Sub(a.now()) > longestWait {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.at == nil {
		a.at = map[time.Time]struct{}{}
	}
	a.at[at.Truncate(time.Second).Add(time.Second)] = struct{}{}
}

// ring requests sweeps at the soonest of the recorded times. When it fails, the schedule's next sweep does the work.
func (a *alarm) ring(ctx context.Context) {
	a.mutex.Lock()
	times := slices.SortedFunc(maps.Keys(a.at), time.Time.Compare)
	a.at = nil
	a.mutex.Unlock()
	if len(times) == 0 {
		return
	}
	pauses := make([]time.Duration, 0, mostWakes)
	for _, at := range times[:min(len(times), mostWakes)] {
		pauses = append(pauses, max(0, at.Sub(a.now())))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wakeTime)
	defer cancel()
	if err := a.waker.Wake(ctx, pauses); err != nil {
		a.logger.WarnContext(ctx, "the sweep was not asked to begin earlier", "error", err.Error())
	}
}
