package workflow

import (
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// RefusedKey marks a document that an import has written although it could not convert all of the meaning. It lists what
// is missing; the document cannot be used before that is corrected and the mark removed.
const RefusedKey = "not_imported"

var fieldName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)

// reserved reads the fields that only the chart's own actions write.
func (r *reader) reserved(node *yaml.Node) {
	for i, element := range source.Sequence(node) {
		at := fmt.Sprintf("reserved[%d]", i)
		name := r.doc.String(element, at)
		if name != "" && !fieldName.MatchString(name) {
			r.doc.Report(element, at, "name", "a top-level field of the context must consist of letters, digits and _", "")
			continue
		}
		r.w.Reserved = append(r.w.Reserved, name)
	}
}

// refused reports what an import could not carry.
func (r *reader) refused(m source.Pair) {
	const hint = "correct it here, and remove this entry; the workflow can be used when no entries are left"
	for i, entry := range source.Sequence(m.Value) {
		at := fmt.Sprintf("%s[%d]", RefusedKey, i)
		message := "this was not imported"
		if text := member(entry, "message"); text != nil && text.Kind == yaml.ScalarNode {
			message += ": " + text.Value
		}
		if place := member(entry, "at"); place != nil && place.Kind == yaml.ScalarNode {
			message += " (" + place.Value + ")"
		}
		r.doc.Report(entry, at, RefusedKey, message, hint)
	}
	if m.Value.Kind == yaml.SequenceNode && len(m.Value.Content) == 0 {
		r.doc.Report(m.Key, RefusedKey, RefusedKey, "the workflow is still marked as incompletely imported", "remove "+RefusedKey)
	}
}

// own reports whether only the chart and its work write a field.
func (r *reader) own(name string) bool {
	_, result := r.results[name]
	return result || slices.Contains(r.w.Reserved, name) || slices.Contains([]string{"documents", "event", "children"}, name) || name == "stale" && !r.taken()
}
