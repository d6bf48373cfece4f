package vendor

import (
	"context"

	"ballerine/internal/workflow"
)

// Call is one attempt at a plugin's request, for a case's work.
type Call struct {
	Tenant, Case, State string
	Visit               int
	Work                string
	Attempt             int            // from 0
	Context             map[string]any // the case's context
	Input               map[string]any // the invocation's input, as the workflow has it
	IdempotencyKey      string         // "" makes one of case, state, visit and work: the same for every attempt
	CallbackURL         string         // where the vendor may call back, for plugins in callback mode
}

// Outcome is what an attempt gave.
type Outcome struct {
	Result   any  // JSON value for the context; nil while awaiting
	Awaiting bool // the vendor accepted the request and will call back
	Status   int  // HTTP status of the answer
}

// Secrets finds the secrets that plugins name. Errors: problem.NotFound; others are passed on.
type Secrets interface {
	Secret(ctx context.Context, tenant, name string) (string, error)
}

// RetryPolicy says how often and when a failed attempt is made again. The compiled machine carries it out.
type RetryPolicy = workflow.RetryPolicy
