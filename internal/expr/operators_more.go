package expr

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"ballerine/internal/text"
)

// calling makes an operator of a function of expressions: the field is its first argument.
func calling(name string, literal Types) func(field node, value any) (node, bool) {
	return func(field node, value any) (node, bool) {
		right, ok := operand(value)
		if c, is := right.(constant); !ok || (is && typeOf(c.value)&literal == 0) {
			return nil, false
		}
		return call(name, field, right), true
	}
}

// call is a call of a function, as an expression writes it.
func call(name string, arguments ...node) node {
	return callNode{name: name, function: functionTable[name].call, arguments: arguments}
}

// matches a pattern of RE2, which takes time in proportion to the text.
func matches(field node, value any) (node, bool) {
	text, ok := value.(string)
	if !ok {
		return nil, false
	}
	pattern, problem := compilePattern(text)
	return matchNode{field, pattern}, problem == ""
}

// maxInstructions bounds what a pattern is compiled to: counted repetitions multiply.
const maxInstructions = 5000

// compilePattern states what is wrong with a pattern; "" when it is fine.
func compilePattern(text string) (pattern *regexp.Regexp, problem string) {
	if len(text) > maxPattern {
		return nil, fmt.Sprintf("the pattern is longer than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, "the pattern is not a regular expression of RE2"
	}
	if program, err := syntax.Compile(tree.Simplify()); err != nil || len(program.Inst) > maxInstructions {
		return nil, "the pattern repeats too much"
	}
	if pattern, err = regexp.Compile(text); err != nil {
		return nil, "the pattern is not a regular expression of RE2"
	}
	return pattern, ""
}

// dateOrder compares dates: the field and the value are read as such.
func dateOrder(op string) func(field node, value any) (node, bool) {
	return func(field node, value any) (node, bool) {
		right, ok := operand(value)
		if c, is := right.(constant); is {
			text, isText := c.value.(string)
			if _, isDate := ParseDate(text, nil); !isText || !isDate {
				return nil, false
			}
		}
		return newCompare(op, call("date", field), call("date", right)), ok
	}
}

func ageAtLeast(field node, value any) (node, bool) {
	right, ok := operand(value)
	if c, is := right.(constant); is && !whole(c.value) {
		return nil, false
	}
	return newCompare(">=", call("age", field), right), ok
}

// whole reports whether a value is a whole number from 0.
func whole(v any) bool {
	n, ok, good := number(v)
	return ok && good && n >= 0 && n == float64(int(n))
}

// withinDays takes days to either side of now, or {past: days}, {future: days}.
func withinDays(field node, value any) (node, bool) {
	between := func(function string, low, high any) node {
		return andNode{newCompare(">=", call(function, field), constant{low}), newCompare("<=", call(function, field), constant{high})}
	}
	if n, ok, _ := number(value); ok {
		return between("days_since", -n, n), whole(value)
	}
	sides, ok := value.(map[string]any)
	if !ok || len(sides) != 1 {
		return nil, false
	}
	for side, function := range map[string]string{"past": "days_since", "future": "days_until"} {
		if days, given := sides[side]; given {
			n, _, _ := number(days)
			return between(function, 0.0, n), whole(days)
		}
	}
	return nil, false
}

// fuzzyBelow compares the score of a fuzzy match, 0 to 100.
func fuzzyBelow(field node, value any) (node, bool) {
	if value == nil {
		value = 80.0
	}
	right, ok := operand(value)
	if c, is := right.(constant); is && typeOf(c.value) != TypeNumber {
		return nil, false
	}
	return newCompare("<", field, right), ok
}

// ownersDiffer compares lists of owners by their names.
func ownersDiffer(field node, value any) (node, bool) {
	right, ok := operand(value)
	if c, is := right.(constant); is && !isList(c.value) {
		return nil, false
	}
	return ownersNode{field, right}, ok
}

// ownersNode: one of the lists has a name that the other has not, whatever its case and spaces.
type ownersNode struct{ registered, declared node }

func (n ownersNode) eval(env *Env) any {
	a, b := n.registered.eval(env), n.declared.eval(env)
	if isUnknown(a) || isUnknown(b) {
		return unknown{}
	}
	left, ok := ownerNames(a)
	right, ok2 := ownerNames(b)
	if !ok || !ok2 {
		return env.because("a list of owners is needed, each a text or an object with a name")
	}
	return !slices.Equal(left, right)
}

// ownerNames are the names of a list of owners, folded, sorted, each once.
func ownerNames(v any) ([]string, bool) {
	list, ok := v.([]any)
	names := make([]string, 0, len(list))
	for _, one := range list {
		name := ownerName(one)
		if name == "" {
			return nil, false
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), ok
}

// ownerName is a text, or an object's name, or its given and family name.
func ownerName(v any) string {
	switch v := v.(type) {
	case string:
		return text.Words(v)
	case map[string]any:
		if name, ok := v["name"]; ok {
			return ownerName(name)
		}
		given, _ := v["given"].(string)
		family, _ := v["family"].(string)
		return ownerName(given + " " + family)
	}
	return ""
}

// categories of a screening hit, as data may spell them.
var categories = map[string][]string{
	"countries": {"countries"}, "match_types": {"match_types", "matchTypes"}, "warnings": {"warnings"}, "sanctions": {"sanctions"},
	"fitness_probity": {"fitness_probity", "fitnessProbity"}, "pep": {"pep"}, "adverse_media": {"adverse_media", "adverseMedia"},
}

// screening compares a category of each hit: {category, operator, value}. Of "pep.length" the number is compared, else each
// of the category's values.
func screening(field node, value any) (node, bool) {
	settings, ok := value.(map[string]any)
	if !ok || len(settings) != 3 {
		return nil, false
	}
	path, _ := settings["category"].(string)
	category, length := strings.CutSuffix(path, ".length")
	name, _ := settings["operator"].(string)
	wanted, has := settings["value"]
	op, known := plainOperators[name]
	var spellings []string
	for snake, all := range categories {
		if snake == category || slices.Contains(all, category) {
			spellings = all
		}
	}
	if _, computed := wanted.(*Program); !has || !known || spellings == nil || computed {
		return nil, false
	}
	test, ok := op.build(elementNode{}, wanted)
	return screeningNode{field, spellings, length, test}, ok
}

// screeningNode: one of the hits meets the test. A hit that does not have the category is unknown.
type screeningNode struct {
	hits      node
	spellings []string
	length    bool
	test      node
}

func (n screeningNode) eval(env *Env) any {
	return anyHit(env, n.hits, func(hit any) Truth { return n.one(env, hit) })
}

// anyHit reports whether one of the hits of a list meets a test.
func anyHit(env *Env, list node, meets func(hit any) Truth) any {
	hits, ok := listOf(env, list)
	if !ok {
		return unknown{}
	}
	found := False
	for _, hit := range flatHits(hits) {
		found = found.Or(meets(hit))
	}
	return value(found)
}

// flatHits takes the hits of children out of their results.
func flatHits(list []any) []any {
	var hits []any
	for _, one := range list {
		object, _ := one.(map[string]any)
		if inner, ok := object["hits"].([]any); ok {
			hits = append(hits, inner...)
			continue
		}
		hits = append(hits, one)
	}
	return hits
}

func (n screeningNode) one(env *Env, hit any) Truth {
	object, _ := hit.(map[string]any)
	for _, name := range n.spellings {
		v, there := object[name]
		list, isList := v.([]any)
		switch {
		case !there:
			continue
		case n.length && !isList:
			env.because("a list is needed, not " + kind(v))
			return Unknown
		case n.length:
			return n.meets(env, float64(len(list)))
		case isList:
			found := False
			for _, element := range list {
				found = found.Or(n.meets(env, element))
			}
			return found
		}
		return n.meets(env, v)
	}
	env.because("a hit does not have " + n.spellings[0])
	return Unknown
}

func (n screeningNode) meets(env *Env, v any) Truth {
	outer := env.Scope
	defer func() { env.Scope = outer }()
	env.Scope = elementScope{v}
	return truth(env, n.test.eval(env))
}
