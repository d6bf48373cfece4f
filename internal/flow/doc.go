// Package flow is the applicant's pages as a pure function: of their definition, which is a part of a workflow, of the
// case's data, and of its documents. Parse reads and checks the definition; State returns which pages there are, which
// is next, and what remains to be done; Save judges what an applicant has entered. It does no I/O and has no clock.
//
// The server decides. Before its answer arrives, a client may evaluate the rules that are portable (see
// expr.Program.Portable): State returns them as trees that every client evaluates alike. docs/flows.md is about
// definitions, ADR 51 about why.
package flow
