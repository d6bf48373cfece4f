package task

import (
	"context"
	"math"
	"slices"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Retries are the machine's: their pauses are fixed when it is compiled. A vendor that states when it may be called
// again (Retry-After) is not called before: the work waits in the record meanwhile, where everybody sees it, and the
// machine waits as it does for answers. Earlier attempts count, so that in total there are no more attempts than the
// work's `retry` allows.

// later decides what follows an attempt that has failed: the work is postponed, or its attempts are used up, or the
// error goes to the machine, which retries immediately or passes it to step.
func (w worker) later(ctx context.Context, r request, job cases.Job, run cases.TaskRun, failure *problem.Error) (cases.ExecutionInput, error) {
	made, known := job.Workflow.Invocation(job.State, job.Invocation.ID)
	tries := job.Tries + r.Attempt + 1
	if !r.Later || !known || !mayHelp(made.Retry, failure.Code) {
		return cases.ExecutionInput{}, w.failed(ctx, r, run, failure)
	}
	if tries > made.Retry.Attempts {
		err := w.failed(ctx, r, run, failure)
		if job.Tries == 0 {
			return cases.ExecutionInput{}, err // the machine has counted them all
		}
		return w.cases.FailWork(ctx, job.Branch, job.State, job.Invocation.ID, job.Visit, cases.Failure{Error: string(failure.Code), Cause: failure.Message, Attempts: tries})
	}
	seconds, _ := failure.Details["retry_after_seconds"].(int)
	wait := time.Duration(seconds) * time.Second
	if wait <= pause(made.Retry, r.Attempt) {
		return cases.ExecutionInput{}, w.failed(ctx, r, run, failure)
	}
	w.note(ctx, r, &run, failure)
	follow, err := w.cases.PostponeWork(ctx, job, cases.Postponement{Until: w.now().Add(wait), Tries: tries, Error: string(failure.Code), Run: run})
	if err != nil {
		w.preserve(ctx, r, run)
	}
	return follow, err
}

// mayHelp reports whether the machine tries again after such an error.
func mayHelp(retry workflow.RetryPolicy, code problem.Code) bool {
	if len(retry.Errors) == 0 {
		return code == problem.VendorUnavailable || code == problem.Timeout
	}
	return slices.Contains(retry.Errors, string(code))
}

// pause is the shortest that the machine makes after an attempt, which is counted from zero. With jitter it may be none.
func pause(retry workflow.RetryPolicy, attempt int) time.Duration {
	if retry.Jitter {
		return 0
	}
	pause := float64(max(time.Second, retry.Interval)) * math.Pow(max(1, retry.Rate), float64(attempt))
	if retry.MaxInterval > 0 {
		pause = min(pause, float64(retry.MaxInterval))
	}
	return time.Duration(min(pause, float64(365*24*time.Hour)))
}
