package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/expr"
)

// The oracle knows nothing of readers, indexes or compiled cells: a cell is drawn as what it means, beside its text.

// meaning is a test as a function of an existing value and its column's type.
type meaning struct {
	text    string
	all     bool
	null    bool // null is asked for
	ordered bool // null has no place in it
	negated bool
	holds   func(v float64) bool // values of all types are numbers here
}

func (m meaning) truth(v any, there, fits bool, number float64) expr.Truth {
	switch {
	case m.all:
		return expr.True
	case !there || !fits:
		return expr.Unknown
	case v == nil && m.null:
		return expr.Of(!m.negated)
	case v == nil && m.ordered: // for null, an order is unknown, and not() of unknown is unknown
		return expr.False
	case v == nil:
		return expr.Of(m.negated)
	}
	return expr.Of(m.holds(number) != m.negated)
}

// written is a number as a literal and as a value of a type.
func written(typed Type, n int) (literal string, value any) {
	switch typed {
	case Text:
		return strconv.Quote("t" + strconv.Itoa(n)), "t" + strconv.Itoa(n)
	case Bool:
		return strconv.FormatBool(n%2 == 1), n%2 == 1
	case Date:
		day := time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		return rapidDate(day, n), day
	}
	return strconv.Itoa(n - 4), float64(n - 4)
}

func rapidDate(day string, n int) string {
	return []string{day, `date("` + day + `")`, `"` + day + `"`}[(n+3)%3]
}

