package rules

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/problem"
)

const nullable = `
id: p
outcomes: [review, approve]
default: approve
inputs:
  type: object
  required: [sure]
  properties:
    sure: {type: boolean}
    maybe: {type: [boolean, "null"]}
    number: {type: number}
    word: {type: string}
    list: {type: array, items: {type: object, properties: {score: {type: number}}}}
    deep: {type: object, properties: {flag: {type: boolean}, rate: {type: number}}}
tables:
  t: {hit: FIRST, inputs: [number, sure], outputs: [outcome], rows: [['< 100', '-', review], ['-', '-', approve]]}
  n: {hit: FIRST, inputs: [number, word], outputs: [score], rows: [['null', '-', 10], ['< 100', '-', 5], ['-', '-', 0]]}
rules:
`

// A check that has not answered must not count as a good one: where null keeps a rule from firing and the decision is better for it, the author has
// to declare that.
func TestRulesThatNullSkipsAreAdvice(t *testing.T) {
	for rule, fields := range map[string]string{
		`{id: a, outcome: review, when: "maybe == false"}`:                                                                "maybe",
		`{id: a, outcome: review, when: "!maybe"}`:                                                                        "maybe",
		`{id: a, outcome: review, when: "maybe != true"}`:                                                                 "maybe",
		`{id: a, outcome: review, when: {field: deep.flag, operator: EQUALS, value: false}}`:                              "deep.flag",
		`{id: a, outcome: review, when: {any: ["maybe == false", {not: "deep.flag"}]}}`:                                   "deep.flag maybe",
		`{id: a, outcome: review, when: "sure && (deep.flag == false || !sure)"}`:                                         "deep.flag",
		`{id: a, outcome: review, when: "!sure"}`:                                                                         "",
		`{id: a, outcome: review, when: "maybe == false", missing: fire}`:                                                 "",
		`{id: a, outcome: review, when: "maybe == false", missing: review}`:                                               "",
		`{id: a, outcome: review, when: "!coalesce(maybe, false)"}`:                                                       "",
		`{id: a, outcome: review, when: "maybe == true"}`:                                                                 "maybe",
		`{id: a, outcome: review, when: "number < 100"}`:                                                                  "number",
		`{id: a, outcome: review, when: "number > 100 && sure"}`:                                                          "number",
		`{id: a, outcome: review, when: "deep.rate * 2 > number"}`:                                                        "deep.rate number",
		`{id: a, outcome: review, when: {field: number, operator: BETWEEN, value: {min: 1, max: 5}}}`:                     "number",
		`{id: a, outcome: review, when: {field: word, operator: IN, value: [a, b]}}`:                                      "word",
		`{id: a, outcome: review, when: {field: word, operator: MATCHES, value: "^a"}}`:                                   "word",
		`{id: a, outcome: review, when: {json-logic: {"<": [{var: number}, 5]}}}`:                                         "number",
		`{id: a, outcome: review, when: {any: ["number < 100", sure]}}`:                                                   "number",
		`{id: a, score: {base: 10}, when: "number < 100"}`:                                                                "number",
		`{id: a, score: {additional: 1}, when: "number < 100"}, {id: b, outcome: review, when: "number > 9"}`:             "number",
		`{id: a, score: {base: -10}, when: "number < 100"}`:                                                               "",
		`{id: a, outcome: approve, when: "number < 100"}`:                                                                 "",
		`{id: a, outcome: review, when: "number < 100"}, {id: b, outcome: review, when: "number > 500", missing: review}`: "",
		`{id: a, outcome: review, when: "coalesce(number, 0) < 100"}`:                                                     "",
		`{id: a, outcome: review, when: "list[0].score > 5"}`:                                                             "",
		`{id: a, table: t}`:                  "number",
		`{id: a, table: t, missing: review}`: "",
		`{id: a, table: t}, {id: b, outcome: review, when: "!exists(number)"}`: "",
		`{id: a, table: n}`: "",
		`{id: a, outcome: review, when: "maybe == false"}, {id: b, outcome: review, when: "!exists(maybe)"}`: "",
		`{id: a, outcome: review, when: "maybe == false"}, {id: b, outcome: review, when: "maybe == null"}`:  "",
	} {
		p, found := Parse("p.yaml", []byte(nullable+"  - "+strings.ReplaceAll(rule, "}, {id", "}\n  - {id")))
		found = slices.DeleteFunc(found, func(d problem.Diagnostic) bool { return d.Code == "unused_table" || d.Code == "unused" })
		if p == nil || found.Failed() {
			t.Errorf("%s: %v", rule, found)
			continue
		}
		var messages []string
		for _, d := range found {
			if d.Code != "null_unhandled" || d.Severity != problem.SeverityWarning || d.Line < 13 || d.Hint == "" {
				t.Errorf("%s: %+v", rule, d)
			}
			name, _, _ := strings.Cut(d.Message, " ")
			messages = append(messages, name)
		}
		if strings.Join(messages, " ") != fields {
			t.Errorf("%s: %v, want %s", rule, messages, fields)
		}
	}
}

