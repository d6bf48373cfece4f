package workflow

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/statechart"
)

// assigned judges what an action writes over a field that is not its own. Guards and people rely on what work has found
// out: an action that writes it changes the result of a check, and one that takes it from an event lets the sender
// determine that result.
func (r *reader) assigned(program *expr.Program, target []string, name *yaml.Node, path string, from statechart.Origin) {
	field := target[0]
	sent := from != statechart.FromChart && readsPayload(program)
	_, result := r.results[field]
	switch {
	case slices.Contains([]string{"event", "documents", "children"}, field):
		r.strict(name, path, "reserved_field", field+" is reserved for the system: guards and people rely on it as a record of what has happened", "write to another field")
	case field == "stale" && !r.taken() && !result:
		r.strict(name, path, "reserved_field", "the marks of stale checks are reserved for the system: writing them has no effect", "write to another field")
	case result && sent:
		r.strict(name, path, "overwrites_result", fmt.Sprintf("the work %s writes %s, but here data from an event replaces it: the sender of the event could forge the result of the check", field, field),
			"write to a separate field, and let guards read both")
	case result:
		r.doc.Warn(name, path, "overwrites_result", fmt.Sprintf("the work %s writes %s, but this action overwrites it: people and guards rely on it as the result of the check", field, field),
			"write to a separate field, and let guards read both")
	case slices.Contains(r.w.Reserved, field) && sent && from == statechart.FromCallers:
		r.doc.Warn(name, path, "overwrites_reserved", fmt.Sprintf("%s is reserved for results of the workflow itself, but here an applicant or a client can write it", field),
			"write to another field, or add by: [reviewer] if people decide it")
	}
}

// strict reports what is refused, but for what is published already: no case stops with an update.
func (r *reader) strict(node *yaml.Node, path, code, message, hint string) {
	if r.published {
		r.doc.Warn(node, path, code, message, hint)
		return
	}
	r.doc.Report(node, path, code, message, hint)
}

// readsPayload reports whether a value is taken from what was sent.
func readsPayload(program *expr.Program) bool {
	return slices.ContainsFunc(program.Paths(), func(reference expr.Reference) bool {
		return reference.Steps[0] == "event" && (len(reference.Steps) == 1 || reference.Steps[1] == "payload")
	})
}
