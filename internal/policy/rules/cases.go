package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"

	"go.yaml.in/yaml/v3"
)

// policyCase is an example that a policy carries: its input and the expected result.
type policyCase struct {
	name     string
	now      time.Time
	input    map[string]any
	lists    map[string]expr.List // every list of the policy; what the case does not state is empty
	answers  map[string]string    // of policies that are called
	outcome  string               // "": not compared
	severity string
	score    *float64
	fired    []string // sorted; nil: not compared
	skipped  []string
	line     int
}

// CaseResult is the result of one example.
type CaseResult struct {
	Name     string   `json:"name"`
	Line     int      `json:"line"`
	Passed   bool     `json:"passed"`
	Problems []string `json:"problems,omitempty"` // "outcome is review, expected approve"
	Answer   Answer   `json:"answer"`
}

// RunCases runs every example of the policy, in the order of the document. Policies that it calls, and whose answer an
// example does not state, are evaluated; see Collect.
func (p *Policy) RunCases(policies Policies) []CaseResult {
	results := make([]CaseResult, len(p.cases))
	for i, c := range p.cases {
		results[i] = p.runCase(c, policies)
	}
	return results
}

func (p *Policy) runCase(c policyCase, policies Policies) CaseResult {
	result := CaseResult{Name: c.name, Line: c.line}
	answer, err := p.Evaluate(c.input, Options{Now: c.now, Decision: "case", Lists: c.allLists(p, policies), Policies: policies, answers: c.answers})
	if err != nil {
		result.Problems = []string{err.Error()}
		return result
	}
	result.Answer = answer
	differs := func(what string, got, want any) {
		result.Problems = append(result.Problems, fmt.Sprintf("%s is %v, expected %v", what, got, want))
	}
	if c.outcome != "" && answer.Outcome != c.outcome {
		differs("outcome", answer.Outcome, c.outcome)
	}
	if c.severity != "" && answer.Severity != c.severity {
		differs("severity", answer.Severity, c.severity)
	}
	if c.score != nil && answer.Score != *c.score {
		differs("score", answer.Score, *c.score)
	}
	if got := slices.Sorted(slices.Values(answer.Fired)); c.fired != nil && !slices.Equal(got, c.fired) {
		differs("fired", list(got), list(c.fired))
	}
	if got := answer.skipped(); c.skipped != nil && !slices.Equal(got, c.skipped) {
		differs("skipped", list(got), list(c.skipped))
	}
	result.Passed = len(result.Problems) == 0
	return result
}

func list(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" }

// skipped are the ids of the rules that could not be evaluated, sorted.
func (a Answer) skipped() []string {
	var ids []string
	for _, step := range a.Trace {
		if step.Status == skipped {
			ids = append(ids, step.Rule)
		}
	}
	slices.Sort(ids)
	return ids
}

func (r *reader) cases(n *yaml.Node, p *Policy) []policyCase {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.add(n, "cases", "type", "", "cases must be a list")
		return nil
	}
	var found []policyCase
	names := map[string]bool{}
	for i, child := range n.Content {
		path := at("cases", i)
		if !r.only(child, path, []string{"name", "now", "input", "lists", "answers", "expect"}) {
			continue
		}
		c := r.oneCase(child, path, p)
		if names[c.name] && c.name != "" {
			r.add(lookup(child, "name"), path+".name", "duplicate", "", "there are two test cases with this name")
		}
		names[c.name] = true
		found = append(found, c)
	}
	return found
}

