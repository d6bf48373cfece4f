package lists_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
	"ballerine/internal/text"
)

// entriesOf puts a content and reads it back.
func entriesOf(t testing.TB, shape lists.Shape, content lists.Content) (entries []lists.Entry, folded int, err error) {
	d := newDesk(t)
	d.list("l", shape)
	up, err := d.Replace(t.Context(), ann, "l", content, lists.Any)
	if err != nil {
		return nil, 0, err
	}
	page, err := d.Entries(t.Context(), "acme", "l", 0, 0, lists.MaxEntries, lists.MaxBytes*2)
	if err != nil || page.Next != 0 {
		t.Fatal(page.Next, err)
	}
	return page.Entries, up.Folded, nil
}

func TestACSVIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	day := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	want := []lists.Entry{{Value: "Anna"}, {Value: "Eve, the second", ExpiresAt: day, Note: "said \"no\"\ntwice"}}
	for name, text := range map[string]string{
		"commas":                       "value,expires_at,note\nAnna,,\n\"Eve, the second\",2026-12-31,\"said \"\"no\"\"\ntwice\"\n",
		"semicolons and CRLF":          "\ufeffvalue;expires_at;note\r\nAnna;;\r\nEve, the second;2026-12-31;\"said \"\"no\"\"\r\ntwice\"\r\n",
		"lines of an old Mac":          "value,expires_at,note\rAnna,,\r\"Eve, the second\",2026-12-31T01:00:00+01:00,\"said \"\"no\"\"\rtwice\"\r",
		"another order":                "Note,VALUE,Expires_At\n,Anna,\n\"said \"\"no\"\"\ntwice\",\"Eve, the second\",2026-12-31\n",
		"columns without a name":       "value,,expires_at,note,,\nAnna,,,,,\n,,,,,\n\n\"Eve, the second\",,2026-12-31,\"said \"\"no\"\"\ntwice\",,\n",
		"spaces and decomposed letter": "value,expires_at,note\n  Anna\u00a0,,\n\" Eve, the second \",2026-12-31,\" said \"\"no\"\"\ntwice\"\n",
		"the same line twice":          "value,expires_at,note\nAnna,,\nAnna,,\n\"Eve, the second\",2026-12-31T00:00:00Z,\"said \"\"no\"\"\ntwice\"\n",
	} {
		got, folded, err := entriesOf(t, text0, lists.CSV("x.csv", text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil || (folded == 1) != (name == "the same line twice") {
			t.Errorf("%s: %v %d %s", name, err, folded, diff)
		}
	}
}

func TestValuesAreKeptInOneForm(t *testing.T) {
	dates := lists.Shape{Holds: lists.Date, Matching: lists.Exact}
	for _, c := range []struct {
		shape lists.Shape
		text  string
		want  []string
	}{
		{nums, "value\n1e2\n+5\n-0\n0.50\n100.0\n9007199254740991\n", []string{"0", "0.5", "100", "5", "9007199254740991"}},
		{dates, "value\n2026-02-28\n", []string{"2026-02-28"}},
		{text0, "value\nMu\u0308ller\nMüller\nMULLER\n", []string{"MULLER", "Müller"}},
		{fold, "value\nMu\u0308ller\nMÜLLER\nmüller\n", []string{"Müller"}},
	} {
		entries, _, err := entriesOf(t, c.shape, lists.CSV("x.csv", c.text))
		var got []string
		for _, e := range entries {
			got = append(got, e.Value)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q %v", c.text, got, err)
		}
	}
}

func TestEveryProblemOfACSVIsReportedWithItsPlaceAndWithoutAValue(t *testing.T) {
	dates := lists.Shape{Holds: lists.Date, Matching: lists.Exact}
	long := strings.Repeat("x", lists.MaxValue+1)
	for _, c := range []struct {
		shape lists.Shape
		text  string
		want  string
	}{
		{text0, "", "[x:1:1 required]"},
		{text0, "Mallory\nEve\n", "[x:1:1 required x:1:1 unknown_column]"},
		{text0, "value,value,vale\nMallory\n", "[x:1:7 duplicate_column x:1:13 unknown_column]"},
		{text0, "note\nMallory\n", "[x:1:1 required]"},
		{text0, "value,note\nä,Mallory,Mallory\n", "[x:2:11 columns]"},
		{text0, "value,expires_at\nä,Mallory\n,2026-01-01\n" + long + ",1969-12-31\n", "[x:2:3 time x:3:1 required x:4:1 length x:4:503 time]"},
		{text0, "value\nMal\"lory\n\xff\n\"Mallory", "[x:2:4 quote x:3:1 encoding x:4:1 quote]"},
		{text0, "value\nMal\x00lory\n\"Mal\nlory\"\n\xff\n", "[x:2:1 control x:3:1 control x:5:1 encoding]"},
		{text0, "value,note\nMallory," + strings.Repeat("Mallory", 100) + "\n", "[x:2:9 length]"},
		{text0, "\xff\xfeM\x00", "[x:1:1 encoding]"},
		{nums, "value\nMallory\n1,5\n0x10\n9007199254740993\n1e400\nInf\n1_000\n", "[x:2:1 number x:3:3 columns x:4:1 number x:5:1 exact x:6:1 exact x:7:1 number x:8:1 number]"},
		{dates, "value\nMallory\n2026-02-29\n2026-01-01T00:00:00Z\n", "[x:2:1 date x:3:1 date x:4:1 date]"},
		{fold, "value,note\nmallory,1\nMALLORY,2\nMallory,1\n", "[x:3:1 duplicate]"},
		{text0, "value\n" + strings.Repeat("\x01\n", 150), "and 50 more problems"},
	} {
		_, _, err := entriesOf(t, c.shape, lists.CSV("x", c.text))
		if got := fmt.Sprint(places(err)); problem.CodeOf(err) != problem.Invalid || (got != c.want && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%.40q: %s, want %s", c.text, got, c.want)
		}
		if e := problem.As(err); strings.Contains(strings.ToLower(fmt.Sprint(err, e.Details)), "mallory") {
			t.Errorf("%.40q: a value is disclosed: %v", c.text, err)
		}
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	var many strings.Builder
	many.WriteString("value\n")
	for i := range lists.MaxEntries + 1 {
		fmt.Fprintln(&many, i)
	}
	var large strings.Builder
	large.WriteString("value,note\n")
	for i := range lists.MaxBytes/lists.MaxNote + 1 {
		fmt.Fprintf(&large, "%d,%s\n", i, strings.Repeat("n", lists.MaxNote))
	}
	for name, text := range map[string]string{
		"entries": many.String(), "bytes": large.String(), "columns": "value" + strings.Repeat(",", 300), "fields": "value\nx" + strings.Repeat(",", 300),
		"bytes of a file": "value\n" + strings.Repeat(" ", 2*lists.MaxBytes), "lines": "value\n" + strings.Repeat("\n", 5*lists.MaxEntries),
	} {
		if _, _, err := entriesOf(t, text0, lists.CSV("x", text)); problem.CodeOf(err) != problem.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJSONIsReadByPlace(t *testing.T) {
	entries, folded, err := entriesOf(t, text0, lists.JSON([]byte(`{"entries":[{"value":"b","note":"n","expires_at":"2026-01-01"},{"value":"a"},{"value":" a "}]}`)))
	want := []lists.Entry{{Value: "a"}, {Value: "b", Note: "n", ExpiresAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	if diff := cmp.Diff(want, entries); diff != "" || err != nil || folded != 1 {
		t.Errorf("%v %d %s", err, folded, diff)
	}
	for text, want := range map[string]string{
		`[`:                        "[body json]",
		`{"entries":5}`:            "[body json]",
		`{"entries":[],"other":1}`: "[body json]",
		`{"entries":[]}{}`:         "[body json]",
		`{}`:                       "[body.entries required]",
		`{"entries":["mallory"]}`:  "[body.entries[0] type]",
		`{"entries":[{"value":5},{"a":"mallory"},{"value":"x","expires_at":"mallory","note":"\u0000"},{"value":""}]}`: "[body.entries[0] type body.entries[1] type body.entries[2].expires_at time body.entries[2].note control body.entries[3].value required]",
		`{"entries":[{"value":"mallory"},{"value":"mallory","note":"x"}]}`:                                            "[body.entries[1].value duplicate]",
	} {
		_, _, err := entriesOf(t, text0, lists.JSON([]byte(text)))
		if got := fmt.Sprint(places(err)); got != want || strings.Contains(fmt.Sprint(problem.As(err).Message, problem.As(err).Fields), "mallory") {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// drawEntries are entries with all that a CSV has to quote.
func drawEntries(t *rapid.T, shape lists.Shape) []lists.Entry {
	value := rapid.StringOfN(rapid.SampledFrom([]rune("abAB,;\"'=ſKÄä\u0308İıẞß 日\ufeff-+")), 1, 12, -1)
	if shape.Holds == lists.Number {
		value = rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.Float64Range(-1e6, 1e6).Draw(t, "number")) })
	}
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) lists.Entry {
		e := lists.Entry{Value: value.Draw(t, "value"), Note: rapid.StringOfN(rapid.SampledFrom([]rune("a,;\"\n ")), 0, 8, -1).Draw(t, "note")}
		if rapid.Bool().Draw(t, "expires") {
			e.ExpiresAt = time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "at")).UTC()
		}
		return e
	}), 0, 40, func(e lists.Entry) string { return text.Fold(strings.TrimSpace(e.Value)) }).Draw(t, "entries")
}

func TestExportedValuesAreNoFormulasAndComeBack(t *testing.T) {
	entries := []lists.Entry{{Value: "'+x"}, {Value: "+46 70 123", Note: "@home"}, {Value: "-2+3", Note: "=1+1"}, {Value: "=cmd|' /C calc'!A0", Note: "a; =b"}, {Value: "plain"}}
	var file bytes.Buffer
	if err := lists.WriteCSV(&file, entries, true); err != nil {
		t.Fatal(err)
	}
	const want = "value,expires_at,note\n''+x,,\n'+46 70 123,,'@home\n'-2+3,,'=1+1\n'=cmd|' /C calc'!A0,,\"a; '=b\"\nplain,,\n"
	if file.String() != want {
		t.Errorf("%s", file.String())
	}
	got, _, err := entriesOf(t, text0, lists.CSV("x", file.String()))
	slices.SortFunc(entries, func(a, b lists.Entry) int { return strings.Compare(a.Value, b.Value) })
	slices.SortFunc(got, func(a, b lists.Entry) int { return strings.Compare(a.Value, b.Value) })
	if diff := cmp.Diff(entries, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestExportAndImportGiveTheSameList(t *testing.T) {
	exported := 0
	rapid.Check(t, func(r *rapid.T) {
		shape := rapid.SampledFrom([]lists.Shape{text0, fold, nums}).Draw(r, "shape")
		var first bytes.Buffer
		if err := lists.WriteCSV(&first, drawEntries(r, shape), true); err != nil {
			r.Fatal(err)
		}
		entries, _, err := entriesOf(t, shape, lists.CSV("x", first.String()))
		if err != nil {
			return // a value of spaces only, one twice with another note
		}
		exported++
		cut := rapid.IntRange(0, len(entries)).Draw(r, "cut")
		var second bytes.Buffer
		if err := errors.Join(lists.WriteCSV(&second, entries[:cut], true), lists.WriteCSV(&second, entries[cut:], false)); err != nil {
			r.Fatal(err)
		}
		again, folded, err := entriesOf(t, shape, lists.CSV("x", second.String()))
		if diff := cmp.Diff(entries, again); diff != "" || err != nil || folded != 0 {
			r.Fatalf("%v %d %s", err, folded, diff)
		}
	})
	if exported < 10 { // of the 20 that -short draws
		t.Errorf("only %d lists were exported", exported)
	}
}
