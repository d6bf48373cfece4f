package dmn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ballerine/internal/policy/table"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

// maxReported bounds the problems of one decision.
const maxReported = 1000

// tableReader reads one decision's table.
type tableReader struct {
	model    *modelReader
	names    *names
	decision *element
	body     *element
	made     Decision
	defaults []any // of the outputs; nil if there is none
	outputs  []*element
	at       string // what is read: "decision Limits, rule 3, column 2: "
}

func (t *tableReader) add(at tablefile.Place, code, message, hint string) {
	if len(t.made.Problems) < maxReported {
		t.made.Problems = append(t.made.Problems, at.Diagnostic(t.model.file, code, t.at+message, hint))
	}
}

func (t *tableReader) warn(at tablefile.Place, code, message, hint string) {
	if before := len(t.made.Problems); before < maxReported {
		t.add(at, code, message, hint)
		t.made.Problems[before].Severity = problem.SeverityWarning
	}
}

func (t *tableReader) where(format string, args ...any) {
	t.at = fmt.Sprintf("decision %s", t.made.Name)
	if format != "" {
		t.at += ", " + fmt.Sprintf(format, args...)
	}
	t.at += ": "
}

func (t *tableReader) read() {
	t.where("")
	t.made.Head = t.body.at
	t.policies()
	t.surroundings()
	for i, e := range t.body.all("input") {
		t.where("input %d", i+1)
		t.input(e)
	}
	t.outputs = t.body.all("output")
	for i, e := range t.outputs {
		t.where("output %d", i+1)
		t.output(e)
	}
	for i, e := range t.body.all("rule") {
		t.rule(i, e)
	}
	t.where("")
	t.others()
	for _, name := range slices.Sorted(maps.Keys(t.names.changed)) {
		t.warn(t.body.at, "renamed", fmt.Sprintf("the name %q becomes %s", name, t.names.changed[name]), "set its name in the policy with --name")
	}
	for _, two := range t.names.merged {
		t.add(t.body.at, "merged", fmt.Sprintf("the names %q and %q would both become %s, merging two inputs", two[0], two[1], two[2]), fmt.Sprintf("set their names in the policy with --name %q", two[1]+"=a_name_of_its_own"))
	}
	if t.defaults != nil {
		t.lastRow()
	}
}

func (t *tableReader) policies() {
	s := &t.made.Source
	hit := t.body.attribute("hitPolicy")
	switch s.Hit = table.Hit(strings.ReplaceAll(hit, " ", "_")); {
	case hit == "":
		s.Hit = table.Unique
	case hit == "OUTPUT ORDER":
		t.add(t.body.at, "hit", "the hit policy OUTPUT ORDER is not supported", "use RULE ORDER for all rows in table order, or PRIORITY for the most important one")
	case !slices.Contains(table.Hits(), s.Hit):
		t.add(t.body.at, "hit", "this is not a DMN hit policy", "")
	}
	aggregation := t.body.attribute("aggregation")
	if s.Aggregate = table.Aggregate(strings.ToLower(aggregation)); aggregation != "" && (!slices.Contains(table.Aggregates(), s.Aggregate) || s.Aggregate == table.List) {
		t.add(t.body.at, "aggregate", "this is not a DMN aggregation", "one of SUM, MIN, MAX, COUNT")
	}
	if aggregation != "" && s.Hit != table.Collect {
		t.add(t.body.at, "aggregate", "only COLLECT can have an aggregation", "")
	}
}

// surroundings reports what the decision needs besides its inputs.
func (t *tableReader) surroundings() {
	for _, e := range t.decision.children {
		switch e.name {
		case "informationRequirement":
			if e.first("requiredDecision") != nil {
				t.warn(e.at, "required_decision", "it requires another decision, which is not evaluated here", "compute the result of that decision into an input field, or add a rule with its table")
			}
		case "knowledgeRequirement":
			t.warn(e.at, "required_knowledge", "it requires a business knowledge model, which policies cannot call", "")
		case "extensionElements":
			t.warn(e.at, "not_carried", "tool-specific extensions are not imported", "")
		}
	}
}

