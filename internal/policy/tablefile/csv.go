package tablefile

import (
	"bytes"
	"unicode/utf8"

	"ballerine/internal/csvfile"
	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
)

const byteOrderMark = "\ufeff"

// WriteCSV returns a table as a CSV file: UTF-8, commas, lines that end in a line feed, and a byte order mark only where there
// is more than ASCII, as Excel needs it then. No cell is taken for a formula; see csvfile.Escape. Errors: Invalid for what no file
// can hold.
func WriteCSV(s table.Source) ([]byte, error) {
	grid, err := Layout(s)
	if err != nil {
		return nil, err
	}
	var file []byte
	for _, line := range grid.Lines {
		fields := make([]string, len(line))
		for k, cell := range line {
			fields[k] = csvfile.Escape(cell.Text)
		}
		file = csvfile.Append(file, fields...)
	}
	if bytes.ContainsFunc(file, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return append([]byte(byteOrderMark), file...), nil
	}
	return file, nil
}

// ReadCSV reads a CSV file as package csvfile does. The diagnostics have every problem that was found: those of the file
// alone where it has any, as its cells may not be where they belong. With more than warnings among them the sheet is not to
// be used.
func ReadCSV(file string, text []byte) (Sheet, problem.Diagnostics) {
	var found problem.Diagnostics
	r := csvfile.NewReader(string(text), csvfile.Limits{Bytes: MaxBytes, Records: MaxLines, Fields: MaxColumns}, func(f csvfile.Fault) {
		if len(found) < maxProblems {
			at := Place{Line: f.Line, Column: f.Column, Cell: CellName(f.Record+1, f.Field)}
			found = append(found, at.Diagnostic(file, f.Code, f.Message, f.Hint))
		}
	})
	grid := Grid{DecimalCommas: r.Separator() == ';'}
	for {
		fields, more := r.Next()
		if !more {
			break
		}
		line := make([]Cell, len(fields))
		for k, f := range fields {
			line[k] = Cell{csvfile.Unescape(f.Text), Place{f.Line, f.Column, CellName(len(grid.Lines)+1, k)}}
		}
		grid.Lines = append(grid.Lines, line)
	}
	if len(found) > 0 {
		return Sheet{}, found
	}
	return grid.Sheet(file)
}
