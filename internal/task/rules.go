package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// Policies knows the published policies. Errors: UnknownPolicy.
type Policies interface {
	Policy(ctx context.Context, tenant, id string) (*rules.Policy, error)
}

// Base is what every working task needs.
type Base struct {
	Cases   *cases.Service
	Store   cases.Store
	Now     func() time.Time
	NewID   func(prefix string) string
	Metrics telemetry.Metrics
	Logger  *slog.Logger
}

func (b Base) worker(source string) worker {
	return worker{source: source, cases: b.Cases, store: b.Store, now: b.Now, newID: b.NewID, metrics: b.Metrics, logger: b.Logger}
}

// NewRules handles the rules function: it evaluates a policy over the case's context. The decision is in the ledger
// before the case has its outcome; an attempt that is repeated over the same input commits the existing decision.
func NewRules(base Base, policies Policies, decisions *ledger.Ledger) Handler {
	return base.worker("rules").handler(func(ctx context.Context, job cases.Job, _ int) (cases.Outcome, string, error) {
		id, _ := job.Invocation.Input["policy"].(string)
		policy, err := policies.Policy(ctx, job.Record.Tenant, id)
		if err != nil {
			return cases.Outcome{}, id, err
		}
		input, err := job.Input(base.Now())
		if err != nil {
			return cases.Outcome{}, id, err
		}
		answer, err := decisions.Decide(ctx, ledger.Request{
			Tenant: job.Record.Tenant, Policy: policy, Input: input, At: base.Now(), Case: job.Record.ID, Subject: job.Record.Subject.ID,
			Work: fmt.Sprintf("%s\x00%d\x00%s", job.State, job.Visit, job.Invocation.ID), Since: job.Record.CreatedAt,
		})
		if err != nil {
			return cases.Outcome{}, id, problem.Wrap(err, problem.CodeOf(err), "The policy %s could not be evaluated.%s", id, places(err))
		}
		payload, err := toJSON(answer)
		outcome := cases.Outcome{Payload: payload}
		if paths, known := policy.Reads(); known && job.Invocation.With == nil {
			outcome.Used = &cases.Used{Context: paths}
		}
		return outcome, id, err
	})
}

// maxPlaces bounds the places that the cause of an incident names.
const maxPlaces = 5

// places are the places of the input that an error names, for whoever resolves the incident. They contain no values.
func places(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		e, ok := err.(*problem.Error) //nolint:errorlint // each of the chain
		if !ok || len(e.Fields) == 0 {
			continue
		}
		var parts []string
		for _, f := range e.Fields[:min(maxPlaces, len(e.Fields))] {
			parts = append(parts, f.Location+": "+f.Message)
		}
		if more := len(e.Fields) - maxPlaces; more > 0 {
			parts = append(parts, fmt.Sprintf("and %d more", more))
		}
		return " " + e.Message + " " + strings.Join(parts, "; ")
	}
	return ""
}
