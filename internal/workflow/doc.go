// Package workflow reads whole workflow definitions: the chart, what is collected (context and documents), the
// applicant's flow, and how each invocation is done. Parse gives every problem of a document at once, each with its
// place and a hint; what it returns is immutable and safe for concurrent use.
//
// Simulate runs a workflow on the pure core; Graph draws it.
package workflow
