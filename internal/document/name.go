package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// spellings are the letters that ICAO 9303-3 (6.A) writes with others; where it allows two, both are tried.
var spellings = map[rune][2]string{
	'Ä': {"AE", "A"}, 'Ö': {"OE", "O"}, 'Ü': {"UE", "U"}, 'Å': {"AA", "A"}, 'Ø': {"OE", "O"}, 'Æ': {"AE", "AE"}, 'Œ': {"OE", "OE"}, 'ß': {"SS", "SS"}, 'ẞ': {"SS", "SS"},
	'Ñ': {"N", "NXX"}, 'Þ': {"TH", "TH"}, 'Ð': {"D", "D"}, 'Đ': {"D", "D"}, 'Ł': {"L", "L"}, 'Ħ': {"H", "H"}, 'ı': {"I", "I"}, 'İ': {"I", "I"}, 'Ŋ': {"N", "N"},
	'Ĳ': {"IJ", "IJ"}, 'Ŧ': {"T", "T"}, 'ĸ': {"Q", "Q"},
}

// transliterate writes a name as a zone would, in two ways. False when a letter has no spelling there.
func transliterate(name string) (ways [2]string, ok bool) {
	for way := range ways {
		var b strings.Builder
		for _, r := range norm.NFC.String(strings.ToUpper(strings.ReplaceAll(name, "ß", "SS"))) {
			written, known := letter(r, way)
			if !known {
				return ways, false
			}
			b.WriteString(written)
		}
		ways[way] = strings.Join(strings.Fields(b.String()), " ")
	}
	return ways, true
}

func letter(r rune, way int) (string, bool) {
	if spelling, ok := spellings[r]; ok {
		return spelling[way], true
	}
	switch {
	case r >= 'A' && r <= 'Z':
		return string(r), true
	case r == '\'' || r == '’' || r == '.' || r == ',' || r == '`' || r == 'ʼ':
		return "", true // apostrophes are left out, commas and points too
	case r == '-' || r == '‐' || r == '–' || unicode.IsSpace(r):
		return " ", true
	}
	base := []rune(norm.NFD.String(string(r)))[0] // É is E with an accent
	if base >= 'A' && base <= 'Z' {
		return string(base), true
	}
	return "", unicode.Is(unicode.Mn, r) // an accent on its own
}

// nameMatches compares what was declared with the zone: nil when it cannot be told. The surname must be the same; of
// the given names the first must be, and the shorter list must be part of the longer one, in order.
func nameMatches(zone MRZ, given, family string) *bool {
	surnames, ok := transliterate(family)
	givens, ok2 := transliterate(given)
	if !ok || !ok2 || surnames[0] == "" || given == "" {
		return nil
	}
	for _, surname := range surnames {
		if !sameSurname(zone, surname) {
			continue
		}
		for _, name := range givens {
			if sameGiven(zone, name) {
				return answer(true)
			}
		}
	}
	return answer(false)
}

func answer(b bool) *bool { return &b }

func joined(name string) string { return strings.ReplaceAll(name, " ", "") }

func sameSurname(zone MRZ, surname string) bool {
	if zone.GivenNames == "" && zone.NameTruncated { // the surname alone fills the field
		return strings.HasPrefix(joined(surname), joined(zone.Surname))
	}
	return joined(surname) == joined(zone.Surname)
}

func sameGiven(zone MRZ, declared string) bool {
	read, said := strings.Fields(zone.GivenNames), strings.Fields(declared)
	if len(read) == 0 {
		return len(said) == 0 || zone.NameTruncated
	}
	if joined(zone.GivenNames) == joined(declared) {
		return true
	}
	if zone.NameTruncated && strings.HasPrefix(joined(declared), joined(zone.GivenNames)) {
		return true
	}
	if len(said) == 0 || read[0] != said[0] {
		return false
	}
	return within(said, read) || within(read, said)
}

// within says whether the words of a are in b, in order.
func within(a, b []string) bool {
	for _, word := range b {
		if len(a) > 0 && a[0] == word {
			a = a[1:]
		}
	}
	return len(a) == 0
}
