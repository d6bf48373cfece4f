package tablefile

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/policy/table"
	"ballerine/internal/problem"
)

// maxProblems bounds the problems of one file.
const maxProblems = 1000

// gridReader makes a table of cells and collects every problem with its place.
type gridReader struct {
	file    string
	grid    Grid
	head    map[string][]Cell
	inputs  []int // columns of the grid
	outputs []int
	note    int // -1: none
	found   problem.Diagnostics
	made    Sheet
}

// Sheet reads the table of a grid. With more than warnings among the diagnostics the sheet is not to be used.
func (g Grid) Sheet(file string) (Sheet, problem.Diagnostics) {
	r := &gridReader{file: file, grid: g, head: map[string][]Cell{}, note: -1}
	r.made.Name, r.made.Head = g.Name, Place{Line: 1, Column: 1, Cell: prefixed(g.Name, "A1")}
	rows := r.readHead()
	r.columns()
	if r.head[lineColumn] != nil {
		r.describe()
		for _, line := range rows {
			r.row(line)
		}
	}
	return r.made, r.found
}

func prefixed(sheet, cell string) string {
	if sheet == "" {
		return cell
	}
	return sheet + "!" + cell
}

func (r *gridReader) add(at Place, code, message, hint string) {
	if len(r.found) < maxProblems {
		r.found = append(r.found, at.Diagnostic(r.file, code, message, hint))
	}
}

func empty(line []Cell) bool {
	return !slices.ContainsFunc(line, func(c Cell) bool { return c.Text != "" })
}

// readHead reads the lines that begin with a word, and returns the lines below them.
func (r *gridReader) readHead() [][]Cell {
	for i, line := range r.grid.Lines {
		if empty(line) {
			continue
		}
		first := line[0]
		word := strings.ToLower(strings.TrimSpace(first.Text))
		if _, number := Number(word); number || word == "" {
			return r.grid.Lines[i:]
		}
		switch _, twice := r.head[word]; {
		case !slices.Contains(headWords(), word):
			r.add(first.Place, "unknown_line", "a header line must begin with one of "+strings.Join(headWords(), ", "), meant(word, headWords()))
		case twice:
			r.add(first.Place, "duplicate", "the line "+word+" occurs twice", "")
		default:
			r.head[word] = line
		}
	}
	return nil
}

func meant(word string, candidates []string) string {
	if s := expr.Suggest(word, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return ""
}

// columns finds out what each column is.
func (r *gridReader) columns() {
	for _, word := range []string{lineHit, lineColumn, lineName} {
		if r.head[word] == nil {
			r.add(r.made.Head, "required", "there is no line that begins with "+word, "the first column defines what a header line is: "+strings.Join(headWords(), ", "))
		}
	}
	words := []string{columnInput, columnOutput, columnNote}
	for k, cell := range r.head[lineColumn] {
		switch word := strings.ToLower(strings.TrimSpace(cell.Text)); {
		case k == 0 || word == "":
		case word == columnInput:
			r.inputs = append(r.inputs, k)
		case word == columnOutput:
			r.outputs = append(r.outputs, k)
		case word == columnNote && r.note >= 0:
			r.add(cell.Place, "duplicate", "there can only be one column of notes", "")
		case word == columnNote:
			r.note = k
		default:
			r.add(cell.Place, "unknown_column", "a column must be one of "+strings.Join(words, ", "), meant(word, words))
		}
	}
}

// cell of a line of the head.
func (r *gridReader) cell(word string, k int) Cell {
	if line := r.head[word]; k < len(line) {
		return line[k]
	}
	return Cell{Place: r.made.Head}
}

// describe reads the head.
func (r *gridReader) describe() {
	s := &r.made.Source
	hit, aggregate := r.cell(lineHit, 1), r.cell(lineAggregate, 1)
	r.made.Head = cmp.Or(hit.Place, r.made.Head)
	word, more, _ := strings.Cut(strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(hit.Text)), "RULE ORDER", string(table.RuleOrder)), " ")
	s.Hit, s.Aggregate = table.Hit(word), table.Aggregate(strings.ToLower(cmp.Or(strings.TrimSpace(aggregate.Text), more)))
	if s.Hit != "" && !slices.Contains(table.Hits(), s.Hit) {
		r.add(hit.Place, "hit", "this is not a hit policy", "one of "+words(table.Hits()))
	}
	if s.Aggregate != "" && !slices.Contains(table.Aggregates(), s.Aggregate) {
		r.add(cmp.Or(aggregate.Place, hit.Place), "aggregate", "this is not an aggregate", "one of "+words(table.Aggregates()))
	}
	for _, k := range r.inputs {
		s.Inputs = append(s.Inputs, table.Input{Expression: r.cell(lineName, k).Text, Type: r.typed(k), Label: r.cell(lineLabel, k).Text})
		r.made.Columns = append(r.made.Columns, r.cell(lineName, k).Place)
		if at := r.cell(lineValues, k); at.Text != "" {
			r.add(at.Place, "unexpected", "only outputs can have values", "the schema of the policy's inputs defines the allowed values of an input")
		}
	}
	for _, k := range r.outputs {
		at := r.cell(lineValues, k)
		values, ok := readTexts(at.Text)
		if !ok {
			r.add(at.Place, "values", "this is not a list of texts", `"reject", "review"`)
		}
		s.Outputs = append(s.Outputs, table.Output{Name: r.cell(lineName, k).Text, Type: r.typed(k), Values: values})
		r.made.Columns = append(r.made.Columns, r.cell(lineName, k).Place)
		if at := r.cell(lineLabel, k); at.Text != "" {
			r.add(at.Place, "unexpected", "only inputs can have labels", "")
		}
	}
	r.strays()
}

