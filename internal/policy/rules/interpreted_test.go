package rules

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// drawnCondition is a condition as a document has it, and its meaning, by a plain walk over Go values: the compiled
// program must agree for every input.
type drawnCondition struct {
	document any
	means    func(input map[string]any) expr.Truth
}

var (
	drawnFields  = []string{"a", "b"}
	drawnNumbers = []float64{0, 1, 2, 3}
	drawnWords   = []string{"x", "y", "xy"}
)

// compared is the result of comparing numbers only.
func compared(operator string, left any, right float64) expr.Truth {
	number, ok := left.(float64)
	if !ok {
		return expr.Unknown
	}
	switch operator {
	case "<":
		return expr.Of(number < right)
	case "<=":
		return expr.Of(number <= right)
	case ">":
		return expr.Of(number > right)
	case ">=":
		return expr.Of(number >= right)
	}
	return expr.Of(number == right)
}

// comparison is one comparison of a field with a number, in one of the forms that can write it.
func comparison(t *rapid.T) drawnCondition {
	field, right := rapid.SampledFrom(drawnFields).Draw(t, "field"), rapid.SampledFrom(drawnNumbers).Draw(t, "number")
	operator := rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "operator")
	means := func(input map[string]any) expr.Truth { return compared(operator, input[field], right) }
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return drawnCondition{fmt.Sprintf("%s %s %v", field, operator, right), means}
	case 1:
		name := map[string]string{"<": "LT", "<=": "LTE", ">": "GT", ">=": "GTE"}[operator]
		return drawnCondition{map[string]any{"field": field, "operator": name, "value": right}, means}
	case 2:
		return drawnCondition{map[string]any{"json-logic": map[string]any{operator: []any{map[string]any{"var": field}, right}}}, means}
	case 3: // JMESPath gives null for what is unlike, and null is unknown
		return drawnCondition{map[string]any{"jmespath": fmt.Sprintf("%s %s `%v`", field, operator, right)}, means}
	}
	keyword := map[string]string{"<": "exclusiveMaximum", "<=": "maximum", ">": "exclusiveMinimum", ">=": "minimum"}[operator]
	schema := map[string]any{"properties": map[string]any{field: map[string]any{"type": "number", keyword: right}}, "required": []any{field}}
	return drawnCondition{map[string]any{"json-schema": schema}, func(input map[string]any) expr.Truth {
		return expr.Of(means(input) == expr.True) // a schema is met or not
	}}
}

// ofText is a condition of one of the operators of texts, lists and presence.
func ofText(t *rapid.T) drawnCondition {
	field, word := rapid.SampledFrom(drawnFields).Draw(t, "field"), rapid.SampledFrom(drawnWords).Draw(t, "word")
	text := func(test func(v string) bool) func(map[string]any) expr.Truth {
		return func(input map[string]any) expr.Truth {
			v, ok := input[field].(string)
			if !ok {
				return expr.Unknown
			}
			return expr.Of(test(v))
		}
	}
	operation := func(operator string, value any, means func(map[string]any) expr.Truth) drawnCondition {
		return drawnCondition{map[string]any{"field": field, "operator": operator, "value": value}, means}
	}
	switch rapid.IntRange(0, 6).Draw(t, "operator") {
	case 0:
		return operation("STARTS_WITH", word, text(func(v string) bool { return strings.HasPrefix(v, word) }))
	case 1:
		return operation("ENDS_WITH", word, text(func(v string) bool { return strings.HasSuffix(v, word) }))
	case 2:
		return operation("CONTAINS", word, text(func(v string) bool { return strings.Contains(v, word) }))
	case 3:
		return operation("MATCHES", "^"+word+"$", text(func(v string) bool { return v == word }))
	case 4:
		return operation("IN", []any{word, 1.0}, func(input map[string]any) expr.Truth {
			v, there := input[field]
			if !there {
				return expr.Unknown
			}
			if v == nil || v == word || v == 1.0 { // null is none of them, and of no other type
				return expr.Of(v != nil)
			}
			return expr.Unknown // one of the two is of another type
		})
	case 5:
		return operation("EXISTS", nil, func(input map[string]any) expr.Truth {
			v := input[field]
			return expr.Of(v != nil && v != "")
		})
	}
	return drawnCondition{map[string]any{"list": "listed", "field": field}, func(input map[string]any) expr.Truth {
		switch v := input[field].(type) {
		case string, float64, bool:
			return expr.Of(v == "xy" || v == 2.0)
		}
		return expr.Unknown
	}}
}