// others reports parts of the table that are not known.
func (t *tableReader) others() {
	known := []string{"input", "output", "rule", "annotation", "description", "extensionElements"}
	for _, e := range t.body.children {
		if e.space == t.model.space && !slices.Contains(known, e.name) {
			t.add(e.at, "not_carried", "this part of the table is not supported", "")
		}
	}
}

// language refuses other expression languages than FEEL.
func (t *tableReader) language(e *element) bool {
	if language := e.attribute("expressionLanguage"); language != "" && !strings.Contains(strings.ToLower(language), "feel") {
		t.add(e.at, "language", "expressions must be in FEEL", "")
		return false
	}
	return true
}

func (t *tableReader) input(e *element) {
	in := table.Input{Label: e.attribute("label")}
	expression := e.first("inputExpression")
	place := e.at
	switch {
	case expression == nil || expression.content() == "":
		t.add(e.at, "required", "the input has no expression", "")
	case t.language(expression):
		place = expression.place()
		made, failed := t.names.expression(expression.content())
		if failed != nil {
			t.add(place, "expression", failed.message, failed.hint)
		}
		in.Expression = made
	}
	var values *element
	if expression != nil {
		typed, allowed, ok := t.model.typeOf(expression.attribute("typeRef"), 0)
		if !ok {
			t.add(expression.at, "type", "the type of the input is not supported", "texts, numbers, booleans, dates, and types made of these")
		}
		in.Type, values = typed, allowed
	}
	if own := e.first("inputValues"); own != nil {
		values = own
	}
	t.made.Source.Inputs, t.made.Columns = append(t.made.Source.Inputs, in), append(t.made.Columns, place)
	t.made.Allowed = append(t.made.Allowed, t.allowed(values))
}

// allowed are the texts that an input may have.
func (t *tableReader) allowed(values *element) []string {
	if values == nil || values.content() == "" {
		return nil
	}
	texts, ok := readTexts(values.content())
	if ok {
		t.warn(values.place(), "allowed", "the allowed values of an input are not part of a table", "put it into the schema of the policy's inputs as enum, as `policy import` does")
	} else {
		t.warn(values.place(), "not_carried", "the allowed values of the input are not imported", "put it into the schema of the policy's inputs: minimum, maximum, enum")
	}
	return texts
}

func (t *tableReader) output(e *element) {
	name := e.attribute("name")
	if name == "" && len(t.outputs) == 1 {
		if name = t.decision.attribute("name"); t.decision.first("variable") != nil && t.decision.first("variable").attribute("name") != "" {
			name = t.decision.first("variable").attribute("name")
		}
	}
	o := table.Output{}
	if name == "" {
		t.add(e.at, "required", "with several outputs, each must have a name", "")
	} else {
		o.Name = t.names.name(name)
	}
	typed, allowed, ok := t.model.typeOf(e.attribute("typeRef"), 0)
	if !ok {
		t.add(e.at, "type", "the type of the output is not supported", "texts, numbers, booleans, dates, and types made of these")
	}
	o.Type = typed
	if own := e.first("outputValues"); own != nil {
		allowed = own
	}
	if allowed != nil && allowed.content() != "" {
		values, ok := readTexts(allowed.content())
		switch o.Values = values; {
		case !ok && t.made.Source.Hit == table.Priority:
			t.add(allowed.place(), "values", "the priority order must be a list of texts", "")
		case !ok:
			t.warn(allowed.place(), "values", "the allowed values of the output are not imported", "")
		}
	}
	if label := e.attribute("label"); label != "" && label != name {
		t.warn(e.at, "label", "labels of outputs are not supported", "")
	}
	t.byDefault(e)
	t.made.Source.Outputs, t.made.Columns = append(t.made.Source.Outputs, o), append(t.made.Columns, e.at)
}

