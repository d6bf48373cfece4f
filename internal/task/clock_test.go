package task_test

import (
	"sync/atomic"
	"time"
)

// clock is what a test's system goes by. Attempts that a call has begun and not waited for read it while the test sets it.
type clock struct{ at atomic.Pointer[time.Time] }

func clockAt(at time.Time) *clock {
	c := &clock{}
	c.at.Store(&at)
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) goOn(by time.Duration) {
	at := c.now().Add(by)
	c.at.Store(&at)
}