// ofPolicy is a call of the policy `called`, whose answer is known.
func ofPolicy(t *rapid.T) drawnCondition {
	outcome := rapid.SampledFrom([]string{"up", "down"}).Draw(t, "outcome")
	return drawnCondition{map[string]any{"policy": "called", "outcome": outcome}, func(input map[string]any) expr.Truth {
		a, ok := input["a"].(float64)
		return expr.Of((outcome == "up") == (ok && a >= 2))
	}}
}

func drawCondition(t *rapid.T, depth int) drawnCondition {
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	if depth == 0 {
		kind %= 3
	}
	var parts []drawnCondition
	var documents []any
	if kind > 3 {
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			part := drawCondition(t, depth-1)
			parts, documents = append(parts, part), append(documents, part.document)
		}
	}
	all := func(input map[string]any) expr.Truth {
		truth := expr.True
		for _, part := range parts {
			truth = truth.And(part.means(input))
		}
		return truth
	}
	some := func(input map[string]any) expr.Truth {
		truth := expr.False
		for _, part := range parts {
			truth = truth.Or(part.means(input))
		}
		return truth
	}
	switch kind {
	case 0:
		return comparison(t)
	case 1:
		return ofText(t)
	case 2:
		return ofPolicy(t)
	case 3:
		inner := drawCondition(t, depth-1)
		return drawnCondition{map[string]any{"not": inner.document}, func(input map[string]any) expr.Truth { return inner.means(input).Not() }}
	case 4:
		return drawnCondition{map[string]any{"all": documents}, all}
	case 5:
		return drawnCondition{map[string]any{"any": documents}, some}
	case 6:
		return drawnCondition{map[string]any{"operator": "and", "rules": documents}, all}
	}
	return drawnCondition{map[string]any{"operator": "or", "rules": documents}, some}
}

// written is a policy with one rule, as JSON.
func written(t *rapid.T, when any) *Policy {
	source, err := json.Marshal(map[string]any{
		"id": "p", "outcomes": []string{"review", "approve"}, "default": "approve", "rules": []any{map[string]any{"id": "r", "when": when, "outcome": "review"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, found := Parse("p.json", source)
	if p == nil {
		t.Fatalf("%s\n%v", source, found)
	}
	return p
}

// options are what drawn conditions refer to.
func options(t *testing.T) Options {
	called := parse(t, "id: called\noutcomes: [up, down]\ndefault: down\nrules: [{id: r, when: 'a >= 2', outcome: up}]")
	return Options{Now: newYear, Policies: Policies{"called": called}, Lists: map[string]expr.List{"listed": caseList{"xy", 2.0}}}
}

func TestCompiledConditionsDecideAsAPlainWalkDoes(t *testing.T) {
	options := options(t)
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawCondition(t, 3)
		input := map[string]any{}
		for _, field := range drawnFields {
			if rapid.IntRange(0, 4).Draw(t, "there") > 0 {
				input[field] = rapid.SampledFrom([]any{0.0, 1.0, 2.0, 3.0, "x", "y", "xy", "", true}).Draw(t, field)
			}
		}
		answer, err := written(t, drawn.document).Evaluate(input, options)
		if err != nil {
			t.Fatal(err)
		}
		want := map[expr.Truth]Status{expr.True: passed, expr.False: failed, expr.Unknown: skipped}[drawn.means(input)]
		if got := answer.Trace[0]; got.Status != want {
			t.Fatalf("%v of %v is %s (%s), want %s", drawn.document, input, got.Status, got.Reason, want)
		}
	})
}

// drawnJSON is any JSON value.
func drawnJSON(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 8).Draw(t, "kind"); {
	case kind == 0:
		return nil
	case kind == 1:
		return rapid.Bool().Draw(t, "bool")
	case kind < 4:
		return rapid.SampledFrom([]any{0.0, -1.0, 2.0, 1e300, float64(1 << 60), 0.1}).Draw(t, "number")
	case kind < 6 || depth == 0:
		return rapid.SampledFrom([]any{"", "x", "xy", "2008-02-29", "\xff", "{a}", "1e999"}).Draw(t, "text")
	case kind == 6:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawnJSON(t, depth-1))
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		object[rapid.SampledFrom([]string{"a", "b", "hits", "pep", "status"}).Draw(t, "member")] = drawnJSON(t, depth-1)
	}
	return object
}

