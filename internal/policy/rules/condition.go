package rules

import (
	"strings"

	"ballerine/internal/expr"

	"go.yaml.in/yaml/v3"
)

// conditionForms are the ways to write a condition as an object, by the member that distinguishes them. A new form is one
// more line.
func conditionForms() []conditionForm {
	return []conditionForm{
		{"all", nil, func(r *reader, n *yaml.Node, path string, depth int) *expr.Program {
			return r.each(lookup(n, "all"), path+".all", depth, expr.All)
		}},
		{"any", nil, func(r *reader, n *yaml.Node, path string, depth int) *expr.Program {
			return r.each(lookup(n, "any"), path+".any", depth, expr.AnyOf)
		}},
		{"not", nil, func(r *reader, n *yaml.Node, path string, depth int) *expr.Program {
			inner := r.condition(lookup(n, "not"), path+".not", depth+1)
			if inner == nil {
				return nil
			}
			return expr.Not(inner)
		}},
		{"json-logic", nil, (*reader).jsonLogic},
		{"jmespath", nil, (*reader).jmespath},
		{"json-schema", nil, (*reader).jsonSchema},
		{"list", []string{"field"}, (*reader).listed},
		{"policy", []string{"outcome", "input"}, (*reader).called},
		{"rules", []string{"operator"}, (*reader).ruleSet},
		{"operator", []string{"field", "key", "value"}, (*reader).operation},
	}
}

// conditionForm is one way to write a condition.
type conditionForm struct {
	key  string
	also []string // further members
	read func(r *reader, n *yaml.Node, path string, depth int) *expr.Program
}

// condition reads a condition in any of its forms; nil when it has problems.
func (r *reader) condition(n *yaml.Node, path string, depth int) *expr.Program {
	if depth > maxDepth {
		r.add(n, path, "too_deep", "", "the condition is nested deeper than %d", maxDepth)
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return r.written(n, path)
	}
	if n.Kind != yaml.MappingNode {
		r.add(n, path, "type", "write {all: […]} or {any: […]}", "a condition must be an expression or an object")
		return nil
	}
	for _, form := range conditionForms() {
		if lookup(n, form.key) != nil {
			before := len(r.found)
			r.only(n, path, append([]string{form.key}, form.also...))
			program := form.read(r, n, path, depth)
			if len(r.found) > before {
				return nil
			}
			return program
		}
	}
	r.noForm(n, path)
	return nil
}

func (r *reader) noForm(n *yaml.Node, path string) {
	var names []string
	for _, form := range conditionForms() {
		names = append(names, form.key)
	}
	r.add(n, path, "unknown_condition", "one of "+strings.Join(names, ", "), "this is not a valid condition")
}

// written reads an expression.
func (r *reader) written(n *yaml.Node, path string) *expr.Program {
	if n.Tag == "!!bool" {
		v, _ := r.literal(n, path)
		return expr.Constant(v)
	}
	source := r.text(n, path)
	if n.Tag != "!!str" {
		return nil
	}
	program, err := expr.Compile(source)
	if err != nil {
		r.expression(n, path, expr.AsError(err))
		return nil
	}
	return r.checked(program, n, path)
}

// checked holds a program against the inputs' schema.
func (r *reader) checked(program *expr.Program, n *yaml.Node, path string) *expr.Program {
	problems := program.CheckCondition(r.shape)
	for _, e := range problems {
		r.expression(n, path, e)
	}
	if len(problems) > 0 {
		return nil
	}
	return program
}

// expression notes a problem within a scalar. Only what is written on one line, and without escapes, has its own column.
func (r *reader) expression(n *yaml.Node, path string, e *expr.Error) {
	code := "expression"
	if strings.HasPrefix(e.Message, "unknown field") {
		code = "unknown_field"
	}
	line, column, width := n.Line, n.Column, e.Width
	switch {
	case n.Kind != yaml.ScalarNode:
		width = 1
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		line, column = r.inBlock(n, e)
	case e.Line == 1:
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			column++
		}
		column += e.Column - 1
	}
	r.addAt(line, column, width, path, code, e.Hint, e.Message)
}

// inBlock finds the place in a block scalar, whose lines follow the node. A folded one has lost its own lines.
func (r *reader) inBlock(n *yaml.Node, e *expr.Error) (line, column int) {
	lines := strings.Split(r.source, "\n")
	line = n.Line + e.Line
	if n.Style&yaml.FoldedStyle != 0 {
		line = n.Line + 1
	}
	if line > len(lines) {
		return n.Line, n.Column
	}
	text := lines[line-1]
	indent := len(text) - len(strings.TrimLeft(text, " "))
	return line, indent + e.Column
}

// each reads a list of conditions.
func (r *reader) each(n *yaml.Node, path string, depth int, combine func(...*expr.Program) *expr.Program) *expr.Program {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.add(n, path, "type", "", "expected a list of conditions")
		return nil
	}
	programs := make([]*expr.Program, 0, len(n.Content))
	for i, child := range n.Content {
		if program := r.condition(child, at(path, i), depth+1); program != nil {
			programs = append(programs, program)
		}
	}
	if len(programs) < len(n.Content) {
		return nil
	}
	return combine(programs...)
}

