package interpret

import "time"

// Clock is the engine's time.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine, or on the caller of Virtual.Advance, once d has passed.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// systemClock is the machine's clock.
type systemClock struct{}

// Now implements Clock.
func (systemClock) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (systemClock) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}
