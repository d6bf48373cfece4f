package rules

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
	"ballerine/internal/problem"

	"go.yaml.in/yaml/v3"
)

// The outputs of a table that mean something to the policy. All others are for readers of the answer.
const (
	outputOutcome    = "outcome"
	outputScore      = "score"
	outputAdditional = "additional"
	outputReason     = "reason"
	outputDomain     = "domain"
	outputIndicator  = "indicator"
)

// policyTable is a table of a policy.
type policyTable struct {
	name    string
	table   *table.Table
	source  table.Source
	outputs map[string]int         // column by name
	reasons map[int]*expr.Template // of rows whose reason has something to compute
	inputs  []input
	extra   []string // outputs without a meaning for the policy
	worst   int      // place of the most severe outcome of its rows; -1: none has one
	used    bool
}

var tableKeys = []string{"title", "description", "hit", "inputs", "outputs", "rows"}

// tables reads the tables of a policy.
func (r *reader) tables(root *yaml.Node, p *Policy) {
	n := lookup(root, "tables")
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.add(n, "tables", "type", "", "tables must be an object of tables by name")
		return
	}
	p.tables = map[string]*policyTable{}
	for _, m := range members(n) {
		path := join("tables", m.key.Value)
		if !identifier.MatchString(m.key.Value) {
			r.add(m.key, path, "invalid", "letters, digits, _, - and ., at most 100", "this is not a valid name")
		}
		if r.only(m.value, path, tableKeys) {
			p.tables[m.key.Value] = r.table(m.key.Value, m.value, path, p)
		}
	}
}

// table reads one table, and compiles it when it could be read.
func (r *reader) table(name string, n *yaml.Node, path string, p *Policy) *policyTable {
	one := &policyTable{name: name, outputs: map[string]int{}, reasons: map[int]*expr.Template{}, worst: -1}
	before := len(r.found)
	one.source = r.tableSource(n, path)
	if len(r.found) > before {
		return one
	}
	for i := range one.source.Outputs {
		o := &one.source.Outputs[i]
		one.outputs[o.Name] = i
		if o.Name == outputOutcome && one.source.Hit == table.Priority && o.Values == nil {
			o.Values = p.Outcomes
		}
	}
	compiled, problems := table.Compile(one.source, table.Options{Shape: r.shape, Location: p.location, Published: r.published})
	for _, f := range problems {
		r.tableProblem(n, path, len(one.source.Inputs), f)
	}
	if one.table = compiled; compiled != nil {
		r.results(n, path, one, p)
		one.inputs = r.inputsOf(compiled.Programs())
	}
	return one
}

// tableSource reads what is written.
func (r *reader) tableSource(n *yaml.Node, path string) table.Source {
	s := table.Source{}
	s.Hit, s.Aggregate = table.HitOf(r.text(lookup(n, "hit"), path+".hit"))
	for i, child := range r.sequence(n, path, "inputs") {
		at := at(path+".inputs", i)
		in := table.Input{}
		if child.Kind == yaml.ScalarNode {
			in.Expression = r.text(child, at)
		} else if r.only(child, at, []string{"expression", "type", "label"}) {
			in = table.Input{Expression: r.text(lookup(child, "expression"), at+".expression"), Type: table.Type(r.text(lookup(child, "type"), at+".type")), Label: r.text(lookup(child, "label"), at+".label")}
		}
		s.Inputs = append(s.Inputs, in)
	}
	for i, child := range r.sequence(n, path, "outputs") {
		at := at(path+".outputs", i)
		o := table.Output{}
		if child.Kind == yaml.ScalarNode {
			o.Name = r.text(child, at)
		} else if r.only(child, at, []string{"name", "type", "values"}) {
			o = table.Output{Name: r.text(lookup(child, "name"), at+".name"), Type: table.Type(r.text(lookup(child, "type"), at+".type"))}
			if values := lookup(child, "values"); values != nil {
				for k, v := range r.sequence(child, at, "values") {
					o.Values = append(o.Values, r.text(v, at+".values["+expr.Text(float64(k))+"]"))
				}
			}
		}
		s.Outputs = append(s.Outputs, o)
	}
	for i, child := range r.sequence(n, path, "rows") {
		s.Rows = append(s.Rows, r.row(child, at(path+".rows", i), len(s.Inputs), len(s.Outputs)))
	}
	return s
}

// sequence are the elements of a list that must be there.
func (r *reader) sequence(parent *yaml.Node, path, name string) []*yaml.Node {
	n := lookup(parent, name)
	if n == nil {
		r.add(parent, path+"."+name, "required", "", "%s is missing", name)
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.add(n, path+"."+name, "type", "", "%s is a list", name)
		return nil
	}
	return n.Content
}

// row reads the cells of a row: its tests, its results, and perhaps a note.
func (r *reader) row(n *yaml.Node, path string, inputs, outputs int) table.Row {
	row := table.Row{Line: n.Line}
	if n.Kind != yaml.SequenceNode || len(n.Content) < inputs+outputs || len(n.Content) > inputs+outputs+1 {
		r.add(n, path, "cells", "", "a row of this table must be a list of %d tests and %d results, and optionally a note", inputs, outputs)
		return row
	}
	for k, cell := range n.Content {
		switch {
		case k < inputs && cell.Kind != yaml.ScalarNode:
			r.add(cell, at(path, k), "type", `write '"DE", "FR"' or '< 5'`, "a test must be text")
		case k < inputs:
			row.When = append(row.When, cellText(cell))
		case k < inputs+outputs:
			v, _ := r.literal(cell, at(path, k))
			row.Then = append(row.Then, v)
		default:
			row.Annotation = r.text(cell, at(path, k))
		}
	}
	return row
}

