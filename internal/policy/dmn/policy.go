package dmn

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
)

// PolicyOptions is what a DMN document does not state about a policy.
type PolicyOptions struct {
	Outcome  string   // name of the output that becomes the outcome; "": one named outcome, decision or result, whatever its case
	Outcomes []string // most severe first; nil: the values of that output, where the document lists them
	Default  string   // if no rule fired; "": the last of the outcomes
}

// likeOutcomes are names of outputs that are taken for the outcome.
var likeOutcomes = []string{"outcome", "decision", "result"}

// Policy makes a policy's document of all tables of a model: a schema of the inputs, a rule for each table, and the outcomes.
// Errors: Invalid when the tables have problems, or the document does not state the outcomes.
func Policy(m Model, options PolicyOptions) ([]byte, error) {
	if len(m.Decisions) == 0 {
		return nil, problem.New(problem.Invalid, "The document has no decision tables.")
	}
	p := &policyMaker{options: options, schema: map[string]any{}, named: map[string]bool{}}
	for _, d := range m.Decisions {
		if d.Problems.Failed() {
			return nil, d.Problems.Err()
		}
		p.add(d)
	}
	if err := p.outcomes(); err != nil {
		return nil, err
	}
	return p.write(m.Name)
}

type namedTable struct {
	name   string
	source table.Source
}

type policyMaker struct {
	options PolicyOptions
	schema  map[string]any // properties
	tables  []namedTable
	named   map[string]bool
	values  []string // of the outcome, in the order that the document lists them
	met     []string // in rows
	listed  bool
	has     bool // an output is the outcome
}

func (p *policyMaker) add(d Decision) {
	s := d.Source.Clone()
	for k := range s.Outputs {
		if p.isOutcome(s.Outputs[k]) {
			p.outcome(&s, k)
			break
		}
	}
	for k, in := range s.Inputs {
		p.input(in, d.Allowed[k])
	}
	p.tables = append(p.tables, namedTable{p.name(d.Name), s})
}

func (p *policyMaker) isOutcome(o table.Output) bool {
	if p.options.Outcome != "" {
		return o.Name == p.options.Outcome
	}
	return (o.Type == table.Text || o.Type == "") && slices.Contains(likeOutcomes, strings.ToLower(o.Name))
}

// outcome names the output, and collects its possible values.
func (p *policyMaker) outcome(s *table.Source, k int) {
	p.has = true
	s.Outputs[k].Name = "outcome"
	p.listed = p.listed || len(s.Outputs[k].Values) > 0
	for _, v := range s.Outputs[k].Values {
		if !slices.Contains(p.values, v) {
			p.values = append(p.values, v)
		}
	}
	for _, row := range s.Rows {
		if v, ok := row.Then[k].(string); ok && !slices.Contains(p.met, v) {
			p.met = append(p.met, v)
		}
	}
}

func (p *policyMaker) outcomes() error {
	o := &p.options
	if o.Outcome != "" && !p.has {
		return problem.New(problem.Invalid, "No table has the output %s, which was chosen as the outcome.", o.Outcome)
	}
	if len(o.Outcomes) == 0 && p.listed {
		o.Outcomes = p.values
	}
	if len(o.Outcomes) == 0 {
		found := ""
		if len(p.met) > 0 {
			found = " The tables have " + strings.Join(p.met, ", ") + "."
		}
		return problem.New(problem.Invalid, "The document does not define the severity of its outcomes: list them with --outcomes, most severe first.%s", found)
	}
	for _, v := range p.met {
		if !slices.Contains(o.Outcomes, v) {
			return problem.New(problem.Invalid, "The tables have the outcome %s, which is not among the outcomes %s.", v, strings.Join(o.Outcomes, ", "))
		}
	}
	if o.Default == "" {
		o.Default = o.Outcomes[len(o.Outcomes)-1]
	}
	return nil
}

// input adds what an input's expression reads to the schema.
func (p *policyMaker) input(in table.Input, allowed []string) {
	program, err := expr.Compile(in.Expression)
	if err != nil {
		return // it was compiled before
	}
	field := map[string]any{}
	if kind := map[table.Type]string{table.Text: "string", table.Number: "number", table.Bool: "boolean", table.Date: "string"}[in.Type]; kind != "" {
		field["type"] = kind
	}
	if in.Type == table.Date {
		field["format"] = "date"
	}
	if program.IsPath() && len(allowed) > 0 {
		field["enum"] = allowed
	}
	if !program.IsPath() && in.Type != table.Number {
		field = map[string]any{}
	}
	for _, reference := range program.Paths() {
		properties := p.schema
		names := strings.Split(reference.Path, ".")
		for _, name := range names[:len(names)-1] {
			properties = object(properties, name)
		}
		if last := names[len(names)-1]; properties[last] == nil {
			properties[last] = field
		}
	}
}

// object is the properties of an object below others.
func object(properties map[string]any, name string) map[string]any {
	one, _ := properties[name].(map[string]any)
	if one == nil || one["properties"] == nil {
		one = map[string]any{"type": "object", "properties": map[string]any{}}
		properties[name] = one
	}
	below, _ := one["properties"].(map[string]any)
	return below
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// name makes an identifier that no other table has.
func (p *policyMaker) name(text string) string {
	made := identifier(text, "table")
	for n := 2; p.named[made]; n++ {
		made = fmt.Sprintf("%s_%d", identifier(text, "table"), n)
	}
	p.named[made] = true
	return made
}

func identifier(text, otherwise string) string {
	made := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(text), "_"), "_")
	if made == "" {
		return otherwise
	}
	return made[:min(len(made), 90)]
}

// write makes the document.
func (p *policyMaker) write(name string) ([]byte, error) {
	schema, err := json.Marshal(map[string]any{"type": "object", "properties": p.schema})
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The schema cannot be written.")
	}
	outcomes, err := json.Marshal(p.options.Outcomes)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The outcomes cannot be written.")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\n", strings.ReplaceAll(identifier(name, "policy"), "_", "-"))
	if name != "" {
		title, err := json.Marshal(name)
		if err != nil {
			return nil, problem.Wrap(err, problem.Internal, "The title cannot be written.")
		}
		fmt.Fprintf(&b, "title: %s\n", title)
	}
	fmt.Fprintf(&b, "inputs: %s\noutcomes: %s # the most severe first\ndefault: %q # when no rule fires\nrules:\n", schema, outcomes, p.options.Default)
	for _, t := range p.tables {
		fmt.Fprintf(&b, "  - {id: %s, table: %s}\n", t.name, t.name)
	}
	text := []byte(b.String())
	for _, t := range p.tables {
		if text, err = rules.ReplaceTable(text, t.name, t.source, true); err != nil {
			return nil, err
		}
	}
	return text, nil
}
