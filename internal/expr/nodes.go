package expr

import (
	"math"
	"regexp"
	"strings"
	"time"
)

// node is a compiled part of a program. eval returns a JSON-like value, a time.Time, or unknown{}.
type node interface{ eval(env *Env) any }

type constant struct{ value any }

func (n constant) eval(*Env) any { return n.value }

type pathNode struct {
	steps []step
	text  string
	seat  *seat
}

func newPath(steps []step, text string) pathNode { return pathNode{steps, text, &seat{}} }

func (n pathNode) eval(env *Env) any {
	if v, ok := n.find(env); ok {
		return v
	}
	return env.lacks(n.text)
}

func (n pathNode) find(env *Env) (any, bool) {
	if at := n.seat.number; at > 0 && at <= len(env.found) {
		return env.found[at-1].value, env.found[at-1].there
	}
	return n.look(env.Scope)
}

func (n pathNode) look(scope Scope) (any, bool) {
	v, ok := scope.Lookup(n.steps[0].name)
	return follow(v, ok, n.steps[1:])
}

// follow continues from a value.
func follow(v any, ok bool, steps []step) (any, bool) {
	for _, s := range steps {
		if !ok {
			return nil, false
		}
		if s.isIdx {
			list, isList := v.([]any)
			if !isList || s.index >= len(list) {
				return nil, false
			}
			v = list[s.index]
			continue
		}
		object, isObject := v.(map[string]any)
		if !isObject {
			return nil, false
		}
		v, ok = object[s.name]
	}
	return v, ok
}

// truth of a value: only true and false are; anything else is unknown, with a reason.
func truth(env *Env, v any) Truth {
	switch v := v.(type) {
	case bool:
		return Of(v)
	case unknown:
		return Unknown
	}
	env.because("a condition must be true or false, and this is " + kind(v))
	return Unknown
}

func value(t Truth) any {
	switch t {
	case True:
		return true
	case False:
		return false
	}
	return unknown{}
}

type andNode struct{ left, right node }

func (n andNode) eval(env *Env) any {
	left := truth(env, n.left.eval(env))
	if left == False {
		return false
	}
	return value(left.And(truth(env, n.right.eval(env))))
}

type orNode struct{ left, right node }

func (n orNode) eval(env *Env) any {
	left := truth(env, n.left.eval(env))
	if left == True {
		return true
	}
	return value(left.Or(truth(env, n.right.eval(env))))
}

type notNode struct{ inner node }

func (n notNode) eval(env *Env) any { return value(truth(env, n.inner.eval(env)).Not()) }

type ternaryNode struct{ condition, then, otherwise node }

func (n ternaryNode) eval(env *Env) any {
	switch truth(env, n.condition.eval(env)) {
	case True:
		return n.then.eval(env)
	case False:
		return n.otherwise.eval(env)
	}
	return unknown{}
}

// coalesceNode is the first value that exists and is not null. Missing values on the way are not reported.
type coalesceNode struct{ choices []node }

func (n coalesceNode) eval(env *Env) any {
	missing, reason := len(env.missing), env.reason
	for i, choice := range n.choices {
		v := choice.eval(env)
		if _, no := v.(unknown); !no && v != nil {
			env.missing, env.reason = env.missing[:missing], reason
			return v
		}
		if i == len(n.choices)-1 {
			return v
		}
	}
	return unknown{}
}

// existsNode is never unknown: a value exists (and is not null, "" or an empty list or object), or it does not.
type existsNode struct{ inner node }

func (n existsNode) eval(env *Env) any {
	missing, reason := len(env.missing), env.reason
	v := n.inner.eval(env)
	env.missing, env.reason = env.missing[:missing], reason
	return nonEmpty(v)
}

