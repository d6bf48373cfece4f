package text

import "unicode/utf8"

// Cut returns the beginning of a text that has at most limit bytes and ends between two characters. A text that is cut
// anywhere else is invalid: it reads back as another one, and digests over it do not match.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	limit = max(0, limit)
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
