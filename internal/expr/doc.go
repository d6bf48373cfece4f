// Package expr evaluates guards and computed values: expressions in govaluate's language, json-logic, JMESPath and JSON
// Schema. Everything is compiled once to an immutable Program and evaluated often, in three-valued logic: a condition
// on a missing value is neither true nor false but unknown, and reports what is missing.
//
// govaluate reads expressions; our own Program runs them. Only this package touches govaluate, behind guards of its
// own: size, depth, UTF-8, stray backslashes and date-like text never reach it.
//
// Expressions know: numbers, "text" or 'text', true, false, null, dotted paths with indexes (sanctions.hits[0].score),
// == != < <= > >= =~ !~ in, && || !, + - * / % **, condition ? a : b, a ?? b, and the functions of the table in
// functions.go. JMESPath keeps its own logic inside a query: a missing value is null there, and only a query that returns
// null is unknown. Paths are read from the Scope: a case's context at the top, the event under event.
package expr
