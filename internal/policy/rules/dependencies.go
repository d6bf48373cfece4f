package rules

import (
	"slices"
	"strings"

	"ballerine/internal/expr"

	"go.yaml.in/yaml/v3"
)

// dependency is a list or another policy that a policy names, with its place in the document.
type dependency struct {
	list     string   // "": it is a policy
	policy   string   // "": it is a list
	outcomes []string // of the policy, that the condition holds for
	path     string
	line     int
	column   int
	width    int
}

// depend records what a condition refers to.
func (r *reader) depend(n *yaml.Node, path string, to dependency) {
	to.path, to.line, to.column, to.width = path, n.Line, n.Column, max(1, len([]rune(n.Value)))
	r.dependencies = append(r.dependencies, to)
}

// listed reads {list: NAME, field: …}.
func (r *reader) listed(n *yaml.Node, path string, _ int) *expr.Program {
	list, field := lookup(n, "list"), lookup(n, "field")
	if field == nil {
		r.add(n, path+".field", "required", "", "field is missing: the value to look up in the list")
		return nil
	}
	subject := r.path(field, path+".field")
	if name := r.listName(list, path+".list"); name != "" && subject != nil {
		return expr.InList(subject, name)
	}
	return nil
}

// listName reads the name of a list, and records the reference.
func (r *reader) listName(n *yaml.Node, path string) string {
	name := r.name(n, path, "the name of a list")
	if name != "" {
		r.depend(n, path, dependency{list: name})
	}
	return name
}

// name reads a name; "" when it is none.
func (r *reader) name(n *yaml.Node, path, what string) string {
	name := r.text(n, path)
	if identifier.MatchString(name) {
		return name
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		r.add(n, path, "invalid", "letters, digits, _, - and ., at most 100", "this is not %s", what)
	}
	return ""
}

// call is a condition on what another policy answers.
type call struct {
	policy   string
	outcomes []string
	input    map[string]any // members are JSON values, programs, or objects of them; nil: what the caller sees
}

// called reads {policy: ID, outcome: …, input: {…}}.
func (r *reader) called(n *yaml.Node, path string, _ int) *expr.Program {
	named := lookup(n, "policy")
	c := &call{policy: r.name(named, path+".policy", "the id of a policy")}
	if c.policy == "" {
		return nil
	}
	if c.policy == r.id {
		r.add(named, path+".policy", "cycle", "", "the policy calls itself")
	}
	c.outcomes = r.wanted(n, path)
	var reads []*expr.Program
	if input := lookup(n, "input"); input != nil {
		value, ok := r.operand(input, path+".input")
		switch c.input, _ = value.(map[string]any); {
		case ok && c.input == nil:
			r.add(input, path+".input", "type", "{applicant: {field: owner}}", "input must be an object: the input of the called policy")
		case ok:
			reads = programsIn(c.input)
		}
	}
	r.depend(named, path+".policy", dependency{policy: c.policy, outcomes: c.outcomes})
	return expr.External(c, reads...)
}

// wanted are the outcomes that a call names: one, or a list.
func (r *reader) wanted(n *yaml.Node, path string) []string {
	outcome := lookup(n, "outcome")
	if outcome == nil {
		r.add(n, path+".outcome", "required", "outcome: review, or outcome: [review, reject]", "outcome is missing")
		return nil
	}
	if outcome.Kind != yaml.SequenceNode {
		return []string{r.text(outcome, path+".outcome")}
	}
	var names []string
	for i, child := range outcome.Content {
		names = append(names, r.text(child, at(path+".outcome", i)))
	}
	if len(names) == 0 {
		r.add(outcome, path+".outcome", "required", "", "name at least one outcome")
	}
	return names
}

// programsIn are the computed parts of an input.
func programsIn(value any) []*expr.Program {
	switch v := value.(type) {
	case *expr.Program:
		return []*expr.Program{v}
	case map[string]any:
		var found []*expr.Program
		for _, name := range sortedNames(v) {
			found = append(found, programsIn(v[name])...)
		}
		return found
	}
	return nil
}

