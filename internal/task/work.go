package task

import (
	"cmp"
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
	// after is what follows an outcome that has been written, and may be repeated; also if a task that had written it is
	// called again. before is the record as the work found it, or none. nil: nothing follows.
	after func(ctx context.Context, r request, before cases.Record) error
}

// doFunc does the work of a job and names what it called (a plugin, a policy). Of the attempt, the outcome has the call, the titles, and the id where something is kept under it.
type doFunc func(ctx context.Context, job cases.Job, attempt int) (outcome cases.Outcome, name string, err error)

// handler runs do if this work is to be done now according to the record; otherwise the execution just follows.
func (w worker) handler(do doFunc) Handler {
	return machineTask(func(ctx context.Context, r request) (cases.ExecutionInput, error) {
		job, todo, follow, err := w.cases.BeginWork(ctx, r.branch(), r.State, r.Work)
		if err != nil {
			return follow, err
		}
		if !todo {
			return follow, w.then(ctx, r, cases.Record{})
		}
		started := w.now()
		outcome, name, err := do(ctx, job, r.Attempt)
		run := cases.TaskRun{
			ID: cmp.Or(outcome.Run.ID, w.newID("task")), State: r.State, Visit: job.Visit, Work: r.Work, Source: w.source, Name: name,
			Attempt: job.Tries + r.Attempt + 1, Outcome: "done", StartedAt: started, Duration: w.now().Sub(started), Call: outcome.Run.Call,
		}
		if err == nil {
			run.Titles = outcome.Run.Titles
		}
		w.metrics.Observe("task_duration", run.Duration, "source", w.source)
		if err != nil {
			return w.later(ctx, r, job, run, problem.As(err))
		}
		if outcome.Awaiting {
			run.Outcome = "awaiting"
		}
		outcome.Run = run
		follow, err = w.cases.FinishWork(ctx, job, outcome)
		if err != nil {
			return w.unwritten(ctx, r, job, outcome, err)
		}
		w.metrics.Count("tasks_total", "source", w.source, "outcome", run.Outcome)
		return follow, w.then(ctx, r, job.Record)
	})
}

func (w worker) then(ctx context.Context, r request, before cases.Record) error {
	if w.after == nil {
		return nil
	}
	return w.after(ctx, r, before)
}

// failed stores the attempt and returns the error to the machine, which retries by its name or passes it to step.
func (w worker) failed(ctx context.Context, r request, run cases.TaskRun, p *problem.Error) error {
	w.note(ctx, r, &run, p)
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime) // the attempt was made, also when its time is over
	defer cancel()
	if putErr := w.store.PutTaskRun(within, r.Tenant, r.Case, run); putErr != nil {
		w.logger.ErrorContext(ctx, "attempt not kept", "error", putErr.Error())
	}
	return p
}

// note records in the attempt, in the metrics and in the log that it has failed.
func (w worker) note(ctx context.Context, r request, run *cases.TaskRun, p *problem.Error) {
	run.Outcome, run.Error = "failed", string(p.Code)
	w.metrics.Count("tasks_total", "source", w.source, "outcome", "failed")
	w.logger.WarnContext(ctx, "task failed", "source", w.source, "name", run.Name, "attempt", run.Attempt, "code", p.Code, "error", p.Error())
}
