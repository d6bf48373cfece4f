package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// unmarked refuses versions that remove marks of personal data, or copy personal data to where it is not marked, if
// their author may not see personal data: publishing them would show it to the author. Where a second person approves,
// that person needs the permission instead. The machine's own user, who can read the whole store, may do it. Errors:
// Forbidden with every place.
func (p *Publisher) unmarked(ctx context.Context, who identity.Principal, documents []checked) error {
	if who.Kind == identity.System || identity.Has(who, identity.CasesPersonal) {
		return nil
	}
	refusal := identity.Lacks(identity.CasesPersonal)
	for _, made := range documents {
		name, places, err := p.exposes(ctx, who.Tenant, made)
		if err != nil {
			return err
		}
		for _, place := range places {
			refusal.With(name+": "+place.at, "personal_data", "%s", place.why)
		}
	}
	if len(refusal.Fields) == 0 {
		return nil
	}
	refusal.Message += " The new version exposes data that is or was marked as personal. Keep the marks, or have it published or approved by a person with the permission."
	return refusal
}

// exposed is a place where personal data would be shown.
type exposed struct{ at, why string }

// exposes finds the places where a document shows what an earlier version marks.
func (p *Publisher) exposes(ctx context.Context, tenant string, made checked) (name string, places []exposed, err error) {
	var kind Kind
	var id string
	switch {
	case made.workflow != nil:
		kind, id = Workflow, made.workflow.ID
	case made.policy != nil:
		kind, id = Policy, made.policy.ID
	default:
		return "", nil, nil // plugins have no marks: what they answer is personal data
	}
	versions, err := p.Catalog.all(ctx, tenant, kind, id)
	if err != nil {
		return "", nil, err
	}
	found := map[string]int{} // the newest version that marks a place
	for _, d := range slices.Backward(versions) {
		lost, err := p.lost(ctx, tenant, made, d)
		if err != nil {
			return "", nil, err
		}
		for _, place := range lost {
			found[place] = d.Version
		}
	}
	for _, place := range slices.Sorted(maps.Keys(found)) {
		places = append(places, exposed{place, fmt.Sprintf("version %d marks it as personal data", found[place])})
	}
	copies, err := p.copies(ctx, tenant, made.workflow)
	for _, one := range copies {
		places = append(places, exposed{one, "personal data is copied to a field that is not marked as personal"})
	}
	return string(kind) + " " + id, places, err
}

// lost are the places that a version marks and a document does not.
func (p *Publisher) lost(ctx context.Context, tenant string, made checked, d Definition) ([]string, error) {
	if made.workflow != nil {
		former, err := p.Catalog.Workflow(ctx, tenant, d.ID, d.Version)
		if err != nil {
			return unreadable(d, err)
		}
		return made.workflow.Unmarked(former), nil
	}
	former, err := p.Catalog.PolicyVersion(ctx, tenant, d.ID, d.Version)
	if err != nil {
		return unreadable(d, err)
	}
	inputs := made.policy.Inputs
	if inputs == nil {
		inputs = map[string]any{}
	}
	places := expr.NewShape(inputs).Unmarked(expr.NewShape(former.Inputs))
	for i, place := range places {
		places[i] = strings.TrimSuffix("inputs."+place, ".")
	}
	return places, nil
}

// unreadable is about a version that this software no longer reads: what it marks is not known, so that all of it may be.
func unreadable(d Definition, err error) ([]string, error) {
	if problem.CodeOf(err) == problem.Internal {
		return []string{fmt.Sprintf("*, because version %d can no longer be read", d.Version)}, nil
	}
	return nil, err
}

// copies are those of personal data that the newest version does not make.
func (p *Publisher) copies(ctx context.Context, tenant string, next *workflow.Workflow) ([]string, error) {
	if next == nil || len(next.Copies()) == 0 {
		return nil, nil
	}
	newest, err := p.Catalog.Workflow(ctx, tenant, next.ID, 0)
	if problem.CodeOf(err) == problem.UnknownWorkflow {
		return nil, nil // there are no cases with data
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(next.Copies(), func(one string) bool { return slices.Contains(newest.Copies(), one) }), nil
}