func sortedNames[V any](object map[string]V) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// names of what was asked for, each once, sorted.
func names(all []dependency, of func(dependency) string) []string {
	var found []string
	for _, a := range all {
		if name := of(a); name != "" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// Lists are the names of the lists that the policy itself refers to, sorted.
func (p *Policy) Lists() []string {
	return names(p.dependencies, func(a dependency) string { return a.list })
}

// Calls are the ids of the policies that the policy itself calls, sorted.
func (p *Policy) Calls() []string {
	return names(p.dependencies, func(a dependency) string { return a.policy })
}

// Wants are the outcomes of another policy that the policy's conditions name, each once, sorted.
func (p *Policy) Wants(policy string) []string {
	var found []string
	for _, a := range p.dependencies {
		if a.policy == policy {
			found = append(found, a.outcomes...)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Called is what a policy answered that another one has called.
type Called struct {
	Rule     string   `json:"rule"` // of the caller; of a caller that was called itself: "its id/rule"
	Policy   string   `json:"policy"`
	Version  int      `json:"version"`
	Digest   string   `json:"digest"` // "sha256:…" of its source
	Outcome  string   `json:"outcome"`
	Score    float64  `json:"score"`
	Severity string   `json:"severity"`
	Fired    []string `json:"fired"`
	Trace    []Step   `json:"trace"`
}

// Limits of calls within one decision.
const (
	maxCallDepth = 16
	maxCalls     = 200
)

// Test implements expr.Custom: it evaluates the called policy, once for all rules that show it the same.
func (c *call) Test(env *expr.Env) expr.Verdict {
	d, ok := env.Host.(*decision)
	if !ok {
		return expr.Verdict{Reason: "the policy " + c.policy + " cannot be asked here"}
	}
	outcome, why := d.call(c)
	if why != "" {
		return expr.Verdict{Reason: why}
	}
	return expr.Verdict{Truth: expr.Of(slices.Contains(c.outcomes, outcome))}
}

// call evaluates another policy. why is the reason why it could not be evaluated; the decision has failed then.
func (d *decision) call(c *call) (outcome, why string) {
	if outcome, ok := d.options.answers[c.policy]; ok {
		return outcome, ""
	}
	if c.input == nil {
		if outcome, ok := d.shared[c.policy]; ok {
			return outcome, ""
		}
	}
	failed := "the policy " + c.policy + " could not be asked"
	if d.failed != nil {
		return "", failed
	}
	answer, err := d.evaluateCalled(c)
	if err != nil {
		d.failed = err
		return "", failed
	}
	if c.input == nil {
		if d.shared == nil {
			d.shared = map[string]string{}
		}
		d.shared[c.policy] = answer.Outcome
	}
	return answer.Outcome, ""
}

func (d *decision) evaluateCalled(c *call) (Answer, error) {
	p, there := d.options.Policies[c.policy]
	switch {
	case !there:
		return Answer{}, notThere(nil, []string{c.policy})
	case d.depth >= maxCallDepth:
		return Answer{}, tooDeep()
	case *d.calls >= maxCalls:
		return Answer{}, tooMany()
	}
	*d.calls++
	input := d.env.Scope.Data()
	if c.input != nil {
		input = d.filled(c.input)
	}
	answer, err := p.evaluate(input, d.options, d.depth+1, d.calls)
	if err != nil {
		return answer, failedCall(err, c.policy)
	}
	for _, inner := range answer.Calls {
		if !strings.Contains(inner.Rule, "/") {
			inner.Rule = p.ID + "/" + inner.Rule
		}
		d.called = append(d.called, inner)
	}
	d.called = append(d.called, Called{
		Rule: d.current, Policy: p.ID, Version: p.Version, Digest: "sha256:" + p.Digest, Outcome: answer.Outcome, Score: answer.Score, Severity: answer.Severity,
		Fired: answer.Fired, Trace: answer.Trace,
	})
	return answer, nil
}

// filled is the input of a call with its computed parts; what is not known is left out, so that it is missing there, too.
func (d *decision) filled(object map[string]any) map[string]any {
	input := make(map[string]any, len(object))
	env := expr.Env{Scope: d.env.Scope, Now: d.env.Now, Location: d.env.Location, Lists: d.env.Lists}
	for name, value := range object {
		switch v := value.(type) {
		case *expr.Program:
			if computed, verdict := v.Value(&env); verdict.Truth == expr.True {
				input[name] = computed
			}
		case map[string]any:
			input[name] = d.filled(v)
		default:
			input[name] = v
		}
	}
	return input
}
