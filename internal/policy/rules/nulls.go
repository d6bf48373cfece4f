package rules

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// need is a field without which it is not known whether a rule fires.
type need struct {
	rule      rule
	reference expr.Reference
	node      *yaml.Node
	path      string
	table     bool // the rule asks a table
}

// needs notes what a rule needs. One that states what happens when something is missing has covered it, for all others, too.
func (r *reader) needs(one rule, n *yaml.Node, path string) {
	if one.condition != nil {
		when := need{rule: one, node: lookup(n, "when"), path: path + ".when"}
		r.note(one.condition, when)
		r.conditions = append(r.conditions, when)
	}
	if one.table == nil || one.table.table == nil {
		return
	}
	for i, program := range one.table.table.Programs() {
		if tested, null := one.table.tests(i); tested && !null {
			r.note(program, need{rule: one, node: lookup(n, "table"), path: path + ".table", table: true})
		}
	}
}

func (r *reader) note(program *expr.Program, one need) {
	needed, handled := program.Needed()
	for _, reference := range handled {
		r.handled = append(r.handled, reference.Path)
	}
	for _, reference := range needed {
		if one.rule.missing != missingSkip {
			r.handled = append(r.handled, reference.Path)
			continue
		}
		one.reference = reference
		r.needed = append(r.needed, one)
	}
}

// none warns of rules for the best outcome that require of every element of a list that it is not something: that also holds where
// the list is empty.
func (r *reader) none(p *Policy) {
	best := p.best()
	for _, one := range r.conditions {
		if one.rule.place < best {
			continue
		}
		for _, condition := range one.rule.condition.Conjuncts() {
			list, ok := condition.Quantifies()
			if !ok || list == "" || slices.Contains(r.handled, list) || filled(p.Inputs, strings.Split(list, ".")) {
				continue
			}
			r.expression(one.node, one.path, &expr.Error{
				Line: 1, Column: 1, Width: 1, Message: strconv.Quote(one.rule.id) + " also fires where " + list + " is empty: a condition on every element holds for none",
				Hint: "write exists(" + list + ") in addition, or minItems: 1 in its schema",
			})
			last := &r.found[len(r.found)-1]
			last.Code, last.Severity = "holds_for_none", problem.SeverityWarning
			break
		}
	}
}

// filled reports whether a plain schema wants a list to have an element.
func filled(schema map[string]any, steps []string) bool {
	for _, step := range steps {
		properties, _ := schema["properties"].(map[string]any)
		schema, _ = properties[step].(map[string]any)
	}
	least, _ := schema["minItems"].(float64)
	return least >= 1
}

// tests reports whether a column of a table tests anything, and whether one of its cells is for null.
func (t *policyTable) tests(column int) (tested, null bool) {
	for _, row := range t.source.Rows {
		if column < len(row.When) {
			cell := strings.TrimSpace(row.When[column])
			tested = tested || cell != "-" && cell != ""
			null = null || cell == "null"
		}
	}
	return tested, null
}

// nulls warns of rules that do not fire if a field is null or absent, although the decision is better then and no rule
// checks for that: a check that has not answered would count as a good one. Each field is named once. If a policy
// declares no inputs, any field can be absent.
func (r *reader) nulls(p *Policy) {
	if lookupUnknown(p) {
		return
	}
	best, named := p.best(), map[string]bool{}
	for _, one := range r.needed {
		path := one.reference.Path
		if named[path] || !one.rule.harms(best) || slices.Contains(r.handled, path) || p.Inputs != nil && !r.shape.Find(one.reference.Steps).Declared || always(p.Inputs, one.reference.Steps) {
			continue
		}
		named[path] = true
		at := &expr.Error{
			Line: max(1, one.reference.Line), Column: max(1, one.reference.Column), Width: max(1, one.reference.Width),
			Message: path + " can be null or absent, and then " + strconv.Quote(one.rule.id) + " does not fire: an unknown value counts as good",
			Hint:    "add missing: fire or missing: OUTCOME, write coalesce(" + path + ", …), or have a rule for !exists(" + path + ")",
		}
		if one.table {
			at.Line, at.Column, at.Width = 1, 1, 1
		}
		r.expression(one.node, one.path, at)
		last := &r.found[len(r.found)-1]
		last.Code, last.Severity = "null_unhandled", problem.SeverityWarning
	}
}

// best is the place of the most favourable outcome that a decision can have.
func (p *Policy) best() int {
	best := p.severity[p.Default]
	for _, one := range p.rules {
		best = max(best, one.place)
	}
	return best
}

// harms reports whether a decision is less favourable when the rule fires: by its outcome or that of a row, or by its points.
func (one rule) harms(best int) bool {
	worse := func(place int) bool { return place >= 0 && place < best }
	if worse(one.place) || one.score.base > 0 || one.score.additional > 0 {
		return true
	}
	if one.table == nil {
		return false
	}
	_, scores := one.table.outputs[outputScore]
	_, adds := one.table.outputs[outputAdditional]
	return worse(one.table.worst) || scores || adds
}

// lookupUnknown reports whether the policy has an outcome for rules that are unknown.
func lookupUnknown(p *Policy) bool { return p.unknown != nil }

// always reports whether a plain schema has the field in every document, and never as null.
func always(schema map[string]any, steps []string) bool {
	for _, step := range steps {
		required, _ := schema["required"].([]any)
		properties, _ := schema["properties"].(map[string]any)
		next, ok := properties[step].(map[string]any)
		if !ok || !slices.Contains(required, any(step)) {
			return false
		}
		if kind, ok := next["type"].(string); !ok || kind == "null" {
			return false
		}
		schema = next
	}
	return true
}
