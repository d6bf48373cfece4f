package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/expr"
	"ballerine/internal/problem"

	"go.yaml.in/yaml/v3"
)

// document reads a policy's YAML as JSON values, as an editor's validator does.
func document(t *testing.T, source string) any {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(source), &n); err != nil {
		t.Fatal(err)
	}
	v, ok := newReader("", nil).literal(n.Content[0], "")
	if !ok {
		t.Fatal("not JSON")
	}
	return v
}

func schema(t *testing.T) *expr.Schema {
	t.Helper()
	var v any
	if err := json.Unmarshal(Schema(), &v); err != nil {
		t.Fatal(err)
	}
	s, err := expr.CompileSchema(v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShippedPoliciesAreValidUnderThePublishedSchema(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shippedFolder, "*.yaml"))
	s := schema(t)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Check(document(t, string(source))) {
			t.Errorf("%s: %s %s", file, v.Path, v.Message)
		}
	}
}

func TestThePublishedSchemaKnowsEveryOperatorAndEveryMember(t *testing.T) {
	text := string(Schema())
	for _, name := range expr.Operators() {
		if !strings.Contains(text, `"`+name+`"`) {
			t.Errorf("operator %s is not in the schema", name)
		}
	}
	for _, name := range append(append([]string{}, policyKeys...), ruleKeys...) {
		if !strings.Contains(text, `"`+name+`":`) {
			t.Errorf("%s is not in the schema", name)
		}
	}
	for _, form := range conditionForms() {
		if !strings.Contains(text, `"`+form.key+`"`) {
			t.Errorf("condition %s is not in the schema", form.key)
		}
	}
}

const frame = `id: p
inputs: {properties: {risk: {properties: {score: {type: number}, label: {type: string}}}, born: {type: string}, ok: {type: boolean}}}
outcomes: [reject, review, approve]
default: approve
rules:
  - {id: r, outcome: review, when: WHEN}
`

func withCondition(when string) string { return strings.Replace(frame, "WHEN", when, 1) }

