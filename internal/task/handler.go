package task

import (
	"context"
	"encoding/json"
	"log/slog"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/telemetry"
)

// Handler is a function: an event in, an answer out, both JSON. Errors are *problem.Error, whose code is the error name
// that Retry and Catch of the compiled machines know.
type Handler func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error)

// request is what the compiled machines send. Each task uses the members it needs; see compile.Workflow.
type request struct {
	Action    string  `json:"action"` // step: park | timer | fail
	Tenant    string  `json:"tenant"`
	Case      string  `json:"case"`
	State     string  `json:"state"`
	Region    string  `json:"region"` // its path; absent: the whole chart
	Within    []int   `json:"within"`
	Label     string  `json:"label"`
	Visit     int     `json:"visit"`
	Token     string  `json:"token"`
	Work      string  `json:"work"`
	Attempt   int     `json:"attempt"` // retries before this attempt: 0 for the first
	Later     bool    `json:"later"`   // the machine can wait until the work may be done again
	Execution string  `json:"execution"`
	Error     failure `json:"error"`
}

// branch is the calling branch.
func (r request) branch() cases.Branch {
	return cases.Branch{Tenant: r.Tenant, Case: r.Case, Execution: r.Execution, Region: statechart.Region{Path: r.Region, Within: r.Within}}
}

// failure is what a Catch passes on.
type failure struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// machineTask adapts a task of the state machine: decode, run, encode.
func machineTask(run func(context.Context, request) (cases.ExecutionInput, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var r request
		if err := json.Unmarshal(payload, &r); err != nil {
			return nil, problem.Wrap(err, problem.MalformedJSON, "The payload of the task is not valid.")
		}
		if r.Tenant == "" || r.Case == "" {
			return nil, problem.New(problem.Invalid, "The payload of the task names no case.").With("case", "required", "tenant and case are required")
		}
		ctx = telemetry.With(ctx, slog.String("case_id", r.Case), slog.String("execution", r.Execution))
		input, err := run(ctx, r)
		if err != nil {
			return nil, err
		}
		return json.Marshal(input)
	}
}
