package tablefile

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ballerine/internal/policy/table"
	"ballerine/internal/policy/table/tabletest"
	"ballerine/internal/problem"
)

func everything(string) bool { return true }

func TestATableComesBackFromCSVAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := tabletest.Source(everything).Draw(t, "table")
		text, err := WriteCSV(want)
		if err != nil {
			for _, row := range want.Rows {
				if strings.Join(row.When, "") == "" && row.Annotation != "" {
					return
				}
			}
			t.Fatal(err)
		}
		got, found := ReadCSV("t.csv", text)
		if len(found) > 0 {
			t.Fatalf("%v\n%s", found, text)
		}
		if diff := cmp.Diff(want, tabletest.Bare(got.Source), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("- written, + read\n%s\n%s", diff, text)
		}
	})
}

// TestNoCellOfACSVFileIsAFormula divides the file as spreadsheets of other places do.
func TestNoCellOfACSVFileIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tabletest.Source(everything).Draw(t, "table")
		text, err := WriteCSV(s)
		if err != nil {
			return
		}
		for _, comma := range ",;\t" {
			r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), byteOrderMark)))
			r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
			lines, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range lines {
				for _, cell := range line {
					if _, number := Number(cell); number || cell == "-" || comma != ',' && strings.HasPrefix(cell, "-") && !strings.ContainsAny(cell[1:], "+@=-|'") {
						continue
					}
					if start := strings.TrimLeft(cell, " \t\r\n\u200b"); start != "" && strings.ContainsAny(start[:1], "=+-@") {
						t.Fatalf("divided at %q, the cell %q of\n%s", comma, cell, text)
					}
				}
			}
		}
	})
}

const german = "\ufeffhit;FIRST;;;;\r\n;;;;;\r\ncolumn;Input;input;;output;note\r\nname;applicant.country;income;;outcome;\r\ntype;text;number;;;\r\nlabel;Land;Einkommen;;;\r\n" +
	";\"\"\"DE\"\", \"\"AT\"\"\";>= 3000;;approve;wie üblich\r\n;;;;;\r\n;-;'-5;;\"review \";\"zwei\r\nZeilen\"\r\n7;;;;TRUE;"

func TestAFileOfExcelWithSemicolonsIsRead(t *testing.T) {
	got, found := ReadCSV("g.csv", []byte(german))
	if len(found) > 0 {
		t.Fatal(found)
	}
	want := table.Source{
		Hit: table.First, Inputs: []table.Input{{Expression: "applicant.country", Type: table.Text, Label: "Land"}, {Expression: "income", Type: table.Number, Label: "Einkommen"}},
		Outputs: []table.Output{{Name: "outcome"}}, Rows: []table.Row{
			{When: []string{`"DE", "AT"`, ">= 3000"}, Then: []any{"approve"}, Annotation: "wie üblich", Line: 7},
			{When: []string{"-", "-5"}, Then: []any{"review"}, Annotation: "zwei\r\nZeilen", Line: 9},
			{When: []string{"", ""}, Then: []any{true}, Line: 11},
		},
	}
	if diff := cmp.Diff(want, got.Source, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if at := got.Place(1, 1); at != (Place{9, 4, "C9"}) {
		t.Errorf("%+v", at)
	}
	if tabs, found := ReadCSV("t.csv", []byte("sep=\t\n"+strings.ReplaceAll(strings.TrimPrefix(german, "\ufeff"), ";", "\t"))); len(found) > 0 || len(tabs.Source.Rows) != 3 {
		t.Errorf("%+v %v", tabs, found)
	}
}

func TestProblemsOfAFileAreReportedWithTheirCells(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":             {"", "1:1 A1 required, 1:1 A1 required, 1:1 A1 required"},
		"another file":        {"a,b\n1,2\n", "1:1 A1 unknown_line, 1:1 A1 required, 1:1 A1 required, 1:1 A1 required"},
		"a workbook":          {"PK\x03\x04", "1:1 A1 workbook"},
		"Latin-1":             {"hit,M\xfcller", "1:5 B1 encoding"},
		"open quotes":         {"hit,FIRST\ncolumn,\"input", "2:8 B2 quote"},
		"faults of the file":  {"hit,FIRST\ncolumn,\"input\"x\nname,not(\"a\", \"b\")\n", "2:15 B2 quote, 3:10 B3 quote, 3:15 C3 quote"},
		"a wrong head":        {"hit,LAST\naggregate,avg\nhit,FIRST\ncolumn,inpt,output\nnames,a,b\n", "3:1 A3 duplicate, 5:1 A5 unknown_line, 1:1 A1 required, 4:8 B4 unknown_column, 1:5 B1 hit, 2:11 B2 aggregate"},
		"two notes":           {"hit,FIRST\ncolumn,input,output,note,note\nname,a,b\n", "2:26 E2 duplicate"},
		"wrong columns":       {"hit,FIRST\ncolumn,input,output\nname,a,b,c\ntype,float,\nlabel,,x\nvalues,x,\"\"\"a\"\n,1,2,3,4\n", "4:6 B4 type, 6:8 B6 unexpected, 6:10 C6 values, 5:8 C5 unexpected, 3:10 D3 unknown_column, 7:8 E7 unknown_column"},
		"wrong rows":          {"hit,FIRST\ncolumn,input,output,note\nname,a,b,\n,1,\"\"\"x\",\nlabel,1,2,\n,,,only a note\n", "4:4 C4 syntax, 5:1 A5 unknown_line, 6:4 D6 cells"},
		"decimal commas":      {"hit;FIRST\ncolumn;input;output\nname;a;b\n;>= 1,5;2,5\n;1, 5;\"\"\"1,5\"\"\"\n", "4:2 B4 decimal_comma, 4:9 C4 decimal_comma"},
		"commas of a list":    {"hit,FIRST\ncolumn,input,output\nname,a,b\n,\"1,5\",x\n", ""},
		"a line that is long": {strings.Repeat(",", MaxColumns), "1:257 IW1 too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := ReadCSV("f.csv", []byte(c.text))
			if got := summary(found); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%s, want %s\n%v", got, c.want, found)
			}
		})
	}
}

