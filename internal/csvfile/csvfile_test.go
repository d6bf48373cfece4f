package csvfile_test

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/csvfile"
)

var enough = csvfile.Limits{Bytes: 1 << 20, Records: 10_000, Fields: 1000}

// read reads a whole file.
func read(text string, limits csvfile.Limits) (records [][]csvfile.Field, faults []csvfile.Fault, separator byte) {
	r := csvfile.NewReader(text, limits, func(f csvfile.Fault) { faults = append(faults, f) })
	for {
		fields, more := r.Next()
		if !more {
			return records, faults, r.Separator()
		}
		records = append(records, fields)
	}
}

func texts(records [][]csvfile.Field) [][]string {
	all := make([][]string, len(records))
	for i, fields := range records {
		for _, f := range fields {
			all[i] = append(all[i], f.Text)
		}
	}
	return all
}

func TestAFileIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	want := [][]string{{"value", "note"}, {"Eve; the, second\t", "said \"no\""}, {"Müller", ""}}
	for name, text := range map[string]string{
		"commas":                      "value,note\n\"Eve; the, second\t\",\"said \"\"no\"\"\"\nMüller,\n",
		"semicolons":                  "value;note\n\"Eve; the, second\t\";\"said \"\"no\"\"\"\nMüller;\n",
		"tabs":                        "value\tnote\n\"Eve; the, second\t\"\t\"said \"\"no\"\"\"\nMüller\t\n",
		"no line end at the end":      "value,note\n\"Eve; the, second\t\",\"said \"\"no\"\"\"\nMüller,",
		"lines of Windows":            "value,note\r\n\"Eve; the, second\t\",\"said \"\"no\"\"\"\r\nMüller,\r\n",
		"lines of an old Mac":         "value,note\r\"Eve; the, second\t\",\"said \"\"no\"\"\"\rMüller,\r",
		"a byte order mark":           "\ufeffvalue;note\n\"Eve; the, second\t\";\"said \"\"no\"\"\"\nMüller;\n",
		"the separator named":         "sep=;\nvalue;note\n\"Eve; the, second\t\";\"said \"\"no\"\"\"\nMüller;\n",
		"another, behind a mark":      "\ufeffSEP=|\r\nvalue|note\r\nEve; the, second\t|\"said \"\"no\"\"\"\r\nMüller|\r\n",
		"a quoted header":             "\"value\",\"note\"\n\"Eve; the, second\t\",\"said \"\"no\"\"\"\n\"Müller\",\"\"\n",
		"a named one that is rare":    "sep=,\nvalue,note\n\"Eve; the, second\t\",\"said \"\"no\"\"\"\nMüller,\n",
		"a separator within the rest": "value,note\nEve; the, second\t,x\n",
	} {
		want := want
		if name == "a separator within the rest" {
			want = [][]string{{"value", "note"}, {"Eve; the", " second\t", "x"}}
		}
		records, faults, _ := read(text, enough)
		if diff := cmp.Diff(want, texts(records)); diff != "" || len(faults) > 0 {
			t.Errorf("%s: %v %s", name, faults, diff)
		}
	}
}

