package flow

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/source"
)

// Names that rules read besides what guards do.
const (
	nameValue = "value" // in validators: the value of the field
	nameItem  = "item"  // within a group: the element
	nameIndex = "index" // within a group: its place, from 0
)

var ruleTypes = []string{"and", "expr", "jmespath", "json-logic", "json-schema", "not", "or"}

// rule reads visible, required or disabled: true, false, an expression, or one of the forms that guards have.
func (p *parser) rule(members source.Members, path, name, field string) Rule {
	m, ok := members[name]
	if !ok {
		return nil
	}
	at := source.Join(path, name)
	if m.Value.Kind == yaml.ScalarNode && m.Value.Tag == "!!bool" {
		value := p.doc.Bool(m.Value, at)
		condition := &Condition{program: expr.Constant(value), Why: "it is the same for everybody"}
		p.rules = append(p.rules, placedRule{condition, m.Value, at, field, name})
		return condition
	}
	return p.condition(m.Value, at, name, field)
}

// condition reads and checks a rule.
func (p *parser) condition(node *yaml.Node, path, is, field string) Rule {
	program := p.program(node, path, is == "validate")
	if program == nil {
		return nil
	}
	c := &Condition{program: program}
	queried, _ := program.Queried()
	for _, r := range slices.Concat(program.Paths(), queried) {
		c.reads = append(c.reads, p.absolute(r.Steps))
	}
	p.rules = append(p.rules, placedRule{c, node, path, field, is})
	return c
}

// absolute is a path as the context has it: within a group, what is read of item is a field of the group's elements.
func (p *parser) absolute(steps []string) string {
	if p.group != "" && steps[0] == nameItem {
		steps = append([]string{p.group, "[]"}, steps[1:]...)
	}
	return expr.JoinPath(steps)
}

func (p *parser) program(node *yaml.Node, path string, validates bool) *expr.Program {
	if node.Kind != yaml.MappingNode {
		text := p.doc.String(node, path)
		program, err := expr.Compile(text)
		return p.checked(program, err, node, path, validates)
	}
	kindNode := member(node, "type")
	if kindNode == nil {
		p.doc.Report(node, path, "required", "a rule must be an expression, or a mapping with a type", "known: "+strings.Join(ruleTypes, ", "))
		return nil
	}
	switch kindNode.Value {
	case "and", "or":
		return p.joined(node, path, kindNode.Value, validates)
	case "not":
		members := p.doc.Fields(node, path, "type", "guard")
		m, ok := p.required(members, node, path, "guard")
		if !ok {
			return nil
		}
		inner := p.program(m.Value, path+".guard", validates)
		if inner == nil {
			return nil
		}
		return expr.Not(inner)
	}
	return p.typed(node, kindNode, path, validates)
}

func (p *parser) joined(node *yaml.Node, path, kind string, validates bool) *expr.Program {
	members := p.doc.Fields(node, path, "type", "guards")
	m, ok := members["guards"]
	if !ok || m.Value.Kind != yaml.SequenceNode || len(m.Value.Content) == 0 {
		p.doc.Report(node, path, "required", kind+" requires a list of guards", "")
		return nil
	}
	var programs []*expr.Program
	whole := true
	for i, element := range m.Value.Content {
		program := p.program(element, fmt.Sprintf("%s.guards[%d]", path, i), validates)
		programs, whole = append(programs, program), whole && program != nil
	}
	switch {
	case !whole:
		return nil
	case kind == "and":
		return expr.All(programs...)
	}
	return expr.AnyOf(programs...)
}

func (p *parser) typed(node, kindNode *yaml.Node, path string, validates bool) *expr.Program {
	key := "rule"
	switch kindNode.Value {
	case "json-schema":
		key = "schema"
	case "expr", "json-logic", "jmespath":
	default:
		p.doc.Unknown(kindNode, path+".type", "rule type", kindNode.Value, ruleTypes)
		return nil
	}
	options, ok := p.required(p.doc.Fields(node, path, "type", "options"), node, path, "options")
	if !ok {
		return nil
	}
	at := path + ".options"
	m, ok := p.required(p.doc.Fields(options.Value, at, key), options.Value, at, key)
	if !ok {
		return nil
	}
	at = source.Join(at, key)
	program, err := compile(kindNode.Value, p.doc, m.Value, at)
	return p.checked(program, err, m.Value, at, validates)
}

