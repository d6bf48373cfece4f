package task

import (
	"context"

	"ballerine/internal/cases"
)

// NewChildren handles the children function: it starts a case's child cases.
func NewChildren(base Base) Handler {
	return base.worker("children").handler(func(ctx context.Context, job cases.Job, _ int) (cases.Outcome, string, error) {
		outcome, err := base.Cases.StartChildren(ctx, job)
		return outcome, job.Invocation.Cases.Workflow, err
	})
}
