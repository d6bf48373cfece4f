package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Limits of a backtest that is waited for.
const (
	maxBacktest     = 20_000 // decisions
	maxBacktestTime = 15 * time.Second
)

// BacktestPage is what a draft would have decided, over as many decisions as one answer has time for.
type BacktestPage struct {
	ledger.Backtest
	Complete   bool    `json:"complete" doc:"false: there are older decisions; send the cursor to continue"`
	NextCursor *string `json:"next_cursor"`
}

// BacktestRun is a draft that is tried on any number of decisions.
type BacktestRun struct {
	ID          string           `json:"id"`
	Policy      string           `json:"policy" doc:"the policy whose decisions are evaluated"`
	Status      backtest.Status  `json:"status" enum:"running,done,failed,cancelled"`
	Digest      string           `json:"digest" doc:"of the draft"`
	Comment     string           `json:"comment,omitempty"`
	Filter      LedgerFilters    `json:"filter"`
	Examples    int              `json:"examples"`
	CreatedAt   time.Time        `json:"created_at"`
	CreatedBy   string           `json:"created_by"`
	EndedAt     *time.Time       `json:"ended_at"`
	Parts       int              `json:"parts" doc:"0 until it is planned"`
	PartsDone   int              `json:"parts_done"`
	Decisions   int              `json:"decisions" doc:"number of decisions considered"`
	Progress    float64          `json:"progress" doc:"progress from 0 to 1, estimated from the period that the decisions span"`
	SecondsLeft *float64         `json:"seconds_left" doc:"an estimate; null if unknown"`
	Failure     *RunFailure      `json:"failure"`
	Report      *ledger.Backtest `json:"report,omitempty" doc:"only of a completed run; not in lists"`
}

