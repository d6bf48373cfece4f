package rules

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

var newYear = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func parse(t testing.TB, source string) *Policy {
	t.Helper()
	p, found := Parse("p.yaml", []byte(source))
	if p == nil {
		t.Fatalf("%v", found)
	}
	return p
}

func evaluate(t testing.TB, p *Policy, input string) Answer {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal([]byte(input), &values); err != nil {
		t.Fatal(err)
	}
	answer, err := p.Evaluate(values, Options{Now: newYear, Decision: "dec_1"})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestEveryFormOfACondition(t *testing.T) {
	const input = `{"n": 5, "m": 7, "s": "Berlin", "b": true, "no": false, "z": null, "list": ["Foo Bar", "x"], "empty": [], "born": "2024-01-01", "old": "2023-12-31", "zero": 0}`
	for when, want := range map[string]Status{
		`"n < 6"`: passed, `"n > 6"`: failed, `"gone > 6"`: skipped, `true`: passed,
		`{all: ["n < 6", "m > 6"]}`: passed, `{all: ["n < 6", "gone"]}`: skipped, `{all: ["n > 6", "gone"]}`: failed,
		`{any: ["n > 6", "m > 6"]}`: passed, `{any: ["n > 6", "gone"]}`: skipped, `{any: ["n < 6", "gone"]}`: passed,
		`{not: "n < 6"}`: failed, `{not: {not: "n < 6"}}`: passed, `{not: "gone"}`: skipped,
		`{field: n, operator: EQUALS, value: 5}`: passed, `{field: n, operator: EQUALS, value: "5"}`: skipped, `{field: n, operator: NOT_EQUALS, value: 5}`: failed,
		`{field: no, operator: EQUALS, value: false}`: passed, `{field: zero, operator: EQUALS, value: 0}`: passed, `{field: z, operator: EQUALS, value: null}`: passed,
		`{field: gone, operator: NOT_EQUALS, value: 5}`: skipped, `{field: n, operator: EQUALS, value: {field: m}}`: failed, `{field: n, operator: LT, value: {field: m}}`: passed,
		`{field: n, operator: GT, value: 4}`: passed, `{field: n, operator: GTE, value: 5}`: passed, `{field: n, operator: LT, value: 5}`: failed, `{field: n, operator: LTE, value: 5}`: passed,
		`{field: s, operator: GT, value: Aachen}`: passed, `{field: b, operator: GT, value: false}`: passed, `{field: no, operator: LT, value: false}`: failed, `{field: s, operator: GT, value: 4}`: skipped,
		`{field: n, operator: BETWEEN, value: {min: 5, max: 6}}`: passed, `{field: n, operator: BETWEEN, value: {min: 1, max: 5}}`: passed, `{field: n, operator: BETWEEN, value: {min: 6, max: 9}}`: failed,
		`{field: n, operator: BETWEEN, value: {min: 1, max: {field: m}}}`: passed,
		`{field: s, operator: IN, value: [Berlin, Paris]}`:                passed, `{field: s, operator: IN, value: [berlin]}`: failed, `{field: list, operator: IN, value: [x]}`: passed,
		`{field: s, operator: NOT_IN, value: [Paris]}`: passed, `{field: s, operator: NOT_IN, value: [Berlin]}`: failed, `{field: gone, operator: NOT_IN, value: [Berlin]}`: skipped,
		`{field: s, operator: IN_CASE_INSENSITIVE, value: [BERLIN]}`: passed, `{field: s, operator: IN_CASE_INSENSITIVE, value: erl}`: passed, `{field: list, operator: IN_CASE_INSENSITIVE, value: [bar]}`: passed,
		`{field: list, operator: IN_CASE_INSENSITIVE, value: [baz]}`: failed, `{field: n, operator: IN_CASE_INSENSITIVE, value: [baz]}`: skipped,
		`{field: born, operator: LAST_YEAR, value: {years: 2}}`: passed, `{field: old, operator: LAST_YEAR, value: {years: 2}}`: failed, `{field: s, operator: LAST_YEAR, value: {years: 2}}`: skipped,
		`{field: s, operator: EXISTS}`: passed, `{field: empty, operator: EXISTS}`: failed, `{field: gone, operator: EXISTS}`: failed, `{field: z, operator: EXISTS}`: failed, `{field: zero, operator: EXISTS}`: passed,
		`{field: gone, operator: EXISTS, value: false}`: passed,
		`{operator: and, rules: [{key: n, operator: GT, value: 1}, {operator: or, rules: [{key: s, operator: EQUALS, value: Paris}, {key: m, operator: LT, value: 9}]}]}`: passed,
		`{operator: and, rules: [{key: n, operator: GT, value: 1}, {key: n, operator: GT, value: 9}]}`:                                                                    failed, `{operator: or, rules: [{key: n, operator: GT, value: 1}, {key: n, operator: GT, value: 9}]}`: passed,
		`{json-logic: {"<": [{var: n}, 6]}}`: passed, `{json-logic: {"<": [{var: gone}, 6]}}`: skipped, `{json-logic: {some: [{var: list}, {"==": [{var: ""}, x]}]}}`: passed,
		"{jmespath: \"n < `6`\"}": passed, `{jmespath: "contains(list, 'x')"}`: passed, `{jmespath: "gone"}`: skipped, `{jmespath: "s"}`: skipped,
		`{json-schema: {required: [n], properties: {n: {type: integer}}}}`: passed, `{json-schema: {required: [gone]}}`: failed, `{json-schema: {properties: {born: {format: date}}}}`: passed, `{json-schema: {properties: {s: {format: date}}}}`: failed,
	} {
		p, found := Parse("p.yaml", []byte("id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: "+when+"}\n"))
		if p == nil {
			t.Errorf("%s: %v", when, found)
			continue
		}
		answer := evaluate(t, p, input)
		if got := answer.Trace[0].Status; got != want {
			t.Errorf("%s is %s, want %s: %s", when, got, want, answer.Trace[0].Reason)
		}
		if fired := answer.Outcome == "review"; fired != (want == passed) {
			t.Errorf("%s: outcome %s", when, answer.Outcome)
		}
	}
}

func TestMissingSkipsFiresOrGivesAnOutcomeAndIsNamed(t *testing.T) {
	const policy = `
id: p
outcomes: [reject, review, approve]
default: approve
rules: [{id: r, when: "a.b > 1 && c < 2", outcome: reject, score: {base: 50}, reason: "a is {a.b}", missing: %s}]
`
	for missing, want := range map[string]Answer{
		"skip":   {Outcome: "approve", Score: 0, Fired: []string{}},
		"fire":   {Outcome: "reject", Score: 50, Fired: []string{"r"}},
		"review": {Outcome: "review", Score: 0, Fired: []string{}},
	} {
		answer := evaluate(t, parse(t, fmt.Sprintf(policy, missing)), `{"c": 1}`)
		if answer.Outcome != want.Outcome || answer.Score != want.Score || !reflect.DeepEqual(answer.Fired, want.Fired) {
			t.Errorf("missing: %s gives %+v", missing, answer)
		}
		if step := answer.Trace[0]; step.Status != skipped || !strings.Contains(step.Reason, "missing: a.b") || strings.Contains(step.Reason, ", c") {
			t.Errorf("missing: %s is traced as %+v", missing, step)
		}
	}
}

func TestTooManyUnknownRulesGiveTheOutcomeThatThePolicyStates(t *testing.T) {
	p := parse(t, `
id: p
outcomes: [review, approve]
default: approve
unknown: {above: 1, outcome: review}
rules: [{id: a, when: "a > 1", outcome: review}, {id: b, when: "b > 1", outcome: review}]
`)
	if got := evaluate(t, p, `{"a": 0}`); got.Outcome != "approve" {
		t.Errorf("one unknown rule gives %s", got.Outcome)
	}
	got := evaluate(t, p, `{}`)
	if last := got.Trace[len(got.Trace)-1]; got.Outcome != "review" || last.Rule != "unknown" || len(got.Fired) != 0 {
		t.Errorf("two unknown rules give %+v", got)
	}
}

func TestScoresAreCombinedAsThePolicyDefines(t *testing.T) {
	const policy = `
id: p
outcomes: [review, approve]
default: approve
score: %s
rules:
  - {id: a, when: "a", score: {base: 10, additional: 1}}
  - {id: b, when: "b", score: {base: 30, additional: 5}}
  - {id: c, when: "c", score: {base: 20, additional: 7}}
`
	for _, c := range []struct {
		score, input string
		want         float64
		severity     string
	}{
		{`{}`, `{"a":true,"b":true,"c":true}`, 38, "low"},
		{`{combine: sum}`, `{"a":true,"b":true,"c":true}`, 60, "medium"},
		{`{combine: max}`, `{"a":true,"b":true,"c":true}`, 30, "low"},
		{`{combine: sum, cap: 50}`, `{"a":true,"b":true,"c":true}`, 50, "medium"},
		{`{floor: 5}`, `{"a":false,"b":false,"c":false}`, 5, "low"},
		{`{bands: {fine: 0, bad: 38}}`, `{"a":true,"b":true,"c":true}`, 38, "bad"},
		{`{}`, `{"a":false,"b":false,"c":false}`, 0, "low"},
	} {
		got := evaluate(t, parse(t, fmt.Sprintf(policy, c.score)), c.input)
		if got.Score != c.want || got.Severity != c.severity {
			t.Errorf("%s over %s is %v %s, want %v %s", c.score, c.input, got.Score, got.Severity, c.want, c.severity)
		}
	}
	for _, c := range []struct {
		score float64
		want  string
	}{{39, "low"}, {40, "medium"}, {69, "medium"}, {70, "high"}, {84, "high"}, {85, "critical"}} {
		if got := defaultScoring().band(c.score).name; got != c.want {
			t.Errorf("severity of %v is %s, want %s", c.score, got, c.want)
		}
	}
}

func TestABandOfTheScoreHasAnOutcome(t *testing.T) {
	p := parse(t, `
id: p
outcomes: [reject, review, approve]
default: approve
rules:
  - {id: a, when: "a > 1", score: {base: 50}}
  - {id: b, when: "a > 2", score: {base: 90}, outcome: review}
score: {bands: {low: 0, medium: {from: 50, outcome: review}, high: {from: 90, outcome: reject}, critical: 95}}
`)
	for _, c := range []struct {
		a                 float64
		outcome, severity string
		steps             int
	}{{1, "approve", "low", 2}, {2, "review", "medium", 3}, {3, "reject", "high", 3}} {
		answer := evaluate(t, p, fmt.Sprintf(`{"a": %v}`, c.a))
		if answer.Outcome != c.outcome || answer.Severity != c.severity || len(answer.Trace) != c.steps {
			t.Errorf("%v: %+v", c.a, answer)
		}
		if last := answer.Trace[len(answer.Trace)-1]; c.steps == 3 && (last.Rule != "score" || !strings.Contains(last.Reason, "is in the band "+c.severity+": the outcome is at least "+c.outcome)) {
			t.Errorf("%+v", last)
		}
	}
}

func TestPersonalDataIsInTheTraceOnlyByReference(t *testing.T) {
	p := parse(t, `
id: p
inputs: {properties: {person: {personal: true, properties: {name: {type: string}, born: {type: string}, pin: {type: number}}}, open: {type: object}, hits: {items: {properties: {score: {type: number}, name: {personal: true, type: string}}}}, country: {type: string}}}
outcomes: [review, approve]
default: approve
rules:
  - id: r
    when: "age(person.born) > 18 && exists(person.name) && person.pin > 1 && exists(open.x) && len(hits) == 1 && hits[0].score > 0 && country == 'DE'"
    outcome: review
    reason: "{person.name} {upper(person.name)} {person.pin} {date(person.born)} {open.x} {hits} is {age(person.born)} in {country} {{}}"
`)
	answer := evaluate(t, p, `{"person": {"name": "Secretname", "born": "1999-09-09", "pin": 4711}, "open": {"x": "Hiddenvalue"}, "hits": [{"score": 0.5, "name": "Hitname"}], "country": "DE"}`)
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"ecretname", "ECRETNAME", "4711", "1999", "Hiddenvalue", "Hitname"} {
		if strings.Contains(string(text), personal) {
			t.Errorf("%s is in %s", personal, text)
		}
	}
	step := answer.Trace[0]
	if step.Inputs["country"] != "DE" || step.Inputs["hits[0].score"] != 0.5 || step.Inputs["person.born"] != (reference{"input:person.born"}) {
		t.Errorf("inputs %v", step.Inputs)
	}
	if want := "{input:person.name} {input:person.name} {input:person.pin} {input:person.born} {input:open.x} {input:hits} is 26 in DE {}"; step.Reason != want {
		t.Errorf("reason %q, want %q", step.Reason, want)
	}
}