// A rule for the best outcome with a condition on every element of a list also fires for an empty list.
func TestRulesThatHoldForAnEmptyListAreAdvice(t *testing.T) {
	for rule, want := range map[string]bool{
		`{id: a, outcome: approve, when: {json-logic: {none: [{var: list}, {">": [{var: score}, 5]}]}}}`:                        true,
		`{id: a, outcome: approve, when: {json-logic: {"!": {some: [{var: list}, {">": [{var: score}, 5]}]}}}}`:                 true,
		"{id: a, outcome: approve, when: {jmespath: \"length(list[?score > `5`]) == `0`\"}}":                                    true,
		`{id: a, outcome: approve, when: {all: [exists(list), {json-logic: {none: [{var: list}, {">": [{var: score}, 5]}]}}]}}`: false,
		`{id: a, outcome: approve, when: {json-logic: {all: [{var: list}, {"<": [{var: score}, 5]}]}}}`:                         false,
		`{id: a, outcome: review, when: {json-logic: {none: [{var: list}, {">": [{var: score}, 5]}]}}}`:                         false,
		`{id: a, outcome: approve, when: "len(list) == 0"}`:                                                                     false,
	} {
		p, found := Parse("p.yaml", []byte(nullable+"  - "+rule))
		if p == nil {
			t.Fatalf("%s: %v", rule, found)
		}
		if got := slices.ContainsFunc(found, func(d problem.Diagnostic) bool { return d.Code == "holds_for_none" && d.Line > 13 && d.Hint != "" }); got != want {
			t.Errorf("%s: %v", rule, found)
		}
	}
}

// Where a policy declares no inputs, any field can be absent: that is no reason not to warn.
func TestFieldsThatNobodyDeclaresCanBeAbsent(t *testing.T) {
	_, rest, _ := strings.Cut(nullable, "inputs:\n")
	_, rest, _ = strings.Cut(rest, "tables:\n")
	undeclared := "\nid: p\noutcomes: [review, approve]\ndefault: approve\ntables:\n" + rest
	for rule, fields := range map[string]string{
		`{id: a, outcome: review, when: "maybe == false"}`:              "maybe",
		`{id: a, outcome: review, when: "!sure"}`:                       "sure",
		`{id: a, outcome: review, when: "deep.rate > 5 && number < 2"}`: "deep.rate number",
		`{id: a, table: t}`: "number",
		`{id: a, outcome: approve, when: "maybe == false"}`:                                                  "",
		`{id: a, outcome: review, when: "!coalesce(maybe, false)"}`:                                          "",
		`{id: a, outcome: review, when: "maybe == false", missing: fire}`:                                    "",
		`{id: a, outcome: review, when: "maybe == false"}, {id: b, outcome: review, when: "!exists(maybe)"}`: "",
	} {
		p, found := Parse("p.yaml", []byte(undeclared+"  - "+strings.ReplaceAll(rule, "}, {id", "}\n  - {id")))
		if p == nil || found.Failed() {
			t.Errorf("%s: %v", rule, found)
			continue
		}
		var names []string
		for _, d := range found {
			if name, _, _ := strings.Cut(d.Message, " "); d.Code == "null_unhandled" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if strings.Join(names, " ") != fields {
			t.Errorf("%s: %v, want %s", rule, names, fields)
		}
	}
}
