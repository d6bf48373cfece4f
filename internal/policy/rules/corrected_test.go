package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// corrected are small policies that once were decided wrongly, each with what is right. Every rule's outcome is reject, and
// what fires is identified by its id.
var corrected = []struct{ name, schema, body, input, outcome, fired string }{
	{
		"json-logic's double negation makes true or false of a value", "flag: {type: boolean}, n: {type: number}, s: {type: string}, l: {type: array}, o: {type: object}",
		"rules:\n" + each("json-logic: ", `{"!!": [{var: flag}]}`, `{"!!": [{var: n}]}`, `{"!!": [{"==": [1, 2]}]}`, `{"!!": [{var: s}]}`, `{"!!": [{var: l}]}`, `{"!!": [{var: o}]}`, `{"!!": [{var: gone}]}`, `{"!!": [null]}`, `{"!!": ["0"]}`, `{"!!": [{"==": [{var: gone}, 1]}]}`),
		`{"flag": false, "n": 0, "s": "", "l": [], "o": {}}`, "reject", "r5 r8",
	},
	{
		"json-logic's cat makes text of numbers, and missing is null or empty text", "n: {type: number}, s: {type: string}, l: {type: array}, z: {type: 'null'}",
		"rules:\n" + each("json-logic: ", `{"==": [{cat: [1, 2]}, "12"]}`, `{"==": [{cat: [{var: s}, "-", {var: n}, true]}, "a-0.5true"]}`, `{"==": [{cat: [{var: l}]}, ""]}`, `{"in": ["l", {missing: [l]}]}`, `{"in": ["z", {missing: [[z, n]]}]}`),
		`{"n": 0.5, "s": "a", "l": [], "z": null}`, "reject", "r0 r1 r4",
	},
	{
		"dates with times are compared as instants", "dt: {type: string, format: date-time}, all: {type: array, items: {type: string}}",
		"rules:\n" + each("", `{field: dt, operator: LT, value: '2026-01-01T00:00:00Z'}`, `"dt < '2026-01-01T00:00:00Z'"`, `{field: dt, operator: BETWEEN, value: {min: '2025-12-31T00:00:00Z', max: '2025-12-31T23:59:59Z'}}`, `{field: dt, operator: EQUALS, value: '2025-12-31T23:30:00Z'}`,
			`{field: dt, operator: IN, value: ['2025-12-31T23:30:00z']}`, `{field: all, operator: CONTAINS, value: '2025-12-31T23:30:00Z'}`, `{field: dt, operator: NOT_EQUALS, value: '2025-12-31T23:30:00Z'}`, `"dt < '2026-01-01'"`, `"dt < 'soon'"`, `"dt == 'soon'"`,
			`{field: dt, operator: IN, value: [a, b, c, d, e, f, g, h, '2025-12-31T23:30:00Z']}`, `{json-logic: {"<": [{var: dt}, '2026-01-01T00:00:00Z']}}`),
		`{"dt": "2026-01-01T00:30:00+01:00", "all": ["2026-01-01T00:30:00+01:00"]}`, "reject", "r0 r1 r2 r3 r4 r5 r7 r10 r11",
	},
	{
		"a table that fires when it is not known has the most severe outcome of its rows", "a: {type: number}",
		"tables:\n  t: {hit: FIRST, inputs: [a], outputs: [outcome], rows: [['>= 5', reject], ['< 5', approve]]}\nrules: [{id: t, table: t, missing: fire}]\n", `{}`, "reject", "t",
	},
	{
		"a table that fires when it is not known has the rule's own outcome", "a: {type: number}",
		"tables:\n  t: {hit: FIRST, inputs: [a], outputs: [outcome], rows: [['>= 5', reject], ['< 5', approve]]}\nrules: [{id: t, table: t, missing: fire, outcome: review}]\n", `{}`, "review", "t",
	},
	{
		"null is neither below nor above a number in a table", "number: {type: [number, 'null']}",
		"tables:\n  t: {hit: UNIQUE, inputs: [{expression: number, type: number}], outputs: [outcome], rows: [['>= 1', approve], ['< 1', review], ['null', reject]]}\nrules: [{id: t, table: t}]\n", `{"number": null}`, "reject", "t",
	},
	{
		"what is of another type than an element may be in the list or not", "s: {type: [string, number]}, l: {type: array, items: {type: [string, number]}}, m: {type: array}",
		"rules:\n" + each("", `{field: s, operator: IN, value: ["18"]}`, `{field: s, operator: NOT_IN, value: ["18"]}`, `{field: l, operator: CONTAINS, value: "18"}`, `{field: s, operator: IN, value: ["18", 18]}`, `{field: l, operator: IN, value: ["18"]}`, `{field: m, operator: IN, value: ["x"]}`, `"s in ('18', 19)"`, `"!(s in ('18'))"`, `{field: s, operator: NOT_IN, value: [a, b, c, d, e, f, g, h]}`),
		`{"s": 18, "l": [18], "m": [1, "x"]}`, "reject", "r3 r5",
	},
	{
		"an unknown list does what missing defines", "s: {type: [string, number]}",
		`rules: [{id: r, when: {field: s, operator: IN, value: ["18"]}, outcome: review, missing: reject}]` + "\n", `{"s": 18}`, "reject", "",
	},
	{
		"an element that is there decides, whatever is missing beside it", "c: {type: string}, h: {type: string}",
		"rules:\n" + each("", `"c in ('DE', h)"`, `{json-logic: {in: [{var: c}, [{var: h}, DE]]}}`, `"c in ('FR', h)"`, `"!(c in ('FR', h))"`),
		`{"c": "DE"}`, "reject", "r0 r1",
	},
	{
		"a sum that is not exact is none", "a: {type: number}",
		"tables:\n  t: {hit: COLLECT sum, inputs: [a], outputs: [limit], rows: [['>= 5', 9007199254740991], ['>= 6', 5]]}\nrules: [{id: t, table: t, outcome: review, missing: reject}]\n", `{"a": 6}`, "reject", "",
	},
	{
		"a sum that comes back into bounds is not exact all the same", "l: {type: array, items: {type: number}}",
		"rules:\n" + each("", `"sum(l) > 0"`, `"sum(l) <= 0"`), `{"l": [9007199254740991, 2, -9007199254740991]}`, "approve", "",
	},
	{
		"null is not another value, and in no list without it", "z: {type: ['null', string]}",
		"rules:\n" + each("", `{field: z, operator: NOT_EQUALS, value: a}`, `{field: z, operator: NOT_IN, value: [a]}`, `{field: z, operator: IN, value: [a]}`, `{field: z, operator: IN, value: [a, null]}`), `{"z": null}`, "reject", "r0 r1 r3",
	},
}

