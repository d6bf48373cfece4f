// Package csvfile reads and writes CSV files in the forms of RFC 4180 and of spreadsheets: in UTF-8 with or without a byte order
// mark, with commas, semicolons or tabs, with any line ending. Lists and decision tables are both read with it.
//
// The reader is strict where a lenient one would shift cells without notice: a quotation mark within a field is a fault
// unless the field is quoted. It reports every fault with its place and never with a value, and continues where it can, so
// that a file can be corrected in one pass.
package csvfile
