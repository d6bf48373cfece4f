// Package archtest holds the repository to the shape that docs/architecture.md draws: packages stand in one order and
// import only what stands before them, the domain knows neither AWS nor HTTP servers, and nothing of the local system
// ships to AWS. It has no code of its own, only tests.
package archtest
