package workflow

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/statechart"
)

// assigned judges what an action writes over a field that is not its own. What work has found out is what guards and people rely on:
// an action that writes it changes what a check has said, and one that takes it from an event lets whoever sends that say it.
func (r *reader) assigned(program *expr.Program, target []string, name *yaml.Node, path string, from statechart.Origin) {
	field := target[0]
	sent := from != statechart.FromChart && readsPayload(program)
	_, result := r.results[field]
	switch {
	case slices.Contains([]string{"event", "documents", "children"}, field):
		r.strict(name, path, "reserved_field", field+" is the system's own: guards and people take it for what has happened", "write to another field")
	case field == "stale" && !r.taken() && !result:
		r.strict(name, path, "reserved_field", "the marks of stale checks are the system's own: writing them has no effect", "write to another field")
	case result && sent:
		r.strict(name, path, "overwrites_result", fmt.Sprintf("the work %s writes %s, and here what somebody sends takes its place: whoever sends the event says what the check has found", field, field),
			"write to a field of its own, and let guards read both")
	case result:
		r.doc.Warn(name, path, "overwrites_result", fmt.Sprintf("the work %s writes %s, and this action overwrites it: people and guards take it for what the check has found", field, field),
			"write to a field of its own, and let guards read both")
	case slices.Contains(r.w.Reserved, field) && sent && from == statechart.FromCallers:
		r.doc.Warn(name, path, "overwrites_reserved", fmt.Sprintf("%s is reserved for what the workflow itself finds out, and here an applicant or a client may write what they send", field),
			"write to another field, or say by: [reviewer] when people decide it")
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

// readsPayload says whether a value is taken from what was sent.
func readsPayload(program *expr.Program) bool {
	return slices.ContainsFunc(program.Paths(), func(reference expr.Reference) bool {
		return reference.Steps[0] == "event" && (len(reference.Steps) == 1 || reference.Steps[1] == "payload")
	})
}
