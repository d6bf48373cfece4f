package embedded

import (
	"context"
	"maps"
	"sync"
	"time"

	"ballerine/internal/ratelimit"
)

// Rates is the ratelimit.Store of one process. It is in memory: a bucket is full again soon anyway.
type Rates struct {
	mutex  sync.Mutex
	full   map[string]time.Time // when a bucket is full again
	pruned time.Time            // when those that are full were last forgotten
}

var _ ratelimit.Store = (*Rates)(nil)

// Rates returns the process's ratelimit.Store.
func (db *DB) Rates() *Rates { return &Rates{full: map[string]time.Time{}} }

// Take implements ratelimit.Store.
func (s *Rates) Take(_ context.Context, bucket string, limit ratelimit.Limit, n int, now time.Time) (ratelimit.Grant, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if now.Sub(s.pruned) > time.Minute {
		maps.DeleteFunc(s.full, func(_ string, full time.Time) bool { return !full.After(now) })
		s.pruned = now
	}
	after, grant := ratelimit.Spend(s.full[bucket], now, limit, n)
	s.full[bucket] = after
	return grant, nil
}
