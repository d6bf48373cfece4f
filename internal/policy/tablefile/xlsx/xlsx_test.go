package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"ballerine/internal/policy/table"
	"ballerine/internal/policy/table/tabletest"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

func TestATableComesBackFromAWorkbookAsItWas(t *testing.T) {
	kept := func(text string) bool { return !strings.ContainsFunc(text, unprintable) && !notKept.MatchString(text) }
	rapid.Check(t, func(t *rapid.T) {
		want := tabletest.Source(kept).Draw(t, "table")
		var file bytes.Buffer
		if err := Write(&file, tabletest.Text(everything).Draw(t, "sheet"), want, map[string][]string{want.Outputs[0].Name: {"a", "b"}}); err != nil {
			t.Fatal(err)
		}
		got, found := Read("t.xlsx", file.Bytes(), "")
		if len(found) > 0 {
			for _, row := range want.Rows {
				if strings.Join(row.When, "") == "" && row.Annotation != "" {
					return
				}
			}
			t.Fatal(found)
		}
		if diff := cmp.Diff(want, tabletest.Bare(got.Source), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("- written, + read\n%s", diff)
		}
	})
}

func everything(string) bool { return true }

func limits() table.Source {
	return table.Source{
		Hit: table.First, Inputs: []table.Input{{Expression: "country", Label: "Country"}, {Expression: "income", Type: table.Number}}, Outputs: []table.Output{{Name: "outcome"}, {Name: "score"}},
		Rows: []table.Row{{When: []string{`"DE", "FR"`, ">= 3000"}, Then: []any{"approve", 10.0}}, {When: []string{"-", "5"}, Then: []any{"review", nil}, Annotation: "all others"}},
	}
}

// TestExcelizeReadsWhatIsWritten is a second opinion on types, the head, and what is offered.
func TestExcelizeReadsWhatIsWritten(t *testing.T) {
	var file bytes.Buffer
	many := make([]string, 60)
	for i := range many {
		many[i] = fmt.Sprintf("outcome-%d", i)
	}
	if err := Write(&file, "limits", limits(), map[string][]string{"outcome": many}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{"A1": "hit inlineStr", "B1": "FIRST", "B3": "country", "B6": `"DE", "FR"`, "C7": "5 number", "E6": "10 number", "D7": "review", "F7": "all others"} {
		text, err := f.GetCellValue("limits", cell)
		typed, _ := f.GetCellType("limits", cell)
		want, kind, _ := strings.Cut(want+" ", " ")
		if strings.HasPrefix(cell, "B6") {
			want = `"DE", "FR"`
		} else if cell == "F7" {
			want = "all others"
		}
		number := typed == excelize.CellTypeUnset || typed == excelize.CellTypeNumber
		if err != nil || text != want || strings.HasPrefix(kind, "number") != number {
			t.Errorf("%s is %q of type %d (%v), want %q", cell, text, typed, err, want)
		}
	}
	panes, err := f.GetPanes("limits")
	if err != nil || !panes.Freeze || panes.YSplit != 5 || panes.XSplit != 1 {
		t.Errorf("%+v %v", panes, err)
	}
	offered, err := f.GetDataValidations("limits")
	if err != nil || len(offered) != 2 || offered[0].Sqref != "B1" || !strings.Contains(offered[0].Formula1, "RULE_ORDER") || offered[1].Sqref != "D6:D1005" || offered[1].Formula1 != "'Values'!$A$1:$A$60" {
		t.Errorf("%+v %v", offered, err)
	}
	if visible, err := f.GetSheetVisible(lists); err != nil || visible {
		t.Error("the list of values is in sight")
	}
	if text, _ := f.GetCellValue(lists, "A60"); text != "outcome-59" {
		t.Errorf("the list ends with %q", text)
	}
}

// TestWhatSpreadsheetsMakeOfATableIsRead writes what people leave behind: dates, merged cells, hidden and empty lines,
// numbers as text, fonts within a text, formulas.
func TestWhatSpreadsheetsMakeOfATableIsRead(t *testing.T) {
	f := excelize.NewFile()
	date := must(f.NewStyle(&excelize.Style{NumFmt: 14}))
	own := "dd. mmm yyyy"
	german := must(f.NewStyle(&excelize.Style{CustomNumFmt: &own}))
	red := `[Red]0.00" days"`
	plain := must(f.NewStyle(&excelize.Style{CustomNumFmt: &red}))
	set := func(cell string, value any) { check(t, f.SetCellValue("Sheet1", cell, value)) }
	for cell, value := range map[string]any{
		"A2": "Hit", "B2": "first", "A4": "column", "B4": "input", "C4": "input", "E4": "output", "F4": "output", "G4": "NOTE", "A5": "name", "B5": "country", "C5": "since", "E5": "outcome", "F5": "score",
		"B7": `"DE"`, "C7": 46053, "E7": "approve", "F7": "10", "C8": 59, "E8": "review", "F8": 2.5, "B10": true, "C10": "-", "E10": 46053.0, "F10": nil, "G10": "hidden", "B11": "-", "C11": "-", "F11": 7, "A12": 12,
	} {
		set(cell, value)
	}
	check(t, f.SetCellStyle("Sheet1", "C7", "C7", date), f.SetCellStyle("Sheet1", "C8", "C8", german), f.SetCellStyle("Sheet1", "E10", "E10", date), f.SetCellStyle("Sheet1", "F8", "F8", plain))
	check(t, f.MergeCell("Sheet1", "B7", "B8"), f.SetRowVisible("Sheet1", 10, false), f.SetCellStyle("Sheet1", "A90000", "Z90000", date))
	check(t, f.SetCellRichText("Sheet1", "E11", []excelize.RichTextRun{{Text: "reject"[:3]}, {Text: "reject"[3:], Font: &excelize.Font{Bold: true}}}))
	got, found := Read("f.xlsx", saved(t, f), "limits")
	if line := summary(found); line != "10:2 Sheet1!B10 hidden" || found.Failed() {
		t.Errorf("%s %v", line, found)
	}
	want := table.Source{
		Hit: table.First, Inputs: []table.Input{{Expression: "country"}, {Expression: "since"}}, Outputs: []table.Output{{Name: "outcome"}, {Name: "score"}}, Rows: []table.Row{
			{When: []string{`"DE"`, "2026-01-31"}, Then: []any{"approve", 10.0}},
			{When: []string{`"DE"`, "1900-02-28"}, Then: []any{"review", 2.5}},
			{When: []string{"true", "-"}, Then: []any{"2026-01-31", nil}, Annotation: "hidden"},
			{When: []string{"-", "-"}, Then: []any{"reject", 7.0}},
		},
	}
	if diff := cmp.Diff(want, tabletest.Bare(got.Source), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if at := got.Place(2, 2); at != (tablefile.Place{Line: 10, Column: 5, Cell: "Sheet1!E10"}) {
		t.Errorf("%+v", at)
	}
}

func TestDatesCountFrom1904WhereTheWorkbookDoes(t *testing.T) {
	yes := true
	for from04, want := range map[bool]string{false: "2026-01-31", true: "2030-02-01"} {
		f := excelize.NewFile()
		yes = from04
		check(t, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}))
		for i, line := range [][]any{{"hit", "FIRST"}, {"column", "input", "output"}, {"name", "a", "b"}, {"", 46053, 1}} {
			check(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &line))
		}
		check(t, f.SetCellStyle("Sheet1", "B4", "B4", must(f.NewStyle(&excelize.Style{NumFmt: 14}))))
		got, found := Read("f.xlsx", saved(t, f), "")
		if len(found) > 0 || got.Source.Rows[0].When[0] != want {
			t.Errorf("%v: %+v %v", from04, got.Source.Rows, found)
		}
	}
}

