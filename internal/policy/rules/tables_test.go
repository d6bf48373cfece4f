package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

const lending = `
id: lending
inputs:
  type: object
  properties:
    applicant: {type: object, properties: {country: {type: string}, born: {type: string, format: date, personal: true}}}
    income: {type: number, minimum: 0}
outcomes: [reject, review, approve]
default: approve
tables:
  limits:
    hit: FIRST
    inputs: [applicant.country, income, {expression: age(applicant.born), type: number}]
    outputs: [outcome, score, reason, limit]
    rows:
      - ['"DE", "FR"', '>= 3000', '>= 18', approve, 10, null, 5000]
      - ['"DE", "FR"', '[1000..3000)', '>= 18', review, 40, "Income of {income} is below 3000.", 1000, for the branch to decide]
      - ['-', '-', '< 18', reject, 90, "Only {age(applicant.born)} years old, born {applicant.born}.", 0]
      - ['-', '-', '-', review, 50, null, 0]
rules:
  - {id: limit, table: limits, domain: credit, indicator: Limit, missing: review}
`

func TestATableFiresLikeARule(t *testing.T) {
	p := parse(t, lending)
	for input, want := range map[string]string{
		`{"applicant": {"country": "DE", "born": "1990-01-01"}, "income": 3000}`: "approve 10 low [limit] passed Row 1 of limits applies. map[limit:[map[limit:5000]]]",
		`{"applicant": {"country": "FR", "born": "1990-01-01"}, "income": 2000}`: "review 40 medium [limit] passed Row 2 of limits applies. Income of 2000 is below 3000. map[limit:[map[limit:1000]]]",
		`{"applicant": {"country": "US", "born": "2010-01-01"}, "income": 2000}`: "reject 90 critical [limit] passed Row 3 of limits applies. Only 16 years old, born {input:applicant.born}. map[limit:[map[limit:0]]]",
		`{"applicant": {"country": "US", "born": "1990-01-01"}, "income": 9}`:    "review 50 medium [limit] passed Row 4 of limits applies. map[limit:[map[limit:0]]]",
		`{"applicant": {"country": "DE"}, "income": 3000}`:                       "review 0 low [] skipped The rule could not be evaluated (missing: applicant.born); the outcome is then at least review. map[]",
		`{"applicant": {"country": "DE", "born": "1990-01-01"}}`:                 "review 0 low [] skipped The rule could not be evaluated (missing: income); the outcome is then at least review. map[]",
	} {
		a := evaluate(t, p, input)
		got := fmt.Sprint(a.Outcome, " ", a.Score, " ", a.Severity, " ", a.Fired, " ", a.Trace[0].Status, " ", a.Trace[0].Reason, " ", a.Outputs)
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", input, got, want)
		}
		if _, hidden := a.Trace[0].Inputs["applicant.born"].(reference); strings.Contains(input, "born") && !hidden {
			t.Errorf("personal data in the trace: %v", a.Trace[0].Inputs)
		}
	}
}

func TestTablesOfManyRowsFireEachOrAsOne(t *testing.T) {
	for hit, want := range map[string]string{
		"RULE_ORDER": "reject 65 [map[note:a] map[note:b]] 2", "COLLECT": "reject 65 [map[note:a] map[note:b]] 2",
		"COLLECT sum": "reject 90 [map[note:a]] 1", "COLLECT max": "reject 60 [map[note:a]] 1", "COLLECT min": "reject 30 [map[note:a]] 1", "COLLECT count": "reject 2 [map[note:2]] 1",
		"FIRST": "review 30 [map[note:a]] 1",
	} {
		p := parse(t, `
id: p
outcomes: [reject, review, approve]
default: approve
tables:
  t: {hit: `+hit+`, inputs: [n], outputs: [outcome, score, additional, note], rows: [['> 1', review, 30, 5, a], ['> 2', reject, 60, 7, b], ['> 9', reject, 99, 0, c]]}
rules:
  - {id: r, table: t, indicator: Number}
`)
		a := evaluate(t, p, `{"n": 3}`)
		if got := fmt.Sprint(a.Outcome, " ", a.Score, " ", a.Outputs["r"], " ", len(a.Indicators)); got != want {
			t.Errorf("%s: %s, want %s", hit, got, want)
		}
		if none := evaluate(t, p, `{"n": 0}`); none.Outcome != "approve" || none.Trace[0].Status != failed || none.Trace[0].Reason != "No row of t applies." {
			t.Errorf("%s: %+v", hit, none)
		}
	}
}

