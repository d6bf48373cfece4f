package text

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Kind of a text: what may be in it besides what can be seen.
type Kind int

// A Line is a name, an id, an address of e-mail. Prose has lines and tabs, and the marks that state in which direction
// a word is written.
const (
	Line Kind = iota
	Prose
)

// Hidden names the first character of a text that is invisible, or that changes how its surroundings are shown: control
// characters, zero-width ones, those that change the direction of writing, fillers, private ones, bytes that are not
// UTF-8. "" if there is none. Such a text is not what it looks like: no search finds it and no list matches it.
//
// Characters that a script needs are not hidden: joiners between letters of the scripts that have them, and within
// emoji; variation selectors behind the characters that they choose a form of.
func Hidden(s string, kind Kind) string {
	var before rune // the one before
	for i, r := range s {
		if r < utf8.RuneSelf && r >= ' ' && r != 0x7f {
			before = r
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return "bytes that are not UTF-8"
		}
		after, _ := utf8.DecodeRuneInString(s[i+size:])
		if hides(before, r, after, kind) {
			return describe(r)
		}
		before = r
	}
	return ""
}

func hides(before, r, after rune, kind Kind) bool {
	switch {
	case !invisible(r):
		return false
	case kind == Prose && (r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u200e' || r == '\u200f' || r == '\u061c'):
		return false
	case r == zwj || r == zwnj:
		return !(joins(before) && joins(after)) && !(r == zwj && pictures(before) && pictures(after))
	case r >= 0xfe00 && r <= 0xfe0f:
		return !unicode.Is(unicode.Han, before) && !pictures(before) && !unicode.IsDigit(before) && before != '#' && before != '*'
	case r >= 0xe0100 && r <= 0xe01ef:
		return !unicode.Is(unicode.Han, before)
	case unicode.Is(unicode.Mongolian, r):
		return !unicode.Is(unicode.Mongolian, before)
	}
	return true
}

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// invisible reports whether a character draws nothing of its own.
func invisible(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point):
		return true
	}
	return r == '\u2800' // a pattern of Braille without dots
}

// joins reports whether a letter is of a script in which joiners change how words are written.
func joins(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian,
		unicode.Georgian, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Hebrew, unicode.Inherited)
}

// pictures reports whether a character is a part of emoji.
func pictures(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Sm) || r == 0xfe0f || unicode.In(r, unicode.Po) && r >= utf8.RuneSelf
}

// describe names a character by what it is and its code point.
func describe(r rune) string {
	what := "an invisible character"
	switch {
	case unicode.Is(unicode.Cc, r):
		what = "a control character"
	case unicode.Is(unicode.Bidi_Control, r):
		what = "a character that changes the text direction"
	case unicode.Is(unicode.Co, r):
		what = "a private-use character"
	}
	return fmt.Sprintf("%s (U+%04X)", what, r)
}
