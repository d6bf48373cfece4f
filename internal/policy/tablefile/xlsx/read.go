package xlsx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ballerine/internal/policy/tablefile"
	"ballerine/internal/problem"
)

// Read reads the table of a workbook: from the sheet of the given name when there is one, else from the first that is not
// hidden. It takes what Excel and LibreOffice make of it: dates as numbers, numbers as text, merged cells (each has what the
// first says), empty rows and columns, results of formulas. With more than warnings among the diagnostics the sheet is not
// to be used.
func Read(file string, data []byte, sheet string) (tablefile.Sheet, problem.Diagnostics) {
	return readWithin(file, data, sheet, maxSheet)
}

// readWithin reads a sheet of at most so many bytes of XML.
func readWithin(file string, data []byte, sheet string, limit int64) (tablefile.Sheet, problem.Diagnostics) {
	fail := func(code, message, hint string) (tablefile.Sheet, problem.Diagnostics) {
		return tablefile.Sheet{}, problem.Diagnostics{tablefile.Place{Line: 1, Column: 1}.Diagnostic(file, code, message, hint)}
	}
	switch {
	case len(data) > tablefile.MaxBytes:
		return fail("too_large", "the file is too large", "")
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return fail("syntax", "this workbook has the old Excel format or is protected by a password", "save it as .xlsx, without a password")
	}
	b, err := openBook(data)
	if err == nil && len(b.sheets) == 0 {
		err = errors.New("it has no sheets")
	}
	if err != nil {
		return failed(fail, err)
	}
	r := &sheetReader{book: b, info: b.choose(sheet), file: file, limit: limit}
	if err := r.read(); err != nil {
		return failed(fail, err)
	}
	r.merge()
	made, found := tablefile.Grid{Name: r.info.name, Lines: r.lines}.Sheet(file)
	return made, append(r.found, found...)
}

func failed(fail func(code, message, hint string) (tablefile.Sheet, problem.Diagnostics), err error) (tablefile.Sheet, problem.Diagnostics) {
	if errors.Is(err, errTooLarge) {
		return fail("too_large", "the workbook is too large", "")
	}
	return fail("syntax", "this workbook cannot be read", "save it as .xlsx")
}

func (b *book) choose(name string) sheetInfo {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, s := range b.sheets {
			if same(s.name, name) || same(s.name, sheetName(name)) && name != "" {
				return s
			}
		}
	}
	for _, s := range b.sheets {
		if !s.hidden {
			return s
		}
	}
	return b.sheets[0]
}

// sheetReader reads the cells of one sheet.
type sheetReader struct {
	book   *book
	info   sheetInfo
	file   string
	limit  int64 // bytes
	lines  [][]tablefile.Cell
	row    int // from 1
	merged []area
	width  int
	hidden tablefile.Place // the first hidden line that has something
	hides  bool
	counts struct{ hidden, formulas int }
	found  problem.Diagnostics
}

// area is a range of cells, from 0.
type area struct{ row, column, toRow, toColumn int }

func (r *sheetReader) place(row, column int) tablefile.Place {
	return tablefile.Place{Line: row, Column: column + 1, Cell: r.info.name + "!" + tablefile.CellName(row, column)}
}

const maxReported = 1000

func (r *sheetReader) add(at tablefile.Place, code, message, hint string) {
	if len(r.found) < maxReported {
		r.found = append(r.found, at.Diagnostic(r.file, code, message, hint))
	}
}

func (r *sheetReader) warn(at tablefile.Place, code, message, hint string) {
	if before := len(r.found); before < maxReported {
		r.add(at, code, message, hint)
		r.found[before].Severity = problem.SeverityWarning
	}
}

func (r *sheetReader) read() error {
	var formula tablefile.Place
	column := 0
	err := r.book.each(r.info.part, r.limit, func(at xml.StartElement, d *xml.Decoder) (bool, error) {
		switch at.Name.Local {
		case "row":
			r.row++
			if n, err := strconv.Atoi(attribute(at, "r")); err == nil && n > 0 {
				r.row = n
			}
			column, r.hides = 0, truth(attribute(at, "hidden"))
		case "c":
			if _, k, ok := reference(attribute(at, "r")); ok {
				column = k
			}
			computed, err := r.cell(at, d, column)
			if computed && r.counts.formulas == 0 {
				formula = r.place(r.row, column)
			}
			if computed {
				r.counts.formulas++
			}
			column++
			return true, err
		case "mergeCell":
			if a, ok := areaOf(attribute(at, "ref")); ok && len(r.merged) < tablefile.MaxLines {
				r.merged = append(r.merged, a)
			}
		}
		return false, nil
	})
	if r.counts.formulas > 0 {
		r.warn(formula, "formula", fmt.Sprintf("%d cells are formulas; their results at the time of saving are used", r.counts.formulas), "")
	}
	if r.counts.hidden > 0 {
		r.warn(r.hidden, "hidden", fmt.Sprintf("%d lines are hidden, but are used nevertheless", r.counts.hidden), "delete what should not be used")
	}
	return err
}