func TestProblemsOfAWorkbookAreReportedWithTheirCells(t *testing.T) {
	f := excelize.NewFile()
	check(t, f.SetSheetName("Sheet1", "Limits"))
	for i, line := range [][]any{{"hit", "LAST"}, {"column", "input", "output"}, {"name", "a", "b"}, {"", 46053.5, 1}, {"", 1, `"x`}, {"", 1, 1, "stray"}, {"", 1}} {
		check(t, f.SetSheetRow("Limits", fmt.Sprintf("A%d", i+1), &line))
	}
	check(t, f.SetCellStyle("Limits", "B4", "B4", must(f.NewStyle(&excelize.Style{NumFmt: 22}))), f.SetCellFormula("Limits", "C6", "=1+1"), f.SetCellFormula("Limits", "C7", "=1+1"))
	_, found := Read("f.xlsx", saved(t, f), "Limits")
	if got, want := summary(found), "4:2 Limits!B4 date, 7:3 Limits!C7 formula, 6:3 Limits!C6 formula, 1:2 Limits!B1 hit, 6:4 Limits!D6 unknown_column, 5:3 Limits!C5 syntax"; got != want {
		t.Errorf("%s\nwant %s\n%v", got, want, found)
	}
}

func TestTheSheetOfTheTablesNameIsRead(t *testing.T) {
	f := excelize.NewFile()
	for _, sheet := range []string{"about", "limits"} {
		must(f.NewSheet(sheet))
		for i, line := range [][]any{{"hit", "FIRST"}, {"column", "input", "output"}, {"name", sheet, "b"}} {
			check(t, f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &line))
		}
	}
	check(t, f.SetSheetVisible("Sheet1", false), f.DeleteSheet("Sheet1"))
	data := saved(t, f)
	for name, want := range map[string]string{"limits": "limits", "Limits": "limits", "other": "about", "": "about"} {
		got, found := Read("f.xlsx", data, name)
		if len(found) > 0 || got.Name != want || got.Source.Inputs[0].Expression != want {
			t.Errorf("%s: %+v %v", name, got, found)
		}
	}
}

