package csvfile

import "regexp"

// A spreadsheet takes a cell of a CSV file for a formula by how it begins, and where it divides the file at another
// character than the one that was meant, a formula may begin within a cell, too. So an apostrophe is put before each
// character that could begin one, and one is taken away when the file is read. Apostrophes that are there are counted along:
// what is read is what was written.
var (
	beginnings = regexp.MustCompile("(^|[;\t\r\n])([\\s\\p{Z}\\p{C}]*'*)([=+\\-@\uff1d\uff0b\uff0d\uff20])")
	escaped    = regexp.MustCompile("(^|[;\t\r\n])([\\s\\p{Z}\\p{C}]*'*)'([=+\\-@\uff1d\uff0b\uff0d\uff20])")
	number     = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// Escape returns a cell that no spreadsheet reads as a formula. A number and "-" are none. Unescape is its inverse.
func Escape(text string) string {
	if text == "-" || number.MatchString(text) {
		return text
	}
	return beginnings.ReplaceAllString(text, "${1}${2}'${3}")
}

// Unescape reverses Escape.
func Unescape(text string) string { return escaped.ReplaceAllString(text, "${1}${2}${3}") }
