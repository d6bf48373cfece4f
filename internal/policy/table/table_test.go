package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/expr"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func env(input map[string]any) *expr.Env { return &expr.Env{Scope: expr.Map(input), Now: now} }

// make1 makes a table of one input a from cells; the output is the number of the row.
func make1(t testing.TB, hit Hit, typed Type, cells ...string) *Table {
	t.Helper()
	s := Source{Hit: hit, Inputs: []Input{{Expression: "a", Type: typed}}, Outputs: []Output{{Name: "row"}}}
	for i, cell := range cells {
		s.Rows = append(s.Rows, Row{When: []string{cell}, Then: []any{float64(i + 1)}})
	}
	made, found := Compile(s, Options{})
	if made == nil {
		t.Fatalf("%+v", found)
	}
	return made
}

func TestCells(t *testing.T) {
	for cell, values := range map[string]map[any]expr.Truth{
		`-`:                        {"x": expr.True, nil: expr.True},
		``:                         {"x": expr.True},
		`"DE"`:                     {"DE": expr.True, "de": expr.False, nil: expr.False, 3.0: expr.Unknown},
		`"DE", "FR"`:               {"DE": expr.True, "FR": expr.True, "US": expr.False},
		`not("DE","FR")`:           {"DE": expr.False, "US": expr.True, nil: expr.True},
		`"say ""hi""", "a\\b\"c"`:  {`say "hi"`: expr.True, `a\b"c`: expr.True},
		`"DE", null`:               {"DE": expr.True, nil: expr.True, "US": expr.False},
		`!= "DE"`:                  {"DE": expr.False, "US": expr.True},
		`5`:                        {5.0: expr.True, 5: expr.True, 6.0: expr.False, "5": expr.Unknown, nil: expr.False, float64(1 << 60): expr.Unknown},
		`< 5`:                      {4.9: expr.True, 5.0: expr.False, nil: expr.False},
		`null, < 5`:                {nil: expr.True},
		`not(null, < 5)`:           {nil: expr.False, 6.0: expr.True},
		`"2025-12-31T23:30:00Z"`:   {"2026-01-01T00:30:00+01:00": expr.True, "2026-01-01T00:30:00Z": expr.False},
		`<= 5`:                     {5.0: expr.True, 5.1: expr.False},
		`> -2.5`:                   {-2.5: expr.False, -2.4: expr.True},
		`>=5`:                      {5.0: expr.True, 4.0: expr.False},
		`[1..3)`:                   {1.0: expr.True, 3.0: expr.False, 2.0: expr.True},
		`(1..3]`:                   {1.0: expr.False, 3.0: expr.True},
		`]1..3[`:                   {1.0: expr.False, 3.0: expr.False, 1.5: expr.True},
		`[1..3), 7, > 9`:           {1.0: expr.True, 7.0: expr.True, 8.0: expr.False, 10.0: expr.True},
		`not([1..3), 7)`:           {1.0: expr.False, 7.0: expr.False, 8.0: expr.True, nil: expr.False},
		`true`:                     {true: expr.True, false: expr.False, "true": expr.Unknown},
		`true, false`:              {true: expr.True, false: expr.True},
		`2026-03-01`:               {"2026-03-01": expr.True, "2026-03-02": expr.False, "soon": expr.Unknown, 5.0: expr.Unknown},
		`< date("2026-03-01")`:     {"2026-02-28": expr.True, "2026-03-01": expr.False, "2026-02-28T23:59:59Z": expr.True},
		`[2026-01-01..2026-12-31]`: {"2026-01-01": expr.True, "2027-01-01": expr.False},
	} {
		table := make1(t, First, "", cell)
		for v, want := range values {
			got := table.Decide(env(map[string]any{"a": v}), nil)
			if got.Truth != want {
				t.Errorf("%s of %v is %v (%s), want %v", cell, v, got.Truth, got.Reason, want)
			}
			if got.Truth == expr.Unknown && got.Reason == "" {
				t.Errorf("%s of %v is unknown and does not say why", cell, v)
			}
		}
		missing := table.Decide(env(nil), nil)
		if all := cell == "-" || cell == ""; all != (missing.Truth == expr.True) || !all && (missing.Truth != expr.Unknown || missing.Missing[0] != "a") {
			t.Errorf("%s of nothing: %+v", cell, missing)
		}
	}
}

