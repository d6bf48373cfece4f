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
