package gateway

import (
	"sync"
	"time"
)

// Throttle is what API Gateway lets through: Burst requests at once, and Rate a second afterwards.
type Throttle struct {
	Rate  float64
	Burst float64
}

// throttle is the token bucket of all routes. nil lets everything through.
type throttle struct {
	Throttle
	mutex  sync.Mutex
	tokens float64
	at     time.Time
}

func newThrottle(limit Throttle) *throttle {
	if limit.Rate <= 0 || limit.Burst <= 0 {
		return nil
	}
	return &throttle{Throttle: limit, tokens: limit.Burst}
}

func (t *throttle) take(now time.Time) bool {
	if t == nil {
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if since := now.Sub(t.at); !t.at.IsZero() && since > 0 {
		t.tokens = min(t.Burst, t.tokens+t.Rate*since.Seconds())
	}
	if t.at.Before(now) {
		t.at = now
	}
	if t.tokens < 1 {
		return false
	}
	t.tokens--
	return true
}
