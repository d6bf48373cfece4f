package rules

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Steps of a trace that are no rules: too many unknown rules, and a band of the score that has an outcome.
const (
	unknownRule = "unknown"
	scoreRule   = "score"
)

// Evaluate decides over an input: JSON values by name. The input is only read.
// Errors: problem.Invalid when a number that a rule reads is too large to be exact (its place is named, not its value), when a
// value that a rule reads violates the inputs and the policy has no outcome for that, or when policies are called too deep or too often; UnknownList and NotReady when something that the policy asks for is not
// in the options.
func (p *Policy) Evaluate(input map[string]any, options Options) (Answer, error) {
	return p.evaluate(input, options, 0, nil)
}

func (p *Policy) evaluate(input map[string]any, options Options, depth int, calls *int) (Answer, error) {
	room := enter()
	defer room.leave()
	p.bound.Look(expr.Map(input), &room.values)
	var violated []expr.SchemaViolation
	if !options.Unchecked {
		violated = p.violated(input, &room.values)
	}
	return p.decide(room, &room.values, input, violated, options, depth, calls)
}

// decide over values; input is what they were looked up in, for what wants all of it, and violated what in it is not as declared.
func (p *Policy) decide(room *room, values *expr.Values, input map[string]any, violated []expr.SchemaViolation, options Options, depth int, calls *int) (Answer, error) {
	room.env = expr.Env{Scope: expr.Map(input), Now: options.Now, Location: p.location, Lists: options.Lists}
	room.env.Use(values)
	d := &room.decision
	d.policy, d.env, d.options, d.traced, d.worst, d.depth, d.calls = p, &room.env, options, !options.Untraced, -1, depth, calls
	if calls == nil {
		d.calls = &room.calls
	}
	if len(p.dependencies) > 0 {
		if err := p.ready(options); err != nil {
			return Answer{}, err
		}
		d.env.Host = d
	}
	if p.whole || !values.Exact() {
		if err := d.exact(); err != nil {
			return Answer{}, err
		}
	}
	d.violated = violated
	d.rules()
	if d.failed != nil {
		return Answer{}, d.failed
	}
	if err := d.invalid(); err != nil {
		return Answer{}, err
	}
	return d.conclude(), nil
}

func (d *decision) rules() {
	all := d.policy.rules
	d.steps = []Step{}
	if d.traced {
		d.steps = make([]Step, 0, len(all))
	}
	for i := range all {
		d.current = all[i].id
		d.rule(&all[i])
	}
}

// conclude makes the answer of what fired.
func (d *decision) conclude() Answer {
	p := d.policy
	d.tooManyUnknown()
	score := p.scoring.total(d.points)
	band := p.scoring.band(score)
	d.bandDecides(score, band)
	if d.indicators == nil {
		d.indicators = []Indicator{}
	}
	fired := make([]string, len(d.fired))
	copy(fired, d.fired)
	return Answer{
		Policy: p.ID, Version: p.Version, Outcome: d.outcome(), Score: score, Severity: band.name, Fired: fired,
		Indicators: d.indicators, Trace: d.steps, Outputs: d.results, Calls: d.called, Decision: d.options.Decision, Trial: d.options.Trial,
	}
}

func (d *decision) outcome() string {
	if d.worst < 0 {
		return d.policy.Default
	}
	return d.policy.Outcomes[d.worst]
}

// decision is one evaluation under way.
type decision struct {
	policy  *Policy
	env     *expr.Env
	options Options
	traced  bool
	worst   int // the most severe outcome that fired; -1: none
	unknown int
	fired   []string // ids of rules
	points  []points // of what fired

	violated []expr.SchemaViolation // what is not as the inputs declare it

	// Of the answer.
	indicators []Indicator
	steps      []Step
	none       map[string]string           // no editions
	results    map[string][]map[string]any // outputs
	called     []Called

	current string            // the rule that is evaluated
	depth   int               // how many calls this evaluation is within
	calls   *int              // how many the decision has made
	shared  map[string]string // outcomes of policies that saw what this one sees
	failed  error             // of a call: there is no decision then
}

// room is the memory of an evaluation. It is reused: nothing in it outlives the evaluation.
type room struct {
	decision decision
	calls    int
	env      expr.Env
	values   expr.Values
	points   []points
	fired    []string
}

var rooms = sync.Pool{New: func() any { return new(room) }}

func enter() *room {
	r, _ := rooms.Get().(*room)
	r.decision.points, r.decision.fired = r.points[:0], r.fired[:0]
	return r
}

// leave forgets what was seen, and keeps the memory of lists.
func (r *room) leave() {
	r.values.Clear()
	*r = room{points: r.decision.points[:0], fired: r.decision.fired[:0], values: r.values}
	rooms.Put(r)
}

// exact refuses numbers that a double does not hold exactly.
func (d *decision) exact() error {
	var e *problem.Error
	for i := range d.policy.paths {
		in := &d.policy.paths[i]
		if in.below && in.value.ExactBelow(d.env) || !in.below && in.value.Exact(d.env) {
			continue
		}
		if e == nil {
			e = problem.New(problem.Invalid, "The input has numbers that are too large to be exact.")
		}
		e.With("input."+in.path, "inexact", "must be within 2^53")
	}
	if e == nil && d.policy.whole && !expr.ExactBelow(d.env.Scope.Data()) {
		e = problem.New(problem.Invalid, "The input has numbers that are too large to be exact.").With("input", "inexact", "must be within 2^53")
	}
	if e != nil {
		return e
	}
	return nil
}

