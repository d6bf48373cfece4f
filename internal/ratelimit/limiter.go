package ratelimit

import (
	"context"
	"math"
	"sync"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// Limits are those of an installation. What is zero has no limit.
type Limits struct {
	Tenant     Limit `json:"tenant"`     // the sum of all of a tenant's callers
	Credential Limit `json:"credential"` // an API key, or a person
	Applicant  Limit `json:"applicant"`  // the sum of all flow tokens of a case
}

// Caller is who sends a request. Tenant and Credential are never empty.
type Caller struct {
	Tenant     string
	Credential string // within the tenant
	Applicant  bool
}

// Config is what a Limiter needs. Store is required.
type Config struct {
	Store   Store
	Limits  Limits
	Now     func() time.Time
	Metrics telemetry.Metrics
}

// Limiter counts the requests of a process. It is safe for concurrent use.
type Limiter struct {
	config Config
	mutex  sync.Mutex
	held   map[string]*holding
	away   time.Time // until when the store is not asked
}

// holding is what a process has of a bucket.
type holding struct {
	tokens  int       // taken, not yet used
	expires time.Time // when they expire
	share   time.Time // when the part that passes without asking is full again
	refused time.Time // until when the bucket was empty
	left    int       // tokens of the bucket at a time
	at      time.Time
}

const (
	// batch is how many tokens are taken at once, at most; a tenth of a small bucket.
	batch = 25
	// keep is how long taken tokens can be used.
	keep = 10 * time.Second
	// longestRefusal is how long a process refuses without asking again.
	longestRefusal = time.Second
	// awayFor is how long a store that does not answer is not asked, answer how long it may take.
	awayFor, answer = 5 * time.Second, 300 * time.Millisecond
	// mostHeld bounds the callers that a process remembers.
	mostHeld = 10_000
)

// New makes a Limiter.
func New(config Config) *Limiter {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Metrics == nil {
		config.Metrics = telemetry.Discard
	}
	return &Limiter{config: config, held: map[string]*holding{}}
}

// Standing is how a caller stands with one of the limits after a request.
type Standing struct {
	Name      string // "credential", "applicant" or "tenant"
	Limit     Limit
	Remaining int           // requests, as far as this process knows
	Reset     time.Duration // until the bucket is full again
}

// Window is the time over which a limit is meant: that in which an empty bucket fills.
func (s Standing) Window() time.Duration { return s.Limit.fills() }

// Allow counts a request, first for the credential: one that sends too much does not use up its tenant's share. Errors: RateLimited with
// Details "limit" and "retry_after_seconds".
func (l *Limiter) Allow(ctx context.Context, caller Caller) ([]Standing, error) {
	var standings []Standing
	name, limit := "credential", l.config.Limits.Credential
	if caller.Applicant {
		name, limit = "applicant", l.config.Limits.Applicant
	}
	for _, one := range []struct {
		name, bucket string
		limit        Limit
	}{{name, caller.Tenant + "#" + name + "#" + caller.Credential, limit}, {"tenant", caller.Tenant + "#tenant", l.config.Limits.Tenant}} {
		if one.limit.none() {
			continue
		}
		standing, wait := l.count(ctx, one.bucket, one.limit)
		standing.Name = one.name
		standings = append(standings, standing)
		if wait > 0 {
			l.config.Metrics.Count("rate_limited_requests", "limit", one.name)
			seconds := max(1, int(math.Ceil(wait.Seconds())))
			return standings, problem.New(problem.RateLimited, "Too many requests of this %s: at most %d at once and %g per second.", one.name, one.limit.Burst, one.limit.Rate).
				Detail("limit", one.name).Detail("retry_after_seconds", seconds)
		}
	}
	return standings, nil
}

// count counts a request; wait is how long to wait first, and then it is not counted.
func (l *Limiter) count(ctx context.Context, bucket string, limit Limit) (standing Standing, wait time.Duration) {
	now := l.config.Now()
	known, wait, asked := l.fromHeld(bucket, limit, now)
	if !asked {
		return known, wait
	}
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	grant, err := l.config.Store.Take(ctx, bucket, limit, batchOf(limit), now)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	h := l.holding(bucket, limit, now)
	switch {
	case err != nil:
		l.config.Metrics.Count("rate_limit_store_failed")
		l.away = now.Add(awayFor)
	case grant.Taken == 0:
		h.left, h.at = 0, now
		h.refused = now.Add(min(grant.Wait, longestRefusal))
		return h.standing(limit, now), grant.Wait
	default:
		h.tokens, h.expires, h.left, h.at = h.tokens+grant.Taken-1, now.Add(keep), grant.Left, now
	}
	return h.standing(limit, now), 0
}

// fromHeld answers from what the process has. ask: it has none, and the store has to be asked.
func (l *Limiter) fromHeld(bucket string, limit Limit, now time.Time) (standing Standing, wait time.Duration, ask bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	h := l.holding(bucket, limit, now)
	if now.Before(h.refused) {
		return h.standing(limit, now), h.refused.Sub(now), false
	}
	if share := shareOf(limit); !share.none() {
		if after, grant := Spend(h.share, now, share, 1); grant.Taken == 1 {
			h.share = after
			return h.standing(limit, now), 0, false
		}
	}
	if !now.Before(h.expires) {
		h.tokens = 0
	}
	if h.tokens > 0 {
		h.tokens--
		return h.standing(limit, now), 0, false
	}
	return h.standing(limit, now), 0, !now.Before(l.away)
}

// holding is what the process has of a bucket. When it holds too many, it drops those that can be recomputed.
func (l *Limiter) holding(bucket string, limit Limit, now time.Time) *holding {
	if h := l.held[bucket]; h != nil {
		return h
	}
	if len(l.held) >= mostHeld {
		for name, h := range l.held {
			if !now.Before(h.expires) && !now.Before(h.share) && !now.Before(h.refused) {
				delete(l.held, name)
			}
		}
		if len(l.held) >= mostHeld {
			clear(l.held)
		}
	}
	h := &holding{left: limit.Burst, at: now}
	l.held[bucket] = h
	return h
}

// standing is what is known of the bucket at a time.
func (h *holding) standing(limit Limit, now time.Time) Standing {
	left := min(limit.Burst, h.left+int(max(0, now.Sub(h.at))/limit.each()))
	if now.Before(h.refused) {
		left = 0
	}
	return Standing{Limit: limit, Remaining: min(limit.Burst, left+h.tokens), Reset: time.Duration(limit.Burst-left) * limit.each()}
}

// batchOf is how many tokens are taken at once.
func batchOf(limit Limit) int { return max(1, min(batch, limit.Burst/10)) }

// shareOf is what passes in each process without asking: one request a second and five at once, and of a small bucket less.
func shareOf(limit Limit) Limit {
	return Limit{Rate: min(1, limit.Rate/50), Burst: min(5, limit.Burst/20)}
}
