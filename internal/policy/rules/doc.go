// Package rules evaluates policies. A policy is a YAML or JSON document that maps named inputs to an outcome with a trace
// for auditors: outcomes by severity, rules that trigger one of them, a score, and for every rule whether its condition
// held, did not hold, or was unknown, and why.
//
// Parse compiles a document once to an immutable Policy and reports all problems at once; Evaluate runs it. Time and the id
// of the decision are arguments, so that the same input has the same answer, bit for bit. The order of rules changes the
// trace only.
package rules
