package tablefile

import (
	"slices"
	"unicode/utf8"

	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
)

// The words of the first column.
const (
	lineHit       = "hit"
	lineAggregate = "aggregate"
	lineColumn    = "column"
	lineName      = "name"
	lineType      = "type"
	lineLabel     = "label"
	lineValues    = "values"
)

// The words of the line that names the columns.
const (
	columnInput  = "input"
	columnOutput = "output"
	columnNote   = "note"
)

func headWords() []string {
	return []string{lineHit, lineAggregate, lineColumn, lineName, lineType, lineLabel, lineValues}
}

// Layout lays a table out. Errors: Invalid when it has something that no file can hold: rows of another length than the head,
// text that is not UTF-8, values that are not a table's.
func Layout(s table.Source) (Grid, error) {
	l := layout{source: s}
	l.head()
	for i, row := range s.Rows {
		l.row(i, row)
	}
	if l.failed != nil {
		return Grid{}, l.failed
	}
	return Grid{Lines: l.lines}, nil
}

type layout struct {
	source table.Source
	noted  bool
	lines  [][]Cell
	failed *problem.Error
}

func (l *layout) add(texts ...string) {
	cells := make([]Cell, len(texts))
	for k, text := range texts {
		if cells[k].Text = text; !utf8.ValidString(text) {
			l.fail(CellName(len(l.lines)+1, k), "encoding", "the text is not UTF-8")
		}
	}
	l.lines = append(l.lines, cells)
}

func (l *layout) fail(location, code, format string, args ...any) {
	if l.failed == nil {
		l.failed = problem.New(problem.Invalid, "The table cannot be written to a file.")
	}
	l.failed.With(location, code, format, args...)
}

func (l *layout) head() {
	s := l.source
	l.noted = slices.ContainsFunc(s.Rows, func(r table.Row) bool { return r.Annotation != "" })
	l.add(lineHit, string(s.Hit))
	if s.Aggregate != "" {
		l.add(lineAggregate, string(s.Aggregate))
	}
	each := func(word string, always bool, input func(table.Input) string, output func(table.Output) string) {
		texts := []string{word}
		for _, in := range s.Inputs {
			texts = append(texts, input(in))
		}
		for _, out := range s.Outputs {
			texts = append(texts, output(out))
		}
		if always || slices.ContainsFunc(texts[1:], func(text string) bool { return text != "" }) {
			l.add(texts...)
		}
	}
	blank := func(table.Output) string { return "" }
	each(lineColumn, true, func(table.Input) string { return columnInput }, func(table.Output) string { return columnOutput })
	if l.noted {
		l.lines[len(l.lines)-1] = append(l.lines[len(l.lines)-1], Cell{Text: columnNote})
	}
	each(lineName, true, func(in table.Input) string { return in.Expression }, func(o table.Output) string { return o.Name })
	each(lineType, false, func(in table.Input) string { return string(in.Type) }, func(o table.Output) string { return string(o.Type) })
	each(lineLabel, false, func(in table.Input) string { return in.Label }, blank)
	each(lineValues, false, func(table.Input) string { return "" }, func(o table.Output) string { return writeTexts(o.Values) })
}

func (l *layout) row(i int, row table.Row) {
	if len(row.Then) == 0 || len(row.When) != len(l.source.Inputs) || len(row.Then) != len(l.source.Outputs) {
		l.fail("rows", "cells", "the number of cells in row %d differs from the header", i+1)
		return
	}
	texts := append([]string{""}, row.When...)
	for k, v := range row.Then {
		text, ok := valueText(v)
		if !ok {
			l.fail("rows", "type", "the output %d of row %d is not a valid table value", k+1, i+1)
		}
		texts = append(texts, text)
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return text != "" }) {
		texts[len(texts)-1] = "null" // a line without anything is no row
	}
	if row.Annotation != "" {
		texts = append(texts, row.Annotation)
	}
	l.add(texts...)
}
