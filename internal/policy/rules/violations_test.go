package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/problem"

	"pgregory.net/rapid"
)

// declared is a policy that approves what none of its rules meets. INVALID is what it defines for values that are not as declared.
const declared = `
id: p
inputs:
  type: object
  required: [sure]
  properties:
    status: {enum: [valid, refused]}
    amount: {type: number, maximum: 100}
    born: {type: string, format: date}
    sure: {type: boolean}
    handled: {type: boolean}
    person: {type: object, personal: true, properties: {name: {type: string}}}
    hits: {type: array, items: {type: object, properties: {score: {type: number}}, additionalProperties: {type: string}}}
    open: {type: object, additionalProperties: {type: integer}}
    unread: {type: integer}
outcomes: [reject, review, approve]
default: approve
INVALID
rules:
  - {id: refused, when: "status == 'refused'", outcome: reject}
  - {id: large, when: "amount > 50", outcome: review, missing: review}
  - {id: young, when: "age(born) < 18", outcome: reject}
  - {id: unsure, when: "sure == false", outcome: review}
  - {id: named, when: "person.name == 'x'", outcome: review}
  - {id: hit, when: {json-logic: {some: [{var: hits}, {">": [{var: score}, 0.5]}]}}, outcome: review}
  - {id: opened, when: "len(open) > 3", outcome: review}
`

func declaredWith(t testing.TB, invalid string) *Policy {
	t.Helper()
	return parse(t, strings.Replace(declared, "INVALID", invalid, 1))
}

func TestAValueNotAsDeclaredNeverCountsAsGood(t *testing.T) {
	fallible, strict := declaredWith(t, "invalid: review"), declaredWith(t, "")
	for input, place := range map[string]string{
		`{"sure": true, "amount": 1, "status": "vald"}`:                            "status must be valid or refused",
		`{"sure": true, "amount": 1, "status": null}`:                              "status must be valid or refused",
		`{"sure": true, "amount": "1"}`:                                            "amount must be of type number",
		`{"sure": true, "amount": 1, "born": "1990"}`:                              "born must be a valid date",
		`{"sure": true, "amount": 1, "person": "x"}`:                               "person must be of type object",
		`{"sure": true, "amount": 1, "person": null}`:                              "person must be of type object",
		`{"sure": true, "amount": 1, "hits": {"a": 1}}`:                            "hits must be of type array",
		`{"sure": true, "amount": 1, "hits": [{"score": 0.1}, {"score": "high"}]}`: "hits[1].score must be of type number",
		`{"sure": true, "amount": 1, "hits": [{"Ada Secret": 1}]}`:                 "hits[0].* must be of type string",
		`{"sure": true, "amount": 1, "open": {"Ada Secret": "x"}}`:                 "open.* must be of type integer",
		`{"amount": 1}`: "sure is required",
		`{"sure": true, "amount": 1, "person": {"name": ["Ada Secret"]}}`:                   "person.name must be of type string",
		`{"sure": true, "amount": 1, "person": {"name": {"Ada Secret": 1}}, "status": "v"}`: "person.name must be of type string; status must be valid or refused",
	} {
		answer := evaluate(t, fallible, input)
		last := answer.Trace[len(answer.Trace)-1]
		if answer.Outcome != "review" || last.Rule != "invalid" || last.Status != passed || !strings.Contains(last.Reason, place) || slices.Contains(answer.Fired, "invalid") {
			t.Errorf("%s: %s, %+v", input, answer.Outcome, last)
		}
		if text, _ := json.Marshal(last); strings.Contains(string(text), "Secret") {
			t.Errorf("%s: a value is shown: %s", input, text)
		}
		var values map[string]any
		_ = json.Unmarshal([]byte(input), &values)
		_, err := strict.Evaluate(values, Options{Now: newYear})
		if e := problem.As(err); e == nil || e.Code != problem.Invalid || len(e.Fields) == 0 || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: without an outcome: %v", input, err)
		}
		if made, err := strict.Evaluate(values, Options{Now: newYear, Unchecked: true}); err != nil || made.Outcome != "approve" && place != "amount must be of type number" {
			t.Errorf("%s: as it was decided before: %s %v", input, made.Outcome, err)
		}
	}
}

