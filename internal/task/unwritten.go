package task

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// keepTime is how long keeping an attempt may take after the call's own time has ended.
const keepTime = 5 * time.Second

// unwritten handles an attempt whose outcome the case has not accepted. The vendor was called all the same: the attempt
// is stored, and counts.
func (w worker) unwritten(ctx context.Context, r request, job cases.Job, outcome cases.Outcome, err error) (cases.ExecutionInput, error) {
	failure := problem.As(err)
	switch {
	case failure.Code == problem.TooLarge && outcome.Awaiting: // asking again would have the same answer
		w.note(ctx, r, &outcome.Run, failure)
		follow, err := w.cases.RefuseAcceptance(ctx, job, outcome, cases.Failure{Error: string(failure.Code), Cause: failure.Message, Attempts: outcome.Run.Attempt})
		if err != nil {
			w.preserve(ctx, r, outcome.Run)
		}
		return follow, err
	case failure.Code == problem.TooLarge, failure.Code == problem.VendorGarbage:
		return w.later(ctx, r, job, outcome.Run, failure)
	}
	w.note(ctx, r, &outcome.Run, failure)
	w.preserve(ctx, r, outcome.Run)
	return cases.ExecutionInput{}, err
}

// preserve keeps an attempt after a commit that has failed, unless that has kept it: a write that is not confirmed may have been made.
func (w worker) preserve(ctx context.Context, r request, run cases.TaskRun) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	kept, err := w.store.TaskRuns(within, r.Tenant, r.Case)
	if err == nil && slices.ContainsFunc(kept, func(k cases.TaskRun) bool { return k.ID == run.ID }) {
		return
	}
	if err == nil {
		err = w.store.PutTaskRun(within, r.Tenant, r.Case, run)
	}
	if err != nil {
		w.logger.ErrorContext(ctx, "attempt not kept", "error", err.Error())
	}
}
