package cases

import (
	"maps"
	"slices"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// The events that every state of every workflow knows: they write the context.
const (
	EventUpdateContext    = "UPDATE_CONTEXT"     // {context}: takes the place of all that callers write
	EventDeepMergeContext = "DEEP_MERGE_CONTEXT" // {newContext, arrayMergeOption}: is laid over it
)

// contextEvents apply their payload to a draft. The chart is notified afterwards.
var contextEvents = map[string]func(d *draft, payload any) error{
	EventUpdateContext: func(d *draft, payload any) error {
		next, _, err := readContext(payload, "context", "")
		if err != nil {
			return err
		}
		return d.replace(next)
	},
	EventDeepMergeContext: func(d *draft, payload any) error {
		patch, arrays, err := readContext(payload, "newContext", "arrayMergeOption")
		if err != nil {
			return err
		}
		merged, _ := statechart.Merge(d.workflow.OfCallers(d.record.Context), patch, arrays).(map[string]any)
		return d.replace(merged)
	},
}

// readContext reads {<name>: {…}, <option>: "by_id"}. Errors: Invalid with every place.
func readContext(payload any, name, option string) (written map[string]any, arrays statechart.ArrayMerge, err error) {
	e := problem.New(problem.Invalid, "The payload of the event is not valid.")
	members, ok := payload.(map[string]any)
	if !ok {
		return nil, "", e.With("body.payload", "type", "this must be an object with %s", name)
	}
	if written, ok = members[name].(map[string]any); !ok {
		e.With("body.payload."+name, "type", "this must be an object")
	}
	for _, other := range slices.Sorted(maps.Keys(members)) {
		if other != name && (option == "" || other != option) {
			e.With("body.payload."+other, "unknown", "this field does not exist")
		}
	}
	if value, given := members[option]; given && option != "" {
		text, _ := value.(string)
		if arrays = statechart.ArrayMerge(text); !slices.Contains(statechart.ArrayMerges(), arrays) {
			e.With("body.payload."+option, "enum", "one of by_id, by_index, concat, replace")
		}
	}
	if len(e.Fields) > 0 {
		return nil, "", e
	}
	return written, arrays, nil
}

// replace puts what callers write in the place of what they have written. What the workflow's own work has written stays.
func (d *draft) replace(next map[string]any) error {
	problems := problem.New(problem.Invalid, "The data is not valid.")
	addContextProblems(problems, d.workflow, nil, next)
	if len(problems.Fields) > 0 {
		return problems
	}
	whole := maps.Clone(next)
	if whole == nil {
		whole = map[string]any{}
	}
	kept := d.workflow.Owned()
	for name, value := range d.record.Context {
		if slices.Contains(kept, name) {
			whole[name] = value
		}
	}
	var written []string
	for _, context := range []map[string]any{d.record.Context, next} {
		for name := range context {
			if !slices.Contains(kept, name) {
				written = append(written, name)
			}
		}
	}
	d.changed(written...)
	d.record.Context = whole
	return nil
}
