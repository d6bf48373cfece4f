package registry

import (
	"context"
	"errors"

	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// CheckResult refuses a result that a person sets for work, if the work could not have returned it by itself: it has to
// conform to the plugin's response.result, to an answer of the policy, or to what other work writes, and to the
// workflow's schema. A plugin or policy that is no longer published is not consulted. Errors: Invalid, with each place
// below "result"; Unavailable.
func (c *Catalog) CheckResult(ctx context.Context, tenant string, w *workflow.Workflow, work workflow.Invocation, result any) error {
	return checkResult(w, work, result,
		func(id string) (*connector.Plugin, error) {
			p, err := c.Plugin(ctx, tenant, id)
			if shipped := c.shippedPlugin(id); shipped != nil && problem.CodeOf(err) == problem.NotFound {
				return shipped, nil // plugins are not loaded here
			}
			return p, err
		},
		func(id string) (*rules.Policy, error) { return c.Policy(ctx, tenant, id) })
}

// CheckResult is that of the catalog, for work that names the documents.
func (t *Batch) CheckResult(w *workflow.Workflow, work workflow.Invocation, result any) error {
	return checkResult(w, work, result, t.ParsedPlugin, t.ParsedPolicy)
}

func checkResult(w *workflow.Workflow, work workflow.Invocation, result any, plugin func(id string) (*connector.Plugin, error), policy func(id string) (*rules.Policy, error)) error {
	all := problem.New(problem.Invalid, "The result is not one that %s could have returned.", work.ID)
	add := func(err error) error {
		var refused *problem.Error
		switch {
		case err == nil, problem.CodeOf(err) == problem.NotFound, problem.CodeOf(err) == problem.UnknownPolicy:
			return nil
		case errors.As(err, &refused) && len(refused.Fields) > 0:
			all.Fields = append(all.Fields, refused.Fields...)
			return nil
		}
		return err
	}
	if err := add(w.CheckResult(work, result)); err != nil {
		return err
	}
	var err error
	switch work.Source {
	case "vendor":
		var p *connector.Plugin
		if p, err = plugin(work.Name); err == nil {
			err = p.Fits(result)
		}
	case "rules":
		var p *rules.Policy
		if p, err = policy(work.Name); err == nil {
			err = workflow.CheckOutcome(p.ID, p.Outcomes, result)
		}
	}
	if err = add(err); err != nil {
		return err
	}
	if len(all.Fields) > 0 {
		return all
	}
	return nil
}