func compile(kind string, doc *source.Document, node *yaml.Node, path string) (*expr.Program, error) {
	switch kind {
	case "expr":
		return expr.Compile(doc.String(node, path))
	case "jmespath":
		return expr.CompileJMESPath(doc.String(node, path))
	case "json-logic":
		return expr.CompileJSONLogic(doc.Value(node, path))
	}
	schema, err := expr.CompileSchema(doc.Value(node, path))
	if err != nil {
		return nil, err
	}
	return schema.Program(), nil
}

// checked reports what is wrong with a compiled rule: its text, what it reads, and types that can never fit.
func (p *parser) checked(program *expr.Program, err error, node *yaml.Node, path string, validates bool) *expr.Program {
	if err != nil {
		e := expr.AsError(err)
		p.doc.ReportWithin(node, e.Column, e.Width, path, "expression", e.Message, e.Hint)
		return nil
	}
	before := len(p.doc.Diagnostics)
	for _, r := range program.Paths() {
		if message, hint := p.unreadable(r.Steps, validates); message != "" {
			p.doc.ReportWithin(node, max(1, r.Column), max(1, r.Width), path, "unknown_field", message, hint)
		}
	}
	for _, e := range program.CheckTypes(p.w.Readable(), true) {
		p.doc.ReportWithin(node, e.Column, e.Width, path, "type", e.Message, e.Hint)
	}
	if len(p.doc.Diagnostics) > before {
		return nil
	}
	return program
}

// unreadable states why a rule cannot read a path; "" if it can.
func (p *parser) unreadable(steps []string, validates bool) (message, hint string) {
	name := expr.JoinPath(steps)
	shape := p.w.Readable()
	switch steps[0] {
	case nameValue:
		if validates {
			return "", ""
		}
	case nameIndex:
		if p.group != "" {
			return "", ""
		}
	case nameItem:
		if p.group != "" {
			message, hint = p.found(shape, append(append(stepsOf(p.group), "[]"), steps[1:]...), name)
			return message, strings.Replace(hint, p.group+"[].", nameItem+".", 1)
		}
	case "event":
		return "no event has come when pages are shown: " + name, "read the fields of the context"
	}
	return p.found(shape, steps, name)
}

func (p *parser) found(shape *expr.Shape, path []string, name string) (message, hint string) {
	if shape.Find(path).Known {
		return "", ""
	}
	return "unknown field " + name, shape.Suggest(path)
}

// validators reads the rules that a value must keep to.
func (p *parser) validators(e *Element, members source.Members, path string) {
	m, ok := members["validate"]
	if !ok {
		return
	}
	for i, node := range source.Sequence(m.Value) {
		at := path + ".validate"
		if m.Value.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s.validate[%d]", path, i)
		}
		if node.Kind != yaml.MappingNode || member(node, "rule") == nil {
			p.doc.Report(node, at, "required", "a validator must be a mapping with a rule", "{rule: \"value <= applicant.income\", error: {en: This is more than your income.}}")
			continue
		}
		known := p.doc.Fields(node, at, "rule", "error")
		v := Validator{Rule: p.condition(known["rule"].Value, at+".rule", "validate", e.Field), Error: p.text(known, at, "error")}
		e.Validate = append(e.Validate, v)
	}
}

// portable marks the rules that a client can evaluate: written so that it can, and reading only answers that pages ask
// for. Applicants may not read other data of a case.
func (p *parser) portable() {
	for _, r := range p.rules {
		if r.rule == nil || r.rule.Why != "" {
			continue
		}
		form, why := r.rule.program.Portable()
		for _, path := range r.rule.reads {
			if why == "" && !p.d.answers(path) {
				why = path + " is no answer of the applicant"
			}
		}
		if r.rule.Why = why; why == "" {
			r.rule.Portable = form
		}
	}
}

// answers reports whether pages ask for the value at a path, or contain it.
func (d *Definition) answers(path string) bool {
	head := stepsOf(path)[0]
	if head == nameValue || head == nameIndex {
		return true
	}
	for asked := range d.asked {
		if path == asked || strings.HasPrefix(path, asked+".") || strings.HasPrefix(path, asked+"[]") {
			return true
		}
	}
	return false
}
