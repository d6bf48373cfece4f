package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Retry states how often and how slowly calls are repeated.
//
// Repeated is what is safe to repeat: 429, since nothing was done; 503, a lost connection, and a first attempt that is still
// running, where a repeated call does nothing twice (reading, PUT, DELETE, and what has an Idempotency-Key, which is the same
// for all attempts); and a connection that never came about. Everything else is the caller's to decide.
type Retry struct {
	Attempts int           // of a call, the first among them; 1: none is repeated. Default 4
	Pause    time.Duration // after the first attempt; it doubles each time, less up to half of it by chance. Default 250 ms
	Longest  time.Duration // pause; a call whose Retry-After is longer is not repeated. Default 30 s
}

func (r Retry) orDefault() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 4
	}
	if r.Pause <= 0 {
		r.Pause = 250 * time.Millisecond
	}
	if r.Longest <= 0 {
		r.Longest = 30 * time.Second
	}
	return r
}

// attempts makes a call until it succeeds, cannot be repeated, or the attempts are used up. A deadline of ctx that would
// pass during the pause ends it at once, with the reason of the last attempt.
func (c *Client) attempts(ctx context.Context, req *http.Request) (answer, error) {
	for attempt := 1; ; attempt++ {
		found, err := c.once(ctx, req)
		if err == nil && found.status < 300 {
			return found, nil
		}
		if ctx.Err() != nil {
			return answer{}, fmt.Errorf("%s: %w", where(req), ctx.Err())
		}
		var again bool
		if err != nil {
			again = mayReconnect(req, err)
			err = fmt.Errorf("%s: %w", where(req), err)
		} else {
			refused := problemOf(req, found, attempt)
			again, err = mayRepeat(req, refused), refused
		}
		pause, worth := c.retry.pause(attempt, found.header)
		if !again || !worth || attempt >= c.retry.Attempts || !hasTime(ctx, pause) {
			return answer{}, err
		}
		if sleep(ctx, pause) != nil {
			return answer{}, fmt.Errorf("%w (while waiting to repeat: %w)", ctx.Err(), err)
		}
	}
}

// mayRepeat reports whether a refused call can be made again without doing anything twice.
func mayRepeat(req *http.Request, refused *Error) bool {
	switch refused.Status {
	case http.StatusTooManyRequests:
		return rewinds(req)
	case http.StatusServiceUnavailable:
		return repeatable(req)
	case http.StatusConflict: // our own first attempt, whose answer was lost, is still running
		return refused.Code == CodeIdempotencyInFlight && repeatable(req)
	}
	return false
}

// mayReconnect reports whether a call that got no answer can be made again.
func mayReconnect(req *http.Request, err error) bool {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return false
	}
	var network *net.OpError
	if errors.As(err, &network) && network.Op == "dial" {
		return rewinds(req) // nothing was sent
	}
	return repeatable(req)
}

// repeatable are calls that do nothing twice.
func repeatable(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return rewinds(req)
	}
	return req.Header.Get("Idempotency-Key") != "" && rewinds(req)
}

func rewinds(req *http.Request) bool { return req.Body == nil || req.GetBody != nil }

// pause is how long to wait after an attempt. It is not worth it when the server asks for longer than the longest pause.
func (r Retry) pause(attempt int, header http.Header) (pause time.Duration, worth bool) {
	pause = min(r.Pause<<min(attempt-1, 20), r.Longest)
	pause -= rand.N(pause/2 + 1) //nolint:gosec // spreads callers, is no secret
	wanted := retryAfter(header, time.Now())
	return max(pause, wanted), wanted <= r.Longest
}

// retryAfter reads how long an answer asks to wait, in seconds or as a date; 0 when it does not.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func hasTime(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > pause
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
