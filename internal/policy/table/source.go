package table

import "strings"

import "slices"

// Hit is a hit policy: what counts when several rows apply.
type Hit string

// The hit policies of DMN.
const (
	Unique    Hit = "UNIQUE"     // at most one row applies; two are an error of the table
	First     Hit = "FIRST"      // the first of the rows that apply
	Priority  Hit = "PRIORITY"   // the row whose outputs come first in their columns' Values
	Any       Hit = "ANY"        // any of them: all have the same results, else the table is in error
	Collect   Hit = "COLLECT"    // all of them, in no order, or what Aggregate makes of them
	RuleOrder Hit = "RULE_ORDER" // all of them, in the order of the table
)

// Hits lists the hit policies.
func Hits() []Hit { return []Hit{Unique, First, Priority, Any, Collect, RuleOrder} }

// Aggregate is what COLLECT makes of the numbers of the rows that apply.
type Aggregate string

// The aggregates. List leaves the rows as they are.
const (
	List  Aggregate = "list"
	Sum   Aggregate = "sum"
	Min   Aggregate = "min"
	Max   Aggregate = "max"
	Count Aggregate = "count" // of the rows
)

// Aggregates lists the aggregates.
func Aggregates() []Aggregate { return []Aggregate{List, Sum, Min, Max, Count} }

// HitOf reads a hit policy as it is written: "FIRST", "COLLECT sum", "RULE ORDER" too. What is not known stays as it is, for
// Compile to refuse.
func HitOf(text string) (Hit, Aggregate) {
	if strings.EqualFold(text, "RULE ORDER") {
		return RuleOrder, ""
	}
	hit, aggregate, _ := strings.Cut(text, " ")
	return Hit(hit), Aggregate(aggregate)
}

// Type is the type of a column. A column has one; the empty type is taken from the cells.
type Type string

// The types of columns.
const (
	Text   Type = "text"
	Number Type = "number"
	Bool   Type = "boolean"
	Date   Type = "date"
)

// Types lists the types of columns.
func Types() []Type { return []Type{Text, Number, Bool, Date} }

// Source is a decision table as it is written, in a policy, a CSV file, a sheet or a DMN document.
type Source struct {
	Hit       Hit       // "": UNIQUE, as DMN has it
	Aggregate Aggregate // of COLLECT; "": list
	Inputs    []Input
	Outputs   []Output
	Rows      []Row
}

// Input is a column of conditions.
type Input struct {
	Expression string // what its cells are tests of: applicant.country
	Type       Type   // "": as the cells are
	Label      string // for people; may be empty
}

// Output is a column of results.
type Output struct {
	Name   string
	Type   Type
	Values []string // for PRIORITY: the texts it may have, the most important first
}

// Row is one rule of a table.
type Row struct {
	When       []string // a unary test for each input: "-", "\"DE\", \"FR\"", "not(\"DE\")", "< 5", "[1000..3000)"
	Then       []any    // a value for each output: text, float64, bool, or nil
	Annotation string
	Line       int // in the file it was read from; 0: unknown
}

// Clone returns a deep copy.
func (s Source) Clone() Source {
	s.Inputs, s.Outputs, s.Rows = slices.Clone(s.Inputs), slices.Clone(s.Outputs), slices.Clone(s.Rows)
	for i := range s.Outputs {
		s.Outputs[i].Values = slices.Clone(s.Outputs[i].Values)
	}
	for i := range s.Rows {
		s.Rows[i].When, s.Rows[i].Then = slices.Clone(s.Rows[i].When), slices.Clone(s.Rows[i].Then)
	}
	return s
}
