package task

import (
	"context"

	"ballerine/internal/cases"
)

// Screener searches a tenant's watch lists for a subject. fixed is what the workflow sets (lists, threshold, limit,
// schema), with is what it has computed for the case (name, birth_date, country, schema); people is how many must have
// cleared a hit before it is ruled out; the answer is what is written to the case's context: hits that nobody has ruled
// out for the subject, and those that were cleared before. Errors: Invalid, which names members and no values;
// UnknownList, Unavailable.
// members and no values; UnknownList, Unavailable.
type Screener interface {
	ScreenCase(ctx context.Context, tenant, subject string, people int, fixed, with map[string]any) (answer any, err error)
}

// NewScreening handles the screening function's work.
func NewScreening(base Base, lists Screener) Handler {
	return base.worker("screening").handler(func(ctx context.Context, job cases.Job, _ int) (cases.Outcome, string, error) {
		with, err := job.Input(base.Now())
		if err != nil {
			return cases.Outcome{}, "", err
		}
		answer, err := lists.ScreenCase(ctx, job.Record.Tenant, job.Record.Subject.ID, cases.PeopleToClear(job.Workflow), job.Invocation.Input, with)
		if err != nil {
			return cases.Outcome{}, "", err
		}
		payload, err := toJSON(answer)
		return cases.Outcome{Payload: payload, Used: &cases.Used{With: true}}, "", err
	})
}
