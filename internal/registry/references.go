package registry

import (
	"context"
	"sync"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// References find the state machines of published versions. A version's machine never changes: it is read once.
type References struct {
	store Store

	mutex sync.Mutex
	known map[cases.Machine]string
}

var _ cases.References = (*References)(nil)

// NewReferences reads them from a store.
func NewReferences(store Store) *References {
	return &References{store: store, known: map[cases.Machine]string{}}
}

// Reference implements cases.References.
func (r *References) Reference(ctx context.Context, machine cases.Machine) (string, error) {
	r.mutex.Lock()
	reference, ok := r.known[machine]
	r.mutex.Unlock()
	if ok {
		return reference, nil
	}
	d, err := r.store.Definition(ctx, machine.Tenant, Workflow, machine.Workflow.ID, machine.Workflow.Version)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return "", problem.Wrap(err, problem.Unavailable, "The registry did not answer.")
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.known) >= maxReferences {
		r.known = map[cases.Machine]string{}
	}
	r.known[machine] = d.Machine // "" for what ships: a version of that number is never published
	return d.Machine, nil
}

// maxReferences bounds how many references a process keeps.
const maxReferences = 10_000