func nonEmpty(v any) bool {
	switch v := v.(type) {
	case nil, unknown:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

type comparison int8

const (
	equal comparison = iota
	notEqual
	less
	lessEqual
	greater
	greaterEqual
)

type compareNode struct {
	op            comparison
	left, right   node
	column, width int // of the operator
}

var comparisons = map[string]comparison{"==": equal, "!=": notEqual, "<": less, "<=": lessEqual, ">": greater, ">=": greaterEqual}

func newCompare(op string, left, right node) node {
	return compareNode{op: comparisons[op], left: left, right: right}
}

func (n compareNode) eval(env *Env) any {
	left, right := n.left.eval(env), n.right.eval(env)
	if isUnknown(left) || isUnknown(right) {
		return unknown{}
	}
	if l, ok := left.(float64); ok { // the common case, without further looks
		if r, ok := right.(float64); ok && math.Abs(l) <= exact && math.Abs(r) <= exact {
			return n.op.holds(compareNumbers(l, r))
		}
	}
	return value(compare(env, n.op, left, right))
}

func isUnknown(v any) bool { _, yes := v.(unknown); return yes }

func (op comparison) holds(order int) bool {
	switch op {
	case equal:
		return order == 0
	case notEqual:
		return order != 0
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	}
	return order >= 0
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compare of two known values. Unlike types are unknown: there are no implicit conversions.
func compare(env *Env, op comparison, left, right any) Truth {
	if op <= notEqual && (left == nil || right == nil) {
		return Of((left == nil && right == nil) == (op == equal))
	}
	if l, ok, good := number(left); ok {
		if r, ok, good2 := number(right); ok {
			if !good || !good2 {
				env.because("a number is too large to be exact")
				return Unknown
			}
			return Of(op.holds(compareNumbers(l, r)))
		}
	}
	switch l := left.(type) {
	case string:
		if r, ok := right.(string); ok {
			return compareTexts(env, op, l, r)
		}
	case time.Time:
		if r, ok := right.(time.Time); ok {
			return Of(op.holds(l.Compare(r)))
		}
	case bool:
		if r, ok := right.(bool); ok && op <= notEqual {
			return Of((l == r) == (op == equal))
		}
	case []any, map[string]any:
		if op <= notEqual && kind(left) == kind(right) {
			return Of(deepEqual(left, right) == (op == equal))
		}
	}
	env.because(kind(left) + " cannot be compared with " + kind(right))
	return Unknown
}

// deepEqual of JSON values; numbers are equal by value, whatever their Go type.
func deepEqual(a, b any) bool {
	if x, ok := a.(string); ok { // the common case
		y, ok := b.(string)
		return ok && x == y
	}
	if x, ok, _ := number(a); ok {
		y, ok, _ := number(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !deepEqual(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !deepEqual(v, w) {
				return false
			}
		}
		return true
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	}
	return a == b
}

type listNode struct{ elements []node }

func (n listNode) eval(env *Env) any {
	list := make([]any, len(n.elements))
	for i, element := range n.elements {
		if list[i] = element.eval(env); isUnknown(list[i]) {
			return unknown{}
		}
	}
	return list
}

// inNode: an element of a list, or a part of a text.
type inNode struct{ left, right node }

func (n inNode) eval(env *Env) any {
	if list, ok := n.right.(listNode); ok {
		return n.among(env, list.elements)
	}
	left, right := n.left.eval(env), n.right.eval(env)
	if isUnknown(left) || isUnknown(right) {
		return unknown{}
	}
	return contains(env, right, left)
}

// among is an element of a list that is written out: it need not be made. One element that is the value decides, whatever
// is not known of the others.
func (n inNode) among(env *Env, elements []node) any {
	left, found := n.left.eval(env), False
	for _, element := range elements {
		one := element.eval(env)
		if isUnknown(left) || isUnknown(one) {
			found = found.Or(Unknown)
			continue
		}
		if found = found.Or(equals(env, one, left)); found == True {
			return true
		}
	}
	if isUnknown(left) {
		return left
	}
	return value(found)
}

// contains is unknown when no element is the part and one is of another type: whether it is meant is unknown.
func contains(env *Env, whole, part any) any {
	switch w := whole.(type) {
	case []any:
		found := False
		for _, element := range w {
			if found = found.Or(equals(env, element, part)); found == True {
				return true
			}
		}
		return value(found)
	case string:
		if p, ok := part.(string); ok {
			return strings.Contains(w, p)
		}
	}
	return env.because(kind(part) + " cannot be in " + kind(whole))
}

// equals is == without places.
func equals(env *Env, a, b any) Truth {
	if x, ok := a.(string); ok { // the common case
		if y, ok := b.(string); ok {
			return compareTexts(env, equal, x, y)
		}
	}
	return compare(env, equal, a, b)
}

type matchNode struct {
	inner   node
	pattern *regexp.Regexp
}

func (n matchNode) eval(env *Env) any {
	v := n.inner.eval(env)
	if isUnknown(v) {
		return v
	}
	text, ok := v.(string)
	if !ok {
		return env.because("only text can match a pattern, and this is " + kind(v))
	}
	return n.pattern.MatchString(text)
}

type negateNode struct{ inner node }

func (n negateNode) eval(env *Env) any {
	v := n.inner.eval(env)
	if isUnknown(v) {
		return v
	}
	f, ok, good := number(v)
	if !ok || !good {
		return env.because("only a number has a negative, and this is " + kind(v))
	}
	return -f
}

type arithmeticNode struct {
	op          byte
	power       bool
	left, right node

	column, width int // of the operator
}

func (n arithmeticNode) eval(env *Env) any {
	left, right := n.left.eval(env), n.right.eval(env)
	if isUnknown(left) || isUnknown(right) {
		return unknown{}
	}
	if l, ok := left.(string); ok && n.op == '+' {
		if r, ok := right.(string); ok {
			if len(l)+len(r) > maxText {
				return env.because("the text is too long")
			}
			return l + r
		}
	}
	l, lok, lgood := number(left)
	r, rok, rgood := number(right)
	if !lok || !rok {
		return env.because("arithmetic needs numbers, not " + kind(left) + " and " + kind(right))
	}
	if !lgood || !rgood {
		return env.because("a number is too large to be exact")
	}
	return n.compute(env, l, r)
}

func (n arithmeticNode) compute(env *Env, l, r float64) any {
	var result float64
	switch {
	case n.power:
		result = math.Pow(l, r)
	case n.op == '+':
		result = l + r
	case n.op == '-':
		result = l - r
	case n.op == '*':
		result = l * r
	case r == 0:
		return env.because("division by zero")
	case n.op == '/':
		result = l / r
	default:
		result = math.Mod(l, r)
	}
	if _, _, good := number(result); !good {
		return env.because("the result is too large to be exact")
	}
	return result
}

type callNode struct {
	name      string
	function  func(env *Env, arguments []any) any
	arguments []node

	column, width int // of the name
}

func (n callNode) eval(env *Env) any {
	var few [4]any
	values := few[:0]
	for _, argument := range n.arguments {
		v := argument.eval(env)
		if isUnknown(v) {
			return v
		}
		values = append(values, v)
	}
	return n.function(env, values)
}
