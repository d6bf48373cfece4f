// Package task has the handlers of the functions without an HTTP caller: the tasks of the state machines (step, rules,
// vendor, document), the stream of the table (dispatch) and the schedule (sweep). Each converts an event, calls the domain
// and converts its result; the same handlers run in Lambda and on one machine.
//
// A task never decides the state of a case. It does the work that the record requires, lets cases write the outcome, and
// returns the position for the execution to follow. Every handler is idempotent.
package task
