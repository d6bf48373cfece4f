// Package rules decides. A policy is a YAML or JSON document that turns named inputs into an outcome which an auditor can
// follow: outcomes in the order of their severity, rules that fire one of them, a score, and a trace that says of every
// rule whether its condition held, did not hold, or could not be told and why.
//
// Parse reads a document once, with all its problems at once, to an immutable Policy; Evaluate runs it. Time and the
// decision's id are arguments, so that the same input always gives the same answer, bit for bit. The order of rules
// changes the trace and nothing else.
package rules