// cellText is a test as it is written; YAML's own numbers, dates and keywords are literals.
func cellText(cell *yaml.Node) string {
	if cell.Tag == "!!null" {
		return "null"
	}
	return cell.Value
}

// tableProblem adds the place of a table's problem in the document.
func (r *reader) tableProblem(n *yaml.Node, path string, inputs int, p table.Problem) {
	here, column := n, 0
	child := func(name string, i int) {
		path += "." + name
		if list := lookup(n, name); list != nil && i < len(list.Content) {
			here, path = list.Content[i], at(path, i)
		}
	}
	cell := func(k int) {
		if k < len(here.Content) {
			here, path = here.Content[k], at(path, k)
			column = p.At - 1
			if here.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
				column++
			}
		}
	}
	switch {
	case p.Row >= 0:
		child("rows", p.Row)
		switch {
		case p.Input >= 0:
			cell(p.Input)
		case p.Output >= 0:
			cell(inputs + p.Output)
		}
	case p.Input >= 0:
		child("inputs", p.Input)
		column = p.At - 1
	case p.Output >= 0:
		child("outputs", p.Output)
	}
	r.addAt(here.Line, here.Column+column, 1, path, p.Code, p.Hint, p.Message)
	if p.Warning {
		r.found[len(r.found)-1].Severity = problem.SeverityWarning
	}
}

// results checks the outputs that mean something to the policy.
func (r *reader) results(n *yaml.Node, path string, one *policyTable, p *Policy) {
	wanted := map[string]table.Type{
		outputOutcome: table.Text, outputScore: table.Number, outputAdditional: table.Number, outputReason: table.Text, outputDomain: table.Text, outputIndicator: table.Text,
	}
	for _, o := range one.table.Outputs() {
		typed, means := wanted[o.Name]
		if !means {
			one.extra = append(one.extra, o.Name)
			continue
		}
		if o.Type != "" && o.Type != typed {
			r.add(lookup(n, "outputs"), path+".outputs", "type", "", "the output %s is of type %s", o.Name, typed)
		}
	}
	rows := lookup(n, "rows")
	for i := range one.table.Len() {
		then := one.table.Then(i)
		cell := func(k int) (*yaml.Node, string) {
			k += len(one.source.Inputs)
			return rows.Content[i].Content[k], at(at(path+".rows", i), k)
		}
		if k, has := one.outputs[outputOutcome]; has && then[k] != nil {
			n, path := cell(k)
			if place, known := p.severity[r.outcome(n, path, p)]; known && (one.worst < 0 || place < one.worst) {
				one.worst = place
			}
		}
		if k, has := one.outputs[outputReason]; has && strings.Contains(one.text(i, outputReason), "{") {
			n, path := cell(k)
			one.reasons[i] = r.reason(n, path)
		}
	}
}

// text of a row's output; "" when it has none.
func (t *policyTable) text(row int, output string) string {
	k, has := t.outputs[output]
	if !has {
		return ""
	}
	text, _ := t.table.Then(row)[k].(string)
	return text
}

func (t *policyTable) number(row int, output string) (float64, bool) {
	k, has := t.outputs[output]
	if !has {
		return 0, false
	}
	f, ok := t.table.Then(row)[k].(float64)
	return f, ok
}

// inputsOf lists what programs read, each path once.
func (r *reader) inputsOf(programs []*expr.Program) []input {
	var found []input
	for _, program := range programs {
		for _, in := range r.read(program) {
			if !slices.ContainsFunc(found, func(other input) bool { return other.path == in.path }) {
				found = append(found, in)
			}
		}
	}
	return found
}

// tableOf returns the table that a rule names.
func (r *reader) tableOf(n *yaml.Node, path string, one *rule, p *Policy) {
	name := r.text(n, path)
	t, known := p.tables[name]
	if !known {
		names := make([]string, 0, len(p.tables))
		for other := range p.tables {
			names = append(names, other)
		}
		slices.Sort(names)
		if name != "" {
			r.add(n, path, "unknown_table", didYouMean(name, names), "there is no table %s", name)
		}
		return
	}
	t.used = true
	if t.table != nil {
		one.table, one.inputs = t, t.inputs
	}
}

// unusedTables warns of tables that no rule asks.
func (r *reader) unusedTables(root *yaml.Node, p *Policy) {
	for _, m := range members(orEmpty(lookup(root, "tables"))) {
		if t := p.tables[m.key.Value]; t != nil && !t.used {
			r.add(m.key, join("tables", m.key.Value), "unused", "", "no rule uses the table %s", m.key.Value)
			r.found[len(r.found)-1].Severity = problem.SeverityWarning
		}
	}
}

// Table returns a table of the policy as it is written, and whether one with the name exists.
func (p *Policy) Table(name string) (table.Source, bool) {
	t, ok := p.tables[name]
	if !ok {
		return table.Source{}, false
	}
	return t.source.Clone(), true
}

// Tables are the names of the policy's tables, sorted.
func (p *Policy) Tables() []string { return slices.Sorted(maps.Keys(p.tables)) }
