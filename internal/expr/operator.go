package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ballerine/internal/text"
)

// operator is one of the named operators of {field, operator, value} conditions.
type operator struct {
	wants string // what the value must be, for messages
	build func(field node, value any) (node, bool)
}

// plainOperators compare a value with another. They are a variable only because Go has no constant maps.
var plainOperators = map[string]operator{
	"EQUALS":              {"a literal", comparing("==")},
	"NOT_EQUALS":          {"a literal", comparing("!=")},
	"GT":                  {"a number, text or bool", comparing(">")},
	"LT":                  {"a number, text or bool", comparing("<")},
	"GTE":                 {"a number, text or bool", comparing(">=")},
	"LTE":                 {"a number, text or bool", comparing("<=")},
	"BETWEEN":             {"an object {min, max}", between},
	"IN":                  {"a list", membership(func(n node) node { return n })},
	"NOT_IN":              {"a list", membership(func(n node) node { return notNode{n} })},
	"IN_CASE_INSENSITIVE": {"a list of texts, or a text", caseInsensitive},
	"STARTS_WITH":         {"a text", calling("starts_with", TypeText)},
	"ENDS_WITH":           {"a text", calling("ends_with", TypeText)},
	"CONTAINS":            {"a text, or an element of a list", calling("contains", Any)},
	"MATCHES":             {"an RE2 regular expression without excessive repetition", matches},
	"BEFORE":              {"a date, 2026-01-31 or with a time", dateOrder("<")},
	"AFTER":               {"a date, 2026-01-31 or with a time", dateOrder(">")},
	"AGE_AT_LEAST":        {"whole years", ageAtLeast},
	"WITHIN_DAYS":         {"whole days, or an object {past} or {future} with whole days", withinDays},
	"LAST_YEAR":           {"an object {years}, a whole number", lastYear},
	"EXISTS":              {"null, true or false", existence},
}

// operatorTable names every operator.
var operatorTable = func() map[string]operator {
	all := maps.Clone(plainOperators)
	all["FUZZY_MATCH_SCORE_LT"] = operator{"a number; default: 80", fuzzyBelow}
	all["IN_LIST"] = operator{"the name of a list", listed}
	all["UBO_MISMATCH"] = operator{"a list of owners, or {field: …} of one", ownersDiffer}
	wants := "an object {category, operator, value}; the categories are " + strings.Join(slices.Sorted(maps.Keys(categories)), ", ") + ", each also with .length"
	all["IDV_CHECK"] = operator{wantsResult, checkedResult}
	all["BANK_ACCOUNT_CHECK"] = operator{wantsResult, checkedResult}
	all["SANCTIONS_BY_CATEGORY"] = operator{wantsCategories, hitOfCategory}
	all["AML_CHECK"] = operator{wants, screening}
	all["AML_CHECK_V2"] = operator{wants, screening}
	return all
}()

// Operators are the names of all operators, sorted.
func Operators() []string { return slices.Sorted(maps.Keys(operatorTable)) }

// Operator compiles {field, operator, value}. value is a JSON value, or a *Program for a value that is computed.
// Error: *Error that states what is wrong with the name or the value.
func Operator(name string, field *Program, value any) (*Program, error) {
	op, known := operatorTable[name]
	if !known {
		return nil, &Error{1, 1, 1, fmt.Sprintf("there is no operator %s", name), didYouMean(strings.ToUpper(name), Operators())}
	}
	paths := slices.Clone(field.paths)
	if name == "EXISTS" {
		for i := range paths {
			paths[i].Optional = true
		}
	}
	for _, p := range programsIn(value) {
		paths = append(paths, p.paths...)
	}
	root, ok := op.build(field.root, value)
	if !ok {
		return nil, &Error{1, 1, 1, fmt.Sprintf("the value of %s must be %s", name, op.wants), ""}
	}
	return &Program{root: root, paths: paths}, nil
}

// programsIn finds the computed values of an operator's value.
func programsIn(value any) []*Program {
	switch v := value.(type) {
	case *Program:
		return []*Program{v}
	case map[string]any:
		var found []*Program
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, programsIn(v[key])...)
		}
		return found
	}
	return nil
}

// operand is the node of an operator's value.
func operand(value any) (node, bool) {
	if p, ok := value.(*Program); ok {
		return p.root, true
	}
	if n, ok, good := number(value); ok {
		return constant{n}, good
	}
	return constant{value}, true
}

func comparing(op string) func(field node, value any) (node, bool) {
	return func(field node, value any) (node, bool) {
		right, ok := operand(value)
		if !ok {
			return nil, false
		}
		if c, literal := right.(constant); literal && op != "==" && op != "!=" {
			switch c.value.(type) {
			case float64, string:
			case bool:
				return compareNode{op: comparisons[op], left: rankNode{field}, right: rankNode{right}}, true
			default:
				return nil, false
			}
		}
		return newCompare(op, field, right), true
	}
}