// ruleSet reads the reference's {operator: and|or, rules: […]}.
func (r *reader) ruleSet(n *yaml.Node, path string, depth int) *expr.Program {
	operator := lookup(n, "operator")
	if operator == nil {
		r.add(n, path+".operator", "required", "and, or", "operator is missing")
		return nil
	}
	combine := expr.All
	switch strings.ToLower(r.text(operator, path+".operator")) {
	case "and":
	case "or":
		combine = expr.AnyOf
	default:
		r.add(operator, path+".operator", "invalid", "and, or", "the operator of a set of rules must be and or or")
	}
	return r.each(lookup(n, "rules"), path+".rules", depth, combine)
}

// operation reads {field, operator, value}.
func (r *reader) operation(n *yaml.Node, path string, _ int) *expr.Program {
	field := lookup(n, "field")
	if field == nil {
		field = lookup(n, "key")
	}
	if field == nil {
		r.add(n, path+".field", "required", "", "field is missing")
		return nil
	}
	subject := r.path(field, path+".field")
	value, ok := r.operand(lookup(n, "value"), path+".value")
	name := lookup(n, "operator")
	if subject == nil || !ok {
		return nil
	}
	program, err := expr.Operator(r.text(name, path+".operator"), subject, value)
	if err != nil {
		e := expr.AsError(err)
		r.add(name, path+".operator", "operator", e.Hint, "%s", e.Message)
		return nil
	}
	before := len(r.found)
	if r.text(name, path+".operator") == "IN_LIST" {
		r.listName(lookup(n, "value"), path+".value")
	}
	for _, e := range program.Check(r.shape) {
		if !strings.HasPrefix(e.Message, "unknown field") { // path has reported it, with its place
			r.add(name, path, "type", e.Hint, "%s", e.Message)
		}
	}
	if len(r.found) > before {
		return nil
	}
	return program
}

// path reads a path.
func (r *reader) path(n *yaml.Node, path string) *expr.Program {
	source := r.text(n, path)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return nil
	}
	program, err := expr.CompilePath(source)
	if err != nil {
		r.expression(n, path, expr.AsError(err))
		return nil
	}
	problems := program.Check(r.shape)
	for _, e := range problems {
		r.expression(n, path, e)
	}
	if len(problems) > 0 {
		return nil
	}
	return program
}

// operand reads a literal or {field: …}, also as a limit of BETWEEN.
func (r *reader) operand(n *yaml.Node, path string) (any, bool) {
	if n == nil {
		return nil, true
	}
	if n.Kind == yaml.MappingNode {
		if field := lookup(n, "field"); field != nil && len(n.Content) == 2 {
			program := r.path(field, path+".field")
			return program, program != nil
		}
		object, good := map[string]any{}, true
		for _, m := range members(n) {
			v, ok := r.operand(m.value, join(path, m.key.Value))
			object[m.key.Value], good = v, good && ok
		}
		return object, good
	}
	return r.literal(n, path)
}

func (r *reader) jsonLogic(n *yaml.Node, path string, _ int) *expr.Program {
	inner := lookup(n, "json-logic")
	value, ok := r.literal(inner, path+".json-logic")
	if !ok {
		return nil
	}
	program, err := expr.CompileJSONLogic(value)
	if err != nil {
		r.expression(inner, path+".json-logic", expr.AsError(err))
		return nil
	}
	return r.checked(program, inner, path+".json-logic")
}

func (r *reader) jmespath(n *yaml.Node, path string, _ int) *expr.Program {
	inner := lookup(n, "jmespath")
	source := r.text(inner, path+".jmespath")
	if source == "" {
		return nil
	}
	program, err := expr.CompileJMESPath(source)
	if err != nil {
		r.expression(inner, path+".jmespath", expr.AsError(err))
		return nil
	}
	before := len(r.found)
	queried, _ := program.Queried()
	for _, reference := range queried {
		if !r.shape.Find(reference.Steps).Known {
			r.expression(inner, path+".jmespath", &expr.Error{Line: 1, Column: reference.Column, Width: max(1, reference.Width), Message: "unknown field " + reference.Path, Hint: r.shape.Suggest(reference.Steps)})
		}
	}
	if len(r.found) > before {
		return nil
	}
	return r.checked(program, inner, path+".jmespath")
}

func (r *reader) jsonSchema(n *yaml.Node, path string, _ int) *expr.Program {
	inner := lookup(n, "json-schema")
	value, ok := r.literal(inner, path+".json-schema")
	if !ok {
		return nil
	}
	schema, err := expr.CompileSchema(value)
	if err != nil {
		r.add(inner, path+".json-schema", "schema", "", "%s", expr.AsError(err).Message)
		return nil
	}
	return schema.Program()
}
