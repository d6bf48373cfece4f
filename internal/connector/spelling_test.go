package connector

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// spellings are ways in which a vendor may write a text.
var spellings = map[string]func(string) string{
	"raw":            func(s string) string { return s },
	"query":          url.QueryEscape,
	"path":           url.PathEscape,
	"all percent":    func(s string) string { return each2(s, func(b byte) string { return fmt.Sprintf("%%%02x", b) }) },
	"percent, twice": func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"percent in part": func(s string) string {
		if s[0] >= 0x80 {
			return s
		}
		return fmt.Sprintf("%%%02X", s[0]) + s[1:]
	},
	"lower percent":   func(s string) string { return lowerPercent(url.QueryEscape(s)) },
	"hex":             func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":             func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url":       func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64, escaped": func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64, slashes": func(s string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(s)), "/", `\/`)
	},
	"JSON":         func(s string) string { return quoted(s, true) },
	"JSON, twice":  func(s string) string { return quoted(quoted(s, false), true) },
	"JSON, thrice": func(s string) string { return quoted(quoted(quoted(s, true), false), true) },
	"slashes":      func(s string) string { return strings.ReplaceAll(quoted(s, false), "/", `\/`) },
	"all \\u":      inUnits,
	"all \\u, twice": func(s string) string {
		return strings.ReplaceAll(inUnits(s), `\`, `\\`)
	},
	"HTML":         html.EscapeString,
	"HTML, twice":  func(s string) string { return html.EscapeString(html.EscapeString(s)) },
	"numbers":      func(s string) string { return eachRune(s, func(r rune) string { return fmt.Sprintf("&#%d;", r) }) },
	"hex numbers":  func(s string) string { return eachRune(s, func(r rune) string { return fmt.Sprintf("&#x%X;", r) }) },
	"HTML in JSON": func(s string) string { return quoted(html.EscapeString(s), true) },
	"capitals":     asciiUpper,
	"turned round": func(s string) string {
		turned := []rune(s)
		slices.Reverse(turned)
		return string(turned)
	},
}

// quoted is a text as JSON writes it, without its quotes.
func quoted(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // a text always can be written
	return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
}

// redactor takes secrets out of texts.
func redactor(secrets []string) *hider {
	all := make([]hidden, len(secrets))
	for i, secret := range secrets {
		all[i] = hidden{secret, redaction}
	}
	return hiderOf(all)
}

func each2(s string, write func(byte) string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(write(s[i]))
	}
	return b.String()
}

func eachRune(s string, write func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(write(r))
	}
	return b.String()
}

func inUnits(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, `\u%04x`, u)
	}
	return b.String()
}

func lowerPercent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			b.WriteString(strings.ToLower(s[i : i+3]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func asciiUpper(s string) string {
	return each2(s, func(b byte) string {
		if b >= 'a' && b <= 'z' {
			b -= 'a' - 'A'
		}
		return string([]byte{b})
	})
}

func TestASecretIsFoundHoweverItIsWritten(t *testing.T) {
	for _, secret := range []string{"header+secret=2/4", `body"secret<4>é\n&x`, "100% sure? it's~me!*()", "-----BEGIN KEY-----\nMIIB/+==\n-----END", "😀 and a key of more"} {
		for way, write := range spellings {
			text := "before " + write(secret) + " after"
			if got := redactor([]string{secret}).Replace(text); got != "before [secret] after" {
				t.Errorf("%q, %s: %q of %q", secret, way, got, text)
			}
		}
	}
}

// TestASecretIsFoundInsideOfBase64: what is beside it decides about its first and its last character only.
func TestASecretIsFoundInsideOfBase64(t *testing.T) {
	const secret = "a-password-of-20-bytes"
	for before := range 6 {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
			text := encoding.EncodeToString([]byte(strings.Repeat("?", before) + secret + "???"))
			got := redactor([]string{secret}).Replace(text)
			if !strings.Contains(got, redaction) || len(got) > len(text)-len(secret)*8/6+2+len(redaction) {
				t.Errorf("%d before: %q of %q", before, got, text)
			}
		}
	}
}

func TestSecretsThatOverlapLeaveNothing(t *testing.T) {
	if got := redactor([]string{"abcdefgh", "efghijkl", "klmnopqr"}).Replace("x abcdefghijkl y abcdefghijklmnopqr klmnopqr"); got != "x [secret] y [secret] [secret]" {
		t.Errorf("%q", got)
	}
	if got := redactor(nil).Replace("nothing"); got != "nothing" {
		t.Errorf("%q", got)
	}
}

// Property: however a secret is written, it is not in the text any more, and what is beside it is.
func TestNoSpellingOfASecretIsLeft(t *testing.T) {
	ways := []string{}
	for way := range spellings {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(shortestFold, 40, -1).Filter(func(s string) bool { return !strings.Contains(s, "⁂") }).Draw(t, "secret")
		way := rapid.SampledFrom(ways).Draw(t, "way")
		text := "⁂" + spellings[way](secret) + "⁂"
		got := redactor([]string{secret}).Replace(text)
		if !strings.HasPrefix(got, "⁂") || !strings.HasSuffix(got, "⁂") || !strings.Contains(got, redaction) || strings.Contains(got, secret) {
			t.Fatalf("%s of %q: %q of %q", way, secret, got, text)
		}
		other := rapid.StringMatching(`[a-z ]{0,30}`).Draw(t, "other")
		if kept := redactor([]string{secret}).Replace(other); kept != other && !strings.Contains(strings.ToLower(other), strings.ToLower(secret)) {
			t.Fatalf("%q became %q", other, kept)
		}
	})
}
