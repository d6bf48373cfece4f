package simclock

import (
	"slices"
	"sync"
	"time"
)

// Clock shows the machine's time plus an offset. It only moves forward.
type Clock struct {
	real func() time.Time

	mutex  sync.Mutex
	offset time.Duration
	timers []*timer // soonest first
	alarm  *time.Timer
	count  int
}

type timer struct {
	number int
	at     time.Time
	f      func()
}

// New is a clock that shows start now.
func New(start time.Time) *Clock { return &Clock{real: time.Now, offset: time.Until(start)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now()
}

// now has no monotonic part: times that were kept are compared with it. The caller holds the mutex.
func (c *Clock) now() time.Time { return c.real().Add(c.offset).Round(0) }

// AfterFunc calls f once the clock has gone on by d: on the caller of Forward when that is what moves it there, else in
// a goroutine of its own.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.count++
	t := &timer{c.count, c.now().Add(max(0, d)), f}
	at, _ := slices.BinarySearchFunc(c.timers, t, func(a, b *timer) int {
		if order := a.at.Compare(b.at); order != 0 {
			return order
		}
		return a.number - b.number
	})
	c.timers = slices.Insert(c.timers, at, t)
	c.arm()
	return func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.timers = slices.DeleteFunc(c.timers, func(other *timer) bool { return other == t })
	}
}

// After is a channel that gets the time once the clock has gone on by d.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	channel := make(chan time.Time, 1)
	c.AfterFunc(d, func() { channel <- c.Now() })
	return channel
}

// Next is when the soonest timer is due.
func (c *Clock) Next() (at time.Time, ok bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.timers) == 0 {
		return time.Time{}, false
	}
	return c.timers[0].at, true
}

// Forward sets the clock to a time, and runs what has become due. A time that has passed changes nothing.
func (c *Clock) Forward(to time.Time) {
	c.mutex.Lock()
	if ahead := to.Sub(c.now()); ahead > 0 {
		c.offset += ahead
	}
	due := c.take()
	c.arm()
	c.mutex.Unlock()
	for _, t := range due {
		t.f()
	}
}

// Pass lets d go by at once.
func (c *Clock) Pass(d time.Duration) { c.Forward(c.Now().Add(d)) }

// take removes the timers that are due; the caller holds the mutex.
func (c *Clock) take() []*timer {
	now, n := c.now(), 0
	for n < len(c.timers) && !c.timers[n].at.After(now) {
		n++
	}
	due := slices.Clone(c.timers[:n])
	c.timers = slices.Delete(c.timers, 0, n)
	return due
}

// arm sets the machine's timer to the soonest of the clock's; the caller holds the mutex.
func (c *Clock) arm() {
	if c.alarm != nil {
		c.alarm.Stop()
		c.alarm = nil
	}
	if len(c.timers) > 0 {
		c.alarm = time.AfterFunc(max(0, c.timers[0].at.Sub(c.now())), c.ring)
	}
}

func (c *Clock) ring() {
	c.mutex.Lock()
	due := c.take()
	c.arm()
	c.mutex.Unlock()
	for _, t := range due {
		go t.f()
	}
}
