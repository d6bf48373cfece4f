package docscan

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ballerine/internal/text"
)

// spellings are the letters that ICAO 9303-3 (6.A) writes with others; where it allows two, both are tried.
var spellings = map[rune][2]string{
	'Ä': {"AE", "A"}, 'Ö': {"OE", "O"}, 'Ü': {"UE", "U"}, 'Å': {"AA", "A"}, 'Ø': {"OE", "O"}, 'Æ': {"AE", "AE"}, 'Œ': {"OE", "OE"}, 'ß': {"SS", "SS"}, 'ẞ': {"SS", "SS"},
	'Ñ': {"N", "NXX"}, 'Þ': {"TH", "TH"}, 'Ð': {"D", "D"}, 'Đ': {"D", "D"}, 'Ł': {"L", "L"}, 'Ħ': {"H", "H"}, 'ı': {"I", "I"}, 'İ': {"I", "I"}, 'Ŋ': {"N", "N"},
	'Ĳ': {"IJ", "IJ"}, 'Ŧ': {"T", "T"}, 'ĸ': {"Q", "Q"}, 'Ə': {"E", "E"}, 'Ɓ': {"B", "B"}, 'Ɗ': {"D", "D"}, 'Ƙ': {"K", "K"}, 'Ƴ': {"Y", "Y"},
}

// spelled is a name as a zone would write it, in two ways, as far as it can be written.
type spelled struct {
	ways [2][]string // words
	open bool        // a word, or all, cannot be written in Latin letters: that part cannot be compared
	odd  bool        // it has characters that no document has in a name, or one word mixes scripts
}

// spell writes a name as a zone would. What a zone cannot have is left out and reported: digits, pictures, what cannot be seen.
// A letter of another script within a Latin word is taken for the Latin one that it looks like.
func spell(name string) spelled {
	s := spelled{odd: text.Hidden(name, text.Line) != "" || strings.ContainsFunc(name, styled)}
	name = norm.NFKC.String(text.Visible(strings.ReplaceAll(name, "ß", "ss")))
	for word := range strings.FieldsFuncSeq(name, separates) {
		s.word(word)
	}
	if len(s.ways[0]) == 0 {
		s.open = true
	}
	return s
}

// separates reports whether a character stands between words. Apostrophes and points do not: a zone leaves them out.
func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsPunct(r) && !strings.ContainsRune("'’‘.,ʼ`", r)
}

// styled are letters in the clothes of others (𝐀): to a reader they are the same, to a search they are not.
func styled(r rune) bool { return r >= 0x1d400 && r <= 0x1d7ff }

// word adds a word.
func (s *spelled) word(word string) {
	latin, other := false, false
	for _, r := range word {
		switch {
		case text.IsLatin(r):
			latin = true
		case unicode.IsLetter(r) && r != 'ʼ':
			other = true
		case !unicode.IsMark(r) && !strings.ContainsRune("'’‘.,ʼ`´", r):
			s.odd = true // a digit, a symbol, a picture
		}
	}
	if !latin {
		s.open = s.open || other
		return
	}
	s.odd = s.odd || other
	var ways [2]strings.Builder
	for _, r := range word {
		if !text.IsLatin(r) {
			alike, ok := text.Lookalike(r)
			if !ok {
				alike, ok = text.Lookalike(unicode.ToUpper(r))
			}
			if !ok {
				continue
			}
			r = alike
		}
		known := false
		for way := range ways {
			var written string
			if written, known = letter(unicode.ToUpper(r), way); known {
				ways[way].WriteString(written)
			}
		}
		s.open = s.open || !known
	}
	for way := range ways {
		s.ways[way] = append(s.ways[way], ways[way].String())
	}
}

// letter writes a capital Latin letter. False when it has no spelling.
func letter(r rune, way int) (string, bool) {
	if spelling, ok := spellings[r]; ok {
		return spelling[way], true
	}
	if base := []rune(norm.NFD.String(string(r)))[0]; base >= 'A' && base <= 'Z' { // É is E with an accent
		return string(base), true
	}
	return "", false
}

// compareName compares the declared name with the zone: nil if the result is unknown. The surname must be the same; the
// first given name must be the same, and the shorter list must be part of the longer one, in order. If only a part can
// be compared, it can show that the names differ, but not that they are the same.
func compareName(zone MRZ, given, family string) (matches *bool, odd bool) {
	surnames, givens := spell(family), spell(given)
	odd = surnames.odd || givens.odd
	if family == "" || given == "" {
		return nil, odd
	}
	same := slices.ContainsFunc(surnames.ways[:], func(name []string) bool {
		if surnames.open {
			return within(name, strings.Fields(zone.Surname))
		}
		return sameSurname(zone, strings.Join(name, " "))
	}) && slices.ContainsFunc(givens.ways[:], func(name []string) bool {
		if givens.open {
			return len(name) == 0 || slices.ContainsFunc(name, func(word string) bool { return slices.Contains(strings.Fields(zone.GivenNames), word) })
		}
		return sameGivenNames(zone, name)
	})
	if same && (surnames.open || givens.open) {
		return nil, odd
	}
	return answer(same), odd
}

func answer(b bool) *bool { return &b }

func joined(name string) string { return strings.ReplaceAll(name, " ", "") }

func sameSurname(zone MRZ, surname string) bool {
	if zone.GivenNames == "" && zone.NameTruncated { // the surname alone fills the field
		return strings.HasPrefix(joined(surname), joined(zone.Surname))
	}
	return joined(surname) == joined(zone.Surname)
}

func sameGivenNames(zone MRZ, name []string) bool {
	read, declared := strings.Fields(zone.GivenNames), strings.Join(name, "")
	if len(read) == 0 {
		return len(name) == 0 || zone.NameTruncated
	}
	if joined(zone.GivenNames) == declared {
		return true
	}
	if zone.NameTruncated && strings.HasPrefix(declared, joined(zone.GivenNames)) {
		return true
	}
	if len(name) == 0 || read[0] != name[0] {
		return false
	}
	return within(name, read) || within(read, name)
}

// within reports whether the words of a are in b, in order.
func within(a, b []string) bool {
	for _, word := range b {
		if len(a) > 0 && a[0] == word {
			a = a[1:]
		}
	}
	return len(a) == 0
}