func drawnMeaning(t *rapid.T, typed Type) meaning {
	draw := func() (string, float64) {
		n := rapid.IntRange(0, 9).Draw(t, "n")
		literal, _ := written(typed, n)
		if typed == Bool {
			n %= 2
		}
		return literal, float64(n)
	}
	var parts []string
	var alternatives []func(float64) bool
	m := meaning{}
	alternative := func() {
		a, x := draw()
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		switch {
		case kind == 0 && len(parts) > 0:
			m.null = true
			parts = append(parts, "null")
		case kind > 2 && (typed == Number || typed == Date):
			m.ordered = true
			b, y := draw()
			if kind == 3 {
				op := rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op")
				parts = append(parts, op+a)
				alternatives = append(alternatives, func(v float64) bool { return map[string]bool{"<": v < x, "<=": v <= x, ">": v > x, ">=": v >= x}[op] })
				return
			}
			if y < x {
				a, b, x, y = b, a, y, x
			}
			open, closed := "[", "]"
			if x < y {
				open, closed = rapid.SampledFrom([]string{"[", "(", "]"}).Draw(t, "open"), rapid.SampledFrom([]string{"]", ")", "["}).Draw(t, "close")
			}
			parts = append(parts, open+a+".."+b+closed)
			alternatives = append(alternatives, func(v float64) bool {
				return (v > x || v == x && open == "[") && (v < y || v == y && closed == "]")
			})
		default:
			parts = append(parts, a)
			alternatives = append(alternatives, func(v float64) bool { return v == x })
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		return meaning{text: rapid.SampledFrom([]string{"-", "", " - "}).Draw(t, "dash"), all: true}
	}
	for range rapid.IntRange(1, 3).Draw(t, "alternatives") {
		alternative()
	}
	m.text = strings.Join(parts, rapid.SampledFrom([]string{",", ", "}).Draw(t, "comma"))
	if m.negated = rapid.IntRange(0, 4).Draw(t, "not") == 0; m.negated {
		m.text = "not(" + m.text + ")"
	}
	m.holds = func(v float64) bool {
		return slices.ContainsFunc(alternatives, func(one func(float64) bool) bool { return one(v) })
	}
	return m
}

// answered is a table's answer for rows that apply: by the definition of its hit policy; "" where that is an error.
func answered(s Source, rows []int) string {
	rank := func(i int) int { return slices.Index(s.Outputs[0].Values, s.Rows[i].Then[0].(string)) }
	if len(rows) == 0 {
		return "none"
	}
	switch s.Hit {
	case First:
		rows = rows[:1]
	case Unique:
		if len(rows) > 1 {
			return ""
		}
	case Any:
		for _, i := range rows {
			if !slices.Equal(s.Rows[i].Then, s.Rows[rows[0]].Then) {
				return ""
			}
		}
		return fmt.Sprint(s.Rows[rows[0]].Then)
	case Priority:
		best := rows[0]
		for _, i := range rows {
			if rank(i) < rank(best) {
				best = i
			}
		}
		rows = []int{best}
	}
	return fmt.Sprint(rows)
}

// decided is what a table must answer: of all ways in which the rows in doubt could turn out, the one answer, or "unknown".
func decided(s Source, sure, doubt []int) string {
	all := map[string]bool{}
	for set := range 1 << len(doubt) {
		rows := slices.Clone(sure)
		for n, i := range doubt {
			if set&(1<<n) != 0 {
				rows = append(rows, i)
			}
		}
		slices.Sort(rows)
		all[answered(s, rows)] = true
	}
	if len(all) == 1 {
		for one := range all {
			if one != "" {
				return one
			}
		}
	}
	return "unknown"
}

func TestTablesDecideAsTheyAreDefined(t *testing.T) {
	for _, hit := range Hits() {
		t.Run(string(hit), func(t *testing.T) { rapid.Check(t, func(t *rapid.T) { decidesAsDefined(t, hit) }) })
	}
}

// decidesAsDefined draws a table of a hit policy and asks it for several inputs.
func decidesAsDefined(t *rapid.T, hit Hit) {
	s := Source{Hit: hit, Outputs: []Output{{Name: "tier", Values: []string{"gold", "silver", "iron"}}, {Name: "score"}}}
	if hit == Collect {
		s.Aggregate = rapid.SampledFrom(Aggregates()).Draw(t, "aggregate")
	}
	types := rapid.SliceOfN(rapid.SampledFrom(Types()), 1, 3).Draw(t, "types")
	for k, typed := range types {
		s.Inputs = append(s.Inputs, Input{Expression: "c" + strconv.Itoa(k), Type: typed})
	}
	var cells [][]meaning
	for range rapid.IntRange(1, rapid.SampledFrom([]int{3, 30}).Draw(t, "size")).Draw(t, "rows") {
		row := Row{Then: []any{rapid.SampledFrom(s.Outputs[0].Values).Draw(t, "tier"), nil}}
		if rapid.Bool().Draw(t, "scored") {
			row.Then[1] = float64(rapid.IntRange(-5, 5).Draw(t, "score"))
		}
		if hit == Any && rapid.IntRange(0, 3).Draw(t, "same") > 0 {
			row.Then = []any{"gold", nil}
		}
		var line []meaning
		for _, typed := range types {
			m := drawnMeaning(t, typed)
			line, row.When = append(line, m), append(row.When, m.text)
		}
		cells, s.Rows = append(cells, line), append(s.Rows, row)
	}
	table, found := Compile(s, Options{})
	for table == nil { // rows that overlap are refused: half of them may not, and a row alone cannot
		for _, f := range found {
			if !f.Warning && f.Code != "overlap" && f.Code != "duplicate" || len(s.Rows) == 1 {
				t.Fatalf("%v: %+v", s, f)
			}
		}
		half := (len(s.Rows) + 1) / 2
		cells, s.Rows = cells[:half], s.Rows[:half]
		table, found = Compile(s, Options{})
	}
	for range 15 {
		input := map[string]any{}
		truths := make([]expr.Truth, len(cells))
		for i := range truths {
			truths[i] = expr.True
		}
		for k, typed := range types {
			n := rapid.IntRange(-1, 11).Draw(t, "value")
			_, v := written(typed, n)
			there, fits := true, true
			switch rapid.IntRange(0, 11).Draw(t, "fault") {
			case 0:
				there = false
			case 1:
				v = nil
			case 2:
				v, fits = []any{v}, false
			case 3:
				v, fits = map[Type]any{Text: 1.0, Number: "1", Bool: "true", Date: "soon"}[typed], false
			}
			if there {
				input[s.Inputs[k].Expression] = v
			}
			number := float64(n)
			if typed == Bool {
				number = math.Abs(math.Mod(number, 2))
				if n == -1 {
					number = 0 // -1 % 2 is no 1
				}
			}
			for i := range cells {
				truths[i] = truths[i].And(cells[i][k].truth(v, there, fits, number))
			}
		}
		var sure, doubt []int
		for i, truth := range truths {
			switch truth {
			case expr.True:
				sure = append(sure, i)
			case expr.Unknown:
				doubt = append(doubt, i)
			}
		}
		if len(doubt) > 8 {
			continue
		}
		got := table.Decide(env(input), nil)
		if actual, want := actualOf(table, s, got), decided(s, sure, doubt); actual != want {
			t.Fatalf("%v of %v says %s (%s), want %s: %v, in doubt %v", s, input, actual, got.Reason, want, sure, doubt)
		}
		if got.Truth == expr.True {
			checkTotal(t, table, s, got.Rows)
		}
	}
}

func actualOf(table *Table, s Source, got Result) string {
	switch {
	case got.Truth == expr.False:
		return "none"
	case got.Truth == expr.Unknown:
		return "unknown"
	case s.Hit == Any:
		return fmt.Sprint(table.Then(got.Rows[0]))
	}
	return fmt.Sprint(got.Rows)
}

// checkTotal adds the scores up by hand.
func checkTotal(t *rapid.T, table *Table, s Source, rows []int) {
	var scores []float64
	for _, i := range rows {
		if f, ok := s.Rows[i].Then[1].(float64); ok {
			scores = append(scores, f)
		}
	}
	total, ok, _ := table.Total(rows, 1)
	sum := 0.0
	for _, f := range scores {
		sum += f
	}
	switch want := map[Aggregate]func() float64{Sum: func() float64 { return sum }, Min: func() float64 { return slices.Min(scores) }, Max: func() float64 { return slices.Max(scores) }}[s.Aggregate]; {
	case s.Aggregate == Count:
		if !ok || total != float64(len(rows)) {
			t.Fatalf("%d rows are counted as %v", len(rows), total)
		}
	case want == nil:
	case len(scores) == 0:
		if ok {
			t.Fatalf("nothing has the total %v", total)
		}
	case !ok || total != want():
		t.Fatalf("%s of %v is %v", s.Aggregate, scores, total)
	}
}

// rowsLess keeps the test short; the time grows with the rows.
const rowsLess = 5

// TestChecksOfLargeTablesEnd gives the checks what they are worst at: rows that overlap in every column, in part.
func TestChecksOfLargeTablesEnd(t *testing.T) {
	for _, hit := range []Hit{First, Priority} {
		s := Source{Hit: hit, Outputs: []Output{{Name: "o", Values: []string{"a", "b"}}}}
		for k := range 6 {
			s.Inputs = append(s.Inputs, Input{Expression: "c" + strconv.Itoa(k), Type: Number})
		}
		for i := range MaxRows / rowsLess {
			row := Row{Then: []any{"a"}}
			for k := range s.Inputs {
				low := (i*7919 + k*104729) % 100_003
				row.When = append(row.When, fmt.Sprintf("[%d..%d]", low, low+(i*31+k)%50_000))
			}
			s.Rows = append(s.Rows, row)
		}
		began := time.Now()
		_, found := Compile(s, Options{})
		took := time.Since(began)
		cut := slices.ContainsFunc(found, func(p Problem) bool { return p.Code == "unchecked" && strings.Contains(p.Message, "was cut short") })
		if cut != (hit == First) || took > time.Minute {
			t.Errorf("%s: %v, said that it was cut short: %v", hit, took, cut)
		}
		t.Logf("%s: %v, %d problems", hit, took, len(found))
	}
}
