// Package task holds the handlers behind the functions that no HTTP caller sees: the tasks of the state machines
// (step, rules, vendor, document), the table's stream (dispatch) and the schedule (sweep). Each adapts an event, calls
// the domain, and adapts its answer; the same handlers run in Lambda and on one machine.
//
// A task never decides where a case is. It does the work that the record says is to be done now, lets cases write the
// outcome, and returns the position for the execution to follow. Everything here may be invoked twice.
package task
