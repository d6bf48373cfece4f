// Package statechart is the semantics of workflows: SCXML's macrostep, as XState implements it, as one pure function.
//
//	Step(snapshot, context, event, now) -> snapshot, context, effects, trace
//
// There is no clock and no I/O: time is an argument, ids come in with the event, and what must happen in the world
// is returned as effects. The case record applies it, the compiled machines follow it, simulation and tests run it.
package statechart
