package tablefile

import "regexp"

// A spreadsheet takes a cell of a CSV file for a formula by how it begins, and where it divides the file at another
// character than the one that was meant, a formula may begin within a cell, too. So an apostrophe is put before each
// character that could begin one, and one is taken away when the file is read. Apostrophes that are there are counted along:
// what is read is what was written.
var (
	beginnings = regexp.MustCompile("(^|[;\t\r\n])([\\s\\p{Z}\\p{C}]*'*)([=+\\-@\uff1d\uff0b\uff0d\uff20])")
	escaped    = regexp.MustCompile("(^|[;\t\r\n])([\\s\\p{Z}\\p{C}]*'*)'([=+\\-@\uff1d\uff0b\uff0d\uff20])")
)

// escape keeps a cell from being read as a formula. A number and "-" are none.
func escape(text string) string {
	if _, number := Number(text); number || text == "-" {
		return text
	}
	return beginnings.ReplaceAllString(text, "${1}${2}'${3}")
}

func unescape(text string) string { return escaped.ReplaceAllString(text, "${1}${2}${3}") }
