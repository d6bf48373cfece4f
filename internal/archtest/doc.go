// Package archtest checks the structure that docs/architecture.md describes: packages have one order and import only
// packages before them, the domain imports neither AWS nor an HTTP server, and nothing of the local system ships to AWS. It
// contains tests only.
package archtest
