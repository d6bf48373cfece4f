package task

import (
	"context"
	"log/slog"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// worker is what the tasks that do a state's work have in common: begin, do, finish, and an account of every attempt.
type worker struct {
	source  string
	cases   *cases.Service
	store   cases.Store
	now     func() time.Time
	newID   func(prefix string) string
	metrics telemetry.Metrics
	logger  *slog.Logger
}

// doFunc does the work of a job and names what it called (a plugin, a policy).
type doFunc func(ctx context.Context, job cases.Job, attempt int) (outcome cases.Outcome, name string, err error)

// handler runs do if the record says that this work is to be done now; otherwise the execution just follows.
func (w worker) handler(do doFunc) Handler {
	return machineTask(func(ctx context.Context, r request) (cases.ExecutionInput, error) {
		job, todo, follow, err := w.cases.BeginWork(ctx, r.branch(), r.State, r.Work)
		if err != nil || !todo {
			return follow, err
		}
		started := w.now()
		outcome, name, err := do(ctx, job, r.Attempt)
		run := cases.TaskRun{
			ID: w.newID("task"), State: r.State, Visit: job.Visit, Work: r.Work, Source: w.source, Name: name,
			Attempt: r.Attempt + 1, Outcome: "done", StartedAt: started, Duration: w.now().Sub(started),
		}
		w.metrics.Observe("task_duration", run.Duration, "source", w.source)
		if err != nil {
			return cases.ExecutionInput{}, w.failed(ctx, r, run, err)
		}
		if outcome.Awaiting {
			run.Outcome = "awaiting"
		}
		w.metrics.Count("tasks_total", "source", w.source, "outcome", run.Outcome)
		outcome.Run = run
		return w.cases.FinishWork(ctx, job, outcome)
	})
}

// failed keeps the attempt and gives the error to the machine, which retries by its name or hands it to step.
func (w worker) failed(ctx context.Context, r request, run cases.TaskRun, err error) error {
	p := problem.As(err)
	run.Outcome, run.Error = "failed", string(p.Code)
	w.metrics.Count("tasks_total", "source", w.source, "outcome", "failed")
	w.logger.WarnContext(ctx, "task failed", "source", w.source, "name", run.Name, "attempt", run.Attempt, "code", p.Code, "error", p.Error())
	if putErr := w.store.PutTaskRun(ctx, r.Tenant, r.Case, run); putErr != nil {
		w.logger.ErrorContext(ctx, "attempt not kept", "error", putErr.Error())
	}
	return p
}
