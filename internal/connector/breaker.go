package connector

import (
	"context"
	"net/http"
	"sync"
	"time"

	"ballerine/internal/problem"
)

// Limits of breakers.
const (
	defaultRest = time.Minute
	maxRest     = time.Hour
	maxBreakers = 1_000
)

// breaker states when a vendor is left alone: after so many failures in a row, for so long.
type breaker struct {
	failures int
	rest     time.Duration
}

type writtenBreaker struct {
	Failures int    `json:"failures"`
	Rest     string `json:"rest"`
}

// Breaker states after how many failures in a row the vendor is left alone, and for how long; 0: never.
func (p *Plugin) Breaker() (failures int, rest time.Duration) {
	if p.breaker == nil {
		return 0, 0
	}
	return p.breaker.failures, p.breaker.rest
}

func (s *source) breaker(w *writtenBreaker) *breaker {
	if w == nil {
		return nil
	}
	return &breaker{w.Failures, s.duration("/breaker/rest", w.Rest, defaultRest, time.Second, maxRest)}
}

// breakers count how often vendors have failed in a row, by tenant and plugin, as this process has seen it. The zero value is ready. It
// is safe for concurrent use.
type breakers struct {
	mutex sync.Mutex
	kept  map[string]*circuit
}

// circuit is closed while it has no end. After its end one call is let through, and its outcome opens or closes it.
type circuit struct {
	failures int
	until    time.Time
	trial    bool
	tried    time.Time // when the one call was let through
}

// allow reports whether the vendor may be asked, and otherwise for how long it is left alone.
func (b *breakers) allow(key string, now time.Time, patience time.Duration) (rest time.Duration, allowed bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	c := b.kept[key]
	switch {
	case c == nil || c.until.IsZero():
		return 0, true
	case now.Before(c.until):
		return c.until.Sub(now), false
	case c.trial:
		return max(time.Second, c.tried.Add(patience).Sub(now)), false // the outcome of the one call is known by then
	}
	c.trial, c.tried = true, now
	return 0, true
}

// presence is what a call has shown of a vendor.
type presence int

const (
	unknown presence = iota // the call was cancelled, or could not be made
	there
	away
)

// note counts what a call has shown.
func (b *breakers) note(key string, limits breaker, shown presence, now time.Time) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	c := b.kept[key]
	switch {
	case shown == there:
		delete(b.kept, key)
		return
	case shown == unknown && c != nil:
		c.trial = false // another call may try
		return
	case shown == unknown:
		return
	}
	if c == nil {
		b.makeRoom()
		c = &circuit{}
		b.kept[key] = c
	}
	c.failures++
	if c.trial || c.failures >= limits.failures {
		c.until = now.Add(limits.rest)
	}
	c.trial = false
}

// makeRoom drops any circuit when there are too many: its vendor is called again, and fails again.
func (b *breakers) makeRoom() {
	if b.kept == nil {
		b.kept = map[string]*circuit{}
	}
	for key := range b.kept {
		if len(b.kept) < maxBreakers {
			return
		}
		delete(b.kept, key)
	}
}

// guarded makes a call unless the vendor is left alone.
func (c *Client) guarded(ctx context.Context, p *Plugin, tenant string, call func() (Outcome, error)) (Outcome, error) {
	if p.breaker == nil {
		return call()
	}
	key := tenant + "/" + p.ID
	if rest, allowed := c.breakers.allow(key, c.now(), p.Timeout); !allowed {
		seconds := max(1, int((rest+time.Second-1)/time.Second))
		return Outcome{}, problem.New(problem.VendorUnavailable, "%s is not called for %d more seconds: it has failed repeatedly.", p.ID, seconds).
			Detail("retry_after_seconds", seconds).Detail(restingDetail, true)
	}
	shown := unknown // also when the call does not come back
	defer func() { c.breakers.note(key, *p.breaker, shown, c.now()) }()
	outcome, err := call()
	if err == nil || ctx.Err() == nil { // otherwise the caller's time was over, which is no information about the vendor
		shown = presenceOf(err)
	}
	return outcome, err
}

// presenceOf is what an outcome shows. A vendor that is busy, refuses or answers with garbage is reachable.
func presenceOf(err error) presence {
	switch problem.CodeOf(err) {
	case problem.Timeout:
		return away
	case problem.VendorUnavailable:
		status, answered := problem.As(err).Details["status"].(int)
		if answered && (status == http.StatusTooManyRequests || !passing(status)) { // busy, or one that response.retryable lists
			return there
		}
		return away
	case "", problem.VendorRejected, problem.VendorGarbage:
		return there
	}
	return unknown
}

const restingDetail = "resting"

// Resting reports whether a vendor was not asked because it is left alone.
func Resting(err error) bool {
	return problem.CodeOf(err) == problem.VendorUnavailable && problem.As(err).Details[restingDetail] == true
}
