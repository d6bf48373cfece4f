package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/calendar"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestMonthsEndOnTheirLastDay(t *testing.T) {
	for _, c := range []struct{ from, add, want string }{
		{"2026-01-31T12:00:00Z", "P1M", "2026-02-28T12:00:00Z"},
		{"2028-01-31T12:00:00Z", "P1M", "2028-02-29T12:00:00Z"},
		{"2028-02-29T12:00:00Z", "P1Y", "2029-02-28T12:00:00Z"},
		{"2028-02-29T12:00:00Z", "P4Y", "2032-02-29T12:00:00Z"},
		{"2026-10-31T00:00:00Z", "P18M", "2028-04-30T00:00:00Z"},
		{"2026-12-31T23:59:59Z", "P2M", "2027-02-28T23:59:59Z"},
		// Years and months at once: a year first would shorten 29 February, and lose the day in the month after.
		{"2028-02-29T12:00:00Z", "P1Y1M", "2029-03-29T12:00:00Z"},
		// Then what is exact.
		{"2026-01-31T12:00:00Z", "P1M1D", "2026-03-01T12:00:00Z"},
		{"2026-01-31T23:30:00Z", "P1MT45M", "2026-03-01T00:15:00Z"},
		{"2026-01-31T12:00:00Z", "P1M2W3DT1H2M3.004S", "2026-03-17T13:02:03.004Z"},
		{"2026-01-31T12:00:00Z", "P31D", "2026-03-03T12:00:00Z"},
		// XML Schema Part 2, appendix E.
		{"2000-01-12T12:13:14Z", "P1Y3M5DT7H10M3.3S", "2001-04-17T19:23:17.3Z"},
		{"2000-03-30T00:00:00Z", "P1D", "2000-03-31T00:00:00Z"},
		// What day it is does not hang on the zone of the clock that was read.
		{"2026-01-31T23:30:00-05:00", "P1M", "2026-03-01T04:30:00Z"},
	} {
		d, ok := calendar.ParseDuration(c.add)
		if got := d.After(at(c.from)); !ok || !got.Equal(at(c.want)) {
			t.Errorf("%s + %s = %s, want %s", c.from, c.add, got.Format(time.RFC3339Nano), c.want)
		}
	}
}

func TestMonthsAreTakenAwayLikewise(t *testing.T) {
	if got := calendar.AddMonths(at("2026-03-31T00:00:00Z"), -1); !got.Equal(at("2026-02-28T00:00:00Z")) {
		t.Error(got)
	}
	if got := calendar.AddYears(at("2028-02-29T00:00:00Z"), -1); !got.Equal(at("2027-02-28T00:00:00Z")) {
		t.Error(got)
	}
}

func TestWhoWasBornOn29FebruaryIsOlderOn1March(t *testing.T) {
	for _, c := range []struct {
		born, on string
		want     int
	}{
		{"2008-02-29", "2026-02-28", 17},
		{"2008-02-29", "2026-03-01", 18},
		{"2008-02-29", "2028-02-28", 19},
		{"2008-02-29", "2028-02-29", 20},
		{"2008-03-01", "2026-02-28", 17},
		{"2008-02-28", "2026-02-28", 18},
		{"2008-06-15", "2008-06-14", -1},
		{"2008-06-15", "2008-06-15", 0},
	} {
		if got := calendar.Age(at(c.born+"T00:00:00Z"), at(c.on+"T00:00:00Z")); got != c.want {
			t.Errorf("born on %s, %s: %d, want %d", c.born, c.on, got, c.want)
		}
	}
}

func TestDurationsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "P", "PT", "P1", "1D", "P1H", "PT1D", "P1YT", "P-1D", "-P1D", "P1.5D", "PT1.2345S", "PT0.S", "P1M1Y", "P99999999999999999999D", "P1001Y", "p1d", "P1D "} {
		if d, ok := calendar.ParseDuration(text); ok {
			t.Errorf("%q is read as %+v", text, d)
		}
	}
}

func anyTime(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(-3e9, 8e9).Draw(t, "seconds"), 0).UTC()
}

func TestLawsOfMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, months := anyTime(t), rapid.IntRange(-2400, 2400).Draw(t, "months")
		got := calendar.AddMonths(from, months)
		if want := 12*from.Year() + int(from.Month()) + months; 12*got.Year()+int(got.Month()) != want {
			t.Fatalf("%v is not %d months from %v", got, months, from)
		}
		if got.Day() != min(from.Day(), calendar.DaysIn(got.Year(), got.Month())) {
			t.Fatalf("%v from %v: neither the same day nor the month's last", got, from)
		}
		if later := from.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "later"))); calendar.AddMonths(later, months).Before(got) {
			t.Fatalf("%v is later than %v, and earlier %d months on", later, from, months)
		}
		if h, m, s := got.Clock(); !got.Equal(time.Date(got.Year(), got.Month(), got.Day(), h, m, s, 0, time.UTC)) || from.Format("15:04:05") != got.Format("15:04:05") {
			t.Fatalf("%v has another time of day than %v", got, from)
		}
		if back := calendar.AddMonths(got, -months); back.Day() > from.Day() || from.Day() <= 28 && !back.Equal(from) {
			t.Fatalf("%v and back is %v", from, back)
		}
	})
}

func TestNobodyIsOlderBeforeTheBirthday(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		born := calendar.StartOfDay(anyTime(t))
		years := rapid.IntRange(1, 120).Draw(t, "years")
		birthday := calendar.AddYears(born, years)
		if birthday.Day() != born.Day() {
			birthday = calendar.AddDays(birthday, 1)
		}
		if calendar.Age(born, birthday) != years || calendar.Age(born, calendar.AddDays(birthday, -1)) != years-1 {
			t.Fatalf("born on %v: %d on %v, %d the day before", born, calendar.Age(born, birthday), birthday, calendar.Age(born, calendar.AddDays(birthday, -1)))
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"P1Y2M3W4DT5H6M7.089S", "PT0.5S", "P", "P99999Y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := calendar.ParseDuration(text)
		if from := at("2000-01-31T00:00:00Z"); ok && d.After(from).Before(from) {
			t.Fatalf("%q ends before it begins", text)
		}
	})
}
