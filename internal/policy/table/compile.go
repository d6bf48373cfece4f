package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/expr"
)

// Limits of a table. Larger ones are refused.
const (
	MaxRows    = 100_000
	MaxColumns = 50
	maxCell    = 4096 // bytes
)

// Table is a compiled decision table. It is immutable and safe for concurrent use.
type Table struct {
	hit       Hit
	aggregate Aggregate
	columns   []column
	outputs   []Output
	rows      []row
	tests     []test // of all rows, row by row
	index     *index
	location  *time.Location
}

type column struct {
	expression string
	program    *expr.Program
	typed      Type
	limits     expr.Limits
}

type row struct {
	then       []any
	annotation string
	rank       int // of PRIORITY: 0 is the highest
}

// Options of a compilation.
type Options struct {
	Shape    *expr.Shape    // of the documents that the inputs are read from; nil: anything
	Location *time.Location // of dates; nil is UTC

	Published bool // the table counts already: what was taken once is taken, see rules.Reread
}

// Problem is something wrong with a table, with its place.
type Problem struct {
	Row     int // from 0; -1: of a column or of the whole table
	Input   int // from 0; -1: none
	Output  int // from 0; -1: none
	At      int // character within the cell, from 1
	Code    string
	Message string
	Hint    string
	Warning bool // the table can be used all the same
}

// whole is a problem of the table itself.
func whole(code, hint, format string, args ...any) Problem {
	return Problem{Row: -1, Input: -1, Output: -1, At: 1, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// ofRow is a problem of a row.
func ofRow(i int, code, hint, format string, args ...any) Problem {
	p := whole(code, hint, format, args...)
	p.Row = i
	return p
}

// Compile checks a table and indexes it. The table is nil when there is more than warnings.
func Compile(s Source, options Options) (*Table, []Problem) {
	c := compiler{source: s, options: options}
	t := c.table()
	if slices.ContainsFunc(c.found, func(p Problem) bool { return !p.Warning }) {
		return nil, c.found
	}
	c.found = append(c.found, t.check()...)
	if slices.ContainsFunc(c.found, func(p Problem) bool { return !p.Warning }) {
		return nil, c.found
	}
	t.index = newIndex(t)
	return t, c.found
}

type compiler struct {
	source  Source
	options Options
	found   []Problem
}

func (c *compiler) add(p Problem) { c.found = append(c.found, p) }

func (c *compiler) table() *Table {
	s := c.source
	t := &Table{hit: cmp.Or(s.Hit, Unique), aggregate: cmp.Or(s.Aggregate, List), outputs: s.Clone().Outputs, location: c.options.Location}
	c.policies(t)
	if len(s.Rows) > MaxRows {
		c.add(whole("too_large", "", "a table can have at most %d rows, but this one has %d", MaxRows, len(s.Rows)))
		return t
	}
	if len(s.Inputs) == 0 || len(s.Outputs) == 0 || len(s.Inputs)+len(s.Outputs) > MaxColumns {
		c.add(whole("columns", "", "a table must have inputs and outputs, at most %d in total", MaxColumns))
		return t
	}
	for i, in := range s.Inputs {
		t.columns = append(t.columns, c.column(i, in))
	}
	c.names()
	c.rows(t)
	for i := range t.columns {
		c.typed(i, t)
	}
	return t
}

func (c *compiler) policies(t *Table) {
	if !slices.Contains(Hits(), t.hit) {
		c.add(whole("hit", "one of "+words(Hits()), "%s is not a hit policy", t.hit))
	}
	if !slices.Contains(Aggregates(), t.aggregate) {
		c.add(whole("aggregate", "one of "+words(Aggregates()), "%s is not an aggregate", t.aggregate))
	}
	if t.aggregate != List && t.hit != Collect {
		c.add(whole("aggregate", "", "only COLLECT can have an aggregate"))
	}
	if t.hit == Priority && !slices.ContainsFunc(t.outputs, func(o Output) bool { return len(o.Values) > 0 }) {
		c.add(whole("priority", "list the values of an output, most important first", "PRIORITY requires an output with listed values"))
	}
}

func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return strings.Join(all, ", ")
}

func (c *compiler) names() {
	seen := map[string]bool{}
	for i, o := range c.source.Outputs {
		if o.Name == "" || seen[o.Name] {
			p := whole("output", "", "each output must have its own name")
			p.Output = i
			c.add(p)
		}
		seen[o.Name] = true
	}
}

// column compiles an input's expression.
func (c *compiler) column(i int, in Input) column {
	fail := func(e *expr.Error) {
		p := whole("expression", e.Hint, "%s", e.Message)
		if strings.HasPrefix(e.Message, "unknown field") {
			p.Code = "unknown_field"
		}
		p.Input, p.At = i, e.Column
		c.add(p)
	}
	made := column{expression: in.Expression, typed: in.Type, limits: (*expr.Shape)(nil).Limits(nil)}
	program, err := expr.Compile(in.Expression)
	if err != nil {
		fail(expr.AsError(err))
		return made
	}
	for _, e := range program.Check(c.options.Shape) {
		fail(e)
	}
	made.program = program
	if program.IsPath() {
		made.limits = c.options.Shape.Limits(program.Paths()[0].Steps)
	}
	return made
}

// rows reads every cell.
func (c *compiler) rows(t *Table) {
	width := len(t.columns)
	t.tests = make([]test, len(c.source.Rows)*width)
	t.rows = make([]row, len(c.source.Rows))
	for i, from := range c.source.Rows {
		if len(from.When) != width || len(from.Then) != len(t.outputs) {
			c.add(ofRow(i, "cells", "", "rows of this table have %d inputs and %d outputs, but this one has %d and %d", width, len(t.outputs), len(from.When), len(from.Then)))
			continue
		}
		for k, text := range from.When {
			t.tests[i*width+k] = c.cell(i, k, text, t)
		}
		t.rows[i] = row{then: slices.Clone(from.Then), annotation: from.Annotation}
		c.results(i, t)
	}
}

func (c *compiler) cell(i, k int, text string, t *Table) test {
	fail := func(at int, code, hint, message string) {
		p := ofRow(i, code, hint, "%s", message)
		p.Input, p.At = k, at
		c.add(p)
	}
	if len(text) > maxCell {
		fail(1, "too_large", "", fmt.Sprintf("a cell must have at most %d bytes", maxCell))
		return test{}
	}
	one, found, failed := readCell(text, t.columns[k].typed, c.options)
	if failed != nil {
		fail(failed.column, failed.code, failed.hint, failed.message)
		return test{}
	}
	switch typed := &t.columns[k].typed; {
	case found == "":
	case *typed == "":
		*typed = found
	case *typed != found:
		fail(1, "type", "a column must have a single type", fmt.Sprintf("this is a test of type %s in a column of type %s", found, *typed))
	}
	return one
}

// results checks the outputs of a row, and ranks it for PRIORITY.
func (c *compiler) results(i int, t *Table) {
	for k, v := range t.rows[i].then {
		o := &t.outputs[k]
		fail := func(code, hint, format string, args ...any) {
			p := ofRow(i, code, hint, format, args...)
			p.Output = k
			c.add(p)
		}
		found, ok := typeOf(v)
		switch {
		case !ok:
			fail("type", "", "an output must be a text, an exact number, true, false or null")
		case found == "":
		case o.Type == "" || (o.Type == Date && found == Text):
			o.Type = cmp.Or(o.Type, found)
		case o.Type != found:
			fail("type", "a column must have a single type", "the output %s is of type %s, this is of type %s", o.Name, o.Type, found)
		}
		if len(o.Values) > 0 {
			text, _ := v.(string)
			rank := slices.Index(o.Values, text)
			if rank < 0 {
				fail("value", "one of "+strings.Join(o.Values, ", "), "this is not among the values of %s", o.Name)
			}
			t.rows[i].rank = t.rows[i].rank*(len(o.Values)+1) + rank
		}
		if _, number := v.(float64); t.aggregate != List && t.aggregate != Count && !number && v != nil && o.Name == "score" {
			fail("aggregate", "", "%s requires numbers", t.aggregate)
		}
	}
}

func typeOf(v any) (Type, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return Text, true
	case bool:
		return Bool, true
	case float64:
		return Number, expr.Exact(v)
	}
	return "", false
}

