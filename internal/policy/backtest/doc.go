// Package backtest evaluates a draft of a policy on any number of past decisions, in parts that run concurrently: a run is
// planned, its parts are processed in turns, and their counts are summed. Each step is repeatable and advances only by a
// conditional write, so that retries, lost processes and concurrent workers count nothing twice. A Runner calls the steps: a
// Distributed Map on AWS, goroutines on one machine.
package backtest