func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return strings.Join(all, ", ")
}

func (r *gridReader) typed(k int) table.Type {
	at := r.cell(lineType, k)
	typed := table.Type(strings.ToLower(strings.TrimSpace(at.Text)))
	if typed != "" && !slices.Contains(table.Types(), typed) {
		r.add(at.Place, "type", "this is not a column type", "one of "+words(table.Types()))
	}
	return typed
}

// strays reports cells in columns that are not part of the table, once for each column.
func (r *gridReader) strays() {
	reported := map[int]bool{}
	for _, line := range r.grid.Lines {
		for k := 1; k < len(line); k++ {
			own := k == r.note || slices.Contains(r.inputs, k) || slices.Contains(r.outputs, k)
			if own || reported[k] || line[k].Text == "" || k == 1 && r.alone(line) || r.cell(lineColumn, k).Text != "" {
				continue
			}
			reported[k] = true
			r.add(line[k].Place, "unknown_column", "the header line column does not define this column", "use input, output or note, or clear the column")
		}
	}
}

// alone reports whether a line of the head is about the whole table.
func (r *gridReader) alone(line []Cell) bool {
	word := strings.ToLower(strings.TrimSpace(line[0].Text))
	return word == lineHit || word == lineAggregate
}

// row reads one row; a line without anything is none.
func (r *gridReader) row(line []Cell) {
	if empty(line) || empty(line[1:]) {
		return
	}
	if _, number := Number(strings.TrimSpace(line[0].Text)); !number && strings.TrimSpace(line[0].Text) != "" {
		r.add(line[0].Place, "unknown_line", "the first column of a row must be empty or a number", "the header must be above all rows: "+strings.Join(headWords(), ", "))
		return
	}
	end := line[len(line)-1].Place
	get := func(k int) Cell {
		if k < len(line) {
			return line[k]
		}
		return Cell{Place: end}
	}
	row := table.Row{Line: line[0].Line}
	places := make([]Place, 0, len(r.inputs)+len(r.outputs))
	for _, k := range r.inputs {
		cell := get(k)
		r.decimal(cell, conditionComma)
		row.When, places = append(row.When, cell.Text), append(places, cell.Place)
	}
	for _, k := range r.outputs {
		cell := get(k)
		v, ok := readValue(cell.Text)
		if !ok {
			r.add(cell.Place, "syntax", "the quotation marks of the text are not closed", `double quotation marks inside a text: "say ""yes"""`)
		}
		if f, number := v.(float64); number && !expr.Exact(f) {
			r.add(cell.Place, "inexact", "the number is too large to be exact (2^53)", "write it as a text in double quotes; if the cell is a number, the workbook has already lost digits")
		}
		r.decimal(cell, valueComma)
		row.Then, places = append(row.Then, v), append(places, cell.Place)
	}
	if r.note >= 0 {
		row.Annotation = get(r.note).Text
	}
	if row.Annotation != "" && !slices.ContainsFunc(slices.Concat(r.inputs, r.outputs), func(k int) bool { return get(k).Text != "" }) {
		r.add(get(r.note).Place, "cells", "the row has only a note", "a row for every input must have - in one of its cells")
	}
	r.made.Source.Rows, r.made.Cells = append(r.made.Source.Rows, row), append(r.made.Cells, places)
}

var (
	conditionComma = regexp.MustCompile(`^[^"]*[0-9],[0-9]`)
	valueComma     = regexp.MustCompile(`^\s*-?[0-9]+,[0-9]+\s*$`)
)

// decimal refuses what a spreadsheet with decimal commas may have made of a number: 1,5 would be the values 1 and 5.
func (r *gridReader) decimal(cell Cell, form *regexp.Regexp) {
	if r.grid.DecimalCommas && form.MatchString(cell.Text) {
		r.add(cell.Place, "decimal_comma", "this may be a number with a decimal comma or two numbers", "write 1.5 for the number, 1, 5 for two of them, \"1,5\" for a text")
	}
}
