package workflow

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// Members of a screening's input: what is written into the workflow, and what is computed for each case.
var (
	screeningOptions = []string{"lists", "threshold", "limit", "schema", "rescreen"}
	screeningAsks    = []string{"name", "birth_date", "country", "schema"}
)

// screening checks the input of a screening: {lists: […], threshold: 0.85, schema: Person, with: {name: …, birth_date: …}}.
func (r *reader) screening(i Invocation, at statechart.Place) {
	path := at.Path + ".input"
	for _, name := range slices.Sorted(maps.Keys(i.Input)) {
		if !slices.Contains(screeningOptions, name) {
			r.doc.Unknown(at.Input(name), source.Join(path, name), "member", name, append(slices.Clone(screeningOptions), "with"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.With)) {
		if !slices.Contains(screeningAsks, name) {
			r.doc.Unknown(at.Input("with"), source.Join(path+".with", name), "member", name, screeningAsks)
		}
	}
	if i.With["name"] == nil {
		r.doc.Report(at.Node, path+".with.name", "required", "screening requires input: {with: {name: …}}", "an expression, such as full_name")
	}
	if _, both := i.Input["schema"]; both && i.With["schema"] != nil {
		r.doc.Report(at.Input("schema"), path+".schema", "duplicate", "the schema is set twice: here and in with", "")
	}
	r.screeningBounds(i, at, path)
	r.rescreening(i, at, path+".rescreen")
}

// Rescreening defines whom a workflow keeps, to be screened again when a list changes.
type Rescreening struct {
	Workflow string   // of the cases that are opened for new hits
	Outcomes []string // with which a case keeps its subject; any other one drops it
}

// Rescreening is a screening's configuration of repeated screening; nil: none.
func (i Invocation) Rescreening() *Rescreening {
	given, _ := i.Input["rescreen"].(map[string]any)
	id, _ := given["workflow"].(string)
	if i.Source != "screening" || id == "" {
		return nil
	}
	r := &Rescreening{Workflow: id}
	outcomes, _ := given["outcomes"].([]any)
	for _, one := range outcomes {
		if text, ok := one.(string); ok {
			r.Outcomes = append(r.Outcomes, text)
		}
	}
	return r
}

// rescreening checks rescreen: {workflow: ID, outcomes: [approved]}. One screening of a workflow has it: a subject has one question.
func (r *reader) rescreening(i Invocation, at statechart.Place, path string) {
	value, given := i.Input["rescreen"]
	if !given {
		return
	}
	node := at.Input("rescreen")
	members, ok := value.(map[string]any)
	if !ok {
		r.doc.Report(node, path, "type", "rescreen must be {workflow: ID, outcomes: [...]}", "")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name != "workflow" && name != "outcomes" {
			r.doc.Unknown(node, path+"."+name, "member", name, []string{"workflow", "outcomes"})
		}
	}
	if id, _ := members["workflow"].(string); id == "" {
		r.doc.Report(node, path+".workflow", "required", "rescreen requires the workflow of the cases that are opened for new hits", "")
	} else if id != r.w.ID && r.catalog != nil && !r.catalog.Workflow(id) {
		r.doc.Warn(node, path+".workflow", "unknown_workflow", "there is no workflow "+id, "no case is opened for a new hit until it is published")
	}
	outcomes, _ := members["outcomes"].([]any)
	if len(outcomes) == 0 {
		r.doc.Report(node, path+".outcomes", "required", "rescreen requires the outcomes with which a subject is kept", "outcomes: [approved]")
	}
	r.later = append(r.later, func() { r.finals(outcomes, node, path) })
	if r.rescreens != "" && r.rescreens != i.ID {
		r.doc.Report(node, path, "duplicate", "another screening of the workflow has rescreen already: "+r.rescreens, "")
	}
	r.rescreens = i.ID
}

// finals checks outcomes, once the chart is known.
func (r *reader) finals(outcomes []any, node *yaml.Node, path string) {
	var finals []string
	for _, s := range r.w.Chart.States() {
		if s.Kind == statechart.Final {
			finals = append(finals, s.Path)
		}
	}
	for n, one := range outcomes {
		if text, _ := one.(string); !slices.Contains(finals, text) {
			r.doc.Unknown(node, fmt.Sprintf("%s.outcomes[%d]", path, n), "final state", fmt.Sprint(one), finals)
		}
	}
}

func (r *reader) screeningBounds(i Invocation, at statechart.Place, path string) {
	number := func(name string, whole bool, least, most float64, message string) {
		value, given := i.Input[name]
		if n, ok := numberOf(value); given && (!ok || n < least || n > most || whole && n != math.Trunc(n)) {
			r.doc.Report(at.Input(name), path+"."+name, "range", message, "")
		}
	}
	number("threshold", false, 0.5, 1, "the threshold must be a number from 0.5 to 1")
	number("limit", true, 1, MaxScreeningHits, fmt.Sprintf("the limit must be a whole number from 1 to %d", MaxScreeningHits))
	if value, given := i.Input["schema"]; given {
		if text, ok := value.(string); !ok || !slices.Contains(schemas, text) {
			r.doc.Report(at.Input("schema"), path+".schema", "enum", "the schema must be Person, Organization, LegalEntity or Vessel", "")
		}
	}
	lists, given := i.Input["lists"]
	if !given {
		return
	}
	names, ok := lists.([]any)
	if !ok || len(names) == 0 || len(names) > maxScreenedLists {
		r.doc.Report(at.Input("lists"), path+".lists", "type", fmt.Sprintf("lists must be 1 to %d names of watch lists; without it, all are searched", maxScreenedLists), "")
		return
	}
	for n, name := range names {
		if text, ok := name.(string); !ok || !listPattern.MatchString(text) {
			r.doc.Report(element(at.Input("lists"), n), fmt.Sprintf("%s.lists[%d]", path, n), "format", "the name of a watch list must have 1 to 64 small letters, digits and hyphens", "")
		} else if slices.Index(names, name) < n {
			r.doc.Report(element(at.Input("lists"), n), fmt.Sprintf("%s.lists[%d]", path, n), "duplicate", text+" occurs twice", "")
		}
	}
}

// MaxScreeningHits is how many hits a screening keeps at most, and usually keeps: they are in the case's context.
const (
	MaxScreeningHits     = 50
	DefaultScreeningHits = 20
)

// maxScreenedLists is how many lists a tenant can have.
const maxScreenedLists = 50

var (
	listPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	schemas     = []string{"Person", "Organization", "LegalEntity", "Vessel"}
)

// element of a list; the list itself where there is none.
func element(list *yaml.Node, n int) *yaml.Node {
	if elements := source.Sequence(list); n < len(elements) {
		return elements[n]
	}
	return list
}

func numberOf(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	}
	return 0, false
}

// screenedSchema is what screening writes into the context.
func screenedSchema() map[string]any {
	text := map[string]any{"type": "string"}
	personal := map[string]any{"type": "string", "personal": true}
	several := func(of map[string]any) map[string]any { return map[string]any{"type": "array", "items": of} }
	hit := map[string]any{
		"list": text, "edition": text, "id": personal, "version": text, "name": personal, "main_name": personal, "schema": text,
		"score": map[string]any{"type": "number"}, "evidence": map[string]any{"type": "number"}, "weak": map[string]any{"type": "boolean"},
		"birth_dates": several(personal), "countries": several(personal), "programs": several(personal), "reasons": several(personal),
		"asked": personal, "before": map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
			"answer": map[string]any{"type": "string", "enum": []any{"cleared", "confirmed"}}, "at": map[string]any{"type": "string", "format": "date-time"},
			"by":   map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{"kind": text, "id": text, "for": text}},
			"case": text, "version": text, "changed": several(text),
		}},
	}
	found := several(map[string]any{"type": "object", "properties": hit, "additionalProperties": false})
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"hits": found, "cleared": found,
		"more":       map[string]any{"type": "boolean"},
		"lists":      map[string]any{"type": "object", "additionalProperties": text},
		"checked_at": map[string]any{"type": "string", "format": "date-time"},
	}}
}