func TestWrongTablesAreReportedWithTheirPlaces(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Source
		want string // code, row, input, output, at
	}{
		{"a text without quotes", rows1(`DE`), "cell 0 0 -1 1"},
		{"an open text", rows1(`"DE`), "cell 0 0 -1 1"},
		{"an interval without dots", rows1(`[1,2]`), "cell 0 0 -1 3"},
		{"an open interval", rows1(`[1..2`), "cell 0 0 -1 6"},
		{"an interval the wrong way round", rows1(`[3..1]`), "cell 0 0 -1 1"},
		{"an empty interval", rows1(`(1..1]`), "cell 0 0 -1 1"},
		{"an order of texts", rows1(`< "a"`), "cell 0 0 -1 3"},
		{"an unclosed not", rows1(`not("a"`), "cell 0 0 -1 8"},
		{"a number that is not exact", rows1(`9007199254740993`), "cell 0 0 -1 1"},
		{"no date", rows1(`date("soon")`), "cell 0 0 -1 6"},
		{"something behind it", rows1(`5 6`), "cell 0 0 -1 3"},
		{"two types in a cell", rows1(`5, "a"`), "cell 0 0 -1 1"},
		{"two types in a column", rows1(`5`, `"a"`), "type 1 0 -1 1"},
		{"a missing cell", Source{Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}, Rows: []Row{{Then: []any{1.0}}}}, "cells 0 -1 -1 1"},
		{"no column", Source{}, "columns -1 -1 -1 1"},
		{"a strange hit policy", Source{Hit: "LAST", Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}}, "hit -1 -1 -1 1"},
		{"an aggregate of one row", Source{Hit: First, Aggregate: Sum, Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}}, "aggregate -1 -1 -1 1"},
		{"priority of nothing", Source{Hit: Priority, Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}}, "priority -1 -1 -1 1"},
		{"an expression that is none", Source{Inputs: []Input{{Expression: "a <"}}, Outputs: []Output{{Name: "o"}}}, "expression -1 0 -1 1"},
		{"an output of two types", Source{Hit: First, Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}, Rows: []Row{{When: []string{"1"}, Then: []any{1.0}}, {When: []string{"2"}, Then: []any{"x"}}}}, "type 1 -1 0 1"},
		{"two rows at once", rows1(`[1..5]`, `[5..9]`), "overlap 1 -1 -1 1"},
		{"a row twice", rows1(`5`, `5`), "duplicate 1 -1 -1 1"},
	} {
		made, found := Compile(c.s, Options{})
		if made != nil || len(found) == 0 {
			t.Errorf("%s: %+v, want a problem", c.name, found)
			continue
		}
		f := found[0]
		if got := fmt.Sprintf("%s %d %d %d %d", f.Code, f.Row, f.Input, f.Output, f.At); got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, f.Message, c.want)
		}
	}
}

func rows1(cells ...string) Source {
	s := Source{Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "o"}}}
	for _, cell := range cells {
		s.Rows = append(s.Rows, Row{When: []string{cell}, Then: []any{1.0}})
	}
	return s
}

func TestTheSchemaIsCheckedAgainstTheColumns(t *testing.T) {
	shape := expr.NewShape(map[string]any{"properties": map[string]any{
		"country": map[string]any{"type": "string", "enum": []any{"DE", "FR"}}, "income": map[string]any{"type": "number", "minimum": 0.0},
	}})
	problems := func(expression string, cells ...string) (codes []string) {
		s := rows1(cells...)
		s.Inputs[0].Expression = expression
		_, found := Compile(s, Options{Shape: shape})
		for _, f := range found {
			codes = append(codes, f.Code+": "+f.Message+" "+f.Hint)
		}
		return codes
	}
	for _, c := range []struct {
		want, expression string
		cells            []string
	}{
		{"unknown_field", "countri", []string{"-"}},
		{"did you mean country?", "countri", []string{"-"}},
		{"type", "country", []string{"5"}},
		{`no row applies when country is "FR"`, "country", []string{`"DE"`}},
		{"no row applies when income is 101", "income", []string{"[0..100]"}},
		{"no row applies when income is 50", "income", []string{"[0..50)", "(50..100]", "> 100"}},
		{"", "country", []string{`"DE"`, `"FR"`}},
		{"", "income", []string{"< 100", ">= 100"}},
		{"", "income", []string{"[0..100)", ">= 100"}},
	} {
		got := problems(c.expression, c.cells...)
		if c.want == "" && len(got) > 0 || c.want != "" && !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s %v: %q, want %q", c.expression, c.cells, got, c.want)
		}
	}
}

