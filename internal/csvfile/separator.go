package csvfile

import "strings"

const directive = "sep="

// findSeparator reads the separator off the beginning of the file. A line sep= is no record.
func (r *Reader) findSeparator() {
	if len(r.text) < len(directive) || !strings.EqualFold(r.text[:len(directive)], directive) {
		r.separator = mostFrequent(r.text)
		return
	}
	r.advance(len(directive))
	if rest := r.text[r.at:]; rest == "" || !strings.ContainsAny(rest[:1], ",;\t|") || len(rest) > 1 && !isLineEnd(rest[1]) {
		r.stop(0, codeSeparator, "the line sep= does not specify a separator", "sep= followed by a comma, semicolon, tab or vertical bar")
		return
	}
	r.separator = r.text[r.at]
	r.advance(r.at + 1)
	r.lineEnd()
}

// mostFrequent is the most frequent separator outside quotation marks in the first line that has anything; of two, the
// first.
func mostFrequent(text string) byte {
	best, counts, quoted := byte(','), map[byte]int{}, false
	text = strings.TrimLeft(text, " \r\n")
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case isLineEnd(c):
			return best
		case c == ',' || c == ';' || c == '\t':
			counts[c]++
			if counts[c] > counts[best] {
				best = c
			}
		}
	}
	return best
}
