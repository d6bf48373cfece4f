package backtest

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Worker does the steps of runs. Each step can be done again.
type Worker struct {
	Store    Store
	Ledger   *ledger.Ledger // the decisions, and what a draft may refer to
	Planning Planning
	Turn     time.Duration // of a part, which is handed back soon after
	Most     int           // decisions of a turn; 0: as many as there is time for
	Workers  int           // of a part; 0: one for each processor
	Now      func() time.Time
}

// Plan cuts a run into parts and returns how many there are; none of a run that has ended. Errors: those of the store.
func (w *Worker) Plan(ctx context.Context, ref Ref) (parts int, err error) {
	run, err := w.Store.Run(ctx, ref)
	if err != nil || run.Status != Running || run.Planned {
		return openParts(run), err
	}
	spans, err := w.Store.Spans(ctx, ref.Tenant, ref.Policy, run.Filter.From, run.Filter.To)
	if err != nil {
		return 0, err
	}
	windows := w.Planning.Plan(spans)
	run, err = change(ctx, w.Store, ref, func(run *Run) bool {
		if run.Status != Running || run.Planned {
			return false
		}
		run.Planned, run.Windows = true, windows
		return true
	})
	return openParts(run), err
}

func openParts(run Run) int {
	if run.Status != Running {
		return 0
	}
	return len(run.Windows)
}

// Part processes a part for one turn, and reports whether it is done. Errors: NotFound; Conflict if another worker has
// processed it meanwhile, and this turn counted nothing; those of the store.
func (w *Worker) Part(ctx context.Context, ref Ref, number int) (done bool, err error) {
	run, err := w.Store.Run(ctx, ref)
	if err != nil || run.Status != Running {
		return err == nil, err
	}
	part, total, err := w.part(ctx, run, number)
	if err != nil || part.Done {
		return part.Done, err
	}
	draft, err := w.draft(ctx, ref)
	if err != nil {
		return false, err
	}
	pages := &ledger.Pages{
		Store: w.Ledger.Store, Tenant: ref.Tenant, Policy: ref.Policy, Filter: run.Windows[number-1].within(run.Filter), After: part.After,
		Max: w.Most, Deadline: time.Now().Add(w.Turn),
	}
	counted, err := ledger.Count(ctx, draft, pages.Source, ledger.BacktestOptions{Workers: w.Workers, Examples: run.Examples, Library: w.Ledger.Library(ctx, ref.Tenant)})
	if err != nil {
		return false, err
	}
	total.Add(counted, run.Examples)
	body, err := packJSON(total)
	if err != nil {
		return false, err
	}
	prev := part.Revision
	part.After, part.Done, part.Decisions, part.Revision = pages.Next, pages.Next == "", total.Decisions, prev+1
	return part.Done, w.Store.PutPart(ctx, ref, prev, part, body)
}

// part is one as it stands, and what was counted in it. Errors: NotFound when the run has no such part.
func (w *Worker) part(ctx context.Context, run Run, number int) (Part, *ledger.Tally, error) {
	total := ledger.NewTally()
	if number < 1 || number > len(run.Windows) {
		return Part{}, total, problem.New(problem.NotFound, "The backtest has no part %d.", number)
	}
	part, body, err := w.Store.Part(ctx, run.Ref, number)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return Part{Number: number}, total, nil
	case err == nil:
		err = unpack(body, total)
	}
	return part, total, err
}

// within narrows a filter to the window.
func (w Window) within(f ledger.Filter) ledger.Filter {
	if f.From.Before(w.From) {
		f.From = w.From
	}
	if f.To.IsZero() || f.To.After(w.To) {
		f.To = w.To
	}
	return f
}

func (w *Worker) draft(ctx context.Context, ref Ref) (*rules.Policy, error) {
	body, err := w.Store.Body(ctx, ref, draftBody)
	if err != nil {
		return nil, err
	}
	source, err := opened(body)
	if err != nil {
		return nil, err
	}
	draft, found := rules.Parse("source", source)
	if draft == nil {
		return nil, problem.Wrap(found.Err(), problem.Invalid, "The draft of the backtest can no longer be read.")
	}
	return draft, nil
}

// Fail notes why a part could not be worked. Errors: NotFound; Conflict; those of the store.
func (w *Worker) Fail(ctx context.Context, ref Ref, failure Failure) error {
	run, err := w.Store.Run(ctx, ref)
	if err != nil {
		return err
	}
	part, total, err := w.part(ctx, run, failure.Part)
	if err != nil || part.Done || part.Failure != nil {
		return err
	}
	body, err := packJSON(total)
	if err != nil {
		return err
	}
	prev := part.Revision
	part.Failure, part.Revision = &failure, prev+1
	return w.Store.PutPart(ctx, ref, prev, part, body)
}

// Sum adds up the parts and ends the run: done, or failed if a part could not be processed. failure is what has ended
// the processing of the parts, nil if it was not cut short. Errors: those of the store.
func (w *Worker) Sum(ctx context.Context, ref Ref, failure *Failure) (Status, error) {
	run, err := w.Store.Run(ctx, ref)
	if err != nil || run.Status != Running {
		return run.Status, err
	}
	parts, err := w.Store.Parts(ctx, ref)
	if err != nil {
		return run.Status, err
	}
	if failure = ended(run, parts, failure); failure == nil {
		if err := w.report(ctx, run); err != nil {
			return run.Status, err
		}
	}
	run, err = change(ctx, w.Store, ref, func(run *Run) bool {
		if run.Status != Running {
			return false
		}
		run.Status, run.Failure, run.EndedAt = Done, failure, w.Now().UTC().Truncate(time.Millisecond)
		if failure != nil {
			run.Status = Failed
		}
		return true
	})
	return run.Status, err
}

// ended states what the run fails with: a part that failed, else what ended the work, else a part that is not done.
func ended(run Run, parts []Part, failure *Failure) *Failure {
	done := make([]bool, len(run.Windows)+1)
	for _, part := range parts {
		if part.Number > len(run.Windows) {
			continue
		}
		if done[part.Number] = part.Done; part.Failure != nil && !part.Done {
			return part.Failure
		}
	}
	switch at := slices.Index(done[1:], false) + 1; {
	case failure != nil:
		return failure
	case !run.Planned:
		return &Failure{Code: string(problem.Internal), Message: "The run was not planned."}
	case at > 0:
		return &Failure{Part: at, Code: string(problem.Internal), Message: "The part was not completed."}
	}
	return nil
}

func (w *Worker) report(ctx context.Context, run Run) error {
	draft, err := w.draft(ctx, run.Ref)
	if err != nil {
		return err
	}
	total := ledger.NewTally()
	for i := range run.Windows {
		_, counted, err := w.part(ctx, run, i+1)
		if err != nil {
			return err
		}
		total.Add(counted, run.Examples)
	}
	body, err := packJSON(total.Report(draft))
	if err != nil {
		return err
	}
	return w.Store.PutBody(ctx, run.Ref, reportBody, body)
}
