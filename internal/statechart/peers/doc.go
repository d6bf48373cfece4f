// Package peers compares statechart with XState 5: the same random charts and events must lead to the same configurations.
// Intended differences are listed in docs/workflows.md and counted here.
//
// run.mjs runs charts in XState; measure.mjs times it, and Ballerine's workflow-core, beside BenchmarkStep. Set-up, from the
// root of the repository:
//
//	npm ci --prefix internal/statechart/peers
package peers
