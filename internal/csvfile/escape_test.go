package csvfile_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/csvfile"
)

func TestNoEscapedCellBeginsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+46 70": "'+46 70", "@SUM(A1)": "'@SUM(A1)", "-2+3": "'-2+3", "\t=1": "\t'=1", "\r=1": "\r'=1", "'=1": "''=1", "a;=1": "a;'=1", "\uff1d1": "'\uff1d1",
		"-": "-", "-5.5": "-5.5", "Anna-Maria": "Anna-Maria", "a=b": "a=b", "": "", "'": "'", "O'Neil": "O'Neil",
	} {
		if got := csvfile.Escape(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestUnescapeIsTheInverseOfEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("=+-@'; \t\r\n,a5\u200b\uff1d\ufeff"))).Draw(t, "text")
		escaped := csvfile.Escape(text)
		if got := csvfile.Unescape(escaped); got != text {
			t.Fatalf("%q becomes %q and then %q", text, escaped, got)
		}
		if start := strings.TrimLeft(escaped, " \t\r\n\u200b\ufeff"); escaped != text && strings.IndexAny(start, "=+-@") == 0 {
			t.Fatalf("%q begins a formula", escaped)
		}
	})
}
