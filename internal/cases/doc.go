// Package cases is the heart: the case record, its commands and its queries.
//
// The case record is the truth; the execution is its clock and its muscle. Every change, from wherever it comes (a
// client's event, a reviewer's decision, a vendor's callback, a timer, a task's result), is one pure function and one
// conditional write: record (if unchanged) + history entry + outbox effects, in one transaction. The execution never
// decides where a case is: after each task or wait it is handed the Position of the record, and follows.
//
// The package owns the interfaces it needs of the world (Store, Executions, Objects, Catalog); adapters implement them.
package cases
