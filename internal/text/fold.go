package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns the form in which texts are compared whatever their case: Unicode's full case folding (ß is ss, ﬁ is fi, ς
// is σ), composed (NFC), so that é is é however it was typed. It is the canonical caseless match of the Unicode standard
// (section 3.13, D145), and does not change what it has folded once.
func Fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return string(AppendFold(nil, s))
}

// Visible is the text without its invisible characters.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Lookalike returns the Latin capital or small letter for which a reader takes a letter of another script: Cyrillic А is A.
// Only letters that are drawn alike in common typefaces are here (UTS 39, confusables).
func Lookalike(r rune) (latin rune, ok bool) {
	latin, ok = lookalikes[r]
	return latin, ok
}

// lookalikes are pairs of a letter and the Latin one that it is taken for.
var lookalikes = pairs(
	// Cyrillic
	"АA ВB СC ЕE НH ІI ЈJ КK МM ОO РP ЅS ТT ԜW ХX ҮY УY ԚQ ԌG ҺH ԀD ӀI ҼE " +
		"аa сc еe ԁd һh іi јj оo рp ѕs ѵv ԝw хx уy үy ԛq ӏl ɡg кk мm тt вb нh ԍg ґr гr пn иu " +
		// Greek
		"ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ϳj αa βb γy ιi κk νv οo ρp σo τt υu χx ϲc εe ηn " +
		// Armenian, Cherokee, Coptic, Lisu
		"ՕO օo ՍU սu հh ոn ցg զq ᎪA ᏴB ᏟC ᎠD ᎬE ᏀG ᎻH ᎫJ ᏦK ᏞL ᎷM ᏢP ᏒR ᏚS ᎢT ᏙV ᎳW ᏃZ ⲞO ⲟo ⲢP ⲣp ꓐB ꓑP ꓓD ꓔT ꓗK ꓟM ꓠN ꓡL ꓢS ꓣR ꓦV ꓧH ꓪW ꓫX ꓬY ꓮA ꓰE ꓲI ꓳO ꓴU",
)

func pairs(written string) map[rune]rune {
	found := map[rune]rune{}
	for pair := range strings.FieldsSeq(written) {
		two := []rune(pair)
		found[two[0]] = two[1]
	}
	return found
}

// IsLatin reports whether a rune is a letter of the Latin script.
func IsLatin(r rune) bool { return unicode.Is(unicode.Latin, r) && unicode.IsLetter(r) }
