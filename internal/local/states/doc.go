// Package states is a States Language interpreter for what internal/asl emits, all of it exactly as Step Functions
// does, and a refusal by name at Load for the rest.
//
// It is durable: a Journal keeps every execution, one write for each task, and an Engine that is opened over the journal
// of one that was killed goes on where it was. Deadlines are absolute; a token that was issued stays valid; a task that
// was in flight is invoked again, with the same retry count. Tasks must therefore be idempotent, as on AWS.
//
// A waiting execution costs memory only: no goroutine, one entry in a timer heap and one in a map of tokens.
package states
