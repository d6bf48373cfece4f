package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are the letters of Latin scripts that are no letter with an accent, as they are written without them: in
// passports (ICAO 9303, part 3) where these agree with what people type.
var plainLetters = map[rune]string{
	'æ': "ae", 'œ': "oe", 'ø': "o", 'ð': "d", 'đ': "d", 'ɖ': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ı': "i", 'ĸ': "k",
	'ɓ': "b", 'ɗ': "d", 'ɛ': "e", 'ə': "e", 'ɣ': "g", 'ƙ': "k", 'ɔ': "o", 'ƿ': "w", 'ʒ': "z", 'ǥ': "g", 'ƴ': "y", 'ŀ': "l",
	'’': "'", 'ʼ': "'", 'ʻ': "'",
}

// Plain returns the form by which a name is looked up: folded, without accents, and with letters that a plain keyboard lacks
// written as it can: Þórunn is thorunn, Đorđe is dorde, Müller is muller. It does not change what it has made once.
func Plain(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(Fold(s)) {
		switch plain, known := plainLetters[r]; {
		case known:
			b.WriteString(plain)
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}