func TestInexactNumbersAreAnErrorThatNamesTheirPlaceOnly(t *testing.T) {
	p := parse(t, "id: p\noutcomes: [a]\ndefault: a\nrules: [{id: r, when: 'x.amount > 1 || true', outcome: a}]")
	_, err := p.Evaluate(map[string]any{"x": map[string]any{"amount": 9007199254740993.0}, "unread": 1e300}, Options{})
	e := problem.As(err)
	if e.Code != problem.Invalid || len(e.Fields) != 1 || e.Fields[0].Location != "input.x.amount" || strings.Contains(err.Error(), "90071") {
		t.Errorf("got %v", err)
	}
}

func TestInexactNumbersAreFoundBelowWhatQueriesAndSchemasRead(t *testing.T) {
	input := map[string]any{"x": []any{map[string]any{"amount": 9007199254740993.0}}, "y": 1e300}
	for when, want := range map[string]string{
		`{jmespath: "x[?amount > '1'] | length(@) > '0'"}`: "input.x", `{jmespath: "length(@) > '1'"}`: "input", `{json-schema: {properties: {x: true}}}`: "input.x",
		`{json-schema: {maxProperties: 3}}`: "input", `{jmespath: "length(z) > '0'"}`: "",
	} {
		p := parse(t, "id: p\noutcomes: [a]\ndefault: a\nrules: [{id: r, when: "+when+", outcome: a}]")
		_, err := p.Evaluate(input, Options{})
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", when, err)
			}
			continue
		}
		if e := problem.As(err); e.Code != problem.Invalid || len(e.Fields) != 1 || e.Fields[0].Location != want {
			t.Errorf("%s: %v", when, err)
		}
	}
}

