package rules

import (
	"regexp"
	"slices"
	"strings"

	"ballerine/internal/expr"

	"go.yaml.in/yaml/v3"
)

var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)

// The members of a policy and of its parts.
var (
	policyKeys  = []string{"id", "title", "description", "version", "timezone", "inputs", "outcomes", "default", "rules", "tables", "score", "unknown", "invalid", "cases"}
	ruleKeys    = []string{"id", "title", "description", "when", "table", "outcome", "reason", "score", "domain", "indicator", "missing"}
	unknownKeys = []string{"above", "outcome"}
)

// policy reads the whole document.
func (r *reader) policy() *Policy {
	root := r.root()
	if root == nil {
		return nil
	}
	r.only(root, "", policyKeys)
	p := &Policy{
		ID: r.identifier(root, "id", "id"), Title: r.text(lookup(root, "title"), "title"), Version: r.version(root),
		Digest: digest([]byte(r.source)), Source: []byte(r.source), location: r.zone(orEmpty(lookup(root, "timezone"))),
		severity: map[string]int{},
	}
	r.id = p.ID
	p.Inputs = r.inputs(lookup(root, "inputs"))
	p.shape, p.schema = expr.NewShape(p.Inputs), r.inputSchema
	r.shape = p.shape
	r.clear(root)
	r.outcomes(root, p)
	r.invalid(root, p)
	p.scoring = r.scoring(lookup(root, "score"), p)
	r.tables(root, p)
	r.rules(root, p)
	r.unusedTables(root, p)
	p.unknown = r.unknownLimit(lookup(root, "unknown"), p)
	r.nulls(p)
	r.none(p)
	p.dependencies = r.dependencies
	p.cases = r.cases(lookup(root, "cases"), p)
	p.paths, p.whole = distinct(p.rules), r.whole
	p.bound = expr.Bind(p.programs()...)
	p.plain = !p.whole && p.Inputs != nil && p.bound.Expect(p.Inputs)
	return p
}

// invalid reads the outcome for values that violate the inputs.
func (r *reader) invalid(root *yaml.Node, p *Policy) {
	n := lookup(root, "invalid")
	if n == nil {
		return
	}
	if p.Inputs == nil && lookup(root, "inputs") == nil {
		r.add(n, "invalid", "required", "add inputs, or leave invalid out", "there are no inputs that a value could violate")
	}
	p.invalid = r.outcome(n, "invalid", p)
}

// clear refuses what prevents the inputs from declaring which data is personal; in published policies such data counts as personal.
func (r *reader) clear(root *yaml.Node) {
	if r.published {
		return
	}
	for _, one := range r.shape.Unclear() {
		at, rest := lookup(root, "inputs"), strings.Split(one.Path, ".")
		for len(rest) > 0 && lookup(at, rest[0]) != nil {
			at, rest = lookup(at, rest[0]), rest[1:]
		}
		r.add(at, "inputs."+one.Path, "personal_data", one.Hint, "%s", one.Message)
	}
}

// orEmpty lets an absent scalar read as an empty text.
func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"}
	}
	return n
}

// identifier reads a member that must be there and be a name.
func (r *reader) identifier(parent *yaml.Node, name, path string) string {
	n := lookup(parent, name)
	if n == nil {
		r.add(parent, path, "required", "", "%s is missing", name)
		return ""
	}
	text := r.text(n, path)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && !identifier.MatchString(text) {
		r.add(n, path, "invalid", "letters, digits, _, - and ., at most 100", "%s is not a name", name)
	}
	return text
}

func (r *reader) version(root *yaml.Node) int {
	n := lookup(root, "version")
	if n == nil {
		return 1
	}
	f, ok := r.number(n, "version")
	if ok && (f < 1 || f != float64(int(f))) {
		r.add(n, "version", "invalid", "", "a version must be a whole number of at least 1")
	}
	return int(f)
}

