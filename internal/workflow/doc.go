// Package workflow parses workflow definitions: the chart, the collected context and documents, the applicant's flow, and
// how work is done. Parse reports every problem at once, each with its location and a hint; its result is immutable and safe
// for concurrent use.
//
// Simulate runs a workflow on the statechart core; Graph draws it.
package workflow