// rankNode makes bools comparable: false is less than true. Only the named operators order them.
type rankNode struct{ inner node }

func (n rankNode) eval(env *Env) any {
	v := n.inner.eval(env)
	switch v {
	case true:
		return 1.0
	case false:
		return 0.0
	}
	if isUnknown(v) {
		return v
	}
	return env.because(kind(v) + " cannot be compared with true or false")
}

// between includes both ends.
func between(field node, value any) (node, bool) {
	limits, ok := value.(map[string]any)
	if !ok || len(limits) != 2 || limits["min"] == nil || limits["max"] == nil {
		return nil, false
	}
	low, ok := comparing(">=")(field, limits["min"])
	high, ok2 := comparing("<=")(field, limits["max"])
	return andNode{low, high}, ok && ok2
}

func membership(wrap func(node) node) func(field node, value any) (node, bool) {
	return func(field node, value any) (node, bool) {
		right, ok := operand(value)
		if c, literal := right.(constant); !ok || (literal && !isList(c.value)) {
			return nil, false
		}
		return wrap(memberNode{field, right, textSet(right)}), true
	}
}

// textSet is a written list of texts by what it holds; nil for other lists, and short ones.
func textSet(list node) map[string]bool {
	c, _ := list.(constant)
	values, _ := c.value.([]any)
	if len(values) < 8 {
		return nil
	}
	set := make(map[string]bool, len(values))
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil
		}
		set[text] = true
	}
	return set
}

func isList(v any) bool { _, ok := v.([]any); return ok }

// memberNode: the value, or one of the values when it is a list, is in the list.
type memberNode struct {
	field, list node
	texts       map[string]bool // the list's, when it is written and all texts
}

func (n memberNode) eval(env *Env) any {
	v := n.field.eval(env)
	if text, ok := v.(string); ok && n.texts != nil && !timed(text) {
		return n.texts[text]
	}
	list := n.list.eval(env)
	if isUnknown(v) || isUnknown(list) {
		return unknown{}
	}
	all, ok := list.([]any)
	if !ok {
		return env.because("a list is needed, not " + kind(list))
	}
	if each, many := v.([]any); many {
		found := False
		for _, one := range each {
			if found = found.Or(truth(env, contains(env, all, one))); found == True {
				break
			}
		}
		return value(found)
	}
	return contains(env, all, v)
}

func caseInsensitive(field node, value any) (node, bool) {
	right, ok := operand(value)
	if c, literal := right.(constant); literal {
		texts, isTexts := textsOf(c.value)
		if !ok || !isTexts {
			return nil, false
		}
		folded := make([]any, len(texts))
		for i, part := range texts {
			folded[i] = text.Fold(part)
		}
		right = constant{folded}
	}
	return foldedNode{field, right}, ok
}

// textsOf a text or a list of texts.
func textsOf(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			text, ok := one.(string)
			if !ok {
				return nil, false
			}
			texts[i] = text
		}
		return texts, true
	}
	return nil, false
}

// foldedNode: one of the field's texts is, or contains, one of the wanted texts, whatever the case.
type foldedNode struct{ field, wanted node }

func (n foldedNode) eval(env *Env) any {
	v, list := n.field.eval(env), n.wanted.eval(env)
	if isUnknown(v) || isUnknown(list) {
		return unknown{}
	}
	have, ok := textsOf(v)
	wanted, ok2 := textsOf(list)
	if !ok || !ok2 {
		return env.because("text or a list of texts is needed, not " + kind(v))
	}
	for _, one := range have {
		one = text.Fold(one)
		for _, part := range wanted {
			if strings.Contains(one, text.Fold(part)) {
				return true
			}
		}
	}
	return false
}

func lastYear(field node, value any) (node, bool) {
	settings, ok := value.(map[string]any)
	if !ok || len(settings) != 1 {
		return nil, false
	}
	years, ok, good := number(settings["years"])
	if !ok || !good || years < 0 || years > 1000 || years != float64(int(years)) {
		return nil, false
	}
	return lastYearNode{field, int(years)}, true
}

// lastYearNode: the date is not before the start of the day that many years ago.
type lastYearNode struct {
	field node
	years int
}

func (n lastYearNode) eval(env *Env) any {
	v := n.field.eval(env)
	if isUnknown(v) {
		return v
	}
	return dated(env, v, isSince(env, n.years))
}

func existence(field node, value any) (node, bool) {
	switch value {
	case nil, true:
		return existsNode{field}, true
	case false:
		return notNode{existsNode{field}}, true
	}
	return nil, false
}