func (r *reader) oneCase(n *yaml.Node, path string, p *Policy) policyCase {
	c := policyCase{line: n.Line}
	for _, name := range []string{"name", "now", "input", "expect"} {
		if lookup(n, name) == nil {
			r.add(n, path+"."+name, "required", "", "%s is missing", name)
		}
	}
	c.name = r.text(lookup(n, "name"), path+".name")
	if now := lookup(n, "now"); now != nil {
		t, ok := p.At(now.Value)
		if !ok {
			r.add(now, path+".now", "format", "2026-01-31 or 2026-01-31T12:00:00Z", "expected a date or a time")
		}
		c.now = t
	}
	if input := lookup(n, "input"); input != nil {
		value, _ := r.literal(input, path+".input")
		object, ok := value.(map[string]any)
		if !ok {
			r.add(input, path+".input", "type", "", "expected an object")
		}
		c.input = object
	}
	r.surroundings(n, path, &c)
	if expect := lookup(n, "expect"); expect != nil && r.only(expect, path+".expect", []string{"outcome", "score", "severity", "fired", "skipped"}) {
		r.expect(expect, path+".expect", p, &c)
	}
	return c
}

func (r *reader) expect(n *yaml.Node, path string, p *Policy, c *policyCase) {
	if outcome := lookup(n, "outcome"); outcome != nil {
		c.outcome = r.outcome(outcome, path+".outcome", p)
	}
	if severity := lookup(n, "severity"); severity != nil {
		c.severity = r.text(severity, path+".severity")
	}
	if score := lookup(n, "score"); score != nil {
		f, _ := r.number(score, path+".score")
		c.score = &f
	}
	c.fired = r.ruleIDs(lookup(n, "fired"), path+".fired", p)
	c.skipped = r.ruleIDs(lookup(n, "skipped"), path+".skipped", p)
	if len(n.Content) == 0 {
		r.add(n, path, "required", "outcome, fired, score, severity, skipped", "the test case has no expectation")
	}
}

// ruleIDs reads a list of rules' ids, sorted; nil if there is none.
func (r *reader) ruleIDs(n *yaml.Node, path string, p *Policy) []string {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.add(n, path, "type", "", "expected a list of rules")
		return nil
	}
	ids := []string{}
	known := p.Rules()
	for i, child := range n.Content {
		id := r.text(child, at(path, i))
		if !slices.Contains(known, id) {
			r.add(child, at(path, i), "unknown_rule", didYouMean(id, known), "there is no rule %s", id)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// surroundings reads what a case states about lists and of policies that are called.
func (r *reader) surroundings(n *yaml.Node, path string, c *policyCase) {
	c.lists, c.answers = map[string]expr.List{}, map[string]string{}
	for _, m := range members(orEmpty(lookup(n, "lists"))) {
		at := join(path+".lists", m.key.Value)
		value, _ := r.literal(m.value, at)
		entries, ok := value.([]any)
		if !ok {
			r.add(m.value, at, "type", "[value, value]", "expected a list of values")
		}
		c.lists[m.key.Value] = caseList(entries)
		r.mustDepend(m, at, "list", names(r.dependencies, func(a dependency) string { return a.list }))
	}
	for _, m := range members(orEmpty(lookup(n, "answers"))) {
		at := join(path+".answers", m.key.Value)
		c.answers[m.key.Value] = r.text(m.value, at)
		r.mustDepend(m, at, "policy", names(r.dependencies, func(a dependency) string { return a.policy }))
	}
}

// mustDepend reports a name in a test case that no rule refers to.
func (r *reader) mustDepend(m member, path, what string, known []string) {
	if !slices.Contains(known, m.key.Value) {
		r.add(m.key, path, "unknown_key", didYouMean(m.key.Value, known), "no rule refers to a %s %s", what, m.key.Value)
	}
}

// allLists are the lists of a case: those that it states, and empty ones.
func (c policyCase) allLists(p *Policy, policies Policies) map[string]expr.List {
	all := maps.Clone(c.lists)
	for _, one := range append(slices.Collect(maps.Values(policies)), p) {
		for _, name := range one.Lists() {
			if all[name] == nil {
				all[name] = caseList(nil)
			}
		}
	}
	return all
}

// caseList is a list that a case states.
type caseList []any

// Holds implements expr.List.
func (l caseList) Holds(value any, _ time.Time) (holds, fits bool) {
	switch value.(type) {
	case string, float64, bool:
		return slices.Contains(l, value), true
	}
	return false, false
}

// Edition implements expr.List.
func (caseList) Edition() string { return "case" }
