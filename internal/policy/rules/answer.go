package rules

import (
	"time"

	"ballerine/internal/expr"
)

// Options of one evaluation.
type Options struct {
	Now       time.Time // the time of the decision; ages and days are counted from it
	Decision  string    // the id that the answer carries
	Untraced  bool      // leave the trace out, for bulk work
	Unchecked bool      // do not check the input against the inputs: a decision that was made so is made again. See Checked
	Trial     *Trial    // that the answer names; nil: in none

	// What the policy refers to besides its input. See Policy.Open.
	Lists    map[string]expr.List
	Policies Policies

	answers map[string]string // of policies that are called, instead of evaluating them: for cases
}

// Answer is a decision. It marshals to the answer of `policy eval --json`, of the API and of a workflow's context.
type Answer struct {
	Policy     string      `json:"policy"`
	Version    int         `json:"version"`
	Outcome    string      `json:"outcome"`
	Score      float64     `json:"score"`
	Severity   string      `json:"severity"` // the band of the score
	Fired      []string    `json:"fired"`    // ids of rules, in the order of the document
	Indicators []Indicator `json:"indicators"`
	Trace      []Step      `json:"trace"`
	// What the rows of tables state besides an outcome and a score, by the rule that asked the table.
	Outputs map[string][]map[string]any `json:"outputs,omitempty"`
	// What the policies answered that this one has called, in the order of the calls.
	Calls    []Called `json:"calls,omitempty"`
	Decision string   `json:"decision"`
	// Which side decided, where a draft is tried beside the policy. A challenger's answer has the version 0.
	Trial *Trial `json:"trial,omitempty"`
}

// Trial states which side of a trial a decision was made by.
type Trial struct {
	ID  string `json:"id"`
	Arm Arm    `json:"arm"`
	// Error is the code of what kept the challenger from deciding: the live version has decided in its place.
	Error string `json:"error,omitempty"`
}

// Arm is a side of a trial.
type Arm string

// The arms.
const (
	Champion   Arm = "champion"   // the live version
	Challenger Arm = "challenger" // the draft
)

// Indicator is what a fired rule states about the subject.
type Indicator struct {
	Domain    string  `json:"domain"`
	Indicator string  `json:"indicator"`
	Score     float64 `json:"score"` // the rule's base
}

// Status is the result of a rule.
type Status string

// The statuses of a rule.
const (
	passed  Status = "passed"  // the condition held: the rule fired
	failed  Status = "failed"  // the condition did not hold
	skipped Status = "skipped" // it could not be evaluated; Reason states why
)

// Step is one rule of a trace.
type Step struct {
	Rule     string            `json:"rule"`
	Status   Status            `json:"status"`
	Reason   string            `json:"reason"`
	Inputs   map[string]any    `json:"inputs"`   // what the rule read, by path; personal data as a Reference
	Editions map[string]string `json:"editions"` // of the lists that were used
	// In other languages, by ISO 639-1: the reason of a rule that has fired, where it is written in several, and what people call the rule.
	Texts  map[string]string `json:"texts,omitempty"`
	Titles map[string]string `json:"titles,omitempty"`
}

// reference replaces a personal value: it states where it is, not what it is.
type reference struct {
	Ref string `json:"$ref"` // "input:applicant.date_of_birth"
}
