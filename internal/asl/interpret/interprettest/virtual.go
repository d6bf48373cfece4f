package interprettest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"ballerine/internal/asl/interpret"
)

// Virtual is a clock that stands still until it is advanced: years pass in no time.
type Virtual struct {
	mutex    sync.Mutex
	now      time.Time
	timers   []virtualTimer // soonest first
	count    int
	sleeping int
}

type virtualTimer struct {
	id int
	at time.Time
	f  func()
}

// NewVirtual is a clock that shows start.
func NewVirtual(start time.Time) *Virtual { return &Virtual{now: start} }

// Now implements interpret.Clock.
func (v *Virtual) Now() time.Time {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.now
}

// AfterFunc implements interpret.Clock: f runs on the caller of Next or Advance.
func (v *Virtual) AfterFunc(d time.Duration, f func()) (stop func()) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.count++
	t := virtualTimer{v.count, v.now.Add(d), f}
	at, _ := slices.BinarySearchFunc(v.timers, t, func(a, b virtualTimer) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.id - b.id
	})
	v.timers = slices.Insert(v.timers, at, t)
	return func() {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.timers = slices.DeleteFunc(v.timers, func(other virtualTimer) bool { return other.id == t.id })
	}
}

// Next advances to the soonest timer and runs it; false if there is none.
func (v *Virtual) Next() bool {
	v.mutex.Lock()
	if len(v.timers) == 0 {
		v.mutex.Unlock()
		return false
	}
	t := v.timers[0]
	v.timers = slices.Delete(v.timers, 0, 1)
	if t.at.After(v.now) {
		v.now = t.at
	}
	v.mutex.Unlock()
	t.f()
	return true
}

// Advance advances by d and runs what is due on the way, letting the engines come to rest after each.
func (v *Virtual) Advance(d time.Duration, engines ...*interpret.Engine) {
	end := v.Now().Add(d)
	for {
		v.Settle(engines...)
		v.mutex.Lock()
		if len(v.timers) == 0 || v.timers[0].at.After(end) {
			v.now = end
			v.mutex.Unlock()
			return
		}
		v.mutex.Unlock()
		v.Next()
	}
}

// Sleep returns once d has passed, or ctx has ended. It is for functions that take their time.
func (v *Virtual) Sleep(ctx context.Context, d time.Duration) {
	over := make(chan struct{})
	var once sync.Once
	wake := func() {
		once.Do(func() {
			v.mutex.Lock()
			v.sleeping--
			v.mutex.Unlock()
			close(over)
		})
	}
	stop := v.AfterFunc(d, wake) // before it counts as asleep: the clock must not go on without it
	v.mutex.Lock()
	v.sleeping++
	v.mutex.Unlock()
	select {
	case <-over:
	case <-ctx.Done():
		stop()
		wake()
	}
}

// Settle returns when only sleeping functions are still running.
func (v *Virtual) Settle(engines ...*interpret.Engine) {
	for {
		busy := 0
		for _, e := range engines {
			busy += e.Busy()
		}
		v.mutex.Lock()
		asleep := v.sleeping
		v.mutex.Unlock()
		if busy <= asleep {
			return
		}
		runtime.Gosched()
	}
}