func TestWhatDoesNotDecideIsNoViolation(t *testing.T) {
	p := declaredWith(t, "")
	for input, outcome := range map[string]string{
		`{"sure": true, "amount": 1, "status": "valid", "born": "1990-02-28"}`: "approve",
		`{"sure": true, "amount": 1, "born": "1990-01-31"}`:                    "approve", // not decided by the quick check
		`{"sure": true, "amount": 1, "unread": "x", "other": {"status": 5}}`:   "approve", // no rule reads it
		`{"sure": true}`: "review", // the rule states what is missing
		`{"sure": true, "amount": 1, "hits": [], "open": {"a": 1}}`:          "approve",
		`{"sure": false, "amount": 1, "person": {"name": "Ada", "more": 5}}`: "review",
	} {
		if answer := evaluate(t, p, input); answer.Outcome != outcome || answer.Trace[len(answer.Trace)-1].Rule == "invalid" {
			t.Errorf("%s: %s, want %s", input, answer.Outcome, outcome)
		}
	}
}

func TestAMoreSevereRuleOutweighsAViolation(t *testing.T) {
	if answer := evaluate(t, declaredWith(t, "invalid: review"), `{"sure": true, "amount": "1", "status": "refused"}`); answer.Outcome != "reject" {
		t.Errorf("%+v", answer)
	}
}

func TestACalledPolicyChecksWhatItIsShown(t *testing.T) {
	caller := parse(t, "id: caller\noutcomes: [reject, approve]\ndefault: approve\nrules: [{id: r, when: {policy: p, outcome: review, input: {sure: true, amount: 1, status: {field: s}}}, outcome: reject}]\n")
	for invalid, want := range map[string]string{"invalid: review": "reject", "": "input.status"} {
		answer, err := caller.Evaluate(map[string]any{"s": "vald"}, Options{Now: newYear, Policies: Policies{"p": declaredWith(t, invalid)}})
		if invalid == "" && (problem.CodeOf(err) != problem.Invalid || !strings.Contains(err.Error(), want)) || invalid != "" && answer.Outcome != want {
			t.Errorf("%q: %+v %v", invalid, answer, err)
		}
	}
}

func TestWhereInvalidIsNotTaken(t *testing.T) {
	const rest = "\noutcomes: [review, approve]\ndefault: approve\nrules: [{id: %s, when: 'a > 1', outcome: review, missing: review}]\n"
	for source, want := range map[string]string{
		"id: p\ninvalid: review" + fmt.Sprintf(rest, "r"):                                                  "required",
		"id: p\ninputs: {properties: {a: {type: number}}}\ninvalid: revise" + fmt.Sprintf(rest, "r"):       "unknown_outcome",
		"id: p\ninputs: {properties: {a: {type: number}}}\ninvalid: review" + fmt.Sprintf(rest, "invalid"): "invalid",
		"id: p\ninputs: {properties: {a: {type: number}}}" + fmt.Sprintf(rest, "invalid"):                  "",
		"id: p\ninputs: {properties: {a: {type: number}}}\ninvalid: review" + fmt.Sprintf(rest, "r"):       "",
	} {
		_, found := Parse("p.yaml", []byte(source))
		if (want == "") != (len(found) == 0) || want != "" && (found[0].Code != want || found[0].Line == 0) {
			t.Errorf("%s\n%v", source, found)
		}
	}
}

func TestManyViolationsAreCounted(t *testing.T) {
	hits := strings.Repeat(`{"score": "x"},`, 40)
	answer := evaluate(t, declaredWith(t, "invalid: review"), `{"sure": true, "amount": 1, "hits": [`+strings.TrimSuffix(hits, ",")+`]}`)
	if last := answer.Trace[len(answer.Trace)-1]; !strings.Contains(last.Reason, "and 30 more") || len(last.Reason) > 1000 {
		t.Error(last.Reason)
	}
}

