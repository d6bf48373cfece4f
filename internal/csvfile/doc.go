// Package csvfile reads and writes CSV files as RFC 4180 and spreadsheets have them: in UTF-8 with or without a byte order
// mark, with commas, semicolons or tabs, with every kind of line end. Lists and decision tables are both read with it.
//
// The reader is strict where a lenient one would shift cells without notice: a quotation mark within a field is a fault
// unless the field is quoted. It reports every fault with its place and never with a value, and reads on where it can, so
// that a file is mended in one go.
package csvfile
