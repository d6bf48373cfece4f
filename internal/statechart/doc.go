// Package statechart implements the semantics of workflows, SCXML's macrostep as XState implements it, as one pure function.
//
//	Step(snapshot, context, event, now) -> snapshot, context, effects, trace
//
// It has no clock and no I/O: time is an argument, ids come with the event, and side effects are returned. The case record
// applies the result, the compiled machines follow it, and simulation and tests run it.
package statechart