// drawnRules are the rules of a policy: drawn conditions, and fixed ones of every further form and of tables.
func drawnRules(t *rapid.T) string {
	var rules strings.Builder
	for i, when := range []any{drawCondition(t, 2).document, drawCondition(t, 2).document} {
		text, err := json.Marshal(when)
		if err != nil {
			t.Fatal(err)
		}
		missing := rapid.SampledFrom([]string{"skip", "fire", "review"}).Draw(t, "missing")
		fmt.Fprintf(&rules, "  - {id: drawn%d, when: %s, outcome: reject, missing: %s, score: {base: %d, additional: 3}, reason: 'It is {a} and {age(b)}.'}\n", i, text, missing, 20*i)
	}
	return rules.String() + `
  - {id: arithmetic, when: "a / b > 1 || a % b == 0", outcome: review}
  - {id: dates, when: "age(a) < 18 || days_since(b) > 3", outcome: review, missing: fire}
  - {id: hits, when: {field: a.hits, operator: AML_CHECK, value: {category: pep, operator: EQUALS, value: true}}, outcome: review}
  - {id: check, when: {field: a, operator: IDV_CHECK, value: declined}, outcome: review}
  - {id: categories, when: {field: b, operator: SANCTIONS_BY_CATEGORY, value: pep}, score: {base: 5}}
  - {id: owners, when: {field: a, operator: UBO_MISMATCH, value: {field: b}}, score: {base: 5}}
  - {id: logic, when: {json-logic: {some: [{var: a}, {"<": [{var: ""}, 2]}]}}, outcome: review}
  - {id: first, table: first}
  - {id: collected, table: collected}
tables:
  first:
    hit: FIRST
    inputs: [a, b]
    outputs: [outcome, score]
    rows: [['< 1', '-', review, 10], ['[1..3)', '"x", "xy"', reject, 90], ['-', 'not("x")', approve, 1]]
  collected:
    hit: COLLECT sum
    inputs: [a]
    outputs: [score, additional]
    rows: [['> 0', 1, 2], ['< 3', 2, 3], ['null', 7, 7]]
score: {combine: sum, floor: -10, cap: 1000, bands: {low: 0, high: {from: 50, outcome: review}}}
unknown: {above: 3, outcome: review}
`
}

// Whatever an input is, it is decided or refused with a reason; the same again gives the same bytes; and the trace changes
// nothing else.
func TestDecidingIsTotalAndTheSameEachTime(t *testing.T) {
	options := options(t)
	rapid.Check(t, func(t *rapid.T) {
		p, found := Parse("p.yaml", []byte("id: p\noutcomes: [reject, review, approve]\ndefault: approve\nrules:\n"+drawnRules(t)))
		if p == nil {
			t.Fatal(found)
		}
		input := map[string]any{}
		for _, field := range drawnFields {
			if rapid.IntRange(0, 4).Draw(t, "there") > 0 {
				input[field] = drawnJSON(t, 3)
			}
		}
		decide := func(untraced bool) (Answer, string) {
			options := options
			options.Untraced = untraced
			answer, err := p.Evaluate(input, options)
			if err != nil && problem.CodeOf(err) != problem.Invalid {
				t.Fatal(err)
			}
			text, failed := json.Marshal([]any{answer, fmt.Sprint(err)})
			if failed != nil {
				t.Fatal(failed)
			}
			return answer, string(text)
		}
		answer, text := decide(false)
		if _, again := decide(false); again != text {
			t.Fatalf("%s and then %s", text, again)
		}
		short, _ := decide(true)
		for i := range answer.Calls {
			answer.Calls[i].Trace = []Step{}
		}
		if answer.Trace = short.Trace; !reflect.DeepEqual(answer, short) {
			t.Fatalf("traced %+v, and untraced %+v", answer, short)
		}
	})
}
