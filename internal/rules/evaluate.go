package rules

import (
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// unknownRule names the trace's step for too many unknown rules.
const unknownRule = "unknown"

// Evaluate decides over an input: JSON values by name. The input is only read.
// Errors: problem.Invalid when a number that a rule reads is too large to be exact (its place is named, not its value), or
// when policies are called too deep or too often; UnknownList and NotReady when something that the policy asks for is not
// in the options.
func (p *Policy) Evaluate(input map[string]any, options Options) (Answer, error) {
	return p.evaluate(input, options, 0, nil)
}

func (p *Policy) evaluate(input map[string]any, options Options, depth int, calls *int) (Answer, error) {
	room := &room{env: expr.Env{Scope: expr.Map(input), Now: options.Now, Location: p.location, Lists: options.Lists}}
	d := &room.decision
	*d = decision{policy: p, env: &room.env, options: options, traced: !options.Untraced, worst: -1, points: room.points[:0], depth: depth, calls: calls}
	if calls == nil {
		d.calls = &room.calls
	}
	if len(p.asked) > 0 {
		if err := p.ready(options); err != nil {
			return Answer{}, err
		}
		d.env.Host = d
	}
	if err := d.exact(); err != nil {
		return Answer{}, err
	}
	d.answer = Answer{Policy: p.ID, Version: p.Version, Decision: options.Decision, Fired: room.fired[:0], Indicators: []Indicator{}, Trace: []Step{}}
	d.rules()
	if d.failed != nil {
		return Answer{}, d.failed
	}
	d.conclude()
	return d.answer, nil
}

func (d *decision) rules() {
	all := d.policy.rules
	if d.traced {
		d.answer.Trace = make([]Step, 0, len(all))
	}
	for i := range all {
		d.current = all[i].id
		d.rule(&all[i])
	}
}

// conclude makes the answer of what fired.
func (d *decision) conclude() {
	p := d.policy
	d.tooManyUnknown()
	d.answer.Outcome = p.Default
	if d.worst >= 0 {
		d.answer.Outcome = p.Outcomes[d.worst]
	}
	d.answer.Score = p.scoring.total(d.points)
	d.answer.Severity = p.scoring.severity(d.answer.Score)
}

// room is what an evaluation that fires few rules needs, in one piece of memory.
type room struct {
	decision decision
	calls    int
	env      expr.Env
	points   [8]points
	fired    [4]string
}

// decision is one evaluation under way.
type decision struct {
	policy  *Policy
	env     *expr.Env
	options Options
	traced  bool
	worst   int // the most severe outcome that fired; -1: none
	points  []points
	unknown int
	answer  Answer

	current string            // the rule that is evaluated
	depth   int               // how many calls this evaluation is within
	calls   *int              // how many the decision has made
	shared  map[string]string // outcomes of policies that saw what this one sees
	failed  error             // of a call: there is no decision then
}

// exact refuses numbers that a double does not hold exactly.
func (d *decision) exact() error {
	var e *problem.Error
	for _, in := range d.policy.paths {
		v, verdict := in.value.Value(d.env)
		if verdict.Truth != expr.True || expr.Exact(v) {
			continue
		}
		if e == nil {
			e = problem.New(problem.Invalid, "The input has numbers that are too large to be exact.")
		}
		e.With("input."+in.path, "inexact", "must be within 2^53")
	}
	if e != nil {
		return e
	}
	return nil
}

// rule evaluates one rule and notes what became of it.
func (d *decision) rule(one *rule) {
	if one.table != nil {
		d.table(one)
		return
	}
	verdict := one.condition.Test(d.env)
	switch verdict.Truth {
	case expr.True:
		d.fire(one)
		d.trace(one, Passed, verdict)
	case expr.False:
		d.trace(one, Failed, verdict)
	default:
		d.unknown++
		d.unknownRule(one, verdict)
	}
}

func (d *decision) fire(one *rule) {
	d.count(one.outcome)
	d.answer.Fired = append(d.answer.Fired, one.id)
	d.points = append(d.points, one.score)
	if one.domain != "" || one.indicator != "" {
		d.answer.Indicators = append(d.answer.Indicators, Indicator{one.domain, one.indicator, one.score.base})
	}
}

// count an outcome that fired; "" is none, for rules that only score.
func (d *decision) count(outcome string) {
	if outcome == "" {
		return
	}
	if place := d.policy.severity[outcome]; d.worst < 0 || place < d.worst {
		d.worst = place
	}
}

// unknownRule does what the rule's missing says.
func (d *decision) unknownRule(one *rule, verdict expr.Verdict) {
	switch one.missing {
	case missingSkip:
	case missingFire:
		d.fire(one)
	default:
		d.count(one.missing)
	}
	d.trace(one, Skipped, verdict)
}

func (d *decision) tooManyUnknown() {
	limit := d.policy.unknown
	if limit == nil || d.unknown <= limit.above {
		return
	}
	d.count(limit.outcome)
	if d.traced {
		reason := expr.Text(float64(d.unknown)) + " rules could not be told: the outcome is at least " + limit.outcome + "."
		d.answer.Trace = append(d.answer.Trace, Step{unknownRule, Passed, reason, map[string]any{}, map[string]string{}})
	}
}

func (d *decision) trace(one *rule, status Status, verdict expr.Verdict) {
	d.traceWith(one, status, func() string { return d.reason(one, status, verdict) })
}

func (d *decision) traceWith(one *rule, status Status, reason func() string) {
	if !d.traced {
		return
	}
	step := Step{Rule: one.id, Status: status, Inputs: make(map[string]any, len(one.inputs)), Editions: make(map[string]string, len(one.lists))}
	for _, name := range one.lists {
		step.Editions[name] = d.options.Lists[name].Edition()
	}
	for _, in := range one.inputs {
		v, there := in.value.Value(d.env)
		switch {
		case there.Truth != expr.True:
		case in.personal:
			step.Inputs[in.path] = Reference{"input:" + in.path}
		default:
			step.Inputs[in.path] = v
		}
	}
	step.Reason = reason()
	d.answer.Trace = append(d.answer.Trace, step)
}

// reason is one sentence on what became of a rule, without personal data.
func (d *decision) reason(one *rule, status Status, verdict expr.Verdict) string {
	switch status {
	case Failed:
		return "It does not hold that " + one.says + "."
	case Skipped:
		return because(verdict) + consequence(one)
	}
	if one.reason == nil {
		return "It holds that " + one.says + "."
	}
	return one.reason.Render(d.env, d.policy.hide)
}

// because says why a condition is unknown.
func because(verdict expr.Verdict) string {
	var parts []string
	if len(verdict.Missing) > 0 {
		parts = append(parts, "missing: "+strings.Join(verdict.Missing, ", "))
	}
	if verdict.Reason != "" {
		parts = append(parts, verdict.Reason)
	}
	if len(parts) == 0 {
		parts = append(parts, "something it reads is not known")
	}
	return "It could not be told (" + strings.Join(parts, "; ") + ")"
}

func consequence(one *rule) string {
	switch one.missing {
	case missingSkip:
		return "."
	case missingFire:
		return "; the rule fires when it is not known."
	}
	return "; the outcome is then at least " + one.missing + "."
}

// hide keeps personal data out of reasons: a personal input itself, and any text or date made of one. A number or a
// yes or no that was computed from one (an age) is what a reason is for.
func (p *Policy) hide(part *expr.Program, value any) (string, bool) {
	personal := ""
	for _, reference := range part.Paths() {
		field := p.shape.Find(reference.Steps)
		if field.Personal || (p.shape != nil && !field.Declared) {
			personal = reference.Path
			break
		}
	}
	if personal == "" {
		return "", false
	}
	switch value.(type) {
	case float64, bool:
		if !part.IsPath() {
			return "", false
		}
	}
	return "{input:" + personal + "}", true
}

// at is the time zone's midnight of a date, or the time.
func (p *Policy) at(text string) (time.Time, bool) { return expr.ParseDate(text, p.location) }
