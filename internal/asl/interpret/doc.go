// Package interpret is an interpreter for the part of the Amazon States Language that internal/asl generates. It behaves as
// Step Functions does; Load rejects everything else by name.
//
// Executions are durable: a Journal keeps each of them with one write for each task, and an Engine that is opened over the
// journal of a killed process continues from there. Deadlines are absolute, issued tokens stay valid, and a task that was in
// flight is invoked again with the same retry count. Tasks must be idempotent, as on AWS.
//
// A waiting execution needs memory only: no goroutine, one entry in a timer heap and one in a map of tokens.
package interpret
