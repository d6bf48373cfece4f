package text

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folder is Unicode's full case folding (CaseFolding.txt, statuses C and F), the same in every language.
var folder = cases.Fold()

// Compose returns a text in Unicode's normal form C, in which é is one letter whatever keyboard wrote it. Bytes that are not
// UTF-8 stay as they are.
func Compose(s string) string {
	if norm.NFC.QuickSpanString(s) == len(s) {
		return s
	}
	return norm.NFC.String(s)
}

// scratch is memory of a folding.
type scratch struct{ apart, folded, composed []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// AppendFold appends a text's folded form; it takes no memory but that of the slice.
func AppendFold(to []byte, s string) []byte {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return appendFoldAll(to, s)
		}
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// longest is how many times as long a rune's folded form can be, in bytes: U+0390 has two and becomes six.
const longest = 3

func appendFoldAll(to []byte, s string) []byte {
	begin := len(to)
	for _, r := range s {
		if !latin(r) {
			return appendFoldAny(to[:begin], s)
		}
		to = utf8.AppendRune(to, unicode.ToLower(r))
	}
	return to
}

// latin reports whether a letter is one of Latin that folds to its small form only. None composes with another.
func latin(r rune) bool {
	switch r {
	case 'µ', 'ß', 'İ', 'ŉ', 'ſ', 'ǰ':
		return false
	}
	return r < 0x250
}

func appendFoldAny(to []byte, s string) []byte {
	m, _ := scratches.Get().(*scratch)
	m.apart = norm.NFD.AppendString(m.apart[:0], s)
	m.folded = slices.Grow(m.folded[:0], longest*len(m.apart))
	n, _, err := folder.Transform(m.folded[:cap(m.folded)], m.apart, true)
	if err != nil { // the buffer is large enough: the folding of a letter is never longer than that
		m.folded = append(m.folded[:0], folder.Bytes(m.apart)...)
		n = len(m.folded)
	}
	cherokee(m.folded[:n])
	m.composed = norm.NFC.Append(m.composed[:0], m.folded[:n]...) // not appended directly: it could compose with what precedes it
	to = append(to, m.composed...)
	if cap(m.folded) <= 1<<16 {
		clear(m.apart) // texts are personal data, and memory is used for long
		clear(m.folded[:n])
		clear(m.composed)
		scratches.Put(m)
	}
	return to
}

// cherokee makes capitals of the small letters of Cherokee: they are the only letters that fold to capitals, and the library
// turns each into the other. The forms have the same length.
func cherokee(text []byte) {
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRune(text[i:])
		switch {
		case r >= 0xab70 && r <= 0xabbf:
			utf8.EncodeRune(text[i:i+width], r-0xab70+0x13a0)
		case r >= 0x13f8 && r <= 0x13fd:
			utf8.EncodeRune(text[i:i+width], r-8)
		}
		i += width
	}
}

// Words folds a text and puts one space between its words, none at its ends: what makes two spellings of a name one.
func Words(s string) string { return strings.Join(strings.Fields(Fold(s)), " ") }
