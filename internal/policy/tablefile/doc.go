// Package tablefile reads and writes decision tables as people edit them in a spreadsheet. A table goes into a file and
// comes back as it was: hit policy, names, types, labels, values, notes and the text of each cell.
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
// Cells of inputs are unary tests as a policy has them. Cells of outputs are values: a number, true or false, nothing, and
// everything else is text; a text that looks like one of the others stands in double quotes, as does one that spaces begin
// or end. Package xlsx, below this one, needs a large library and is linked into the command line only.
package tablefile
