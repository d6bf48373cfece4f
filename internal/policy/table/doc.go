// Package table evaluates decision tables: rows of unary tests over inputs, as in DMN, with every hit policy. A table is
// checked once (types, overlaps, gaps, rows that never apply) and indexed, so that the time of a decision hardly depends on
// the number of rows. A missing input is unknown, never false: if a row with an unknown test could change the answer, the
// table has no answer.
package table