func TestFilesThatAreNoGoodWorkbooksAreRefused(t *testing.T) {
	var good bytes.Buffer
	if err := Write(&good, "limits", limits(), nil); err != nil {
		t.Fatal(err)
	}
	parts := unzipped(t, good.Bytes())
	sheet := `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	changed := func(name, content string) []byte {
		with := maps.Clone(parts)
		with[name] = content
		return zipped(t, with)
	}
	part := "xl/worksheets/sheet1.xml"
	const small = 1 << 20 // the limit that the bombs are held to
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":          {nil, "syntax"},
		"no zip":           {[]byte("hit,FIRST"), "syntax"},
		"an old workbook":  {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "syntax"},
		"another zip":      {zipped(t, map[string]string{"a": "b"}), "syntax"},
		"no XML":           {changed(part, "<worksheet><"), "syntax"},
		"a bomb":           {changed(part, sheet+strings.Repeat(" ", small+10)), "too_large"},
		"a bomb in a cell": {changed(part, sheet+`<row r="1"><c r="A1" t="str"><v>`+strings.Repeat("a", maxText+1)), "too_large"},
		"deep":             {changed(part, strings.Repeat("<a>", 100_000)), "too_large"},
		"deep in a cell":   {changed(part, sheet+"<row><c>"+strings.Repeat("<a>", 100_000)), "too_large"},
		"far away":         {changed(part, sheet+`<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>`), "too_large"},
		"entities":         {changed(part, `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`), "syntax"},
		"a wrong text":     {changed(part, sheet+`<row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>`), "syntax"},
		"a wrong number":   {changed(part, sheet+`<row r="1"><c r="A1"><v>many</v></c></row></sheetData></worksheet>`), "syntax"},
		"an error":         {changed(part, sheet+`<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row></sheetData></worksheet>`), "error"},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := readWithin("f.xlsx", c.data, "", small)
			if len(found) == 0 || found[0].Code != c.want || !found.Failed() {
				t.Errorf("%v, want %s", found, c.want)
			}
		})
	}
	merged := changed(part, strings.Replace(parts[part], "</sheetData>", `</sheetData><mergeCells><mergeCell ref="B7:XFD1048576"/><mergeCell ref="ZZZZ1:A"/></mergeCells>`, 1))
	if _, found := Read("f.xlsx", merged, ""); found.Failed() {
		t.Errorf("a wide merge: %v", found)
	}
}

func TestWhatAWorkbookCannotHoldIsRefused(t *testing.T) {
	for _, text := range []string{"\x01", "_x0041_x0042_", strings.Repeat("a", 32768), strings.Repeat("🙂", 16384)} {
		s := limits()
		s.Rows[0].Annotation = text
		err := Write(io.Discard, "t", s, nil)
		if p := problem.As(err); p.Code != problem.Invalid || p.Fields[0].Location != "F6" {
			t.Errorf("%v", err)
		}
	}
}

func BenchmarkWorkbook(b *testing.B) {
	s := tabletest.Large(100_000)
	var file bytes.Buffer
	b.Run("write 100000 rows", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if err := Write(&file, "t", s, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read 100000 rows", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got, found := Read("t.xlsx", file.Bytes(), "t"); len(found) > 0 || len(got.Source.Rows) != 100_000 {
				b.Fatal(found)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	var good bytes.Buffer
	if err := Write(&good, "limits", limits(), nil); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(unzipped(f, good.Bytes())["xl/worksheets/sheet1.xml"]))
	f.Add([]byte(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c><f>1</f></c></row></sheetData><mergeCells><mergeCell ref="A1:C9"/></mergeCells></worksheet>`))
	parts := unzipped(f, good.Bytes())
	f.Fuzz(func(t *testing.T, sheet []byte) {
		with := maps.Clone(parts)
		with["xl/worksheets/sheet1.xml"] = string(sheet)
		_, found := Read("f.xlsx", zipped(t, with), "limits")
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Fatalf("%+v has no place", d)
			}
		}
		Read("f.xlsx", sheet, "")
	})
}

func summary(found problem.Diagnostics) string {
	var all []string
	for _, d := range found {
		all = append(all, fmt.Sprintf("%d:%d %s %s", d.Line, d.Column, d.Path, d.Code))
	}
	return strings.Join(all, ", ")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func saved(t *testing.T, f *excelize.File) []byte {
	t.Helper()
	b, err := f.WriteToBuffer()
	check(t, err)
	return b.Bytes()
}

func unzipped(t testing.TB, data []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range r.File {
		open := must(f.Open())
		parts[f.Name] = string(must(io.ReadAll(open)))
		open.Close()
	}
	return parts
}

func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		must(must(w.Create(name)).Write([]byte(parts[name])))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
