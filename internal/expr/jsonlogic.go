package expr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// CompileJSONLogic compiles a json-logic rule. Unlike json-logic in JavaScript it does not convert types: comparing
// unlike types is unknown, and a missing variable is unknown unless it has a default.
func CompileJSONLogic(rule any) (*Program, error) {
	c := &logicCompiler{}
	root, err := c.compile(rule, 0)
	if err != nil {
		return nil, err
	}
	return &Program{root: root, paths: c.paths}, nil
}

type logicCompiler struct {
	paths   []Reference
	element bool // within the condition of some, map and the like, where paths are the element's
}

func logicError(format string, args ...any) error {
	return &Error{1, 1, 1, fmt.Sprintf(format, args...), ""}
}

// logicOperators build a node from compiled arguments.
var logicOperators = map[string]struct {
	least, most int
	build       func(a []node) node
}{
	"==": {2, 2, compareBuilder("==")}, "===": {2, 2, compareBuilder("==")}, "!=": {2, 2, compareBuilder("!=")}, "!==": {2, 2, compareBuilder("!=")},
	"<": {2, 3, chain("<")}, "<=": {2, 3, chain("<=")}, ">": {2, 2, compareBuilder(">")}, ">=": {2, 2, compareBuilder(">=")},
	"!": {1, 1, func(a []node) node { return notNode{a[0]} }}, "!!": {1, 1, func(a []node) node { return truthyNode{a[0]} }},
	"and": {1, -1, fold(func(l, r node) node { return andNode{l, r} })}, "or": {1, -1, fold(func(l, r node) node { return orNode{l, r} })},
	"if": {1, -1, conditional}, "?:": {3, 3, conditional},
	"in":     {2, 2, func(a []node) node { return inNode{a[0], a[1]} }},
	"+":      {1, -1, fold(func(l, r node) node { return arithmeticNode{op: '+', left: l, right: r} })},
	"*":      {1, -1, fold(func(l, r node) node { return arithmeticNode{op: '*', left: l, right: r} })},
	"/":      {2, 2, func(a []node) node { return arithmeticNode{op: '/', left: a[0], right: a[1]} }},
	"%":      {2, 2, func(a []node) node { return arithmeticNode{op: '%', left: a[0], right: a[1]} }},
	"-":      {1, 2, minus},
	"min":    {1, -1, func(a []node) node { return callNode{name: "min", function: functionTable["min"].call, arguments: a} }},
	"max":    {1, -1, func(a []node) node { return callNode{name: "max", function: functionTable["max"].call, arguments: a} }},
	"merge":  {0, -1, func(a []node) node { return mergeNode{a} }},
	"substr": {2, 3, func(a []node) node { return substrNode{a} }},
	"cat":    {1, -1, func(a []node) node { return catNode{a} }},
}

func compareBuilder(op string) func([]node) node {
	return func(a []node) node { return newCompare(op, a[0], a[1]) }
}

// chain is a < b < c.
func chain(op string) func([]node) node {
	return func(a []node) node {
		if len(a) == 2 {
			return newCompare(op, a[0], a[1])
		}
		return andNode{newCompare(op, a[0], a[1]), newCompare(op, a[1], a[2])}
	}
}

func fold(join func(l, r node) node) func([]node) node {
	return func(a []node) node {
		n := a[0]
		for _, next := range a[1:] {
			n = join(n, next)
		}
		return n
	}
}

func minus(a []node) node {
	if len(a) == 1 {
		return negateNode{a[0]}
	}
	return arithmeticNode{op: '-', left: a[0], right: a[1]}
}

// conditional is if, then, else if, then, …, else.
func conditional(a []node) node {
	switch len(a) {
	case 1:
		return a[0]
	case 2:
		return ternaryNode{a[0], a[1], constant{nil}}
	}
	return ternaryNode{a[0], a[1], conditional(a[2:])}
}

