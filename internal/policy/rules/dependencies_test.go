package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf is a Library of what a test names.
type shelf struct {
	policies Policies
	lists    map[string]expr.List
}

func (s shelf) Policy(id string, _ int) (*Policy, error) {
	if p, ok := s.policies[id]; ok {
		return p, nil
	}
	return nil, problem.New(problem.UnknownPolicy, "No such policy is published.")
}

func (s shelf) Lists(names []string, _ map[string]string) (map[string]expr.List, error) {
	found := map[string]expr.List{}
	for _, name := range names {
		if s.lists[name] == nil {
			return nil, notThere([]string{name}, nil)
		}
		found[name] = s.lists[name]
	}
	return found, nil
}

// calling is a policy with one rule.
func calling(t *testing.T, id, when string) *Policy {
	t.Helper()
	p, found := Parse("p.yaml", []byte(fmt.Sprintf("id: %s\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: %s}\n", id, when)))
	if p == nil {
		t.Fatal(found)
	}
	return p
}

func decided(t *testing.T, p *Policy, library Library, input map[string]any) Answer {
	t.Helper()
	options, err := p.Open(library, Seen{})
	if err != nil {
		t.Fatal(err)
	}
	options.Now = noon
	answer, err := p.Evaluate(input, options)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestARuleAsksAListAndReportsItsEdition(t *testing.T) {
	library := shelf{lists: map[string]expr.List{"blocked": caseList{"x", 5.0}}}
	for _, when := range []string{"{list: blocked, field: who}", "{field: who, operator: IN_LIST, value: blocked}", "{not: {not: {list: blocked, field: who}}}"} {
		p := calling(t, "p", when)
		for _, c := range []struct {
			who     any
			outcome string
			status  Status
		}{{"x", "review", passed}, {5.0, "review", passed}, {"y", "approve", failed}, {[]any{"y", "x"}, "review", passed}, {map[string]any{}, "approve", skipped}} {
			answer := decided(t, p, library, map[string]any{"who": c.who})
			step := answer.Trace[0]
			if answer.Outcome != c.outcome || step.Status != c.status || !maps.Equal(step.Editions, map[string]string{"blocked": "case"}) {
				t.Errorf("%s of %v: %+v", when, c.who, answer)
			}
		}
	}
}

// A block list that is not there must not look like one that is empty.
func TestAPolicyDoesNotDecideWithoutWhatItAsksFor(t *testing.T) {
	p := calling(t, "p", `{any: [{list: blocked, field: who}, {list: watched, field: who}, {policy: other, outcome: review}]}`)
	_, err := p.Evaluate(map[string]any{"who": "x"}, Options{Now: noon, Lists: map[string]expr.List{"watched": caseList{"x"}}})
	e := problem.As(err)
	if problem.CodeOf(err) != problem.UnknownList || len(e.Fields) != 2 || e.Fields[0].Location != "lists.blocked" || e.Fields[1].Location != "policies.other" {
		t.Errorf("%v %+v", err, e.Fields)
	}
	if _, err := p.Open(shelf{}, Seen{}); problem.CodeOf(err) != problem.UnknownPolicy {
		t.Error(err)
	}
}

func TestARuleAsksAnotherPolicy(t *testing.T) {
	inner := calling(t, "inner", `"applicant.age < 18"`)
	library := shelf{policies: Policies{"inner": inner}}
	for when, want := range map[string][2]string{ // for a minor, and for others
		"{policy: inner, outcome: review}":                                              {"review", "approve"},
		"{policy: inner, outcome: [review, approve]}":                                   {"review", "review"},
		"{not: {policy: inner, outcome: review}}":                                       {"approve", "review"},
		"{policy: inner, outcome: review, input: {applicant: {age: {field: owner}}}}":   {"approve", "approve"},
		"{policy: inner, outcome: review, input: {applicant: {age: {field: other}}}}":   {"approve", "approve"},
		"{policy: inner, outcome: review, input: {applicant: {age: 3, unit: [years]}}}": {"review", "review"},
	} {
		for i, age := range []float64{17, 18} {
			answer := decided(t, calling(t, "outer", when), library, map[string]any{"applicant": map[string]any{"age": age}, "owner": 40.0})
			if answer.Outcome != want[i] {
				t.Errorf("%s at %v: %+v", when, age, answer)
			}
			if len(answer.Calls) != 1 || answer.Calls[0].Rule != "r" || answer.Calls[0].Policy != "inner" || answer.Calls[0].Digest != "sha256:"+inner.Digest || len(answer.Calls[0].Trace) != 1 {
				t.Errorf("%s at %v: %+v", when, age, answer.Calls)
			}
		}
	}
}

func TestCallsAreReportedOnceAndWithTheRuleThatAsked(t *testing.T) {
	library := shelf{policies: Policies{
		"a": calling(t, "a", `{any: [{policy: b, outcome: review}, {policy: c, outcome: review}]}`), "b": calling(t, "b", `{policy: c, outcome: review}`), "c": calling(t, "c", `"n > 1"`),
	}}
	p := calling(t, "p", `{all: [{policy: a, outcome: review}, {not: {policy: a, outcome: approve}}]}`)
	answer := decided(t, p, library, map[string]any{"n": 2.0})
	var messages []string
	for _, call := range answer.Calls {
		messages = append(messages, call.Rule+">"+call.Policy+"="+call.Outcome)
	}
	if want := []string{"b/r>c=review", "a/r>b=review", "r>a=review"}; !slices.Equal(messages, want) || answer.Outcome != "review" {
		t.Errorf("%v, want %v", messages, want)
	}
}

func TestPoliciesThatCallEachOtherInACircleAreRefused(t *testing.T) {
	library := shelf{policies: Policies{"a": calling(t, "a", `{policy: b, outcome: review}`), "b": calling(t, "b", `{policy: c, outcome: review}`)}}
	c := calling(t, "c", `{policy: a, outcome: review}`)
	library.policies["c"] = c
	_, err := c.Open(library, Seen{})
	if problem.CodeOf(err) != problem.Invalid || problem.As(err).Fields[0].Message != "c calls a calls b calls c" {
		t.Errorf("%v %+v", err, problem.As(err).Fields)
	}
	found := c.CheckDependencies("c.yaml", func(id string) (*Policy, error) { return library.Policy(id, 0) }, nil)
	if len(found) != 1 || found[0].Code != "cycle" || !strings.Contains(found[0].Message, "a calls b") {
		t.Errorf("%+v", found)
	}
	// One that gets past all checks ends, too.
	if _, err := c.Evaluate(map[string]any{}, Options{Now: noon, Policies: library.policies}); problem.CodeOf(err) != problem.Invalid {
		t.Error(err)
	}
}

// Each of these calls the next one twice, over inputs of their own: 2^15 evaluations, were they not bounded.
func TestCallsThatMultiplyAreBounded(t *testing.T) {
	library := shelf{policies: Policies{}}
	for i := range 14 {
		id := fmt.Sprintf("p%d", i)
		next := fmt.Sprintf("{policy: p%d, outcome: review, input: {n: {field: n}}}", i+1)
		library.policies[id] = calling(t, id, "{any: ["+next+", "+next+"]}")
	}
	library.policies["p14"] = calling(t, "p14", `"n > 5"`)
	options, err := library.policies["p0"].Open(library, Seen{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := library.policies["p0"].Evaluate(map[string]any{"n": 1.0}, options); problem.CodeOf(err) != problem.Invalid || !strings.Contains(err.Error(), "200") {
		t.Error(err)
	}
}

func TestWhatAPolicyAsksForIsCheckedAgainstWhatExists(t *testing.T) {
	get := shelf{policies: Policies{"inner": calling(t, "inner", `"n > 1"`)}}
	p := calling(t, "p", "{any: [\n {list: bloked, field: x}, {list: fine, field: x},\n {policy: inner, outcome: revew}, {policy: gone, outcome: review}]}")
	found := p.CheckDependencies("p.yaml", func(id string) (*Policy, error) { return get.Policy(id, 0) }, []string{"blocked", "fine"})
	var messages []string
	for _, d := range found {
		messages = append(messages, fmt.Sprintf("%d:%d %s %s (%s)", d.Line, d.Column, d.Path, d.Message, d.Hint))
	}
	want := []string{
		"6:9 rules[0].when.any[0].list there is no list bloked (did you mean blocked?)",
		"7:11 rules[0].when.any[2].policy the policy inner has no outcome revew (did you mean review?)",
		"7:44 rules[0].when.any[3].policy there is no policy gone ()",
	}
	if !slices.Equal(messages, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(messages, "\n"), strings.Join(want, "\n"))
	}
	if found := p.CheckDependencies("p.yaml", func(string) (*Policy, error) { return get.policies["inner"], nil }, nil); len(found) != 1 {
		t.Errorf("%+v", found)
	}
}

func TestCasesReportWhatListsHoldAndWhatPoliciesAnswer(t *testing.T) {
	source := `id: p
outcomes: [review, approve]
default: approve
rules:
  - {id: blocked, outcome: review, when: {list: blocked, field: who}, missing: review}
  - {id: called, outcome: review, when: {policy: inner, outcome: review}}
cases:
  - {name: in the list, now: 2026-01-01, input: {who: x}, lists: {blocked: [x]}, answers: {inner: approve}, expect: {fired: [blocked]}}
  - {name: in no list, now: 2026-01-01, input: {who: x}, answers: {inner: review}, expect: {fired: [called]}}
  - {name: evaluated, now: 2026-01-01, input: {who: x, n: 2}, expect: {outcome: review}}
`
	p, found := Parse("p.yaml", []byte(source))
	if p == nil {
		t.Fatal(found)
	}
	for _, c := range []struct {
		policies Policies
		passed   []bool
	}{{nil, []bool{true, true, false}}, {Policies{"inner": calling(t, "inner", `"n > 1"`)}, []bool{true, true, true}}, {Policies{"inner": calling(t, "inner", `"n > 2"`)}, []bool{true, true, false}}} {
		for i, result := range p.RunCases(c.policies) {
			if result.Passed != c.passed[i] {
				t.Errorf("%+v", result)
			}
		}
	}
	for wrong, message := range map[string]string{"lists: {blokced: [x]}": "no rule refers to a list blokced", "lists: {blocked: x}": "expected a list of values", "answers: {iner: review}": "no rule refers to a policy iner"} {
		_, found := Parse("p.yaml", []byte(strings.Replace(source, "lists: {blocked: [x]}", wrong, 1)))
		if len(found) == 0 || found[0].Line != 8 || found[0].Message != message {
			t.Errorf("%s: %+v", wrong, found)
		}
	}
}

func TestConditionsAreDescribedInWords(t *testing.T) {
	for when, want := range map[string]string{
		`"age(born) < 18"`:                          "age(born) < 18",
		`{field: amount, operator: GT, value: 100}`: "amount is more than 100",
		`{field: amount, operator: BETWEEN, value: {min: 1, max: {field: top}}}`: "amount is between 1 and top",
		`{field: country, operator: IN, value: [DE, FR]}`:                        "country is one of DE, FR",
		`{field: hits, operator: EXISTS}`:                                        "hits is there",
		`{field: hits, operator: EXISTS, value: false}`:                          "hits is not there",
		`{all: ["a", {any: ["b", "c"]}]}`:                                        "a and (b or c)",
		`{operator: OR, rules: ["a", {operator: and, rules: ["b", "c"]}]}`:       "a or (b and c)",
		`{not: {list: blocked, field: who}}`:                                     "not (who is in the list blocked)",
		`{policy: inner, outcome: [review, reject]}`:                             "the policy inner answers review or reject",
		`{field: who, operator: FUZZY_MATCH_SCORE_LT, value: 80}`:                "who FUZZY_MATCH_SCORE_LT 80",
		`{json-logic: {"<": [{var: n}, 2]}}`:                                     "{<: {var: n}, 2}",
		`{json-schema: {type: object}}`:                                          "the input conforms to the rule's JSON Schema",
	} {
		if got := calling(t, "p", when).rules[0].passed; got != "The condition holds: "+want+"." {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	if text := calling(t, "p", `{field: a, operator: IN, value: [`+strings.Repeat("long, ", 200)+`x]}`).rules[0].passed; len([]rune(text)) != maxWords+len([]rune("The condition holds: ….")) {
		t.Error(text)
	}
}
