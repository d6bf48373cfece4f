package simclock

import (
	"testing"
	"time"
)

func TestTimeRunsOnAndOnlyForward(t *testing.T) {
	c := New(time.Now().Add(-30 * 24 * time.Hour))
	first := c.Now()
	c.Forward(first.Add(time.Hour))
	if passed := c.Now().Sub(first); passed < time.Hour || passed > time.Hour+time.Minute {
		t.Errorf("%s have passed, want an hour", passed)
	}
	later := c.Now()
	c.Forward(first)
	if c.Now().Before(later) {
		t.Error("the clock went back")
	}
	time.Sleep(2 * time.Millisecond)
	if !c.Now().After(later) {
		t.Error("the clock stands still")
	}
}

func TestTimersFireInTheirOrderWhenTimeIsSkipped(t *testing.T) {
	c := New(time.Now())
	var fired []string
	c.AfterFunc(2*time.Hour, func() { fired = append(fired, "second") })
	stop := c.AfterFunc(90*time.Minute, func() { fired = append(fired, "stopped") })
	c.AfterFunc(time.Hour, func() { fired = append(fired, "first") })
	c.AfterFunc(9*time.Hour, func() { fired = append(fired, "too early") })
	stop()
	c.Pass(3 * time.Hour)
	if len(fired) != 2 || fired[0] != "first" || fired[1] != "second" {
		t.Errorf("fired %v", fired)
	}
	if next, ok := c.Next(); !ok || next.Sub(c.Now()) > 6*time.Hour {
		t.Errorf("next is %s, %v", next, ok)
	}
}

func TestTimersFireByThemselves(t *testing.T) {
	c := New(time.Now().Add(-time.Hour))
	select {
	case <-c.After(3 * time.Millisecond):
	case <-time.After(5 * time.Second):
		t.Error("the timer did not fire")
	}
}
