package workflow

import (
	"errors"
	"maps"

	"ballerine/internal/problem"
)

// Owned are the context fields that only the system writes: the results of the workflow's work, what the workflow reserves for
// its own actions, and the fields that guards see beside the context.
func (w *Workflow) Owned() []string {
	names := append([]string{"documents", "event", "children"}, w.Reserved...)
	if w.fresh != nil {
		names = append(names, "stale")
	}
	for _, state := range w.Chart.States() {
		for _, invocation := range state.Invocations {
			names = append(names, invocation.ID)
		}
	}
	return names
}

// OfCallers is the part of a context that callers write: the schema speaks of that, not of results.
func (w *Workflow) OfCallers(whole map[string]any) map[string]any {
	callers := maps.Clone(whole)
	for _, name := range w.Owned() {
		delete(callers, name)
	}
	return callers
}

// CheckChange refuses a change of a case's context after which callers' data breaks the schema where it has kept to it before.
// before is nil where everything has to fit. Errors: Invalid.
func (w *Workflow) CheckChange(before, after map[string]any) error {
	var now, then *problem.Error
	if err := w.CheckContext(w.OfCallers(after)); !errors.As(err, &now) {
		return nil
	}
	known := map[string]bool{}
	if before != nil && errors.As(w.CheckContext(w.OfCallers(before)), &then) {
		for _, f := range then.Fields {
			known[f.Location+" "+f.Code] = true
		}
	}
	problems := problem.New(problem.Invalid, "The workflow would write data that does not conform to its schema.")
	for _, f := range now.Fields {
		if !known[f.Location+" "+f.Code] {
			problems.With(f.Location, f.Code, "%s", f.Message)
		}
	}
	if len(problems.Fields) > 0 {
		return problems
	}
	return nil
}