// rule evaluates one rule and records the result.
func (d *decision) rule(one *rule) {
	if one.table != nil {
		d.table(one)
		return
	}
	verdict := one.condition.Test(d.env)
	switch verdict.Truth {
	case expr.True:
		d.fire(one)
		d.trace(one, passed, verdict)
	case expr.False:
		d.trace(one, failed, verdict)
	default:
		d.unknown++
		d.unknownRule(one, verdict)
	}
}

func (d *decision) fire(one *rule) {
	d.countPlace(one.place)
	d.fired = append(d.fired, one.id)
	d.points = append(d.points, one.score)
	if one.domain != "" || one.indicator != "" {
		d.indicators = append(d.indicators, Indicator{one.domain, one.indicator, one.score.base})
	}
}

// count an outcome that fired; "" is none, for rules that only score.
func (d *decision) count(outcome string) {
	if outcome == "" {
		return
	}
	d.countPlace(d.policy.severity[outcome])
}

// countPlace counts the outcome at a place among the policy's; below 0 is none.
func (d *decision) countPlace(place int) {
	if place >= 0 && (d.worst < 0 || place < d.worst) {
		d.worst = place
	}
}

// unknownRule applies the rule's missing.
func (d *decision) unknownRule(one *rule, verdict expr.Verdict) {
	switch one.missing {
	case missingSkip:
		d.promised(one, verdict)
	case missingFire:
		d.fire(one)
	default:
		d.count(one.missing)
	}
	d.trace(one, skipped, verdict)
}

func (d *decision) tooManyUnknown() {
	limit := d.policy.unknown
	if limit == nil || d.unknown <= limit.above {
		return
	}
	d.count(limit.outcome)
	if d.traced {
		count := strconv.Itoa(d.unknown) + " rules"
		if d.unknown == 1 {
			count = "1 rule"
		}
		reason := count + " could not be evaluated: the outcome is at least " + limit.outcome + "."
		d.steps = append(d.steps, systemStep(unknownRule, reason, map[string]any{}))
	}
}

// bandDecides counts the outcome of the band that the score is in.
func (d *decision) bandDecides(score float64, b band) {
	if b.outcome == "" {
		return
	}
	d.count(b.outcome)
	if d.traced {
		reason := "The score " + expr.Text(score) + " is in the band " + b.name + ": the outcome is at least " + b.outcome + "."
		d.steps = append(d.steps, systemStep(scoreRule, reason, map[string]any{}))
	}
}

// systemStep is a step that is no rule's.
func systemStep(name, reason string, inputs map[string]any) Step {
	return Step{Rule: name, Status: passed, Reason: reason, Inputs: inputs, Editions: map[string]string{}}
}

func (d *decision) trace(one *rule, status Status, verdict expr.Verdict) {
	d.traceWith(one, status, func() string { return d.reason(one, status, verdict) })
}

func (d *decision) traceWith(one *rule, status Status, reason func() string) {
	if !d.traced {
		return
	}
	step := Step{Rule: one.id, Status: status, Inputs: make(map[string]any, len(one.inputs)), Editions: d.editions(one), Titles: one.titles}
	if status == passed && one.table == nil {
		step.Texts = d.translations(one)
	}
	for _, in := range one.inputs {
		v, there := in.value.Value(d.env)
		switch {
		case there.Truth != expr.True:
		case in.personal:
			step.Inputs[in.path] = reference{"input:" + in.path}
		default:
			step.Inputs[in.path] = v
		}
	}
	step.Reason = reason()
	d.steps = append(d.steps, step)
}

// editions of the lists that a rule asks. Steps without any share an empty object.
func (d *decision) editions(one *rule) map[string]string {
	if len(one.lists) == 0 {
		if d.none == nil {
			d.none = map[string]string{}
		}
		return d.none
	}
	editions := make(map[string]string, len(one.lists))
	for _, name := range one.lists {
		editions[name] = d.options.Lists[name].Edition()
	}
	return editions
}

// reason explains the result of a rule in one sentence, without personal data.
func (d *decision) reason(one *rule, status Status, verdict expr.Verdict) string {
	switch status {
	case failed:
		return one.failed
	case skipped:
		return because(verdict) + consequence(one)
	}
	if one.reason == nil {
		return one.passed
	}
	return one.reason.Render(d.env, d.policy.hide)
}

// because states why a condition is unknown.
func because(verdict expr.Verdict) string {
	var parts []string
	if len(verdict.Missing) > 0 {
		parts = append(parts, "missing: "+strings.Join(verdict.Missing, ", "))
	}
	if verdict.Reason != "" {
		parts = append(parts, verdict.Reason)
	}
	if len(parts) == 0 {
		parts = append(parts, "a value that it reads is not known")
	}
	return "The rule could not be evaluated (" + strings.Join(parts, "; ") + ")"
}

func consequence(one *rule) string {
	switch one.missing {
	case missingSkip:
		return "."
	case missingFire:
		return "; the rule then fires."
	}
	return "; the outcome is then at least " + one.missing + "."
}

// hide keeps personal data out of reasons: a personal input itself, and any text or date derived from one. Reasons may
// contain a number or a boolean that was computed from one (an age).
func (p *Policy) hide(part *expr.Program, value any) (string, bool) {
	personal := ""
	for _, reference := range part.Paths() {
		if p.shape != nil && p.shape.Personal(reference.Steps) {
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

// At reads a time, or a date: the start of that day in the policy's zone.
func (p *Policy) At(text string) (time.Time, bool) { return expr.ParseDate(text, p.location) }
