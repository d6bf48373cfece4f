// Package compile compiles a workflow to a state machine in the Amazon States Language. It also has the document types and a
// checker for rules that the published validators do not check.
//
// A compiled machine never decides the state of a case: it follows the record. It starts with Route, a Choice by a label for
// every state that can be entered, so that a new execution can replace any other from the record. After every task and wait,
// a Choice compares the returned label with the labels that the state can lead to, so that the console shows the real graph;
// any other label leads back to Route.
//
// The output is deterministic: the same workflow compiles to the same bytes.
package compile