func summary(found problem.Diagnostics) string {
	var all []string
	for _, d := range found {
		all = append(all, fmt.Sprintf("%d:%d %s %s", d.Line, d.Column, d.Path, d.Code))
	}
	return strings.Join(all, ", ")
}

func TestWhatNoFileCanHoldIsRefused(t *testing.T) {
	whole := table.Source{Inputs: []table.Input{{Expression: "a"}}, Outputs: []table.Output{{Name: "o"}}}
	for name, row := range map[string]table.Row{
		"a cell too few": {When: nil, Then: []any{1.0}}, "another value": {When: []string{"-"}, Then: []any{[]string{}}}, "no UTF-8": {When: []string{"\xff"}, Then: []any{1.0}},
	} {
		s := whole
		s.Rows = []table.Row{row}
		if _, err := WriteCSV(s); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ExampleWriteCSV() {
	text, err := WriteCSV(table.Source{
		Hit: table.First, Inputs: []table.Input{{Expression: "country", Label: "Country"}, {Expression: "income", Type: table.Number}}, Outputs: []table.Output{{Name: "outcome"}, {Name: "code"}},
		Rows: []table.Row{{When: []string{`"DE", "FR"`, ">= 3000"}, Then: []any{"approve", "007"}}, {When: []string{"-", "-"}, Then: []any{"review", "7"}, Annotation: "all others"}},
	})
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(text)
	// Output:
	// hit,FIRST
	// column,input,input,output,output,note
	// name,country,income,outcome,code
	// type,,number,,
	// label,Country,,,
	// ,"""DE"", ""FR""",>= 3000,approve,007
	// ,-,-,review,"""7""",all others
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{german, "hit,FIRST\ncolumn,input,output\nname,a,b\n,1,2\n", "sep=;\nhit;\"", "\"\"\"", "hit,COLLECT sum\r\rcolumn,input"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, found := ReadCSV("f.csv", text)
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Fatalf("%+v has no place", d)
			}
		}
		if found.Failed() || len(got.Source.Outputs) == 0 {
			return
		}
		written, err := WriteCSV(got.Source)
		if err != nil {
			t.Fatal(err)
		}
		again, found := ReadCSV("f.csv", written)
		if diff := cmp.Diff(tabletest.Bare(got.Source), tabletest.Bare(again.Source), cmpopts.EquateEmpty()); diff != "" || len(found) > 0 {
			t.Fatalf("%v %s", found, diff)
		}
	})
}
