package faulty

import (
	"context"
	"time"

	"ballerine/internal/idempotency"
)

// Calls is an idempotency.Store of which one call goes wrong.
type Calls struct {
	idempotency.Store
	Plan *Plan
}

var _ idempotency.Store = Calls{}

// Reserve implements idempotency.Store.
func (s Calls) Reserve(ctx context.Context, r idempotency.Reservation, takeOver time.Time) (idempotency.Reservation, bool, error) {
	return two(ctx, s.Plan, "Calls.Reserve", func(ctx context.Context) (idempotency.Reservation, bool, error) {
		return s.Store.Reserve(ctx, r, takeOver)
	})
}

// Complete implements idempotency.Store.
func (s Calls) Complete(ctx context.Context, key, holder string, answer idempotency.Answer) error {
	return do(ctx, s.Plan, "Calls.Complete", func(ctx context.Context) error { return s.Store.Complete(ctx, key, holder, answer) })
}

// Release implements idempotency.Store.
func (s Calls) Release(ctx context.Context, key, holder string) error {
	return do(ctx, s.Plan, "Calls.Release", func(ctx context.Context) error { return s.Store.Release(ctx, key, holder) })
}

// Abandon implements idempotency.Store.
func (s Calls) Abandon(ctx context.Context, key, holder string) error {
	return do(ctx, s.Plan, "Calls.Abandon", func(ctx context.Context) error { return s.Store.Abandon(ctx, key, holder) })
}