func TestTheTraceShowsWhatQueriesAndSchemasRead(t *testing.T) {
	for when, want := range map[string]string{
		`{jmespath: "a.b > '1' && c"}`: "a.b c", `{jmespath: "hits[?score > '0'] | length(@) > '0'"}`: "hits", `{json-schema: {properties: {c: {type: boolean}}}}`: "c",
	} {
		p := parse(t, "id: p\noutcomes: [a]\ndefault: a\nrules: [{id: r, when: "+when+", outcome: a}]")
		answer := evaluate(t, p, `{"a": {"b": 2}, "c": true, "hits": [{"score": 1}]}`)
		if got := strings.Join(sortedNames(answer.Trace[0].Inputs), " "); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
}

func TestAnUncomputableRuleIsSkippedWithAReason(t *testing.T) {
	huge := strings.Repeat("a", 1<<20)
	for when, want := range map[string]string{
		"'n / zero > 1'": "division by zero", "'n % zero > 1'": "division by zero", "'s > 1'": "text cannot be compared with a number", "'n * 9e15 > 1'": "too large to be exact",
		"'s'": "must be true or false", "'huge + huge == s'": "the text is too long", "'age(s) > 1'": "", "{field: n, operator: MATCHES, value: x}": "only text can match a pattern",
		"'abs(s) > 1'": "", "{field: list, operator: AML_CHECK, value: {category: pep, operator: EQUALS, value: true}}": "a hit does not have pep",
	} {
		p := parse(t, "id: p\noutcomes: [reject, approve]\ndefault: approve\nrules: [{id: r, when: "+when+", outcome: reject}]")
		answer, err := p.Evaluate(map[string]any{"n": 5.0, "zero": 0.0, "s": "text", "huge": huge, "list": []any{map[string]any{}}}, Options{Now: newYear})
		if err != nil || answer.Outcome != "approve" || answer.Trace[0].Status != skipped || !strings.Contains(answer.Trace[0].Reason, want) {
			t.Errorf("%s: %v %s %+v", when, err, answer.Outcome, answer.Trace)
		}
	}
}

func TestAValueOfAMegabyteIsDecidedLikeAnyOther(t *testing.T) {
	p := parse(t, `id: p
outcomes: [reject, review, approve]
default: approve
rules:
  - {id: pattern, when: {field: s, operator: MATCHES, value: "(a+)+b$"}, outcome: review}
  - {id: part, when: {field: s, operator: IN_CASE_INSENSITIVE, value: [needle]}, outcome: review}
  - {id: table, table: t}
tables:
  t: {hit: FIRST, inputs: [s], outputs: [outcome], rows: [['"x"', review], ['-', approve]]}
`)
	for tail, want := range map[string]string{"": "[table]", "b": "[pattern table]", "NeedlE": "[part table]"} {
		answer, err := p.Evaluate(map[string]any{"s": strings.Repeat("a", 1<<20) + tail}, Options{Now: newYear})
		if err != nil || fmt.Sprint(answer.Fired) != want {
			t.Errorf("%q: %v, want %s (%v)", tail, answer.Fired, want, err)
		}
	}
}

func TestDatesAreThoseOfThePolicysTimeZone(t *testing.T) {
	source := "id: p\ntimezone: %s\noutcomes: [reject, approve]\ndefault: approve\nrules: [{id: r, when: 'age(born) < 18', outcome: reject}]"
	late := time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC) // 2026 in Berlin
	for zone, want := range map[string]string{"UTC": "reject", "Europe/Berlin": "approve", "America/New_York": "reject"} {
		answer, err := parse(t, fmt.Sprintf(source, zone)).Evaluate(map[string]any{"born": "2008-01-01"}, Options{Now: late})
		if err != nil || answer.Outcome != want {
			t.Errorf("%s: %s, want %s (%v)", zone, answer.Outcome, want, err)
		}
	}
}

