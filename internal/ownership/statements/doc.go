// Package statements reads who owns whom from files: statements of the Beneficial Ownership Data Standard 0.4 (BODS), as an array or one a
// line, and documents of our own form (structure.schema.json). It writes BODS.
package statements