// inputs reads the JSON Schema of the inputs.
func (r *reader) inputs(n *yaml.Node) map[string]any {
	if n == nil {
		return nil
	}
	value, ok := r.literal(n, "inputs")
	schema, isObject := value.(map[string]any)
	if !isObject {
		r.add(n, "inputs", "type", "", "inputs must be a JSON Schema: an object")
		return nil
	}
	if !ok {
		return nil
	}
	compiled, err := expr.CompileSchema(schema)
	if err != nil {
		r.add(n, "inputs", "schema", "", "inputs: %s", expr.AsError(err).Message)
		return nil
	}
	r.inputSchema, r.declared = compiled, schema
	return schema
}

// outcomes reads outcomes, most severe first, and the default.
func (r *reader) outcomes(root *yaml.Node, p *Policy) {
	n := lookup(root, "outcomes")
	switch {
	case n == nil:
		r.add(root, "outcomes", "required", "a list such as [reject, review, approve]", "outcomes is missing")
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.add(n, "outcomes", "type", "", "outcomes must be a list of names, most severe first")
	default:
		for i, child := range n.Content {
			r.oneOutcome(child, at("outcomes", i), p)
		}
	}
	d := lookup(root, "default")
	if d == nil {
		r.add(root, "default", "required", "", "default is missing: the outcome when no rule fires")
		return
	}
	p.Default = r.outcome(d, "default", p)
}

func (r *reader) oneOutcome(n *yaml.Node, path string, p *Policy) {
	name := r.text(n, path)
	switch _, twice := p.severity[name]; {
	case name == "":
	case twice:
		r.add(n, path, "duplicate", "", "the outcome %s is listed twice", name)
	case name == missingSkip || name == missingFire || !identifier.MatchString(name):
		r.add(n, path, "invalid", "", "%s cannot be the name of an outcome", name)
	default:
		p.severity[name] = len(p.Outcomes)
		p.Outcomes = append(p.Outcomes, name)
	}
}

// outcome reads the name of an outcome that must be among the policy's.
func (r *reader) outcome(n *yaml.Node, path string, p *Policy) string {
	name := r.text(n, path)
	if _, known := p.severity[name]; !known && name != "" {
		r.add(n, path, "unknown_outcome", didYouMean(name, p.Outcomes), "there is no outcome %s", name)
	}
	return name
}

