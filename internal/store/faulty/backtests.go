package faulty

import (
	"context"
	"time"

	"ballerine/internal/policy/backtest"
)

// Backtests is a backtest.Store of which one call goes wrong.
type Backtests struct {
	backtest.Store
	Plan *Plan
}

var _ backtest.Store = Backtests{}

// PutRun implements backtest.Store.
func (s Backtests) PutRun(ctx context.Context, prev int, run backtest.Run) error {
	return do(ctx, s.Plan, "Backtests.PutRun", func(ctx context.Context) error { return s.Store.PutRun(ctx, prev, run) })
}

// Run implements backtest.Store.
func (s Backtests) Run(ctx context.Context, ref backtest.Ref) (backtest.Run, error) {
	return doValue(ctx, s.Plan, "Backtests.Run", func(ctx context.Context) (backtest.Run, error) { return s.Store.Run(ctx, ref) })
}

// Runs implements backtest.Store.
func (s Backtests) Runs(ctx context.Context, tenant, policy, after string, limit int) ([]backtest.Run, string, error) {
	return two(ctx, s.Plan, "Backtests.Runs", func(ctx context.Context) ([]backtest.Run, string, error) {
		return s.Store.Runs(ctx, tenant, policy, after, limit)
	})
}

// PutBody implements backtest.Store.
func (s Backtests) PutBody(ctx context.Context, ref backtest.Ref, name string, body []byte) error {
	return do(ctx, s.Plan, "Backtests.PutBody", func(ctx context.Context) error { return s.Store.PutBody(ctx, ref, name, body) })
}

// Body implements backtest.Store.
func (s Backtests) Body(ctx context.Context, ref backtest.Ref, name string) ([]byte, error) {
	return doValue(ctx, s.Plan, "Backtests.Body", func(ctx context.Context) ([]byte, error) { return s.Store.Body(ctx, ref, name) })
}

// PutPart implements backtest.Store.
func (s Backtests) PutPart(ctx context.Context, ref backtest.Ref, prev int, part backtest.Part, tally []byte) error {
	return do(ctx, s.Plan, "Backtests.PutPart", func(ctx context.Context) error { return s.Store.PutPart(ctx, ref, prev, part, tally) })
}

// Part implements backtest.Store.
func (s Backtests) Part(ctx context.Context, ref backtest.Ref, number int) (backtest.Part, []byte, error) {
	return two(ctx, s.Plan, "Backtests.Part", func(ctx context.Context) (backtest.Part, []byte, error) { return s.Store.Part(ctx, ref, number) })
}

// Parts implements backtest.Store.
func (s Backtests) Parts(ctx context.Context, ref backtest.Ref) ([]backtest.Part, error) {
	return doValue(ctx, s.Plan, "Backtests.Parts", func(ctx context.Context) ([]backtest.Part, error) { return s.Store.Parts(ctx, ref) })
}

// Spans implements backtest.Store.
func (s Backtests) Spans(ctx context.Context, tenant, policy string, from, to time.Time) ([]backtest.Window, error) {
	return doValue(ctx, s.Plan, "Backtests.Spans", func(ctx context.Context) ([]backtest.Window, error) {
		return s.Store.Spans(ctx, tenant, policy, from, to)
	})
}
