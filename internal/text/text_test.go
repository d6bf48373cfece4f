package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestTextsThatAreTheSameWhateverTheirCase(t *testing.T) {
	for _, same := range [][2]string{
		{"Straße", "STRASSE"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"Jose\u0301", "JOSÉ"},
		{"ﬁn", "FIN"},
		{"ŉ", "ʼN"},
		{"Ωmega", "ωMEGA"}, // OHM SIGN
		{"ẞ", "ss"},
		{"ꭰ", "Ꭰ"},
		{"plain", "PLAIN"},
	} {
		if Fold(same[0]) != Fold(same[1]) {
			t.Errorf("%q and %q: %q, %q", same[0], same[1], Fold(same[0]), Fold(same[1]))
		}
	}
	for _, other := range [][2]string{{"Muller", "Müller"}, {"a", "а"}, {"Ｏ", "O"}} {
		if Fold(other[0]) == Fold(other[1]) {
			t.Errorf("%q and %q are the same", other[0], other[1])
		}
	}
}

// Folding again changes nothing, and neither does the way in which accents were typed.
func TestFoldingIsStable(t *testing.T) {
	for r := rune(0); r < 0x20000; r++ {
		if s := string(r); Fold(Fold(s)) != Fold(s) {
			t.Errorf("U+%04X: %q %q", r, Fold(s), Fold(Fold(s)))
		}
	}
	if t.Failed() {
		return
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if Fold(Fold(s)) != Fold(s) || Fold(norm.NFD.String(s)) != Fold(norm.NFC.String(s)) {
			t.Fatalf("%q", s)
		}
	})
}

func TestWhatCannotBeSeenIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"An\u200bna": "U+200B", "Anna\u202e": "U+202E", "\ufeffAnna": "U+FEFF", "An\u00adna": "U+00AD", "Anna\x00": "U+0000", "An\nna": "U+000A",
		"An\u2060na": "U+2060", "An\u200dna": "U+200D", "Anna\u3164": "U+3164", "An\ufe0fna": "U+FE0F", "\u2800": "U+2800", "Anna\ue000": "U+E000",
		"An\xffna": "UTF-8", "a\xff": "UTF-8", "\xe2\x80": "UTF-8", "Anna\U000e0041": "U+E0041", "An\u034fna": "U+034F", "An\u2028na": "U+2028", "Anna\u200e": "U+200E", "Anna\u200c": "U+200C",
	} {
		if got := Hidden(text, Line); !strings.Contains(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{
		"", "Anna Maria", "Jose\u0301", "O’Connor", "Müller-Lüdenscheidt", "علی\u200cرضا", "क्\u200dष", "👩\u200d👩\u200d👧", "❤\ufe0f", "葛\U000e0100城", "Анна", "X Æ A-12", "Nguyễn\u00a0Văn", "�",
	} {
		if got := Hidden(text, Line); got != "" {
			t.Errorf("%q: %s", text, got)
		}
	}
	for text, hidden := range map[string]bool{"a\n\tb\r\nc": false, "שלום\u200f": false, "a\u202eb": true, "a\u0007": true, "a\u200bb": true} {
		if got := Hidden(text, Prose); (got != "") != hidden {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestVisibleLeavesNothingHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if got := Visible(s); utf8.ValidString(s) && Hidden(got, Line) != "" {
			t.Fatalf("%q: %s", got, Hidden(got, Line))
		}
	})
}

func TestLookalikesAreOfAnotherScriptAndLatin(t *testing.T) {
	for r, latin := range lookalikes {
		if latin > unicode.MaxASCII || unicode.Is(unicode.Latin, r) && r != 'ɡ' {
			t.Errorf("%c %c", r, latin)
		}
	}
}

func FuzzHidden(f *testing.F) {
	f.Add("An\u200bna")
	f.Add("\xff\u200d")
	f.Fuzz(func(t *testing.T, s string) {
		if Hidden(s, Prose) != "" && Hidden(s, Line) == "" {
			t.Error("prose is stricter than a line")
		}
		if made := Visible(s); utf8.ValidString(s) && !utf8.ValidString(made) {
			t.Errorf("%q becomes %q", s, made)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for b.Loop() {
		Fold("Anna Maria Eriksson")
	}
}
