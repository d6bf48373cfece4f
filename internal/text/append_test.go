package text_test

import (
	"strings"
	"testing"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"ballerine/internal/text"
)

func TestTextsThatDifferByCaseOrCompositionAreOne(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"straße", "STRASSE", "Strasse", "STRAẞE"},
		{"josé", "JOSÉ", "jose\u0301", "JOSE\u0301"},
		{"Οδυσσεύς", "ΟΔΥΣΣΕΎΣ", "οδυσσεύσ"},
		{"office", "oﬃce", "OFFICE"},
		{"Ǆ", "ǅ", "ǆ"},
		{"K", "k", "\u212a"}, // the sign of kelvin
		{"Ꭰ", "ꭰ"},           // Cherokee folds upwards
		{"ᾳ", "ᾼ", "αι", "α\u0345"},
		{"", ""},
	} {
		for _, one := range same {
			if got, want := text.Fold(one), text.Fold(same[0]); got != want {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q", one, got, same[0], want)
			}
		}
	}
}

func TestOtherLettersStayApart(t *testing.T) {
	t.Parallel()
	for _, apart := range [][2]string{{"josé", "jose"}, {"ı", "i"}, {"а", "a"}, {"a b", "ab"}, {"1", "١"}} {
		if text.Fold(apart[0]) == text.Fold(apart[1]) {
			t.Errorf("%q and %q fold to the same", apart[0], apart[1])
		}
	}
}

func anyText() *rapid.Generator[string] {
	marks := rapid.SampledFrom([]string{"\u0345", "\u0301", "\u0307", "\u0308", "İ", "ı", "ß", "ẞ", "ŉ", "ǰ", "ΐ", "ᾳ", "ﬃ", "Σ", "ς", "A", "i", "Å", "\u212b", "가", "\xff", "ꭰ"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(marks, rapid.StringN(0, 3, 12)), 0, 8).Draw(t, "parts"), "")
	})
}

func TestAppendingFoldedTextIsFoldingIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyText().Draw(t, "text")
		folded := text.Fold(s)
		if again := text.Fold(folded); again != folded {
			t.Fatalf("Fold(%q) = %q, and folded again %q", s, folded, again)
		}
		if other := text.Fold(norm.NFD.String(s)); other != folded {
			t.Fatalf("Fold(%q) = %q, and taken apart before %q", s, folded, other)
		}
		if appended := string(text.AppendFold([]byte("x"), s)); appended != "x"+folded {
			t.Fatalf("AppendFold(x, %q) = %q, and Fold %q", s, appended, folded)
		}
	})
}

// TestEveryLetterFoldsAsTheLibraryDoes compares the short way for Latin with the whole one.
func TestEveryLetterFoldsAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	folder := cases.Fold()
	for r := range rune(0x2000) {
		want := norm.NFC.String(folder.String(norm.NFD.String(string(r))))
		if got := text.Fold(string(r)); got != want && (r < 0x13a0 || r > 0x13ff) { // Cherokee: the library turns capitals and small letters into each other
			t.Errorf("Fold(%U) = %q, want %q", r, got, want)
		}
	}
}

func TestWordsOfANameAreOneWhateverCaseAndSpaces(t *testing.T) {
	t.Parallel()
	if got := text.Words("  José\u00a0 GROẞ\n"); got != "josé gross" {
		t.Errorf("Words = %q", got)
	}
}

func TestFoldingFoldedTextTakesNoMemory(t *testing.T) {
	var buffer [64]byte
	got := testing.AllocsPerRun(100, func() {
		text.Fold("mallory@example.com")
		text.AppendFold(buffer[:0], "Mallory@Example.com")
		text.AppendFold(buffer[:0], "José@Müller.example")
		text.Compose("josé@example.com")
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}
