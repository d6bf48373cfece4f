package cases

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// fieldChange is one value that a change has replaced: what an entry's details show as before and after.
type fieldChange struct {
	Path   string `json:"path"`             // "applicant.email", "documents.doc_….status", "assignee"; see fieldPath
	Before any    `json:"before,omitempty"` // absent: there was no value
	After  any    `json:"after,omitempty"`
}

// Bounds of what an entry contains about one change; the rest is in the record.
const (
	maxChanges     = 60
	maxChangeBytes = 500 // a longer value is only marked as such
)

// fieldChanges compares the fields of the context that the entry names, the documents' statuses and the assignee.
func (d *draft) fieldChanges() []fieldChange {
	c := &comparison{}
	for _, name := range d.members {
		switch name {
		case memberDocuments:
			c.documents(d.old.Documents, d.record.Documents)
		case memberAssignee:
			c.compare(memberAssignee, orNil(d.old.Assignee), orNil(d.record.Assignee), 0)
		} // of incidents, the entry lists what has changed
	}
	for _, name := range d.fields {
		if name == "children" || d.workflow.Writes(name) {
			continue // a result of the workflow's own work is shown as such, whole
		}
		c.compare(fieldPath(name), d.old.Context[name], d.record.Context[name], 0)
	}
	slices.SortStableFunc(c.found, func(a, b fieldChange) int { return strings.Compare(a.Path, b.Path) })
	return c.found
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

type comparison struct{ found []fieldChange }

func (c *comparison) documents(before, after []Document) {
	old := map[string]Document{}
	for _, doc := range before {
		old[doc.ID] = doc
	}
	for _, doc := range after {
		c.compare("documents."+doc.ID+".status", orNil(string(old[doc.ID].Status)), string(doc.Status), 0)
	}
}

func (c *comparison) compare(path string, before, after any, depth int) {
	if len(c.found) >= maxChanges || reflect.DeepEqual(before, after) {
		return
	}
	b, isMap := before.(map[string]any)
	a, bothMaps := after.(map[string]any)
	if depth < 6 && (isMap || before == nil) && (bothMaps || after == nil) && (isMap || bothMaps) {
		names := slices.AppendSeq(slices.Collect(maps.Keys(b)), maps.Keys(a))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			c.compare(path+"."+name, b[name], a[name], depth+1)
		}
		return
	}
	c.found = append(c.found, fieldChange{path, bounded(before), bounded(after)})
}

// bounded is a value as an entry stores it: a large one is only marked as present.
func bounded(value any) any {
	if value == nil {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil || len(text) > maxChangeBytes {
		return "… (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return value
}