// schemas of a field, plain ones and others.
var fieldSchemas = []string{
	`{type: number}`, `{type: integer, minimum: 0}`, `{type: [string, "null"]}`, `{enum: [a, b, 1, null]}`, `{const: a}`, `{type: string, format: date}`,
	`{type: array, items: {type: number}, minItems: 1}`, `{type: object, properties: {x: {type: number}}, additionalProperties: false}`,
	`{type: object, additionalProperties: {type: string, maxLength: 1}}`, `{anyOf: [{type: string}, {type: "null"}]}`, `{type: string, pattern: "^a"}`, `true`,
	`{type: object, properties: {x: {type: object, required: [y], properties: {y: {enum: [a]}}}}}`, `{type: array, prefixItems: [{type: string}]}`, `{exclusiveMaximum: 3}`,
}

func fieldValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		scalar := rapid.SampledFrom([]any{nil, true, "a", "b", "ab", "2001-02-28", "2001-02-30", 1.0, 1.5, -2.0, 0.0})
		if depth == 0 {
			return scalar.Draw(t, "scalar")
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.SliceOfN(fieldValue(depth-1), 0, 2).Draw(t, "list")
		case 1:
			return rapid.MapOfN(rapid.SampledFrom([]string{"x", "y", "z"}), fieldValue(depth-1), 0, 2).Draw(t, "object")
		default:
			return scalar.Draw(t, "scalar")
		}
	})
}

// checkedPolicy reads some of the places of random inputs.
func checkedPolicy(t *rapid.T) (source string) {
	var b strings.Builder
	b.WriteString("id: p\ninputs:\n  type: object\n")
	if rapid.Bool().Draw(t, "required") {
		b.WriteString("  required: [f0, f1]\n")
	}
	b.WriteString("  properties:\n")
	for i := range 4 {
		fmt.Fprintf(&b, "    f%d: %s\n", i, rapid.SampledFrom(fieldSchemas).Draw(t, "schema"))
	}
	b.WriteString("outcomes: [reject, review, approve]\ndefault: approve\ninvalid: review\nrules:\n")
	conditions := []string{
		`{field: f%d, operator: EXISTS}`, `{json-logic: {"==": [{var: f%d.x}, a]}}`, `{json-logic: {"<": [{var: f%d}, 1]}}`, `{json-logic: {some: [{var: f%d}, {"==": [{var: x}, a]}]}}`,
		`{json-logic: {"==": [{var: f%d.x.y}, b]}}`, `{json-logic: {"==": [{var: f%d.0}, a]}}`,
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
		when := fmt.Sprintf(rapid.SampledFrom(conditions).Draw(t, "when"), rapid.IntRange(0, 3).Draw(t, "field"))
		fmt.Fprintf(&b, "  - {id: r%d, when: %s, outcome: %s, missing: %s}\n", i, when, rapid.SampledFrom([]string{"reject", "approve"}).Draw(t, "outcome"), rapid.SampledFrom([]string{"skip", "fire"}).Draw(t, "missing"))
	}
	return b.String()
}

func TestAQuickLookFindsWhatTheSchemaFinds(t *testing.T) {
	looked, quick := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p, found := Parse("p.yaml", []byte(checkedPolicy(t)))
		if p == nil {
			t.Skip(found) // a path that the schema does not know
		}
		input := map[string]any{}
		for i := range 4 {
			if rapid.IntRange(0, 4).Draw(t, "there") > 0 {
				input[fmt.Sprint("f", i)] = fieldValue(2).Draw(t, "value")
			}
		}
		whole := *p
		whole.plain = false
		a, err := p.Evaluate(input, Options{Now: newYear})
		b, errWhole := whole.Evaluate(input, Options{Now: newYear})
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if string(x) != string(y) || (err == nil) != (errWhole == nil) {
			t.Fatalf("%s\n%s\n%v %v", x, y, err, errWhole)
		}
		read, _ := p.Misfits(input)
		if err == nil && len(read) > 0 && a.Outcome == "approve" {
			t.Fatalf("%v is approved over %v", read, input)
		}
		before, err := p.Evaluate(input, Options{Now: newYear, Unchecked: true})
		if err == nil && p.severity[a.Outcome] > p.severity[before.Outcome] {
			t.Fatalf("the check makes %s of %s", a.Outcome, before.Outcome)
		}
		looked++
		if p.plain && len(read) == 0 {
			quick++
		}
	})
	if quick == 0 || quick == looked {
		t.Errorf("of %d decisions %d could be decided by the quick check: the test proves nothing", looked, quick)
	}
}
