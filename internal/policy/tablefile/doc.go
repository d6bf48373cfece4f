// Package tablefile reads and writes decision tables as people edit them in a spreadsheet. A table that is written and
// read again is unchanged: hit policy, names, types, labels, values, notes and the text of each cell.
//
// The layout is the same in CSV and XLSX. The first column states what a line is; below the head it is empty:
//
//	hit     | FIRST
//	column  | input             | input          | output  | output | note
//	name    | applicant.country | income         | outcome | score  |
//	type    |                   | number         |         |        |
//	label   | Country           | Monthly income |         |        |
//	        | "DE", "FR"        | >= 3000        | approve | 10     | the usual case
//
// Cells of inputs are unary tests as a policy has them. Cells of outputs are values: a number, true or false, null, and
// everything else is text; a text that looks like one of the others is put in double quotes, as is one that begins or
// ends with spaces. Package xlsx, below this one, needs a large library and is linked into the command line only.
package tablefile
