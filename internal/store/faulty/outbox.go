package faulty

import (
	"context"
	"time"

	"ballerine/internal/cases"
)

// Waiting implements cases.Outbox.
func (s Cases) Waiting(ctx context.Context, page cases.OutboxPage) (effects []cases.Effect, next string, err error) {
	effects, err = doValue(ctx, s.Plan, "Waiting", func(ctx context.Context) (found []cases.Effect, err error) {
		found, next, err = s.Store.Waiting(ctx, page)
		return found, err
	})
	return effects, next, err
}

// Outstanding implements cases.Outbox.
func (s Cases) Outstanding(ctx context.Context, tenant, id string, version int, at time.Time) ([]cases.Effect, error) {
	return doValue(ctx, s.Plan, "Outstanding", func(ctx context.Context) ([]cases.Effect, error) {
		return s.Store.Outstanding(ctx, tenant, id, version, at)
	})
}

// Claim implements cases.Outbox.
func (s Cases) Claim(ctx context.Context, effect cases.Effect) error {
	return do(ctx, s.Plan, "Claim", func(ctx context.Context) error { return s.Store.Claim(ctx, effect) })
}

// Postpone implements cases.Outbox.
func (s Cases) Postpone(ctx context.Context, before, after cases.Effect) error {
	return do(ctx, s.Plan, "Postpone", func(ctx context.Context) error { return s.Store.Postpone(ctx, before, after) })
}

// Bury implements cases.Outbox.
func (s Cases) Bury(ctx context.Context, effect cases.Effect) error {
	return do(ctx, s.Plan, "Bury", func(ctx context.Context) error { return s.Store.Bury(ctx, effect) })
}

// Settle implements cases.Outbox.
func (s Cases) Settle(ctx context.Context, effect cases.Effect, discard bool) error {
	return do(ctx, s.Plan, "Settle", func(ctx context.Context) error { return s.Store.Settle(ctx, effect, discard) })
}

// DeadLetters implements cases.Outbox.
func (s Cases) DeadLetters(ctx context.Context, tenant, after string, limit int) (effects []cases.Effect, next string, err error) {
	effects, err = doValue(ctx, s.Plan, "DeadLetters", func(ctx context.Context) (found []cases.Effect, err error) {
		found, next, err = s.Store.DeadLetters(ctx, tenant, after, limit)
		return found, err
	})
	return effects, next, err
}

// DeadLetter implements cases.Outbox.
func (s Cases) DeadLetter(ctx context.Context, tenant, id string, version, number int) (cases.Effect, error) {
	return doValue(ctx, s.Plan, "DeadLetter", func(ctx context.Context) (cases.Effect, error) {
		return s.Store.DeadLetter(ctx, tenant, id, version, number)
	})
}

// Backlog implements cases.Outbox.
func (s Cases) Backlog(ctx context.Context, before time.Time, limit int) (cases.Backlog, error) {
	return doValue(ctx, s.Plan, "Backlog", func(ctx context.Context) (cases.Backlog, error) { return s.Store.Backlog(ctx, before, limit) })
}