func TestHitPolicies(t *testing.T) {
	cells := []string{"[0..10]", "[5..15]", ">= 10"}
	s := Source{Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "tier", Values: []string{"gold", "silver", "iron"}}, {Name: "n"}}}
	for i, cell := range cells {
		s.Rows = append(s.Rows, Row{When: []string{cell}, Then: []any{[]string{"iron", "gold", "silver"}[i], float64(i)}})
	}
	for hit, want := range map[Hit]map[float64][]int{
		First: {5: {0}, 12: {1}, 20: {2}, -1: nil}, Priority: {5: {1}, 10: {1}, 20: {2}, 1: {0}},
		Collect: {10: {0, 1, 2}, 1: {0}}, RuleOrder: {10: {0, 1, 2}},
	} {
		s.Hit = hit
		table, found := Compile(s, Options{})
		if table == nil {
			t.Fatal(found)
		}
		for a, rows := range want {
			got := table.Decide(env(map[string]any{"a": a}), nil)
			if !slices.Equal(got.Rows, rows) || (got.Truth == expr.True) != (rows != nil) {
				t.Errorf("%s of %v is %+v, want %v", hit, a, got, rows)
			}
		}
	}
	for _, hit := range []Hit{Unique, Any} {
		s.Hit = hit
		if table, found := Compile(s, Options{}); table != nil || !strings.Contains(found[0].Message, "when a is ") {
			t.Errorf("%s: %+v, want an overlap with an example", hit, found)
		}
	}
}

func TestAggregates(t *testing.T) {
	s := Source{Hit: Collect, Inputs: []Input{{Expression: "a"}}, Outputs: []Output{{Name: "score"}}}
	for _, v := range []any{3.0, nil, 5.0, -1.0} {
		s.Rows = append(s.Rows, Row{When: []string{"-"}, Then: []any{v}})
	}
	for aggregate, want := range map[Aggregate]float64{Sum: 7, Min: -1, Max: 5, Count: 4} {
		s.Aggregate = aggregate
		table, found := Compile(s, Options{})
		if table == nil {
			t.Fatal(found)
		}
		result := table.Decide(env(map[string]any{"a": 1.0}), nil)
		if got, ok, exact := table.Total(result.Rows, 0); !ok || !exact || got != want {
			t.Errorf("%s is %v, want %v", aggregate, got, want)
		}
	}
}

func TestARowInDoubtCountsOnlyWhereItMakesADifference(t *testing.T) {
	s := Source{Inputs: []Input{{Expression: "a"}, {Expression: "b"}}, Outputs: []Output{{Name: "tier", Values: []string{"gold", "iron"}}}, Rows: []Row{
		{When: []string{"1", "-"}, Then: []any{"gold"}}, {When: []string{"-", "1"}, Then: []any{"iron"}}, {When: []string{"-", "-"}, Then: []any{"iron"}},
	}}
	for _, c := range []struct {
		hit   Hit
		input map[string]any
		want  string
	}{
		{First, map[string]any{"a": 1.0}, "true [0]"},                // b is not asked
		{First, map[string]any{"a": 2.0}, "unknown [] [b]"},          // row 2 might apply before row 3
		{First, map[string]any{"b": 1.0}, "unknown [] [a]"},          //
		{Priority, map[string]any{"a": 1.0}, "true [0]"},             // nothing is more important
		{Priority, map[string]any{"b": 1.0}, "unknown [] [a]"},       // row 1 would be
		{Priority, map[string]any{"a": 2.0}, "unknown [] [b]"},       // of the same rank, and before
		{RuleOrder, map[string]any{"a": 1.0}, "unknown [] [b]"},      //
		{Collect, map[string]any{"a": 1.0, "b": 2.0}, "true [0 2]"},  //
		{RuleOrder, map[string]any{"a": 2.0, "b": 2.0}, "true [2]"},  //
		{First, map[string]any{"a": "x", "b": 1.0}, "unknown [] []"}, // of another type
	} {
		s.Hit = c.hit
		table, found := Compile(s, Options{})
		if table == nil {
			t.Fatal(found)
		}
		got := table.Decide(env(c.input), nil)
		text := fmt.Sprint(got.Truth, " ", got.Rows)
		if got.Truth == expr.Unknown {
			text += fmt.Sprint(" ", got.Missing)
		}
		if text != c.want {
			t.Errorf("%s of %v is %s (%s), want %s", c.hit, c.input, text, got.Reason, c.want)
		}
	}
}

