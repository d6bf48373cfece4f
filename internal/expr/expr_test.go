package expr

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func env() *Env {
	return &Env{Now: noon, Scope: Map{
		"risk":      map[string]any{"score": 39.0, "label": "low"},
		"applicant": map[string]any{"date_of_birth": "2008-03-02", "country": "DE", "middle": nil, "empty": ""},
		"hits":      []any{map[string]any{"score": 0.97}}, "count": 3, "huge": 9007199254740993.0, "yes": true,
	}}
}

func TestConditions(t *testing.T) {
	for source, want := range map[string]Truth{
		`risk.score < 40`: True, `risk.score >= 40`: False, `40 > risk.score && yes`: True,
		`risk.scor < 40`: Unknown, `risk.scor < 40 && risk.score > 100`: False, `risk.scor < 40 || yes`: True,
		`!(risk.scor < 40)`: Unknown, `hits[0].score > 0.9`: True, `hits[1].score > 0.9`: Unknown,
		`applicant.country in ("DE", "FR")`: True, `applicant.country in ('US')`: False, `"E" in applicant.country`: True,
		`age(applicant.date_of_birth) < 18`: True, `age(applicant.date_of_birth) == 17`: True,
		`risk.score == "39"`: Unknown, `risk.label == "low"`: True, `applicant.middle == null`: True, `applicant.middle != null`: False,
		`applicant.last == null`: Unknown, `exists(applicant.last)`: False, `exists(applicant.empty)`: False, `exists(applicant.country)`: True,
		`1 / 0 > 1`: Unknown, `huge > 1`: Unknown, `count == 3`: True, `applicant.country =~ "^D"`: True, `applicant.country !~ "^D"`: False,
		`risk.score + 1 == 40`: True, `2 ** 3 ** 1 == 8`: True, `-risk.score < 0`: True, `10 - 2 - 3 == 5`: True, `1 + 2 * 3 == 7`: True,
		`yes ? risk.score < 40 : false`: True, `(applicant.last ?? "none") == "none"`: True, `coalesce(applicant.last, risk.label) == "low"`: True,
		`date("2026-02-28") < now()`: True, `days_since("2026-02-28") == 1`: True, `days_until("2026-03-02") == 1`: True,
		`"2026-01-01" == "2026-01-01"`: True, `"a\\" == "a\\"`: True, `len(hits) == 1`: True, `max(1, risk.score) == 39`: True,
		`hits[0]["score"] > 0.9`: True, `risk.score`: Unknown, `true`: True, `len(applicant.country) == 2`: True, `lower(applicant.country) == "de"`: True,
	} {
		p, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := p.Test(env()); got.Truth != want {
			t.Errorf("%s is %v, want %v (%s, %v)", source, got.Truth, want, got.Reason, got.Missing)
		}
	}
}

func TestUnknownShowsWhatIsMissing(t *testing.T) {
	p, err := Compile(`sanctions.hits[0].score > 0.9 || risk.scor < 1`)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Test(env())
	if strings.Join(got.Missing, " ") != "sanctions.hits[0].score risk.scor" {
		t.Errorf("missing %v", got.Missing)
	}
}

func TestErrorsHaveAPlace(t *testing.T) {
	for source, want := range map[string]string{
		``: "1:1: the expression is empty", `risk.score <`: "", `a = 1`: "1:3: the character '=' has no meaning here",
		`a & b`: "1:3: the operator & does not exist", `agee(x) > 1`: "1:1: there is no function agee", `"abc`: "1:1: the text is not closed",
		`a and b`: "", `9007199254740993 > 1`: "1:1: the number is too large to be exact (2^53)", `(a > 1`: "", `a > 1)`: "",
		`age() > 1`: "1:1: age takes one argument", `a =~ b`: "1:3: a pattern must be a quoted text", `a =~ "("`: "1:3: the pattern is not a regular expression of RE2",
		`a b`: "", `a[x] > 1`: "1:2: an index is a whole number or a quoted name", "a\\": "", strings.Repeat("(", 80) + "1" + strings.Repeat(")", 80): "",
		"\xff": "1:1: the expression is not valid UTF-8", strings.Repeat("a", 5000): "", `a,b`: "", `()`: "", `a ? b`: "",
	} {
		_, err := Compile(source)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.40s: %v, want an *Error", source, err)
			continue
		}
		if want != "" && err.Error() != want {
			t.Errorf("%.40s: %q, want %q", source, err, want)
		}
		if e.Column < 1 || e.Width < 1 {
			t.Errorf("%.40s: no place: %+v", source, e)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	p, err := Compile(`risk.score < 40`)
	if err != nil {
		b.Fatal(err)
	}
	e := env()
	b.ReportAllocs()
	for b.Loop() {
		if p.Test(e).Truth != True {
			b.Fatal("wrong")
		}
	}
}