// byDefault reads what an output is when no row applies.
func (t *tableReader) byDefault(e *element) {
	entry := e.first("defaultOutputEntry")
	if entry == nil || entry.content() == "" || !t.language(entry) {
		return
	}
	v, failed := readValue(entry.content())
	if failed != nil {
		t.add(entry.place(), "value", failed.message, failed.hint)
	}
	if t.defaults == nil {
		t.defaults = make([]any, len(t.outputs))
	}
	t.defaults[len(t.made.Source.Outputs)] = v
}

func (t *tableReader) rule(i int, e *element) {
	tests, results := e.all("inputEntry"), e.all("outputEntry")
	t.where("rule %d", i+1)
	if len(tests) != len(t.made.Source.Inputs) || len(results) != len(t.made.Source.Outputs) {
		t.add(e.at, "cells", "the number of entries of the rule differs from the number of columns of the table", "")
		return
	}
	row := table.Row{Line: e.at.Line, Annotation: t.notes(e)}
	var places []tablefile.Place
	for k, entry := range tests {
		t.where("rule %d, input %d", i+1, k+1)
		test := "-"
		if t.language(entry) {
			made, failed := readTest(entry.content())
			if failed != nil {
				t.add(entry.place(), "cell", failed.message, failed.hint)
			}
			test = made
		}
		row.When, places = append(row.When, test), append(places, entry.place())
	}
	for k, entry := range results {
		t.where("rule %d, output %d", i+1, k+1)
		var v any
		if t.language(entry) {
			made, failed := readValue(entry.content())
			if failed != nil {
				t.add(entry.place(), "value", failed.message, failed.hint)
			}
			v = made
		}
		row.Then, places = append(row.Then, v), append(places, entry.place())
	}
	t.made.Source.Rows, t.made.Cells = append(t.made.Source.Rows, row), append(t.made.Cells, places)
}

// notes joins a rule's annotations and its description.
func (t *tableReader) notes(e *element) string {
	columns := t.body.all("annotation")
	var notes []string
	for k, entry := range e.all("annotationEntry") {
		note := entry.content()
		if len(columns) > 1 && k < len(columns) && columns[k].attribute("name") != "" && note != "" {
			note = columns[k].attribute("name") + ": " + note
		}
		notes = append(notes, note)
	}
	if d := e.first("description"); d != nil {
		notes = append(notes, strings.TrimSpace(d.text))
	}
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
}

// lastRow states what holds when no row applies: a last row for all inputs, in a table whose first row that applies counts.
func (t *tableReader) lastRow() {
	s := &t.made.Source
	at := t.body.at
	for _, e := range t.outputs {
		if entry := e.first("defaultOutputEntry"); entry != nil {
			at = entry.at
		}
	}
	switch s.Hit {
	case table.Unique, table.Any:
		var found []table.Problem
		if !t.made.Problems.Failed() {
			_, found = table.Compile(*s, table.Options{})
		}
		for _, p := range found {
			if p.Code == "overlap" || p.Code == "duplicate" && !p.Warning {
				t.add(t.made.Place(p.Row, p.Input), p.Code, p.Message, p.Hint)
			}
		}
		t.warn(at, "default", "a last row for all other inputs represents the default, so the hit policy becomes FIRST", "missing inputs are unknown here and have no default")
		s.Hit = table.First
	case table.First:
		t.warn(at, "default", "a last row for all other inputs represents the default", "missing inputs are unknown here and have no default")
	default:
		t.add(at, "default", "a table with this hit policy cannot have a default", "UNIQUE, ANY and FIRST can have one; otherwise the policy's default applies")
		return
	}
	row := table.Row{Then: t.defaults, Annotation: "default", Line: at.Line}
	places := make([]tablefile.Place, len(s.Inputs)+len(s.Outputs))
	for range s.Inputs {
		row.When = append(row.When, "-")
	}
	for k := range places {
		places[k] = at
	}
	s.Rows, t.made.Cells = append(s.Rows, row), append(t.made.Cells, places)
}