func TestProblemsAreReportedWithPlaceAndHint(t *testing.T) {
	column := strings.Index(strings.Split(frame, "\n")[5], "WHEN") + 1
	for when, want := range map[string]problem.Diagnostic{
		`"risk.scor < 40"`:                                  {Line: 6, Column: column + 1, Code: "unknown_field", Message: "unknown field risk.scor", Hint: "did you mean risk.score?"},
		`"ok && risk.scor < 40"`:                            {Line: 6, Column: column + 7, Code: "unknown_field", Message: "unknown field risk.scor", Hint: "did you mean risk.score?"},
		`"risk.score <"`:                                    {Line: 6, Code: "expression"},
		`"risk.score < born"`:                               {Line: 6, Column: column + 12, Code: "expression", Message: "a number cannot be compared with text"},
		`"risk.label == 3"`:                                 {Line: 6, Column: column + 12, Code: "expression", Message: "text is never equal to a number"},
		`"now() > born"`:                                    {Line: 6, Column: column + 7, Code: "expression", Message: "a date cannot be compared with text", Hint: "write date(…) around the text"},
		`"risk.score"`:                                      {Line: 6, Column: column + 1, Code: "expression", Message: "a condition must be true or false, and this is a number"},
		`"age(risk.score) < 1"`:                             {Line: 6, Column: column + 1, Code: "expression", Message: "age needs text or a date, not a number"},
		`{field: risk.label, operator: GT, value: 4}`:       {Line: 6, Code: "type", Message: "text cannot be compared with a number"},
		`{field: risk.lable, operator: EXISTS}`:             {Line: 6, Column: column + 8, Code: "unknown_field", Hint: "did you mean risk.label?"},
		`{field: risk.score, operator: LTEE, value: 4}`:     {Line: 6, Code: "operator", Message: "there is no operator LTEE", Hint: "did you mean LTE?"},
		`{field: risk.score, operator: BETWEEN, value: 4}`:  {Line: 6, Code: "operator", Message: "the value of BETWEEN must be an object {min, max}"},
		`{field: risk.score, operator: IN, value: 4}`:       {Line: 6, Code: "operator", Message: "the value of IN must be a list"},
		`{list: pep, field: risk.labl}`:                     {Line: 6, Code: "unknown_field", Message: "unknown field risk.labl", Hint: "did you mean risk.label?"},
		`{list: pep}`:                                       {Line: 6, Code: "required", Message: "field is missing: the value to look up in the list"},
		`{list: "a b", field: risk.label}`:                  {Line: 6, Code: "invalid", Message: "this is not the name of a list"},
		`{field: risk.label, operator: IN_LIST, value: 4}`:  {Line: 6, Code: "operator", Message: "the value of IN_LIST must be the name of a list"},
		`{policy: other}`:                                   {Line: 6, Code: "required", Message: "outcome is missing"},
		`{policy: other, outcome: []}`:                      {Line: 6, Code: "required", Message: "name at least one outcome"},
		`{policy: 3, outcome: review}`:                      {Line: 6, Code: "type"},
		`{policy: p, outcome: review}`:                      {Line: 6, Code: "cycle", Message: "the policy calls itself"},
		`{policy: o, outcome: a, input: {x: {field: nix}}}`: {Line: 6, Code: "unknown_field", Message: "unknown field nix"},
		`{policy: o, outcome: a, input: [1]}`:               {Line: 6, Code: "type", Message: "input must be an object: the input of the called policy"},
		`{json-logic: {lt: [1, 2]}}`:                        {Line: 6, Code: "expression", Message: "json-logic's operator lt is not supported"},
		`{json-logic: {"<": [{var: risk.scor}, 2]}}`:        {Line: 6, Code: "unknown_field", Message: "unknown field risk.scor"},
		`{jmespath: "risk.scor > '4'"}`:                     {Line: 6, Column: column + 12, Code: "unknown_field", Message: "unknown field risk.scor", Hint: "did you mean risk.score?"},
		`{jmespath: "risk.*"}`:                              {Line: 6, Code: "expression"},
		`{jmespath: "risk.["}`:                              {Line: 6, Code: "expression", Message: "the query is not JMESPath"},
		`{json-schema: {type: 3}}`:                          {Line: 6, Code: "schema"},
		`{all: []}`:                                         {Line: 6, Code: "type"},
		`{operator: xor, rules: ["ok"]}`:                    {Line: 6, Code: "invalid", Message: "the operator of a set of rules must be and or or"},
		`[ok]`:                                              {Line: 6, Column: column, Code: "type"},
		`{nonsense: 1}`:                                     {Line: 6, Column: column, Code: "unknown_condition"},
		`{field: risk.score, operator: EQUALS, vlaue: 1}`:   {Line: 6, Code: "unknown_key", Hint: "did you mean value?"},
		`"risk.score < 9007199254740993"`:                   {Line: 6, Column: column + 14, Code: "expression", Message: "the number is too large to be exact (2^53)"},
		`{field: ok, operator: EQUALS, value: 1e300}`:       {Line: 6, Code: "inexact"},
		`{field: "risk.score + 1", operator: LT, value: 1}`: {Line: 6, Column: column + 9, Code: "expression", Message: "expected a path such as applicant.country"},
	} {
		p, found := Parse("p.yaml", []byte(withCondition(when)))
		if p != nil || len(found) == 0 {
			t.Errorf("%s: accepted", when)
			continue
		}
		d := found[0]
		if d.File != "p.yaml" || d.Line != want.Line || (want.Column > 0 && d.Column != want.Column) || d.Code != want.Code ||
			(want.Message != "" && d.Message != want.Message) || (want.Hint != "" && d.Hint != want.Hint) || !strings.Contains(d.Excerpt, "^") || !strings.HasPrefix(d.Path, "rules[0].when") {
			t.Errorf("%s:\n got %+v\nwant %+v", when, d, want)
		}
	}
}

