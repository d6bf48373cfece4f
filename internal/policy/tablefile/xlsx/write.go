package xlsx

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"ballerine/internal/policy/table"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

const (
	maxName   = 31 // characters of a sheet's name
	maxChoice = 255
	fewest    = 1000 // rows that choices are offered for
	sampled   = 500  // rows that the widths of columns are taken from
	lists     = "Values"
	listsElse = "Values of outputs"
)

// Write writes a table as a workbook of one sheet, named as the table: the head stands out and stays in sight, cells have types,
// tests are text, and columns with known values offer them. choices are values by the name of an output, such as the
// outcomes of the policy. Errors: Invalid for what a workbook cannot hold.
func Write(w io.Writer, name string, s table.Source, choices map[string][]string) error {
	grid, err := tablefile.Layout(s)
	if err != nil {
		return err
	}
	if err := holds(grid); err != nil {
		return err
	}
	b := &writer{file: excelize.NewFile(), sheet: sheetName(name), grid: grid, source: s}
	defer b.file.Close()
	if err := b.write(choices); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	if err := b.file.Write(w); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	return nil
}

// sheetName makes a name that a sheet may have.
func sheetName(name string) string {
	name = strings.Trim(strings.NewReplacer("[", "_", "]", "_", ":", "_", "*", "_", "?", "_", "/", "_", `\`, "_").Replace(name), "'")
	switch {
	case name == "":
		return "Table"
	case strings.EqualFold(name, "history"): // Excel keeps it for itself
		return name + "_"
	}
	for utf8.RuneCountInString(name) > maxName || len(utf16.Encode([]rune(name))) > maxName {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return name
}

var notKept = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_x`) // the library writes it so that it is read as another text

// holds refuses texts that a workbook would change.
func holds(grid tablefile.Grid) error {
	failed := problem.New(problem.Invalid, "The table cannot be written to a workbook; CSV can hold it.")
	for i, line := range grid.Lines {
		for k, cell := range line {
			place := tablefile.CellName(i+1, k)
			switch {
			case len(utf16.Encode([]rune(cell.Text))) > excelize.TotalCellChars:
				failed.With(place, "too_large", "a cell can have at most %d characters", excelize.TotalCellChars)
			case strings.ContainsFunc(cell.Text, unprintable) || notKept.MatchString(cell.Text):
				failed.With(place, "characters", "the text has characters that a workbook cannot store")
			}
		}
	}
	if len(failed.Fields) > 0 {
		return failed
	}
	return nil
}

func unprintable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff'
}

type writer struct {
	file   *excelize.File
	sheet  string
	grid   tablefile.Grid
	source table.Source
	head   int // lines of the head
	styles struct{ word, title, text, plain int }
}

func (b *writer) write(choices map[string][]string) error {
	if err := b.file.SetSheetName(b.file.GetSheetName(0), b.sheet); err != nil {
		return err
	}
	b.head = len(b.grid.Lines) - len(b.source.Rows)
	if err := b.makeStyles(); err != nil {
		return err
	}
	if err := b.choose(choices); err != nil {
		return err
	}
	stream, err := b.file.NewStreamWriter(b.sheet)
	if err != nil {
		return err
	}
	if err := b.frame(stream); err != nil {
		return err
	}
	for i, line := range b.grid.Lines {
		if err := stream.SetRow(tablefile.CellName(i+1, 0), b.cells(i, line)); err != nil {
			return err
		}
	}
	return stream.Flush()
}

const textFormat = 49 // "@": what is typed stays as it is

func (b *writer) makeStyles() (err error) {
	border := []excelize.Border{{Type: "bottom", Color: "BFBFBF", Style: 1}}
	for _, one := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.styles.word, excelize.Style{Font: &excelize.Font{Color: "7F7F7F", Italic: true}, Fill: excelize.Fill{Type: "pattern", Color: []string{"F2F2F2"}, Pattern: 1}}},
		{&b.styles.title, excelize.Style{
			NumFmt: textFormat, Border: border, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Color: []string{"DDEBF7"}, Pattern: 1},
		}},
		{&b.styles.text, excelize.Style{NumFmt: textFormat}},
		{&b.styles.plain, excelize.Style{}},
	} {
		if *one.id, err = b.file.NewStyle(&one.style); err != nil {
			return err
		}
	}
	return nil
}

