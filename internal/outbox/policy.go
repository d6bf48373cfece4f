package outbox

import (
	"context"
	"errors"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Policy states when an effect that failed is tried again, and when no more.
type Policy struct {
	First    time.Duration // the pause after the first failure; it doubles with each
	Longest  time.Duration // the longest pause
	Jitter   float64       // a pause is longer or shorter by up to this part of it
	Attempts int           // after so many failures an effect is a dead letter
}

// defaultPolicy makes twenty attempts within about five and a half hours.
func defaultPolicy() Policy {
	return Policy{First: 2 * time.Second, Longest: 30 * time.Minute, Jitter: 0.2, Attempts: 20}
}

// Failed is the effect after an attempt that failed at the time. chance is from 0 to 1. DeadAt is set if it is not
// attempted any longer; then NextAt keeps its value, since it determines where the effect is stored.
func (p Policy) Failed(e cases.Effect, now time.Time, failure error, chance float64) cases.Effect {
	now = now.UTC().Truncate(time.Millisecond)
	d := &e.Delivery
	if d.Attempts == 0 {
		d.Since = now
	}
	d.Attempts++
	d.LastAt, d.Error = now, codeOf(failure)
	if d.Attempts >= p.Attempts || hopeless(failure) {
		d.DeadAt = now
		return e
	}
	d.NextAt = now.Add(p.pause(d.Attempts, chance)).Truncate(time.Millisecond)
	return e
}

// pause after a number of failures.
func (p Policy) pause(failures int, chance float64) time.Duration {
	pause := p.First
	for n := 1; n < failures && pause < p.Longest; n++ {
		pause *= 2
	}
	pause = min(pause, p.Longest)
	return pause + time.Duration((2*chance-1)*p.Jitter*float64(pause))
}

// hopeless reports whether no further attempt can succeed.
func hopeless(failure error) bool {
	code := problem.CodeOf(failure)
	return code == problem.Invalid || code == problem.TooLarge
}

// codeOf is all that is kept of a failure: its message could hold personal data.
func codeOf(failure error) string {
	if errors.Is(failure, context.DeadlineExceeded) {
		return string(problem.Timeout)
	}
	if code := problem.CodeOf(failure); code != "" {
		return string(code)
	}
	return string(problem.Internal)
}
