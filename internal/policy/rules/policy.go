package rules

import (
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Policy is a compiled document. It is immutable and safe for concurrent use.
type Policy struct {
	ID       string
	Title    string
	Version  int            // 1 where the document names none
	Inputs   map[string]any // the JSON Schema of the inputs; nil if there is none
	Outcomes []string       // most severe first
	Default  string         // the outcome if no rule fired
	Digest   string         // sha-256 of the source, in hex
	Source   []byte

	location     *time.Location
	shape        *expr.Shape
	schema       *expr.Schema // of the inputs; nil if there is none
	rules        []rule
	tables       map[string]*policyTable
	scoring      scoring
	unknown      *unknownLimit
	invalid      string // the outcome, at least, when a value that is read violates the inputs; "": no decision is made
	cases        []policyCase
	severity     map[string]int // outcome -> place in Outcomes
	paths        []input        // every path that a rule reads, once
	bound        *expr.Bound    // the same
	whole        bool           // a rule reads the whole input
	plain        bool           // values in bound suffice to determine whether they may violate the inputs
	dependencies []dependency   // lists and other policies
}

// Rules are the ids of the rules, in the order of the document.
func (p *Policy) Rules() []string {
	ids := make([]string, len(p.rules))
	for i, r := range p.rules {
		ids[i] = r.id
	}
	return ids
}

// rule is one compiled rule.
type rule struct {
	id, outcome       string
	place             int // of the outcome among the policy's; -1: it has none
	condition         *expr.Program
	table             *policyTable   // nil: the rule has a condition
	reason            *expr.Template // nil: a sentence is made
	translated        map[string]*expr.Template
	titles            map[string]string // by language; nil: the title is a single text, or missing
	score             points
	domain, indicator string
	missing           string // skip, fire, or an outcome
	inputs            []input
	lists             []string // that the condition refers to
	passed, failed    string   // the condition in words: "The condition holds: ….", "The condition does not hold: …."
}

// input is a path that a rule reads.
type input struct {
	path     string
	value    *expr.Program
	personal bool
	below    bool // what is below it is read, too
	promised bool // the inputs have it in every document, and never as null
}

// unknownLimit states what happens when too many rules could not be evaluated.
type unknownLimit struct {
	above   int
	outcome string
}

// Parse reads a policy of YAML or JSON. The policy is nil when the diagnostics have more than warnings.
func Parse(file string, source []byte) (*Policy, problem.Diagnostics) {
	return newReader(file, source).parse()
}

// Reread is Parse of what counts already: a policy that was published, or the draft of a trial. What was taken once and would
// be refused today (numbers with two readings) has its meaning still, so that no decision stops with an update.
func Reread(file string, source []byte) (*Policy, problem.Diagnostics) {
	r := newReader(file, source)
	r.published = true
	return r.parse()
}

func (r *reader) parse() (*Policy, problem.Diagnostics) {
	p := r.policy()
	r.found.Sort()
	if p == nil || r.found.Failed() {
		return nil, r.found
	}
	return p, r.found
}
