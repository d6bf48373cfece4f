// Package peers holds statechart against XState 5: the same random charts and events must give the same configurations.
// What differs on purpose is listed in docs/workflows.md, and counted here.
//
// run.mjs plays charts to XState; measure.mjs times it, and Ballerine's workflow-core, beside BenchmarkStep. Set-up, from
// the root of the repository:
//
//	npm ci --prefix internal/statechart/peers
package peers