func (c *logicCompiler) compile(rule any, depth int) (node, error) {
	if depth > maxDepth {
		return nil, logicError("the rule is nested deeper than %d", maxDepth)
	}
	switch r := rule.(type) {
	case []any:
		elements, err := c.all(r, depth)
		return listNode{elements}, err
	case map[string]any:
		return c.operation(r, depth)
	}
	if n, ok, good := number(rule); ok {
		if !good {
			return nil, logicError("a number is too large to be exact (2^53)")
		}
		return constant{n}, nil
	}
	return constant{rule}, nil
}

func (c *logicCompiler) all(rules []any, depth int) ([]node, error) {
	nodes := make([]node, len(rules))
	for i, r := range rules {
		n, err := c.compile(r, depth+1)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

func (c *logicCompiler) operation(rule map[string]any, depth int) (node, error) {
	if len(rule) != 1 {
		return nil, logicError("a json-logic operation must have exactly one operator")
	}
	var name string
	for name = range rule { // the only one
	}
	arguments, ok := rule[name].([]any)
	if !ok {
		arguments = []any{rule[name]}
	}
	switch name {
	case "var":
		return c.variable(arguments, depth)
	case "missing":
		return c.missing(arguments)
	case "missing_some":
		return c.missingSome(arguments)
	case "some", "all", "none", "filter", "map":
		return c.overList(name, arguments, depth)
	case "reduce":
		return c.reduce(arguments, depth)
	}
	op, known := logicOperators[name]
	if !known {
		e := &Error{1, 1, 1, fmt.Sprintf("json-logic's operator %s is not supported", name), ""}
		e.Hint = didYouMean(name, append(slices.Sorted(maps.Keys(logicOperators)), "var", "missing", "missing_some", "some", "all", "none", "filter", "map", "reduce"))
		return nil, e
	}
	if len(arguments) < op.least || (op.most >= 0 && len(arguments) > op.most) {
		return nil, logicError("json-logic's operator %s does not accept %d arguments", name, len(arguments))
	}
	nodes, err := c.all(arguments, depth)
	if err != nil {
		return nil, err
	}
	return op.build(nodes), nil
}

// variable compiles {"var": "a.b.0"} and {"var": ["a", default]}.
func (c *logicCompiler) variable(arguments []any, depth int) (node, error) {
	if len(arguments) == 0 || len(arguments) > 2 {
		return nil, logicError("var requires a path and an optional default")
	}
	text, ok := arguments[0].(string)
	if !ok {
		return nil, logicError("var requires a path as text; computed paths are not supported")
	}
	if text == "" {
		if !c.element {
			return nil, logicError("var requires a path; the whole document is not supported")
		}
		return elementNode{}, nil
	}
	path := logicPath(text)
	c.paths = append(c.paths, Reference{Path: text, Steps: names(path.steps), node: path, Optional: len(arguments) == 2})
	if len(arguments) == 1 {
		return path, nil
	}
	fallback, err := c.compile(arguments[1], depth+1)
	return coalesceNode{[]node{path, fallback}}, err
}

func logicPath(text string) pathNode {
	var steps []step
	for i, part := range strings.Split(text, ".") {
		if index, err := strconv.Atoi(part); err == nil && i > 0 && index >= 0 {
			steps = append(steps, step{index: index, isIdx: true})
			continue
		}
		steps = append(steps, step{name: part})
	}
	return newPath(steps, text)
}

// missing returns the list of the named paths that are not there: as json-logic has it, null and "" are not.
func (c *logicCompiler) missing(arguments []any) (node, error) {
	if len(arguments) == 1 {
		if list, ok := arguments[0].([]any); ok {
			arguments = list
		}
	}
	var paths []pathNode
	for _, a := range arguments {
		text, ok := a.(string)
		if !ok {
			return nil, logicError("missing requires paths as text")
		}
		paths = append(paths, logicPath(text))
		c.paths = append(c.paths, Reference{Path: text, Steps: names(paths[len(paths)-1].steps), node: paths[len(paths)-1], Optional: true})
	}
	return missingNode{paths}, nil
}

type missingNode struct{ paths []pathNode }

func (n missingNode) eval(env *Env) any {
	absent := []any{}
	for _, p := range n.paths {
		if v, ok := p.find(env); !ok || v == nil || v == "" {
			absent = append(absent, p.text)
		}
	}
	return absent
}
