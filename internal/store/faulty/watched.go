package faulty

import (
	"context"

	"ballerine/internal/watched"
)

// Watched is a watched.Store of which one call goes wrong.
type Watched struct {
	watched.Store
	Plan *Plan
}

var _ watched.Store = Watched{}

// Answers implements watched.Store.
func (s Watched) Answers(ctx context.Context, tenant, subject string) (watched.Answers, error) {
	return doValue(ctx, s.Plan, "Watched.Answers", func(ctx context.Context) (watched.Answers, error) { return s.Store.Answers(ctx, tenant, subject) })
}

// PutAnswers implements watched.Store.
func (s Watched) PutAnswers(ctx context.Context, answers watched.Answers) error {
	return do(ctx, s.Plan, "Watched.PutAnswers", func(ctx context.Context) error { return s.Store.PutAnswers(ctx, answers) })
}

// PutWatch implements watched.Store.
func (s Watched) PutWatch(ctx context.Context, w watched.Watch) error {
	return do(ctx, s.Plan, "Watched.PutWatch", func(ctx context.Context) error { return s.Store.PutWatch(ctx, w) })
}

// WatchesOf implements watched.Store.
func (s Watched) WatchesOf(ctx context.Context, tenant, subject string) ([]watched.Watch, error) {
	return doValue(ctx, s.Plan, "Watched.WatchesOf", func(ctx context.Context) ([]watched.Watch, error) { return s.Store.WatchesOf(ctx, tenant, subject) })
}

// Watches implements watched.Store.
func (s Watched) Watches(ctx context.Context, tenant, after string, limit int) (page []watched.Watch, unreadable []string, next string, err error) {
	err = do(ctx, s.Plan, "Watched.Watches", func(ctx context.Context) (err error) {
		page, unreadable, next, err = s.Store.Watches(ctx, tenant, after, limit)
		return err
	})
	return page, unreadable, next, err
}

// PutRun implements watched.Store.
func (s Watched) PutRun(ctx context.Context, r watched.Run) error {
	return do(ctx, s.Plan, "Watched.PutRun", func(ctx context.Context) error { return s.Store.PutRun(ctx, r) })
}

// Run implements watched.Store.
func (s Watched) Run(ctx context.Context, tenant, list string) (watched.Run, error) {
	return doValue(ctx, s.Plan, "Watched.Run", func(ctx context.Context) (watched.Run, error) { return s.Store.Run(ctx, tenant, list) })
}

// Runs implements watched.Store.
func (s Watched) Runs(ctx context.Context, tenant string) ([]watched.Run, error) {
	return doValue(ctx, s.Plan, "Watched.Runs", func(ctx context.Context) ([]watched.Run, error) { return s.Store.Runs(ctx, tenant) })
}
