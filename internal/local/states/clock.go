package states

import "time"

// Clock is the engine's time.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine, or on the caller of Virtual.Advance, once d has passed.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (SystemClock) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}
