package faulty

import (
	"context"

	"ballerine/internal/policy/trial"
)

// Trials is a trial.Store of which one call goes wrong.
type Trials struct {
	trial.Store
	Plan *Plan
}

var _ trial.Store = Trials{}

// PutTrial implements trial.Store.
func (s Trials) PutTrial(ctx context.Context, prev int, t trial.Trial) error {
	return do(ctx, s.Plan, "Trials.PutTrial", func(ctx context.Context) error { return s.Store.PutTrial(ctx, prev, t) })
}

// Trial implements trial.Store.
func (s Trials) Trial(ctx context.Context, tenant, policy, id string) (trial.Trial, error) {
	return doValue(ctx, s.Plan, "Trials.Trial", func(ctx context.Context) (trial.Trial, error) { return s.Store.Trial(ctx, tenant, policy, id) })
}

// Trials implements trial.Store.
func (s Trials) Trials(ctx context.Context, tenant, policy, after string, limit int) ([]trial.Trial, string, error) {
	return two(ctx, s.Plan, "Trials.Trials", func(ctx context.Context) ([]trial.Trial, string, error) {
		return s.Store.Trials(ctx, tenant, policy, after, limit)
	})
}

// RunningTrials implements trial.Store.
func (s Trials) RunningTrials(ctx context.Context, tenant, policy string) ([]trial.Trial, error) {
	return doValue(ctx, s.Plan, "Trials.RunningTrials", func(ctx context.Context) ([]trial.Trial, error) { return s.Store.RunningTrials(ctx, tenant, policy) })
}
