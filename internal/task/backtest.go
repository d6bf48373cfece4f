package task

import (
	"context"
	"encoding/json"
	"log/slog"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// backtestRequest is what infra/backtest.asl.json sends.
type backtestRequest struct {
	backtest.Ref
	Action string   `json:"action"` // plan | part | fail | sum
	Part   int      `json:"part"`   // from 1
	Error  *failure `json:"error"`  // of fail, and of sum when the parts could not be worked
}

// backtestAnswer is what the machine continues with: it never holds the counts.
type backtestAnswer struct {
	Parts  []int           `json:"parts"` // of plan: their numbers
	Done   bool            `json:"done"`  // of part
	Status backtest.Status `json:"status,omitempty"`
}

// NewBacktest handles the backtest function: the steps of runs. Each can be done again.
func NewBacktest(worker *backtest.Worker) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var r backtestRequest
		if err := json.Unmarshal(payload, &r); err != nil {
			return nil, problem.Wrap(err, problem.MalformedJSON, "The payload is not a backtest step.")
		}
		if r.Tenant == "" || !ledger.Named(r.Policy, r.ID) {
			return nil, problem.New(problem.Invalid, "The payload names no backtest.").With("run", "required", "tenant, policy and run are required")
		}
		ctx = telemetry.With(ctx, slog.String("backtest", r.ID), slog.Int("part", r.Part))
		answer, err := r.step(ctx, worker)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
}

func (r backtestRequest) step(ctx context.Context, worker *backtest.Worker) (answer backtestAnswer, err error) {
	switch r.Action {
	case "plan":
		var parts int
		parts, err = worker.Plan(ctx, r.Ref)
		answer.Parts = make([]int, parts)
		for i := range answer.Parts {
			answer.Parts[i] = i + 1
		}
	case "part":
		answer.Done, err = worker.Part(ctx, r.Ref, r.Part)
	case "fail":
		err = worker.Fail(ctx, r.Ref, *r.failure())
	case "sum":
		var failed *backtest.Failure
		if r.Error != nil {
			failed = r.failure()
		}
		answer.Status, err = worker.Sum(ctx, r.Ref, failed)
	default:
		err = problem.New(problem.Invalid, "The payload names no step of a backtest.").With("action", "enum", "plan, part, fail or sum")
	}
	return answer, err
}

// failure names an error. Its cause may contain anything: it only goes to the log of the function that failed.
func (r backtestRequest) failure() *backtest.Failure {
	code := problem.Internal
	if r.Error != nil && r.Error.Error != "" {
		code = problem.Code(r.Error.Error)
	}
	return &backtest.Failure{Part: r.Part, Code: string(code), Message: code.Title()}
}