// frame sets widths, and keeps the head and the first column in sight.
func (b *writer) frame(stream *excelize.StreamWriter) error {
	for k := range len(b.grid.Lines[min(1, len(b.grid.Lines)-1)]) + 1 {
		width := 10
		for _, line := range b.grid.Lines[:min(len(b.grid.Lines), sampled)] {
			if k < len(line) {
				width = max(width, min(50, utf8.RuneCountInString(line[k].Text)+2))
			}
		}
		if err := stream.SetColWidth(k+1, k+1, float64(width)); err != nil {
			return err
		}
	}
	return stream.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: b.head, TopLeftCell: tablefile.CellName(b.head+1, 1), ActivePane: "bottomRight"})
}

// cells of a line with their types and styles.
func (b *writer) cells(i int, line []tablefile.Cell) []any {
	cells := make([]any, len(line))
	for k, cell := range line {
		style := b.styles.title
		switch {
		case k == 0:
			style = b.styles.word
		case i >= b.head && b.isText(k):
			style = b.styles.text
		case i >= b.head:
			style = b.styles.plain
		}
		cells[k] = excelize.Cell{StyleID: style, Value: typed(cell.Text)}
	}
	return cells
}

// isText reports whether what is typed into a column stays text: tests, and outputs of texts.
func (b *writer) isText(k int) bool {
	if k -= 1 + len(b.source.Inputs); k < 0 || k >= len(b.source.Outputs) {
		return true
	}
	return b.source.Outputs[k].Type == table.Text || b.source.Outputs[k].Type == table.Date
}

// digits are those that a number of a workbook has; one that needs more stays text, and is read as the number.
const digits = 15

// typed makes a number or a truth value of a text that is read as it again.
func typed(text string) any {
	if f, ok := tablefile.Number(text); ok && tablefile.NumberText(f) == text {
		if kept, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', digits, 64), 64); err == nil && kept == f {
			return f
		}
	}
	switch text {
	case "true":
		return true
	case "false":
		return false
	case "":
		return nil
	}
	return text
}

// choose offers the values that are known: hit policies, types, truth, and those of outputs.
func (b *writer) choose(choices map[string][]string) error {
	last := b.head + max(fewest, 2*len(b.source.Rows))
	if err := b.offer(tablefile.CellName(1, 1), "hit", texts(table.Hits())); err != nil {
		return err
	}
	for k, output := range b.source.Outputs {
		values := slices.Clone(output.Values)
		if len(values) == 0 {
			values = slices.Clone(choices[output.Name])
		}
		if len(values) == 0 {
			continue
		}
		column := 1 + len(b.source.Inputs) + k
		if err := b.offer(tablefile.CellName(b.head+1, column)+":"+tablefile.CellName(last, column), output.Name, values); err != nil {
			return err
		}
	}
	return nil
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}

// offer adds a list to choose from to cells. A list that is too long for the cells' own rule stands on a hidden sheet.
func (b *writer) offer(cells, title string, values []string) error {
	rule := excelize.NewDataValidation(true)
	rule.Sqref = cells
	rule.SetError(excelize.DataValidationErrorStyleStop, "Not a value of "+cut(title, 15), "Choose a value from the list.")
	plain := !slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, `,"`) || strings.HasPrefix(v, "=") })
	if plain && len(strings.Join(values, ",")) <= maxChoice {
		if err := rule.SetDropList(values); err != nil {
			return err
		}
		return b.file.AddDataValidation(b.sheet, rule)
	}
	column, err := b.list(values)
	if err != nil {
		return err
	}
	rule.SetSqrefDropList(fmt.Sprintf("'%s'!$%s$1:$%s$%d", b.lists(), column, column, len(values)))
	return b.file.AddDataValidation(b.sheet, rule)
}

func cut(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length])
	}
	return text
}

func (b *writer) lists() string {
	if strings.EqualFold(b.sheet, lists) {
		return listsElse
	}
	return lists
}

// list puts values into the next column of the hidden sheet.
func (b *writer) list(values []string) (column string, err error) {
	index, err := b.file.GetSheetIndex(b.lists())
	if err != nil {
		return "", err
	}
	at := 0
	if index < 0 {
		if _, err := b.file.NewSheet(b.lists()); err != nil {
			return "", err
		}
		if err := b.file.SetSheetVisible(b.lists(), false); err != nil {
			return "", err
		}
	} else {
		columns, err := b.file.GetCols(b.lists())
		if err != nil {
			return "", err
		}
		at = len(columns)
	}
	for i, v := range values {
		if err := b.file.SetCellStr(b.lists(), tablefile.CellName(i+1, at), v); err != nil {
			return "", err
		}
	}
	return tablefile.ColumnName(at), nil
}
