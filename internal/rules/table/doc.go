// Package table is decision tables: rows of unary tests over inputs, as DMN writes them, with every hit policy. A table is
// checked once (types, overlaps, gaps, rows that can never count) and indexed, so that the time of a decision hardly
// depends on how many rows there are. What an input does not tell is unknown, and never false: a row whose test cannot be
// told leaves the table without an answer where that row could have made a difference.
package table
