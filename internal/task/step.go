package task

import (
	"context"
	"encoding/json"
	"log/slog"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/text"
)

// StepConfig is what the step function needs.
type StepConfig struct {
	Cases      *cases.Service
	Executions cases.Executions
	Logger     *slog.Logger
}

// NewStep handles waits, timers and failures: it parks a wait's token, applies what is due, and records what has failed.
func NewStep(config StepConfig) Handler {
	return machineTask(func(ctx context.Context, r request) (cases.ExecutionInput, error) {
		switch r.Action {
		case "park":
			return park(ctx, config, r)
		case "timer":
			return config.Cases.Expire(ctx, r.branch())
		case "fail":
			return config.Cases.FailWork(ctx, r.branch(), r.State, r.Work, r.Visit, readFailure(r.Error))
		default:
			return cases.ExecutionInput{}, problem.New(problem.Invalid, "The step function supports the actions park, timer and fail.").
				With("action", "unknown", "unknown action")
		}
	})
}

// park stores the token, or sends it at once when the record has moved on.
func park(ctx context.Context, config StepConfig, r request) (cases.ExecutionInput, error) {
	resume, err := config.Cases.Park(ctx, r.branch(), r.Visit, r.Label, r.Token)
	if err != nil || resume == nil {
		return cases.ExecutionInput{}, err
	}
	return *resume, config.Executions.Wake(ctx, r.Token, *resume)
}

// maxCause bounds what is kept of a failure, in bytes.
const maxCause = 500

// readFailure takes the cause apart: Lambda reports {"errorMessage", "errorType"} as text.
func readFailure(f failure) cases.Failure {
	var cause struct {
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal([]byte(f.Cause), &cause); err != nil || cause.Message == "" {
		cause.Message = f.Cause
	}
	return cases.Failure{Error: text.Cut(f.Error, maxCause), Cause: text.Cut(cause.Message, maxCause)}
}
