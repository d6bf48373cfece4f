package text_test

import (
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/text"
)

func TestNamesAreFoundByTheLettersOfAPlainKeyboard(t *testing.T) {
	for name, want := range map[string]string{
		"Þórunn": "thorunn", "GUÐRÚN": "gudrun", "Müller": "muller", "Strauß": "strauss", "Łukasz": "lukasz", "Đorđe": "dorde", "Søren Ægir": "soren aegir",
		"Işık": "isik", "Nguyễn": "nguyen", "O’Brien": "o'brien", "Œuvre": "oeuvre", "Ħal": "hal", "ﬁnn": "finn", "Анна": "анна", "علي": "علي", "plain": "plain", "": "",
	} {
		if got := text.Plain(name); got != want {
			t.Errorf("%s is looked up as %s, want %s", name, got, want)
		}
	}
}

func TestPlainTextStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyText().Draw(t, "text")
		once := text.Plain(s)
		if twice := text.Plain(once); twice != once {
			t.Errorf("%q is %q, and then %q", s, once, twice)
		}
		if folded := text.Plain(text.Fold(s)); folded != once {
			t.Errorf("%q is %q, and %q when it was folded before", s, once, folded)
		}
	})
}