// RunFailure is why a run has failed.
type RunFailure struct {
	Part    int    `json:"part,omitempty" doc:"from 1; absent: not about a particular part"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *server) runShape(run backtest.Run) BacktestRun {
	shape := BacktestRun{
		ID: run.ID, Policy: run.Policy, Status: run.Status, Digest: run.Digest, Comment: run.Comment, Examples: run.Examples,
		Filter:    LedgerFilters{From: run.Filter.From, To: run.Filter.To, Outcome: run.Filter.Outcome, Version: run.Filter.Version, Case: run.Filter.Case, Trial: run.Filter.Trial},
		CreatedAt: run.CreatedAt, CreatedBy: run.CreatedBy, EndedAt: orNull(run.EndedAt), Parts: len(run.Windows),
	}
	if run.Failure != nil {
		shape.Failure = &RunFailure{run.Failure.Part, run.Failure.Code, run.Failure.Message}
	}
	return shape
}

func (s *server) viewShape(view backtest.View) BacktestRun {
	shape := s.runShape(view.Run)
	shape.PartsDone, shape.Decisions, shape.Progress, shape.Report = view.PartsDone, view.Standing.Decisions, view.Progress, view.Report
	if left, ok := view.Left(view.CreatedAt, s.Now()); ok && view.Status == backtest.Running {
		seconds := left.Seconds()
		shape.SecondsLeft = &seconds
	}
	return shape
}

// BacktestBody is what both forms of a backtest take. It is exported because Huma reads exported members only.
type BacktestBody struct {
	LedgerFilters
	Source   string `json:"source" minLength:"1" doc:"the draft, YAML or JSON"`
	Examples int    `json:"examples,omitempty" minimum:"0" maximum:"100" default:"5" doc:"number of example decisions to list for each flip"`
}

func (s *server) registerBacktests(api huma.API) {
	type backtestIn struct {
		OnID
		Body struct {
			BacktestBody
			Cursor string `json:"cursor,omitempty" maxLength:"2000"`
		}
	}
	add(s, api, op(Admin, "backtestPolicy", "POST", "/v1/policies/{id}/backtests", "Evaluate a draft of a policy on past decisions, newest first").defining(), func(c ctx, in *backtestIn) (*body[BacktestPage], error) {
		tenant := principalOf(c).Tenant
		if err := narrows(c, in.Body.LedgerFilters); err != nil {
			return nil, err
		}
		draft, diagnostics := rules.Parse("source", []byte(in.Body.Source))
		if err := diagnostics.Err(); err != nil {
			return nil, problem.As(err).Detail("diagnostics", diagnostics)
		}
		scope := []any{"backtests", tenant, in.ID, in.Body.LedgerFilters, draft.Digest}
		after, err := s.cursors.read(scope, in.Body.Cursor)
		if err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The cursor does not belong to this backtest.").With("body.cursor", "cursor", "use it unchanged, with the same draft and filters")
		}
		out := &body[BacktestPage]{BacktestPage{Complete: true}}
		source := func(ctx, func([]ledger.Lazy) error) error { return nil }
		pages := &ledger.Pages{
			Store: s.decisions().Store, Tenant: tenant, Policy: in.ID, Filter: in.Body.filter(), After: after, Max: maxBacktest, Deadline: time.Now().Add(maxBacktestTime),
		}
		if pages.Store != nil && ledger.Named(in.ID) {
			source = pages.Source
		}
		if out.Body.Backtest, err = ledger.Run(c, draft, source, ledger.BacktestOptions{Examples: in.Body.Examples, Library: s.decisions().Library(c, tenant)}); err != nil {
			return nil, err
		}
		out.Body.Backtest = *unnamed(c, &out.Body.Backtest)
		out.Body.Complete, out.Body.NextCursor = pages.Next == "", s.cursors.sign(scope, pages.Next)
		return out, nil
	})
}

func (s *server) registerBacktestRuns(api huma.API) {
	type startIn struct {
		OnID
		Body struct {
			BacktestBody
			Comment string `json:"comment,omitempty" maxLength:"2000"`
		}
	}
	start := op(Admin, "startBacktest", "POST", "/v1/policies/{id}/backtest-runs", "Start a backtest run of a draft of a policy").creating().defining()
	start.DefaultStatus = http.StatusAccepted
	add(s, api, start, func(c ctx, in *startIn) (*created[BacktestRun], error) {
		if s.Backtests == nil || !ledger.Named(in.ID) {
			return nil, problem.New(problem.NotFound, "There are no decisions here.")
		}
		p := principalOf(c)
		if err := narrows(c, in.Body.LedgerFilters); err != nil {
			return nil, err
		}
		draft, err := s.Publisher.Draft(c, p.Tenant, in.Body.Source)
		if err != nil {
			return nil, err
		}
		run, err := s.Backtests.Start(c, backtest.Start{
			Tenant: p.Tenant, Policy: in.ID, ID: reserved(c, "backtest"), Draft: draft, Filter: in.Body.filter(), Examples: in.Body.Examples, Comment: in.Body.Comment, By: p.ID,
		})
		if err != nil {
			return nil, err
		}
		return &created[BacktestRun]{"/v1/policies/" + in.ID + "/backtest-runs/" + run.ID, s.runShape(run)}, nil
	})
	type listIn struct {
		OnID
		Paging
	}
	add(s, api, op(Admin, "listBacktests", "GET", "/v1/policies/{id}/backtest-runs", "List backtest runs, newest first"), func(c ctx, in *listIn) (*body[List[BacktestRun]], error) {
		out := &body[List[BacktestRun]]{List[BacktestRun]{Data: []BacktestRun{}}}
		tenant := principalOf(c).Tenant
		scope := []any{"backtest-runs", tenant, in.ID}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil || s.Backtests == nil {
			return out, err
		}
		runs, next, err := s.Backtests.List(c, tenant, in.ID, after, in.Limit)
		runs, lost := readable(s, c, "listBacktests", runs, func(run backtest.Run) string { return lostIn(run.Unreadable, run.ID) })
		return pageOf(each(runs, s.runShape), s.cursors.sign(scope, next), lost...), err
	})
	add(s, api, op(Admin, "getBacktest", "GET", "/v1/policies/{id}/backtest-runs/{run}", "Get the progress and results of a backtest run"), func(c ctx, in *runIn) (*body[BacktestRun], error) {
		return oneRun(s, c, in, (*backtest.Service).Get, s.viewShape)
	})
	add(s, api, op(Admin, "cancelBacktest", "POST", "/v1/policies/{id}/backtest-runs/{run}/cancellation", "Cancel a backtest run"), func(c ctx, in *runIn) (*body[BacktestRun], error) {
		return oneRun(s, c, in, (*backtest.Service).Cancel, s.runShape)
	})
}

type runIn struct {
	OnID
	Run string `path:"run" maxLength:"100"`
}

// oneRun does something with one backtest, and answers its run.
func oneRun[T any](s *server, c ctx, in *runIn, do func(*backtest.Service, ctx, backtest.Ref) (T, error), shape func(T) BacktestRun) (*body[BacktestRun], error) {
	if s.Backtests == nil {
		return nil, problem.New(problem.NotFound, "There is no such backtest.")
	}
	found, err := do(s.Backtests, c, backtest.Ref{Tenant: principalOf(c).Tenant, Policy: in.ID, ID: in.Run})
	if err != nil {
		return nil, err
	}
	run := shape(found)
	run.Report = unnamed(c, run.Report)
	return &body[BacktestRun]{run}, nil
}
