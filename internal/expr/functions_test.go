package expr

import (
	"strings"
	"testing"
	"time"
)

func TestEveryFunction(t *testing.T) {
	tried := map[string]bool{}
	for source, want := range map[string]any{
		`now()`: "2026-03-01T12:00:00Z", `today()`: "2026-03-01", `date("2024-02-29")`: "2024-02-29", `date("2024-02-29T10:00:00+02:00")`: "2024-02-29T08:00:00Z", `date("29.2.2024")`: nil, `date("2023-02-29")`: nil, `date(3)`: nil,
		`age("2008-02-29")`: 18.0, `age("2008-03-01")`: 18.0, `age("2008-03-02")`: 17.0, `age("x")`: nil, `age(gone)`: nil, `age(date("2000-01-01"))`: 26.0,
		`days_since("2026-02-01")`: 28.0, `days_since("2026-03-03")`: -2.0, `days_until("2026-03-03")`: 2.0, `days_until("soon")`: nil,
		`len("äö")`: 2.0, `len(hits)`: 1.0, `len(risk)`: 2.0, `len(3)`: nil, `lower("ÄB")`: "äb", `upper("äb")`: "ÄB", `trim(" a ")`: "a", `upper(1)`: nil,
		`contains("abc", "b")`: true, `contains(hits, 1)`: nil, `contains(scores, 4)`: false, `contains(1, 1)`: nil, `starts_with("abc", "ab")`: true, `ends_with("abc", "ab")`: false, `starts_with(1, "a")`: nil,
		`abs(-2)`: 2.0, `round(2.5)`: 3.0, `round(-2.5)`: -3.0, `floor(2.9)`: 2.0, `ceil(2.1)`: 3.0, `abs("a")`: nil,
		`min(3, 1, 2)`: 1.0, `max(3, 1, 2)`: 3.0, `min("a")`: nil, `sum(scores)`: 6.0, `max(scores)`: 3.0, `sum(hits)`: nil,
		`exists(gone)`: false, `exists(yes)`: true, `coalesce(gone, applicant.middle, 4)`: 4.0, `coalesce(gone, gone)`: nil,
		`max(huge, 1)`: nil, `2 ** 60`: nil, `0 - 2 ** 60`: nil, `(0 - 1) ** 0.5`: nil, `5 % 0`: nil, `1 / 0`: nil, `"2026-01-01"`: "2026-01-01", `"2026-01-01" + "x"`: "2026-01-01x",
	} {
		for name := range functionTable {
			if strings.Contains(source, name+"(") {
				tried[name] = true
			}
		}
		p, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		e := env()
		e.Scope.(Map)["scores"] = []any{1.0, 2.0, 3.0}
		got, verdict := p.Value(e)
		if got != want || (want == nil) != (verdict.Truth == Unknown) {
			t.Errorf("%s is %v (%+v), want %v", source, got, verdict, want)
		}
		if want == nil && verdict.Reason == "" && len(verdict.Missing) == 0 {
			t.Errorf("%s is unknown without a reason", source)
		}
	}
	for name := range functionTable {
		if !tried[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

func TestDaysAreThoseOfTheLocation(t *testing.T) {
	berlin := time.FixedZone("+01", 3600)
	p, err := Compile(`days_since("2026-02-28")`)
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)
	for location, want := range map[*time.Location]float64{time.UTC: 0, berlin: 1} {
		if got, _ := p.Value(&Env{Scope: Map{}, Now: late, Location: location}); got != want {
			t.Errorf("in %v it is %v, want %v", location, got, want)
		}
	}
}

func TestTheEventIsSeenBesideTheContextAndNeverOverIt(t *testing.T) {
	scope := Layers{{"event": map[string]any{"type": "approve", "payload": map[string]any{"score": 1.0}}}, {"score": 90.0, "event": "posing"}, {"documents": map[string]any{"all_decided": true}}}
	for source, want := range map[string]Truth{`score == 90`: True, `event.type == "approve" && event.payload.score == 1`: True, `documents.all_decided`: True, `payload.score == 1`: Unknown} {
		p, err := Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Test(&Env{Scope: scope}).Truth; got != want {
			t.Errorf("%s is %v, want %v", source, got, want)
		}
	}
}

// FuzzParseDate checks the fast way of reading a date against time's own.
func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01", "2026-1-01", "2026-01-0x", "２026-01-1", "2026/01/01", "2026-05-04T08:00:00+02:00"} {
		f.Add(text)
	}
	zone, err := time.LoadLocation("America/Sao_Paulo") // it has days without a midnight
	if err != nil {
		f.Fatal(err)
	}
	f.Add("2018-11-04")
	f.Fuzz(func(t *testing.T, text string) {
		for _, location := range []*time.Location{nil, time.UTC, zone} {
			got, ok := ParseDate(text, location)
			in := location
			if in == nil {
				in = time.UTC
			}
			want, err := time.ParseInLocation(time.DateOnly, text, in)
			if err != nil {
				if want, err = time.Parse(time.RFC3339Nano, text); err == nil {
					want = want.In(in)
				}
			}
			if ok != (err == nil) || ok && !got.Equal(want) {
				t.Fatalf("%q: %v %v, want %v %v", text, got, ok, want, err)
			}
		}
	})
}