func TestTheFirstLineDecidesTheSeparator(t *testing.T) {
	for text, want := range map[string]byte{
		"":                             ',',
		"value\na;b;c\n":               ',',
		"a;b,c;d\n":                    ';',
		"a;b,c\n":                      ';',
		"\"a,b,c\";d\n":                ';',
		"\"a\n,,,\";b\n":               ';',
		"\r\n \r\na\tb\n":              '\t',
		";;;\na,b,c,d,e,f\n":           ';',
		"\t\t\na,b\n":                  '\t',
		"sep=,\na;b;c\n":               ',',
		"sep=;":                        ';',
		"a \"quotation, mark;;\" here": ',',
	} {
		if _, _, got := read(text, enough); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestSpacesAndLineEndsOfAFieldAreKept(t *testing.T) {
	records, faults, _ := read(" a , b\n\" c \",\"d\r\ne\rf\ng\"\n\n,\n", enough)
	want := [][]string{{" a ", " b"}, {" c ", "d\r\ne\rf\ng"}, {""}, {"", ""}}
	if diff := cmp.Diff(want, texts(records)); diff != "" || len(faults) > 0 {
		t.Errorf("%v %s", faults, diff)
	}
	for i, want := range []bool{false, false, true, true} {
		if csvfile.Blank(records[i]) != want {
			t.Errorf("record %d: blank is not %t", i, want)
		}
	}
}

func TestAFieldKnowsItsPlaceInTheFile(t *testing.T) {
	records, _, _ := read("sep=;\r\nä;\"x\r\ny\";z\rö\n\"é\";b", enough)
	var got []string
	for _, fields := range records {
		for _, f := range fields {
			got = append(got, fmt.Sprintf("%d:%d", f.Line, f.Column))
		}
	}
	if want := []string{"2:1", "2:3", "3:4", "4:1", "5:1", "5:5"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEveryFaultIsReportedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a mark within a field":        {"a,b\"c\"d\n\"e\",f\"\n", "1:4 0/1 quote, 2:6 1/1 quote"},
		"a mark behind a space":        {"a, \"b\"\n", "1:4 0/1 quote"},
		"text after the closing mark":  {"a,\"b\"c\"d\"\n", "1:6 0/1 quote"},
		"a mark that is never closed":  {"a,b\nc,\"d\ne,f\n", "2:3 1/1 quote"},
		"only a mark":                  {"\"", "1:1 0/0 quote"},
		"Latin-1":                      {"a,M\xfcller\n\"M\xfcller\",b\n", "1:3 0/1 encoding, 2:1 1/0 encoding"},
		"Latin-1 and a mark":           {"a,M\"\xfcller\n", "1:4 0/1 quote, 1:3 0/1 encoding"},
		"UTF-16":                       {"\xff\xfea\x00", "1:1 0/0 encoding"},
		"UTF-16, the other way around": {"\xfe\xff\x00a", "1:1 0/0 encoding"},
		"a workbook":                   {"PK\x03\x04\xff", "1:1 0/0 workbook"},
		"no separator":                 {"sep=\na,b\n", "1:5 0/0 separator"},
		"a word for a separator":       {"sep=;;\na,b\n", "1:5 0/0 separator"},
		"a letter for a separator":     {"sep=x\naxb\n", "1:5 0/0 separator"},
		"sep and nothing":              {"sep=", "1:5 0/0 separator"},
	} {
		_, faults, _ := read(c.text, enough)
		var got []string
		for _, f := range faults {
			got = append(got, fmt.Sprintf("%d:%d %d/%d %s", f.Line, f.Column, f.Record, f.Field, f.Code))
			if strings.Contains(f.Message+f.Hint, "ller") || f.Message == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAFileBeyondALimitIsReadNoFurther(t *testing.T) {
	limits := csvfile.Limits{Bytes: 20, Records: 3, Fields: 4}
	for _, c := range []struct {
		text    string
		records int
		want    string // the place
	}{
		{"a,b,c,d\ne\nf\n", 3, ""},
		{strings.Repeat("a", 20), 1, ""},
		{strings.Repeat("a", 21), 0, "1:1"},
		{"a\nb\nc\nd\n", 3, "4:1"},
		{"a\nb,b,b,b,b\nc\n", 2, "2:9"},
	} {
		records, faults, _ := read(c.text, limits)
		got := ""
		for _, f := range faults {
			got += fmt.Sprintf("%d:%d", f.Line, f.Column)
			if f.Code != csvfile.CodeTooLarge || f.Hint == "" {
				t.Errorf("%q: %+v", c.text, f)
			}
		}
		if len(records) != c.records || got != c.want {
			t.Errorf("%q: %d records, %q; want %d, %q", c.text, len(records), got, c.records, c.want)
		}
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	field := rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\t|\"'\r\n =ä日\ufeff")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(field, 1, 6), 1, 10).Draw(t, "records")
		file := csvfile.Append(nil, "first", "second")
		for _, fields := range want {
			file = csvfile.Append(file, fields...)
		}
		records, faults, separator := read(string(file), enough)
		if diff := cmp.Diff(want, texts(records)[1:]); diff != "" || len(faults) > 0 || separator != ',' {
			t.Fatalf("%q %v %s", separator, faults, diff)
		}
	})
}

var lineEnds = regexp.MustCompile(`\r\n|\r|\n`)

// FuzzReader checks the places of all fields, and the records against those that the standard library reads where both know
// the same dialect.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"value\na\n", "value,note\n\"a\"\"b\",c\n", "value;note\r\na;b\r\n", "sep=;\nvalue\n", "value\n\"a\nb", "\ufeffvalue\ra\r", "a,b\"c\n", "\"a\"b,c\n",
		"a\n\n\nb\n", "ä;\xff\n", "hit,FIRST\ncolumn,\"input\"x", "\"\"\"", "\"\n\"\r\n\"\"\n", " \na", "PK\x03\x04", "\n\"\",\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		records, faults, separator := read(text, csvfile.Limits{Bytes: 4 << 10, Records: 1000, Fields: 1000})
		lines := lineEnds.Split(strings.TrimPrefix(text, "\ufeff"), -1)
		checkPlaces(t, records, lines)
		if !utf8.ValidString(text) || strings.Contains(text, "\r") || strings.HasPrefix(text, "\ufeff") || strings.HasPrefix(strings.ToLower(text), "sep=") || slices.ContainsFunc(faults, otherDialect) {
			return
		}
		peer := csv.NewReader(strings.NewReader(text))
		peer.Comma, peer.FieldsPerRecord = rune(separator), -1
		want, err := peer.ReadAll()
		if (err != nil) != (len(faults) > 0) {
			t.Fatalf("faults %v; the other reader: %v", faults, err)
		}
		records = slices.DeleteFunc(records, func(fields []csvfile.Field) bool { return lines[fields[0].Line-1] == "" }) // it skips these
		if diff := cmp.Diff(want, texts(records)); err == nil && diff != "" && len(want)+len(records) > 0 {
			t.Fatal(diff)
		}
	})
}

func otherDialect(f csvfile.Fault) bool {
	return f.Code == csvfile.CodeTooLarge || f.Code == "workbook"
}

// checkPlaces checks that a field without quotation marks is in the file at its stated place.
func checkPlaces(t *testing.T, records [][]csvfile.Field, lines []string) {
	t.Helper()
	for _, fields := range records {
		for _, f := range fields {
			line := []rune(lines[f.Line-1])
			rest := string(line[f.Column-1:])
			if !utf8.ValidString(f.Text) || !strings.HasPrefix(rest, `"`) && !strings.HasPrefix(rest, f.Text) && !strings.ContainsRune(f.Text, utf8.RuneError) {
				t.Fatalf("%d:%d is not %q but %q", f.Line, f.Column, f.Text, rest)
			}
		}
	}
}