func (r *reader) rules(root *yaml.Node, p *Policy) {
	n := lookup(root, "rules")
	if n == nil {
		r.add(root, "rules", "required", "", "rules is missing")
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxRules {
		r.add(n, "rules", "type", "", "rules must be a list of at most %d rules", maxRules)
		return
	}
	seen := map[string]bool{}
	for i, child := range n.Content {
		one := r.rule(child, at("rules", i), p)
		if seen[one.id] && one.id != "" {
			r.add(lookup(child, "id"), at("rules", i)+".id", "duplicate", "", "there are two rules with the id %s", one.id)
		}
		seen[one.id] = true
		p.rules = append(p.rules, one)
	}
}

// The words of missing, besides the outcomes.
const (
	missingSkip = "skip"
	missingFire = "fire"
)

func (r *reader) rule(n *yaml.Node, path string, p *Policy) rule {
	if !r.only(n, path, ruleKeys) {
		return rule{}
	}
	one := rule{id: r.identifier(n, "id", path+".id"), place: -1, missing: missingSkip}
	if one.id == unknownRule || one.id == scoreRule && p.scoring.decides() || one.id == invalidRule && p.invalid != "" {
		r.add(lookup(n, "id"), path+".id", "invalid", "", "%s cannot be the id of a rule", one.id)
	}
	one.domain, one.indicator = r.text(lookup(n, "domain"), path+".domain"), r.text(lookup(n, "indicator"), path+".indicator")
	one.titles = r.title(lookup(n, "title"), path+".title")
	if outcome := lookup(n, "outcome"); outcome != nil {
		if one.outcome = r.outcome(outcome, path+".outcome", p); one.outcome != "" {
			one.place = p.severity[one.outcome]
		}
	}
	one.score = r.points(lookup(n, "score"), path+".score")
	if missing := lookup(n, "missing"); missing != nil {
		one.missing = r.missing(missing, path+".missing", p)
	}
	before := len(r.dependencies)
	r.body(n, path, &one, p)
	r.needs(one, n, path)
	one.lists = names(r.dependencies[before:], func(a dependency) string { return a.list })
	if one.outcome == "" && lookup(n, "outcome") == nil && lookup(n, "score") == nil && lookup(n, "table") == nil {
		r.add(n, path, "required", "add an outcome or a score", "the rule has no effect when it fires")
	}
	return one
}

// body reads what a rule is about: its condition or its table, and its reason.
func (r *reader) body(n *yaml.Node, path string, one *rule, p *Policy) {
	when, table := lookup(n, "when"), lookup(n, "table")
	switch {
	case when != nil && table != nil:
		r.add(table, path+".table", "invalid", "split it into two rules", "a rule must have either a condition or a table")
	case table != nil:
		r.tableOf(table, path+".table", one, p)
	case when != nil:
		condition := describe(when)
		one.condition, one.passed, one.failed = r.condition(when, path+".when", 0), "The condition holds: "+condition+".", "The condition does not hold: "+condition+"."
	default:
		r.add(n, path+".when", "required", "", "when is missing: the rule's condition")
	}
	if reason := lookup(n, "reason"); reason != nil {
		r.reasons(reason, path+".reason", one)
	}
	if one.condition != nil {
		one.inputs = r.read(one.condition)
	}
}

func (r *reader) missing(n *yaml.Node, path string, p *Policy) string {
	word := r.text(n, path)
	if word == missingSkip || word == missingFire {
		return word
	}
	if _, known := p.severity[word]; !known && word != "" {
		names := append([]string{missingSkip, missingFire}, p.Outcomes...)
		r.add(n, path, "unknown_outcome", didYouMean(word, names), "missing must be one of %s", strings.Join(names, ", "))
	}
	return word
}

// reason reads a template.
func (r *reader) reason(n *yaml.Node, path string) *expr.Template {
	source := r.text(n, path)
	template, err := expr.CompileTemplate(source)
	if err != nil {
		r.expression(n, path, expr.AsError(err))
		return nil
	}
	for _, part := range template.Programs() {
		for _, e := range part.Check(r.shape) {
			r.expression(n, path, e)
		}
	}
	return template
}

func (r *reader) unknownLimit(n *yaml.Node, p *Policy) *unknownLimit {
	if n == nil || !r.only(n, "unknown", unknownKeys) {
		return nil
	}
	limit := &unknownLimit{}
	if above := lookup(n, "above"); above != nil {
		f, ok := r.number(above, "unknown.above")
		if ok && (f < 0 || f != float64(int(f))) {
			r.add(above, "unknown.above", "invalid", "", "expected a whole number of at least 0")
		}
		limit.above = int(f)
	}
	outcome := lookup(n, "outcome")
	if outcome == nil {
		r.add(n, "unknown.outcome", "required", "", "outcome is missing: the minimum outcome when more rules than that are unknown")
		return limit
	}
	limit.outcome = r.outcome(outcome, "unknown.outcome", p)
	return limit
}

// read lists the paths of a program, each once.
func (r *reader) read(program *expr.Program) []input {
	queried, everything := program.Queried()
	r.whole = r.whole || everything
	return r.inputsAt(r.inputsAt(nil, program.Paths(), false), queried, true)
}

func (r *reader) inputsAt(found []input, references []expr.Reference, below bool) []input {
	for _, reference := range references {
		if i := slices.IndexFunc(found, func(i input) bool { return i.path == reference.Path }); i >= 0 {
			found[i].below = found[i].below || below
			continue
		}
		if !reference.One() {
			continue // the list that it is in is read
		}
		hidden := r.shape != nil && r.shape.Personal(reference.Steps)
		found = append(found, input{path: reference.Path, value: expr.PathOf(reference), personal: hidden, below: below, promised: always(r.declared, reference.Steps)})
	}
	return found
}

func distinct(rules []rule) []input {
	var found []input
	at := map[string]int{}
	for _, one := range rules {
		for _, in := range one.inputs {
			i, seen := at[in.path]
			if seen {
				found[i].below = found[i].below || in.below
				continue
			}
			at[in.path] = len(found)
			found = append(found, in)
		}
	}
	return found
}
