package faulty

import (
	"context"
	"time"

	"ballerine/internal/ratelimit"
)

// Rates are buckets of tokens of which one call fails as planned by its Plan.
type Rates struct {
	ratelimit.Store
	Plan *Plan
}

var _ ratelimit.Store = Rates{}

// Take implements ratelimit.Store.
func (s Rates) Take(ctx context.Context, bucket string, limit ratelimit.Limit, n int, now time.Time) (ratelimit.Grant, error) {
	return doValue(ctx, s.Plan, "Rates.Take", func(ctx context.Context) (ratelimit.Grant, error) { return s.Store.Take(ctx, bucket, limit, n, now) })
}
