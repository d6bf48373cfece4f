package lists_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"ballerine/internal/policy/lists"
	"ballerine/internal/text"
)

func read(t testing.TB, shape lists.Shape, text string) *lists.Set {
	t.Helper()
	set, err := lists.Read(lists.CSV("x", text), shape, "file")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAListHoldsWhatItsMatchingDefines(t *testing.T) {
	dates := lists.Shape{Holds: lists.Date, Matching: lists.Exact}
	for _, c := range []struct {
		shape       lists.Shape
		entries     string
		value       any
		holds, fits bool
	}{
		{text0, "Anna", "Anna", true, true},
		{text0, "Anna", "anna", false, true},
		{text0, "Anna", " Anna\u00a0", true, true},
		{text0, "M\u00fcller", "Mu\u0308ller", true, true},
		{text0, "5", 5.0, false, false},
		{text0, "Anna", true, false, false},
		{text0, "Anna", nil, false, false},
		{text0, "Anna", strings.Repeat("Anna", 1000), false, true},
		{fold, "Anna", "ANNA", true, true},
		{fold, "MÜLLER", "mu\u0308ller", true, true},
		{fold, "\u212Aelvin", "kelvin", true, true}, // the sign of the unit
		{fold, "straße", "STRASSE", true, true},     // full case folding
		{fold, "STRASSE", "Straße", true, true},
		{fold, "ΐ", "\u03b9\u0308\u0301", true, true},
		{fold, "ı", "i", false, true},
		{nums, "4711", 4711.0, true, true},
		{nums, "4711.0", 4711, true, true},
		{nums, "4711", int64(4711), true, true},
		{nums, "0.1", json.Number("1e-1"), true, true},
		{nums, "4711", json.Number("x"), false, false},
		{nums, "0", math.Copysign(0, -1), true, true},
		{nums, "4711", "4711", false, false},
		{nums, "4711", math.NaN(), false, false},
		{nums, "4711", 1e300, false, false},
		{dates, "2026-01-31", "2026-01-31", true, true},
		{dates, "2026-01-31", "2026-02-01", false, true},
		{dates, "2026-01-31", "Anna", false, false},
	} {
		holds, fits := read(t, c.shape, "value\n"+c.entries).Holds(c.value, morning)
		if holds != c.holds || fits != c.fits {
			t.Errorf("%q holds %v: %t %t", c.entries, c.value, holds, fits)
		}
	}
}

func TestAnEntryCountsBeforeItExpires(t *testing.T) {
	set := read(t, text0, "value,expires_at\na,2026-05-04T08:00:00.001Z\nb,\n")
	for at, want := range map[time.Duration]bool{
		-time.Hour: true, 0: true, time.Millisecond - time.Nanosecond: true, time.Millisecond: false, time.Hour: false,
	} {
		if holds, fits := set.Holds("a", morning.Add(at)); holds != want || !fits {
			t.Errorf("%v: %t %t", at, holds, fits)
		}
	}
	if holds, _ := set.Holds("b", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); !holds {
		t.Error("what does not expire does")
	}
}

// TestIgnoringCaseHoldsWhatTheStandardLibraryCallsEqual: folding wholly finds all that folding by letters does, and more.
func TestIgnoringCaseHoldsWhatTheStandardLibraryCallsEqual(t *testing.T) {
	signs := rapid.SampledFrom([]rune("aAbKk\u212AsSſßẞÄäİıiIΣσςǅǆǄéÉ日ŉΐ"))
	rapid.Check(t, func(r *rapid.T) {
		a, b := norm.NFC.String(rapid.StringOfN(signs, 1, 4, -1).Draw(r, "a")), norm.NFC.String(rapid.StringOfN(signs, 1, 4, -1).Draw(r, "b"))
		if holds, fits := read(t, fold, "value\n"+a).Holds(b, morning); holds != (text.Fold(a) == text.Fold(b)) || !holds && strings.EqualFold(a, b) || !fits {
			r.Fatalf("%q and %q: %t", a, b, holds)
		}
	})
}

func TestAskingTakesNoMemory(t *testing.T) {
	ignoring, numbers := many(t, fold, 1000), read(t, nums, "value\n1\n2\n")
	var upper, missing, number any = "CUSTOMER 0000500@EXAMPLE.COM", "Müller", 2.0
	if n := testing.AllocsPerRun(100, func() {
		ignoring.Holds(upper, morning)
		ignoring.Holds(missing, morning)
		numbers.Holds(number, morning)
	}); n != 0 {
		t.Errorf("%v pieces of memory", n)
	}
	if holds, _ := ignoring.Holds(upper, morning); !holds {
		t.Error("it is not there")
	}
}

func csvOf(entries int) string {
	var b strings.Builder
	b.WriteString("value,expires_at,note\n")
	for i := range entries {
		fmt.Fprintf(&b, "customer %07d@example.com,2030-01-01,\n", i)
	}
	return b.String()
}

func many(t testing.TB, shape lists.Shape, entries int) *lists.Set {
	return read(t, shape, csvOf(entries))
}

func BenchmarkHolds(b *testing.B) {
	for _, shape := range []lists.Shape{text0, fold} {
		for _, entries := range []int{1, 1000, 100_000} {
			set := many(b, shape, entries)
			for name, value := range map[string]any{"there": "customer 0000000@example.com", "not there": "customer x@example.com"} {
				b.Run(fmt.Sprintf("%s/%d/%s", shape.Matching, entries, name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						set.Holds(value, morning)
					}
				})
			}
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, entries := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			d := newDesk(b)
			d.list("l", fold)
			if _, err := d.Replace(b.Context(), ann, "l", lists.CSV("x", csvOf(entries)), lists.Any); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := lists.NewOpener(d.memory).OpenLists(b.Context(), "acme", []string{"l"}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCSV(b *testing.B) {
	text := csvOf(100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := lists.CSV("x", text)(fold); err != nil {
			b.Fatal(err)
		}
	}
}
