package expr

import (
	"fmt"
)

// Precedence as govaluate has it, weakest first.
const (
	precTernary = iota + 1 // ? :
	precCoalesce
	precOr
	precAnd
	precCompare
	precAdd
	precMultiply
	precPower
	precPrefix
)

var precedence = map[string]int{
	"?": precTernary, "??": precCoalesce, "||": precOr, "&&": precAnd,
	"==": precCompare, "!=": precCompare, "<": precCompare, "<=": precCompare, ">": precCompare, ">=": precCompare,
	"=~": precCompare, "!~": precCompare, "in": precCompare,
	"+": precAdd, "-": precAdd, "*": precMultiply, "/": precMultiply, "%": precMultiply, "**": precPower,
}

// parser builds the tree that we run from the tokens that govaluate has accepted.
type parser struct {
	lexemes []lexeme
	at      int
	depth   int
	paths   []Reference
}

func (p *parser) peek() lexeme {
	if p.at < len(p.lexemes) {
		return p.lexemes[p.at]
	}
	last := p.lexemes[len(p.lexemes)-1]
	return lexeme{kind: lexOperator, text: "", column: last.column + last.width, width: 1}
}

func (p *parser) take() lexeme { l := p.peek(); p.at++; return l }

func (p *parser) isOperator(text string) bool {
	l := p.peek()
	return l.kind == lexOperator && l.text == text
}

func (p *parser) expect(text string) *Error {
	if l := p.peek(); !p.isOperator(text) {
		return &Error{1, l.column, l.width, fmt.Sprintf("%s is missing here", text), ""}
	}
	p.at++
	return nil
}

// expression parses operators at least as strong as limit.
func (p *parser) expression(limit int) (node, *Error) {
	if p.depth++; p.depth > maxDepth {
		return nil, &Error{1, p.peek().column, 1, "the expression is nested too deep", ""}
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		op := p.peek()
		strength, ok := precedence[op.text]
		if op.kind != lexOperator || !ok || strength < limit {
			return left, nil
		}
		p.at++
		if left, err = p.operator(op, strength, left); err != nil {
			return nil, err
		}
	}
}

func (p *parser) operator(op lexeme, strength int, left node) (node, *Error) {
	if op.text == "?" {
		return p.ternary(left)
	}
	if op.text == "in" && p.isOperator("(") {
		list, err := p.list()
		return inNode{left, list}, err
	}
	next := strength + 1
	if strength == precPower || strength == precCoalesce {
		next = strength // right-associative
	}
	right, err := p.expression(next)
	if err != nil {
		return nil, err
	}
	switch op.text {
	case "&&":
		return andNode{left, right}, nil
	case "||":
		return orNode{left, right}, nil
	case "??":
		return coalesceNode{[]node{left, right}}, nil
	case "==", "!=", "<", "<=", ">", ">=":
		return compareNode{comparisons[op.text], left, right, op.column, op.width}, nil
	case "in":
		return inNode{left, right}, nil
	case "=~", "!~":
		return matchOf(op, left, right)
	}
	return arithmeticNode{op.text[0], op.text == "**", left, right, op.column, op.width}, nil
}

func (p *parser) ternary(condition node) (node, *Error) {
	then, err := p.expression(precTernary)
	if err != nil {
		return nil, err
	}
	if err := p.expect(":"); err != nil {
		return nil, err
	}
	otherwise, err := p.expression(precTernary)
	return ternaryNode{condition, then, otherwise}, err
}

// list parses ( a, b, … ) after in.
func (p *parser) list() (node, *Error) {
	p.at++
	elements, err := p.arguments()
	return listNode{elements}, err
}

// arguments parses a, b, … ) and the closing parenthesis.
func (p *parser) arguments() ([]node, *Error) {
	var found []node
	if p.isOperator(")") {
		p.at++
		return found, nil
	}
	for {
		n, err := p.expression(precTernary)
		if err != nil {
			return nil, err
		}
		found = append(found, n)
		if p.isOperator(")") {
			p.at++
			return found, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

func (p *parser) operand() (node, *Error) {
	l := p.take()
	switch l.kind {
	case lexNumber:
		return constant{l.number}, nil
	case lexText:
		return constant{l.text}, nil
	case lexConstant:
		return constant{map[string]any{"true": true, "false": false}[l.text]}, nil
	case lexPath:
		n := newPath(l.steps, l.text)
		p.paths = append(p.paths, Reference{Path: l.text, Steps: names(l.steps), Column: l.column, Width: l.width, node: n})
		return n, nil
	case lexFunction:
		return p.call(l)
	}
	switch l.text {
	case "(":
		inner, err := p.expression(precTernary)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case "!":
		inner, err := p.expression(precPrefix)
		return notNode{inner}, err
	case "-":
		inner, err := p.expression(precPrefix)
		if c, ok := inner.(constant); ok {
			if n, isNumber := c.value.(float64); isNumber {
				return constant{-n}, err
			}
		}
		return negateNode{inner}, err
	}
	return nil, &Error{1, l.column, l.width, "a value is missing here", ""}
}

func (p *parser) call(l lexeme) (node, *Error) {
	p.at++ // the parenthesis, which scan has seen
	start := len(p.paths)
	arguments, err := p.arguments()
	if err != nil {
		return nil, err
	}
	f := functionTable[l.text]
	if len(arguments) < f.least || (f.most >= 0 && len(arguments) > f.most) {
		return nil, &Error{1, l.column, l.width, fmt.Sprintf("%s takes %s", l.text, f.arity()), f.usage}
	}
	if l.text == "exists" || l.text == "coalesce" {
		for i := start; i < len(p.paths); i++ {
			p.paths[i].Optional = true
		}
	}
	switch l.text {
	case "exists":
		return existsNode{arguments[0]}, nil
	case "coalesce":
		return coalesceNode{arguments}, nil
	}
	return callNode{l.text, f.call, arguments, l.column, l.width}, nil
}

// matchOf compiles the pattern, which must be a literal: RE2, so that no pattern is too costly.
func matchOf(op lexeme, left, right node) (node, *Error) {
	c, ok := right.(constant)
	text, isText := c.value.(string)
	if !ok || !isText {
		return nil, &Error{1, op.column, op.width, "a pattern must be a quoted text", ""}
	}
	pattern, problem := compilePattern(text)
	if problem != "" {
		return nil, &Error{1, op.column, op.width, problem, ""}
	}
	var n node = matchNode{left, pattern}
	if op.text == "!~" {
		n = notNode{n}
	}
	return n, nil
}

func names(steps []step) []string {
	var found []string
	for _, s := range steps {
		if s.isIdx {
			found = append(found, "[]")
			continue
		}
		found = append(found, s.name)
	}
	return found
}