// drawn is a random table with columns of every type, and inputs near its values.
func drawn(t *rapid.T) Source {
	s := Source{Hit: rapid.SampledFrom(Hits()).Draw(t, "hit"), Outputs: []Output{{Name: "tier", Values: []string{"gold", "silver", "iron"}}}}
	types := rapid.SliceOfN(rapid.SampledFrom(Types()), 1, 4).Draw(t, "types")
	for k, typed := range types {
		s.Inputs = append(s.Inputs, Input{Expression: "c" + strconv.Itoa(k), Type: typed})
	}
	for range rapid.IntRange(1, rapid.SampledFrom([]int{4, 40}).Draw(t, "size")).Draw(t, "rows") {
		row := Row{Then: []any{rapid.SampledFrom(s.Outputs[0].Values).Draw(t, "tier")}}
		for _, typed := range types {
			row.When = append(row.When, drawnCell(t, typed))
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func drawnValue(t *rapid.T, typed Type) any {
	n := rapid.IntRange(0, 9).Draw(t, "n")
	switch typed {
	case Text:
		return string(rune('a' + n))
	case Bool:
		return n%2 == 0
	case Date:
		return fmt.Sprintf("2026-01-%02d", n+1)
	}
	return float64(n)
}

func drawnCell(t *rapid.T, typed Type) string {
	literal := func() string {
		v := drawnValue(t, typed)
		if text, ok := v.(string); ok {
			return strconv.Quote(text)
		}
		return fmt.Sprint(v)
	}
	ordered := typed == Number || typed == Date
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind < 3:
		return "-"
	case kind == 3:
		return "not(" + literal() + ", " + literal() + ")"
	case kind == 4:
		return literal() + ", " + literal()
	case kind == 5 && rapid.Bool().Draw(t, "null"):
		return "null"
	case kind < 8 && ordered:
		low, high := literal(), literal()
		if low > high {
			low, high = high, low
		}
		if low == high {
			return "[" + low + ".." + high + "]"
		}
		return rapid.SampledFrom([]string{"[", "("}).Draw(t, "[") + low + ".." + high + rapid.SampledFrom([]string{"]", ")"}).Draw(t, "]")
	case ordered && kind == 8:
		return rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op") + " " + literal()
	}
	return literal()
}

func drawnInput(t *rapid.T, s Source, gaps bool) map[string]any {
	input := map[string]any{}
	for _, in := range s.Inputs {
		switch kind := rapid.IntRange(0, 19).Draw(t, "input"); {
		case gaps && kind == 0:
		case gaps && kind == 1:
			input[in.Expression] = nil
		case gaps && kind == 2:
			input[in.Expression] = []any{"of another type"}
		case kind == 3 && in.Type == Number:
			input[in.Expression] = rapid.Float64Range(-1, 10).Draw(t, "between")
		default:
			input[in.Expression] = drawnValue(t, in.Type)
		}
	}
	return input
}

// compiled skips tables that are refused; allowed are codes of problems that are looked for.
func compiled(t *rapid.T, s Source) (*Table, []Problem) {
	made, found := Compile(s, Options{})
	for _, f := range found {
		if !f.Warning && f.Code != "overlap" && f.Code != "duplicate" {
			t.Fatalf("%+v", f)
		}
	}
	return made, found
}

func TestTheIndexFindsWhatAScanFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		table, _ := compiled(t, s)
		if table == nil {
			return
		}
		for range 20 {
			input := drawnInput(t, s, true)
			got := table.Decide(env(input), nil)
			var values []value
			var verdicts []expr.Verdict
			for k := range table.columns {
				v, why := table.columns[k].value(env(input), table)
				values, verdicts = append(values, v), append(verdicts, why)
			}
			want := table.settle(values, verdicts, table.scan(values, nil))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%v of %v: - scan, + index\n%s", s, input, diff)
			}
		}
	})
}

func TestWhatTheChecksReportIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		table, found := compiled(t, s)
		reported := map[string]bool{}
		never := map[int]bool{}
		for _, f := range found {
			reported[f.Code] = true
			if f.Code == "shadowed" {
				never[f.Row] = true
			}
		}
		if reported["unchecked"] {
			t.Skip()
		}
		if table == nil {
			return // its results are checked by the examples' own test
		}
		for range 50 {
			input := drawnInput(t, s, false)
			got := table.Decide(env(input), nil)
			switch {
			case got.Truth == expr.Unknown:
				t.Fatalf("%v contradicts itself for %v: %s", s, input, got.Reason)
			case got.Truth == expr.False && !reported["gap"] && s.Hit != Collect && s.Hit != RuleOrder:
				t.Fatalf("%v has a gap at %v that was not reported", s, input)
			case got.Truth == expr.True && s.Hit == First && never[got.Rows[0]]:
				t.Fatalf("row %d of %v counts for %v, and it was reported that it never does", got.Rows[0]+1, s, input)
			}
		}
	})
}

// TestExamplesOfProblemsAreExamples reads the inputs that a problem names and decides over them.
func TestExamplesOfProblemsAreExamples(t *testing.T) {
	examples := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		_, found := compiled(t, s)
		for _, f := range found {
			_, example, ok := strings.Cut(f.Message, " when ")
			if !ok {
				continue
			}
			all := s.Clone()
			all.Hit = Collect
			table, _ := compiled(t, all)
			rows := table.Decide(env(parsed(t, s, example)), nil)
			examples++
			switch f.Code {
			case "gap":
				if rows.Truth != expr.False {
					t.Fatalf("%v: %s: %+v", s, f.Message, rows)
				}
			case "overlap":
				if len(rows.Rows) < 2 {
					t.Fatalf("%v: %s: %+v", s, f.Message, rows)
				}
			}
		}
	})
	if examples == 0 {
		t.Error("no problem had an example")
	}
}

func parsed(t *rapid.T, s Source, example string) map[string]any {
	input := map[string]any{}
	for k, part := range strings.Split(example, ", ") {
		name, text, _ := strings.Cut(part, " is ")
		switch s.Inputs[k].Type {
		case Text:
			v, err := strconv.Unquote(text)
			if err != nil {
				v = "anything else"
			}
			input[name] = v
		case Number:
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			input[name] = f
		case Bool:
			input[name] = text == "true"
		default:
			input[name] = text
		}
	}
	return input
}

func FuzzCell(f *testing.F) {
	for _, seed := range []string{"-", `"DE","FR"`, "not([1..3), 7)", "< 5", `date("2026-01-01")`, "2026-01-01", "true, null", "]1..2[", "1e400", `"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		for _, typed := range append(Types(), "") {
			one, _, failed := readCell(cell, typed, Options{Location: time.UTC})
			if failed == nil && typed == Number {
				one.truth(&value{state: known, number: 1}, Number)
			}
			if failed != nil && (failed.column < 1 || failed.message == "") {
				t.Errorf("%q: %+v has no place", cell, failed)
			}
		}
	})
}

// large is a FIRST table of n rows, each for a country and a band of incomes; the last is for the last country.
func large(n int) Source {
	s := Source{Hit: First, Inputs: []Input{{Expression: "country"}, {Expression: "income"}}, Outputs: []Output{{Name: "outcome"}, {Name: "score"}}}
	for i := range n {
		band := i % 100
		s.Rows = append(s.Rows, Row{
			When: []string{strconv.Quote("c" + strconv.Itoa(i/100)), fmt.Sprintf("[%d..%d)", band*100, band*100+100)}, Then: []any{"review", float64(i % 90)},
		})
	}
	return s
}

func BenchmarkTable(b *testing.B) {
	for _, n := range []int{100, 3700, 100_000} {
		table, found := Compile(large(n), Options{})
		if table == nil {
			b.Fatal(found)
		}
		e := env(map[string]any{"country": "c" + strconv.Itoa((n-1)/100), "income": 9950.0})
		var into [4]int
		b.Run(fmt.Sprintf("first of %d rows, the last", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := table.Decide(e, into[:0]); r.Rows[0] != n-1 {
					b.Fatal(r)
				}
			}
		})
		if n <= 3700 {
			b.Run(fmt.Sprintf("scan of %d rows, the last", n), func(b *testing.B) {
				values := []value{{state: known, text: "c" + strconv.Itoa((n-1)/100)}, {state: known, number: 9950}}
				for b.Loop() {
					table.scan(values, nil)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{100, 3700} {
		s := large(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				Compile(s, Options{})
			}
		})
	}
}