// typed settles the type of a column, and checks it against the schema.
func (c *compiler) typed(i int, t *Table) {
	col := &t.columns[i]
	if col.program == nil {
		return
	}
	given := col.program.Types(c.options.Shape)
	if col.typed == "" {
		col.typed = typeFor(given)
	}
	if !slices.Contains(Types(), col.typed) {
		p := whole("type", "one of "+words(Types()), "%s is not a column type", col.typed)
		p.Input = i
		c.add(p)
		return
	}
	wanted := map[Type]expr.Types{Text: expr.TypeText, Number: expr.TypeNumber, Bool: expr.TypeBool, Date: expr.TypeDate | expr.TypeText}[col.typed]
	if given&wanted == 0 {
		p := whole("type", "", "the column tests for %s, and %s is %s", col.typed, col.expression, given)
		p.Input = i
		c.add(p)
	}
}

// typeFor a column without any literal.
func typeFor(given expr.Types) Type {
	switch {
	case given&expr.TypeText != 0:
		return Text
	case given&expr.TypeNumber != 0:
		return Number
	case given&expr.TypeBool != 0:
		return Bool
	case given&expr.TypeDate != 0:
		return Date
	}
	return Text
}

// Programs are the inputs' expressions, in the order of the columns.
func (t *Table) Programs() []*expr.Program {
	all := make([]*expr.Program, len(t.columns))
	for i := range t.columns {
		all[i] = t.columns[i].program
	}
	return all
}

// Hit is the table's hit policy.
func (t *Table) Hit() Hit { return t.hit }

// Aggregate is what COLLECT makes of its rows.
func (t *Table) Aggregate() Aggregate { return t.aggregate }

// Outputs are the columns of results.
func (t *Table) Outputs() []Output { return t.outputs }

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Then are the results of a row. They are only read.
func (t *Table) Then(i int) []any { return t.rows[i].then }

// Annotation of a row, as it is written.
func (t *Table) Annotation(i int) string { return t.rows[i].annotation }

// test of a row's cell.
func (t *Table) test(i, k int) *test { return &t.tests[i*len(t.columns)+k] }
