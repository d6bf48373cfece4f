package tablefile

import (
	"strconv"

	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
)

// Limits of a file. Larger ones are refused.
const (
	MaxBytes   = 64 << 20
	MaxLines   = table.MaxRows + 1000 // with the head, and lines that are empty
	MaxColumns = 256                  // of a sheet; those beyond a table's are empty
)

// Place is the place of a part of a table in its file.
type Place struct {
	Line, Column int    // from 1; the column in characters, in a workbook in columns
	Cell         string // "C7", of a workbook "Limits!C7"
}

// Sheet is a table as a file has it.
type Sheet struct {
	Name    string // of the sheet or decision; "" in CSV
	Source  table.Source
	Head    Place
	Columns []Place   // inputs, then outputs
	Cells   [][]Place // of each row: inputs, then outputs
}

// Place of a cell; row and column count from 0, inputs before outputs. A row of -1 is the head, a column of -1 a whole row.
func (s Sheet) Place(row, column int) Place {
	line := s.Columns
	if row >= 0 && row < len(s.Cells) {
		line = s.Cells[row]
	}
	switch {
	case column >= 0 && column < len(line):
		return line[column]
	case row >= 0 && len(line) > 0:
		return line[0]
	}
	return s.Head
}

// Diagnostic is a problem at a place.
func (p Place) Diagnostic(file, code, message, hint string) problem.Diagnostic {
	if p.Cell != "" {
		message = p.Cell + ": " + message
	}
	return problem.Diagnostic{File: file, Line: p.Line, Column: p.Column, Path: p.Cell, Code: code, Message: message, Hint: hint}
}

// Cell is one cell of a sheet with its text.
type Cell struct {
	Text string
	Place
}

// Grid is the cells of a sheet, line by line; lines may be of different lengths.
type Grid struct {
	Name          string
	Lines         [][]Cell
	DecimalCommas bool // it is likely that the spreadsheet writes 3,5 for 3.5
}

// ColumnName is "A" for 0, "AA" for 26.
func ColumnName(k int) string {
	name := ""
	for k++; k > 0; k = (k - 1) / 26 {
		name = string(rune('A'+(k-1)%26)) + name
	}
	return name
}

// CellName is "C7" for line 7, column 2.
func CellName(line, k int) string { return ColumnName(k) + strconv.Itoa(line) }
