package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ballerine/internal/text"
)

func TestATextIsCutBetweenCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, limit := rapid.String().Draw(t, "text"), rapid.IntRange(-1, 40).Draw(t, "limit")
		got := text.Cut(s, limit)
		if !strings.HasPrefix(s, got) || len(got) > max(0, limit) || !utf8.ValidString(got) || len(s) <= limit && got != s || len(s) > limit && len(got) < limit-3 {
			t.Fatalf("Cut(%q, %d) = %q", s, limit, got)
		}
	})
}