func TestTheAnswerHasTheContractsShape(t *testing.T) {
	p := shipped(t, "kyc-risk.yaml")
	answer := evaluate(t, p, `{"applicant": {"date_of_birth": "2010-05-01", "country": "DE"}, "identity": {"status": "review", "score": 0.5}, "id_check": {"passed": true, "findings_count": 0, "mrz": null}}`)
	got, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/answer.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("got %s", got)
	}
	if empty := evaluate(t, parse(t, "id: p\noutcomes: [a]\ndefault: a\nrules: []"), `{}`); true {
		text, _ := json.Marshal(empty)
		if string(text) != `{"policy":"p","version":1,"outcome":"a","score":0,"severity":"low","fired":[],"indicators":[],"trace":[],"decision":"dec_1"}` {
			t.Errorf("an empty policy answers %s", text)
		}
	}
}

func TestTheOrderOfRulesNeverChangesTheOutcome(t *testing.T) {
	source, err := os.ReadFile(shippedFolder + "/kyc-risk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	original := shipped(t, "kyc-risk.yaml")
	rapid.Check(t, func(t *rapid.T) {
		var document yaml.Node
		if err := yaml.Unmarshal(source, &document); err != nil {
			t.Fatal(err)
		}
		rules := lookup(document.Content[0], "rules")
		rules.Content = rapid.Permutation(rules.Content).Draw(t, "order")
		shuffledSource, err := yaml.Marshal(&document)
		if err != nil {
			t.Fatal(err)
		}
		shuffled, found := Parse("p.yaml", shuffledSource)
		if shuffled == nil {
			t.Fatal(found)
		}
		example := rapid.SampledFrom(original.cases).Draw(t, "case")
		a, _ := original.Evaluate(example.input, Options{Now: example.now})
		b, _ := shuffled.Evaluate(example.input, Options{Now: example.now})
		if a.Outcome != b.Outcome || a.Score != b.Score || a.Severity != b.Severity || len(a.Fired) != len(b.Fired) {
			t.Errorf("%s: %+v and %+v", example.name, a, b)
		}
	})
}

func TestTheSameDecisionIsTheSameBytes(t *testing.T) {
	p := shipped(t, "kyc-risk.yaml")
	for _, c := range p.cases {
		a, _ := p.Evaluate(c.input, Options{Now: c.now, Decision: "d"})
		b, _ := p.Evaluate(c.input, Options{Now: c.now, Decision: "d"})
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if string(x) != string(y) {
			t.Errorf("%s: %s\n%s", c.name, x, y)
		}
	}
}

func TestACaseThatFailsShowsWhatDiffers(t *testing.T) {
	p := parse(t, `
id: p
outcomes: [reject, approve]
default: approve
rules: [{id: r, when: "a > 1", outcome: reject, score: {base: 70}}]
cases:
  - {name: wrong, now: 2026-01-01, input: {a: 2}, expect: {outcome: approve, fired: [], score: 0, severity: low, skipped: [r]}}
  - {name: right, now: 2026-01-01T10:00:00Z, input: {a: 2}, expect: {outcome: reject, fired: [r], score: 70, severity: high, skipped: []}}
`)
	results := p.RunCases(nil)
	if results[0].Passed || !results[1].Passed || results[0].Line != 7 {
		t.Fatalf("got %+v", results)
	}
	if got := strings.Join(results[0].Problems, "; "); got != "outcome is reject, expected approve; severity is high, expected low; score is 70, expected 0; fired is [r], expected []; skipped is [], expected [r]" {
		t.Errorf("got %s", got)
	}
}

func TestPoliciesAreSafeForConcurrentUse(t *testing.T) {
	p := shipped(t, "kyc-risk.yaml")
	done := make(chan string)
	for range 8 {
		go func() {
			var all []string
			for _, result := range p.RunCases(nil) {
				all = append(all, fmt.Sprint(result.Passed))
			}
			done <- strings.Join(all, "")
		}()
	}
	for range 8 {
		if got := <-done; strings.Contains(got, "false") {
			t.Error(got)
		}
	}
}

func benchmarkPolicy(b *testing.B, rules int, options Options) {
	source := strings.Builder{}
	source.WriteString("id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n")
	for i := range rules {
		fmt.Fprintf(&source, "  - {id: r%d, when: \"risk.score < %d\", outcome: review, score: {base: %d, additional: 1}}\n", i, i*2, i)
	}
	p := parse(b, source.String())
	input := map[string]any{"risk": map[string]any{"score": 39.0}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Evaluate(input, options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	b.Run("one rule/untraced", func(b *testing.B) { benchmarkPolicy(b, 1, Options{Now: newYear, Untraced: true}) })
	b.Run("one rule/traced", func(b *testing.B) { benchmarkPolicy(b, 1, Options{Now: newYear}) })
	b.Run("50 rules/untraced", func(b *testing.B) { benchmarkPolicy(b, 50, Options{Now: newYear, Untraced: true}) })
	b.Run("50 rules/traced", func(b *testing.B) { benchmarkPolicy(b, 50, Options{Now: newYear}) })
	b.Run("kyc", func(b *testing.B) {
		p := shipped(b, "kyc-risk.yaml")
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Evaluate(p.cases[0].input, Options{Now: newYear}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