func TestProblemsOfTablesHaveTheirPlaces(t *testing.T) {
	_, found := Parse("p.yaml", []byte(`id: p
inputs: {properties: {n: {type: number}, s: {type: string}}}
outcomes: [reject, approve]
default: approve
tables:
  bad:
    inputs: [n, tt, {expression: s, typ: text}]
    outputs: [outcome]
    rows: []
  cells:
    hit: UNIQUE
    inputs: [n, s]
    outputs: [outcome, score]
    rows:
      - ['[1..', '-', approve, 1]
      - ['-', '"a" "b"', approve, 1]
      - ['-', '-', approve]
  said:
    hit: FIRST
    inputs: [n]
    outputs: [outcome, reason]
    rows:
      - [1, rejct, "{n +}"]
      - ['-', reject, null]
      - [2, reject, null]
  two: {hit: UNIQUE, inputs: [s], outputs: [outcome], rows: [['"a", "b"', reject], ['not("a")', approve]]}
  strange: {hit: LAST, inputs: [n], outputs: [outcome], rows: [['-', reject]]}
rules:
  - {id: a, table: cells}
  - {id: b, table: said, when: "n > 1"}
  - {id: c, table: sayd}
`))
	var got []string
	for _, d := range found {
		text := fmt.Sprintf("%d:%d %s %s", d.Line, d.Column, d.Path, d.Code)
		if d.Severity == problem.SeverityWarning {
			text += " warning"
		}
		got = append(got, text)
	}
	for _, want := range []string{
		"7:38 tables.bad.inputs[2].typ unknown_key",
		"17:9 tables.cells.rows[2] cells",
		"23:13 tables.said.rows[0][1] unknown_outcome", "25:9 tables.said.rows[2] shadowed warning",
		"26:84 tables.two.rows[1] overlap", "27:3 tables.strange hit", "6:3 tables.bad unused warning",
		"30:30 rules[1].table invalid", "31:20 rules[2].table unknown_table",
	} {
		if !slices.Contains(got, want) && !slices.ContainsFunc(got, func(g string) bool {
			return strings.HasPrefix(g, strings.SplitN(want, ":", 2)[0]+":") && strings.HasSuffix(g, want[strings.Index(want, " "):])
		}) {
			t.Errorf("missing %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
	_, found = Parse("p.yaml", []byte("id: p\noutcomes: [a, b]\ndefault: b\ntables:\n  t:\n    hit: FIRST\n    inputs: [n]\n    outputs: [outcome]\n    rows:\n      - ['[1..', a]\n      - ['-', a]\nrules: [{id: r, table: t}]\n"))
	if len(found) != 1 || found[0].Line != 10 || found[0].Column != 15 {
		t.Errorf("%+v", found)
	}
}

func TestARowWithoutAnIndicatorHasNone(t *testing.T) {
	p := parse(t, "id: p\noutcomes: [a, b]\ndefault: b\ntables:\n  t: {hit: FIRST, inputs: [n], outputs: [score, indicator], rows: [['1', 5, One], ['-', 0, null]]}\nrules: [{id: r, table: t, domain: d}]\n")
	if got := evaluate(t, p, `{"n": 1}`).Indicators; len(got) != 1 || got[0] != (Indicator{"d", "One", 5}) {
		t.Errorf("%v", got)
	}
	if got := evaluate(t, p, `{"n": 2}`).Indicators; len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A table of policy FIRST has the same result as a chain of conditions.
func TestATableDecidesWhatItsConditionsDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows, chain []string
		before := []string{}
		for i := range rapid.IntRange(1, 6).Draw(t, "rows") {
			low := rapid.IntRange(0, 9).Draw(t, "low")
			high := low + rapid.IntRange(0, 5).Draw(t, "width")
			letter := string(rune('a' + rapid.IntRange(0, 3).Draw(t, "letter")))
			outcome := rapid.SampledFrom([]string{"reject", "review", "approve"}).Draw(t, "outcome")
			rows = append(rows, fmt.Sprintf(`      - ['[%d..%d]', '"%s"', %s, %d]`, low, high, letter, outcome, i))
			own := fmt.Sprintf(`(n >= %d && n <= %d && s == "%s")`, low, high, letter)
			chain = append(chain, fmt.Sprintf(`  - {id: r%d, when: '%s', outcome: %s, score: {base: %d}}`, i, strings.Join(append(slices.Clone(before), own), " && "), outcome, i))
			before = append(before, "!"+own)
		}
		head := "id: p\noutcomes: [reject, review, approve]\ndefault: approve\n"
		tabled, _ := Parse("p.yaml", []byte(head+"tables:\n  t:\n    hit: FIRST\n    inputs: [n, s]\n    outputs: [outcome, score]\n    rows:\n"+strings.Join(rows, "\n")+"\nrules:\n  - {id: r, table: t}\n"))
		written, _ := Parse("p.yaml", []byte(head+"rules:\n"+strings.Join(chain, "\n")+"\n"))
		if tabled == nil || written == nil {
			t.Fatal(rows)
		}
		input := map[string]any{"n": float64(rapid.IntRange(0, 15).Draw(t, "n")), "s": string(rune('a' + rapid.IntRange(0, 4).Draw(t, "s")))}
		a, err := tabled.Evaluate(input, Options{Now: newYear})
		b, err2 := written.Evaluate(input, Options{Now: newYear})
		if err != nil || err2 != nil || a.Outcome != b.Outcome || a.Score != b.Score || len(a.Fired) != len(b.Fired) {
			t.Fatalf("%v: table %+v, conditions %+v", input, a, b)
		}
	})
}
