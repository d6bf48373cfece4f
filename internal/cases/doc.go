// Package cases is the core domain: the case record, its commands and its queries.
//
// The record is the source of truth; the execution waits and does the work. Every change (a client's event, a reviewer's
// decision, a vendor's callback, a timer, the result of a task) is one pure function and one conditional write: record (if
// unchanged), history entry and outbox effects in one transaction. The execution never decides the state of a case: after
// each task or wait it receives the Position of the record and follows it.
//
// The package defines the interfaces that it needs (Store, Executions, Objects, Catalog); adapters implement them.
package cases
