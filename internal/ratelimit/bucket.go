package ratelimit

import (
	"context"
	"time"
)

// Limit is a bucket of tokens: Burst requests at once, and Rate a second afterwards. Zero: no limit.
type Limit struct {
	Rate  float64 `json:"rate"`
	Burst int     `json:"burst"`
}

// none reports whether everything passes.
func (l Limit) none() bool { return l.Rate <= 0 || l.Burst <= 0 }

// each is the time in which one token is restored.
func (l Limit) each() time.Duration { return max(1, time.Duration(float64(time.Second)/l.Rate)) }

// fills is the time in which an empty bucket is full again.
func (l Limit) fills() time.Duration { return time.Duration(l.Burst) * l.each() }

// Grant is what was taken from a bucket.
type Grant struct {
	Taken int
	Left  int           // tokens that are still there
	Wait  time.Duration // when none was taken: until one is available
}

// Store keeps the buckets that all processes share. Each is one time: when the bucket is full again.
type Store interface {
	// Take takes n tokens of a bucket, or as many as there are, as computed by Spend. Errors: Conflict when others came first
	// too often, Unavailable.
	Take(ctx context.Context, bucket string, limit Limit, n int, now time.Time) (Grant, error)
}

// Spend takes n tokens, or as many as there are, of a bucket that is full again at a time. It returns when it is full again
// after that.
func Spend(full, now time.Time, limit Limit, n int) (after time.Time, grant Grant) {
	if full.Before(now) {
		full = now
	}
	each := limit.each()
	there := min(limit.Burst, int((limit.fills()-full.Sub(now))/each))
	if there < 1 {
		return full, Grant{Wait: full.Add(each).Sub(now) - limit.fills()}
	}
	taken := min(max(n, 0), there)
	return full.Add(time.Duration(taken) * each), Grant{Taken: taken, Left: there - taken}
}
