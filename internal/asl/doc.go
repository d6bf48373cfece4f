// Package asl holds the Amazon States Language document types, the compiler from a workflow to a state machine, and a
// checker for what the published validators miss.
//
// A compiled machine never decides where a case is: it follows the record. It starts with Route, a Choice on the label
// that can enter at every state, so any execution can be replaced by a new one from the record. After every task and
// wait a Choice compares the returned label with those that the state can really lead to, so that the console shows the
// true graph; anything else goes back to Route.
//
// The same workflow always gives the same bytes.
package asl
