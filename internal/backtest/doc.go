// Package backtest tries a draft of a policy on any number of decisions, in parts that are worked at the same time: a run
// is planned, its parts are worked a turn at a time, and what they counted is added up. Each step can be repeated and moves
// only by a conditional write, so that retries, lost processes and two workers on one part count nothing twice. Who calls
// the steps (a Distributed Map on AWS, goroutines on one machine) is a Runner's business.
package backtest
