// Package tabletest generates decision tables for property tests.
package tabletest

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"ballerine/internal/policy/table"
)

// awkward are texts that files tend to change.
var awkward = []string{
	"", "-", "--", "10", "010", "1.50", "-3", "1e3", "0x1F", "1,5", "1_000", "true", "TRUE", "False", "null", "~", "NULL", "yes", "no", "on", "2026-01-31", "31.01.2026", "1-2",
	"=1+1", "+1", "@SUM(A1)", "-1+1|cmd", "'quoted", "'=1", "''", "\t=1", "x;=1", "x\n=1", "x\t@a", "＝1", " =1", "=", "'-", "'-5",
	`"DE", "FR"`, `not("DE")`, `"`, `""`, `"a`, `a"b`, `say "yes", please`, "< 5", ">= 3000", "[1000..3000)", `date("2026-01-31")`,
	"a,b", "a;b", "a\tb", "a\nb", "a\r\nb", "a\rb", " lead", "trail ", "\n", " ", "# no comment", "key: value", "- item", "[x]", "{y}", "&a", "*a", "!t", "%", "`", "?", ": ", "|", ">",
	"Zürich", "日本", "e\u0301", "\u00a0", "\u200b", "\u2028", "\ufeffx", "🙂", "sep=;", "hit", "input", "_x0041_", "_x005F_", "_X0041_", "A1", "\\", `\"`, "\\n", "<a>&amp;",
}

// Text draws a text, often an awkward one.
func Text(allowed func(string) bool) *rapid.Generator[string] {
	parts := []string{"=", "+", "-", "@", "'", `"`, ";", ",", "\t", "\n", "\r", " ", "a", "1", ".", "_x000A_", "ä", "|", ":", "#"}
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.String().Draw(t, "text")
		case 1:
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 6).Draw(t, "parts"), "")
		}
		return rapid.SampledFrom(awkward).Draw(t, "awkward")
	}).Filter(allowed)
}

// Source draws a table with texts that are allowed, whatever they are: its names need not compile.
func Source(allowed func(string) bool) *rapid.Generator[table.Source] {
	text := Text(allowed)
	return rapid.Custom(func(t *rapid.T) table.Source {
		s := table.Source{Hit: rapid.SampledFrom(append(table.Hits(), "")).Draw(t, "hit")}
		s.Aggregate = rapid.SampledFrom(append(table.Aggregates(), "")).Draw(t, "aggregate")
		typed := rapid.SampledFrom(append(table.Types(), "", ""))
		for range rapid.IntRange(1, 4).Draw(t, "inputs") {
			s.Inputs = append(s.Inputs, table.Input{Expression: text.Draw(t, "expression"), Type: typed.Draw(t, "type"), Label: text.Draw(t, "label")})
		}
		for range rapid.IntRange(1, 4).Draw(t, "outputs") {
			o := table.Output{Name: text.Draw(t, "name"), Type: typed.Draw(t, "type")}
			if rapid.Bool().Draw(t, "listed") {
				o.Values = rapid.SliceOfN(text, 1, 4).Draw(t, "values")
			}
			s.Outputs = append(s.Outputs, o)
		}
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			s.Rows = append(s.Rows, row(t, s, text))
		}
		return s
	})
}

func row(t *rapid.T, s table.Source, text *rapid.Generator[string]) table.Row {
	var r table.Row
	for range s.Inputs {
		r.When = append(r.When, text.Draw(t, "test"))
	}
	for range s.Outputs {
		r.Then = append(r.Then, value(t, text))
	}
	if rapid.Bool().Draw(t, "noted") {
		r.Annotation = text.Draw(t, "note")
	}
	return r
}

// value draws what an output may be.
func value(t *rapid.T, text *rapid.Generator[string]) any {
	switch rapid.IntRange(0, 4).Draw(t, "value") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "truth")
	case 2:
		f := rapid.SampledFrom([]float64{0, -1, 0.1, 1e-7, 2.5e-300, 9007199254740991, 1e15, 123456.789, 1.0 / 3}).Draw(t, "number")
		if rapid.Bool().Draw(t, "any") {
			f = rapid.Float64Range(-9e15, 9e15).Draw(t, "float")
		}
		return f + 0 // there is no -0
	}
	return text.Draw(t, "text")
}

// Large is a FIRST table of n rows, each for a country and a band of incomes; the last is for the last country.
func Large(n int) table.Source {
	s := table.Source{Hit: table.First, Inputs: []table.Input{{Expression: "country"}, {Expression: "income"}}, Outputs: []table.Output{{Name: "outcome"}, {Name: "score"}}}
	for i := range n {
		band := i % 100 * 100
		s.Rows = append(s.Rows, table.Row{
			When: []string{strconv.Quote("c" + strconv.Itoa(i/100)), "[" + strconv.Itoa(band) + ".." + strconv.Itoa(band+100) + ")"}, Then: []any{"review", float64(i % 90)},
		})
	}
	return s
}

// Bare is a source without the lines that it was read from.
func Bare(s table.Source) table.Source {
	s = s.Clone()
	for i := range s.Rows {
		s.Rows[i].Line = 0
	}
	return s
}