func TestEveryProblemOfADocumentIsReportedAtOnce(t *testing.T) {
	source := `id: p
title: 3
inputs: {properties: {a: {type: number}}}
outcomes: [reject, reject, skip]
default: aprove
tables: {}
score: {combine: average, bands: {low: 0, high: 0, top: {outcome: none}}}
rules:
  - {id: one, when: "a < 1", outcome: rejct}
  - {id: one, when: "b < 1", outcome: reject, missing: fier}
  - {id: two, when: |
      a > 1 &&
      c > 1
    , outcome: reject}
  - {id: three, table: limits}
  - {id: four, when: "a > 1"}
  - {id: five, when: "a > 1", outcome: reject, reason: "It is {a +}."}
cases:
  - {name: x, now: yesterday, input: {}, expect: {outcome: reject, fired: [none]}}
`
	source = strings.Replace(source, "  - {id: two, when: |\n      a > 1 &&\n      c > 1\n    , outcome: reject}", "  - id: two\n    when: |\n      a > 1 &&\n      c > 1\n    outcome: reject", 1)
	_, found := Parse("p.yaml", []byte(source))
	var got []string
	for _, d := range found {
		got = append(got, strings.TrimPrefix(d.String(), "p.yaml:")+" ["+d.Code+"]")
	}
	want := []string{
		"2:8: expected text [type]",
		"4:20: the outcome reject is listed twice [duplicate]",
		"4:28: skip cannot be the name of an outcome [invalid]",
		"5:10: there is no outcome aprove [unknown_outcome]",
		"7:18: combine is highest_plus_additional, sum or max [invalid]",
		"7:49: two bands start at the same score [duplicate]",
		"7:57: from is missing: the score at which the band starts ({from: 70, outcome: review}) [required]",
		"7:67: there is no outcome none [unknown_outcome]",
		"9:39: there is no outcome rejct (did you mean reject?) [unknown_outcome]",
		"10:10: there are two rules with the id one [duplicate]",
		"10:22: unknown field b (did you mean a?) [unknown_field]",
		"10:56: missing must be one of skip, fire, reject (did you mean fire?) [unknown_outcome]",
		"14:7: unknown field c (did you mean a?) [unknown_field]",
		"16:24: there is no table limits [unknown_table]",
		"17:5: the rule has no effect when it fires (add an outcome or a score) [required]",
	}
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			t.Fatalf("problem %d: want %s\ngot:\n%s", i, line, strings.Join(got, "\n"))
		}
	}
	if rest := strings.Join(got[len(want):], "\n"); len(got) != len(want)+3 || !strings.Contains(rest, "18:") || !strings.Contains(rest, "20:20: expected a date or a time") || !strings.Contains(rest, "there is no rule none") {
		t.Errorf("rest:\n%s", rest)
	}
}

func TestDocumentsThatAreNoPolicyAreRefused(t *testing.T) {
	for source, code := range map[string]string{
		"": "empty", "[1]": "type", "a: [": "syntax", "x: &a [*a]": "too_deep", strings.Repeat("a", maxSource+1): "too_large", bomb(): "too_large",
		"id: a\nid: b\noutcomes: [x]\ndefault: x\nrules: []": "duplicate",
	} {
		p, found := Parse("p.yaml", []byte(source))
		if p != nil || len(found) == 0 || found[0].Code != code {
			t.Errorf("%.30q: %v, want %s", source, found, code)
		}
	}
}

// bomb is a small document whose aliases stand for a huge one.
func bomb() string {
	var b strings.Builder
	b.WriteString("l0: &l0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 8 {
		fmt.Fprintf(&b, "l%d: &l%d [*l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d]\n", i+1, i+1, i, i, i, i, i, i, i, i)
	}
	return b.String()
}

func TestJSONIsReadLikeYAML(t *testing.T) {
	p, found := Parse("p.json", []byte(`{"id": "p", "outcomes": ["no", "yes"], "default": "yes", "rules": [{"id": "r", "when": "a > 1", "outcome": "no"}]}`))
	if p == nil {
		t.Fatal(found)
	}
	answer, err := p.Evaluate(map[string]any{"a": 2.0}, Options{})
	if err != nil || answer.Outcome != "no" {
		t.Errorf("%+v, %v", answer, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(withCondition(`"risk.score < 40"`)))
	f.Add([]byte(withCondition(`{all: [{not: {field: risk.score, operator: LT, value: {field: risk.score}}}, {json-logic: {var: ok}}]}`)))
	f.Add([]byte("a: &a [*a, *a]\nb: {<<: *a}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, found := Parse("p.yaml", source)
		if (p == nil) != found.Failed() {
			t.Error("a policy is given exactly when nothing failed")
		}
		if p == nil {
			return
		}
		p.RunCases(nil)
		if _, err := p.Evaluate(map[string]any{"risk": map[string]any{"score": 1.0}}, Options{}); err != nil && problem.CodeOf(err) != problem.Invalid {
			t.Error(err)
		}
	})
}