// each is a rule for each condition; they are called r0, r1 and so on.
func each(before string, conditions ...string) string {
	var b strings.Builder
	for i, c := range conditions {
		if before != "" {
			c = "{" + before + c + "}"
		}
		fmt.Fprintf(&b, "  - {id: r%d, when: %s, outcome: reject}\n", i, c)
	}
	return b.String()
}

func TestWhatWasOnceDecidedWrongly(t *testing.T) {
	for _, c := range corrected {
		p, found := Parse("p.yaml", []byte("id: p\ntitle: T\ninputs: {type: object, properties: {gone: {type: number}, "+c.schema+"}}\noutcomes: [reject, review, approve]\ndefault: approve\n"+c.body))
		if p == nil {
			t.Errorf("%s: %v", c.name, found)
			continue
		}
		a := evaluate(t, p, c.input)
		if got := strings.Join(a.Fired, " "); a.Outcome != c.outcome || got != c.fired {
			t.Errorf("%s: %s by [%s], want %s by [%s]\n%+v", c.name, a.Outcome, got, c.outcome, c.fired, a.Trace)
		}
	}
}

func TestDatesOfCasesAreDaysInThePolicysZone(t *testing.T) {
	p := parse(t, "id: p\ntitle: T\ninputs: {type: object, properties: {b: {type: string, format: date}}}\noutcomes: [reject, approve]\ndefault: approve\ntimezone: America/New_York\nrules: [{id: minor, when: 'age(b) < 18', outcome: reject}]\n"+
		"cases: [{name: turns 18 today, now: 2026-01-01, input: {b: 2008-01-01}, expect: {outcome: approve}}]\n")
	if results := p.RunCases(nil); !results[0].Passed {
		t.Error(results[0].Problems)
	}
	at, ok := p.At("2026-01-01")
	if want := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC); !ok || !at.Equal(want) {
		t.Errorf("2026-01-01 is %v, want %v", at, want)
	}
}

func TestNumbersWithTwoReadingsAreRefusedInDrafts(t *testing.T) {
	const head = "id: p\ntitle: T\noutcomes: [reject, approve]\ndefault: approve\n"
	for _, written := range []string{"010", "1_000", "0x1F", "0o17", "0b11", "007", "08"} {
		source := []byte(head + "rules: [{id: r, when: {field: n, operator: EQUALS, value: " + written + "}, outcome: reject, missing: reject}]\n")
		p, found := Parse("p.yaml", source)
		if p != nil || len(found) != 1 || found[0].Code != "two_readings" || found[0].Line != 5 || found[0].Hint == "" {
			t.Errorf("%s: %v", written, found)
		}
		if p, found := Reread("p.yaml", source); p == nil {
			t.Errorf("%s does not count any more where it was published: %v", written, found)
		}
		cell := []byte(head + "tables: {t: {hit: FIRST, inputs: [n], outputs: [outcome], rows: [[" + written + ", reject]]}}\nrules: [{id: r, table: t}]\n")
		if p, found := Parse("p.yaml", cell); p != nil {
			t.Errorf("the cell %s is taken: %v", written, found)
		}
	}
	for _, written := range []string{"10", "0", "-0.5", "1e3", ".5", "+5"} {
		if _, found := Parse("p.yaml", []byte(head+"rules: [{id: r, when: {field: n, operator: EQUALS, value: "+written+"}, outcome: reject, missing: reject}]\n")); len(found) > 0 {
			t.Errorf("%s: %v", written, found)
		}
	}
}