// cell reads one cell; a cell without a value is not there.
func (r *sheetReader) cell(at xml.StartElement, d *xml.Decoder, column int) (computed bool, err error) {
	var value, inline strings.Builder
	err = within(d, func(path []string, token xml.Token) {
		switch data, text := token.(xml.CharData); {
		case !text:
			computed = computed || path[len(path)-1] == "f"
		case len(path) == 1 && path[0] == "v":
			value.Write(data)
		case len(path) > 1 && path[0] == "is" && isText(path[1:]):
			inline.Write(data)
		}
	})
	if err != nil {
		return computed, err
	}
	place := r.place(r.row, column)
	text, ok := r.text(at, place, value.String(), inline.String())
	if ok && computed && value.Len() == 0 {
		r.add(place, "formula", "the formula has no result", "open the file in a spreadsheet and save it")
	}
	if !ok || text == "" {
		return computed, nil
	}
	if column >= tablefile.MaxColumns || r.row > tablefile.MaxLines {
		return computed, errTooLarge
	}
	r.put(column, tablefile.Cell{Text: text, Place: place})
	return computed, nil
}

// put a cell into its line.
func (r *sheetReader) put(column int, cell tablefile.Cell) {
	for len(r.lines) < cell.Line {
		r.lines = append(r.lines, nil)
	}
	line := r.lines[cell.Line-1]
	if r.hides && len(line) == 0 {
		if r.counts.hidden++; r.counts.hidden == 1 {
			r.hidden = cell.Place
		}
	}
	for k := len(line); k <= column; k++ {
		line = append(line, tablefile.Cell{Place: r.place(cell.Line, k)})
	}
	line[column] = cell
	r.lines[cell.Line-1], r.width = line, max(r.width, len(line))
}

// text is the content of a cell, as a CSV file would have it.
func (r *sheetReader) text(at xml.StartElement, place tablefile.Place, value, inline string) (text string, ok bool) {
	switch attribute(at, "t") {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(r.book.texts) {
			r.add(place, "syntax", "the text of the cell is not in the workbook", "")
			return "", false
		}
		return r.book.texts[i], true
	case "inlineStr":
		return unescape(inline), true
	case "str":
		return unescape(value), true
	case "b":
		return strconv.FormatBool(truth(strings.TrimSpace(value))), value != ""
	case "e":
		r.add(place, "error", "the cell contains an error", "correct the formula")
		return "", false
	case "d":
		return strings.TrimSuffix(strings.TrimSpace(value), "T00:00:00"), true
	}
	return r.number(at, place, strings.TrimSpace(value))
}

func (r *sheetReader) number(at xml.StartElement, place tablefile.Place, value string) (text string, ok bool) {
	if value == "" {
		return "", true
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil {
		r.add(place, "syntax", "the cell is not a number", "")
		return "", false
	}
	style, err := strconv.Atoi(attribute(at, "s"))
	if err != nil || style < 0 || style >= len(r.book.dates) || !r.book.dates[style] {
		return tablefile.NumberText(f), true
	}
	date, timed, ok := dateText(f, r.book.from04)
	switch {
	case !ok:
		r.add(place, "date", "the cell is not a date", "")
	case timed:
		r.add(place, "date", "a time of a spreadsheet has no time zone", "write it as text: 2026-01-31T12:00:00Z")
		return "", false
	}
	return date, ok
}

// reference reads "C7" as row 7 and column 2.
func reference(text string) (row, column int, ok bool) {
	at := 0
	for ; at < len(text) && text[at] >= 'A' && text[at] <= 'Z' && at < 3; at++ {
		column = column*26 + int(text[at]-'A') + 1
	}
	row, err := strconv.Atoi(text[at:])
	return row, column - 1, err == nil && row > 0 && column > 0
}

func areaOf(text string) (a area, ok bool) {
	from, to, found := strings.Cut(text, ":")
	row, column, ok := reference(from)
	toRow, toColumn, okTo := reference(to)
	return area{row - 1, column, toRow - 1, toColumn}, found && ok && okTo
}

const maxMerged = 2_000_000 // cells

// merge fills each cell of a merged area with the content of the first.
func (r *sheetReader) merge() {
	filled := 0
	for _, a := range r.merged {
		if a.row >= len(r.lines) || a.column >= len(r.lines[a.row]) || r.lines[a.row][a.column].Text == "" {
			continue
		}
		text := r.lines[a.row][a.column].Text
		for row := a.row; row <= a.toRow && row < len(r.lines); row++ {
			for k := a.column; k <= a.toColumn && k < r.width && filled < maxMerged; k++ {
				filled++
				r.hides = false
				r.put(k, tablefile.Cell{Text: text, Place: r.place(row+1, k)})
			}
		}
	}
}
