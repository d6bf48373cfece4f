// Package flow is the applicant's pages as a pure function: of their definition, which is a part of a workflow, of the case's data, and
// of its documents. Parse reads and checks the definition; State says which pages there are, which is next, and what remains to be
// done; Save judges what an applicant has entered. It does no I/O and has no clock.
//
// The server decides. What a client may work out before the answer comes are the rules that are portable (see expr.Program.Portable):
// State gives them as trees that every client evaluates alike. docs/flows.md is about definitions, ADR 51 about why.
package flow
