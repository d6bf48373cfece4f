package registry

import (
	"context"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// References find the state machines of published versions. A version's machine never changes: it is read once.
type References struct {
	store Store
	known *cache.Cache[cases.Machine, Definition]
}

var _ cases.References = (*References)(nil)

// NewReferences reads them from a store.
func NewReferences(store Store) *References {
	return &References{store: store, known: cache.New[cases.Machine, Definition](maxReferences)}
}

// Reference implements cases.References.
func (r *References) Reference(ctx context.Context, machine cases.Machine, express bool) (string, error) {
	d, err := r.definition(ctx, machine)
	if express {
		return d.Express, err
	}
	return d.Machine, err
}

func (r *References) definition(ctx context.Context, machine cases.Machine) (Definition, error) {
	if found, ok := r.known.Get(machine); ok {
		return found, nil
	}
	d, err := r.store.Definition(ctx, machine.Tenant, Workflow, machine.Workflow.ID, machine.Workflow.Version)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return d, problem.Wrap(err, problem.Unavailable, "The registry did not respond.")
	}
	r.known.Put(machine, d.bare()) // no effect for shipped definitions: a version of that number is never published
	return d, nil
}

// maxReferences bounds how many references a process keeps.
const maxReferences = 10_000
