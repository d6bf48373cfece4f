package peers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/diegoholiveira/jsonlogic/v3"
	exprlang "github.com/expr-lang/expr"
	"pgregory.net/rapid"

	"ballerine/internal/policy/rules"
)

var at = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func policy(t testing.TB, source string) *rules.Policy {
	t.Helper()
	p, found := rules.Parse("p.yaml", []byte("id: p\noutcomes: [review, approve]\ndefault: approve\n"+source))
	if p == nil {
		t.Fatal(found)
	}
	return p
}

func decide(t testing.TB, p *rules.Policy, input map[string]any, options rules.Options) string {
	a, err := p.Evaluate(input, options)
	if err != nil {
		t.Fatal(err)
	}
	return a.Outcome
}

var input = map[string]any{"risk": map[string]any{"score": 39.0}, "applicant": map[string]any{"country": "DE"}}

// Where nothing is missing and types agree, an expression means what another engine of the same syntax means by it.
func TestExpressionsMeanWhatAnotherEngineMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var condition func(depth int) string
		condition = func(depth int) string {
			if depth == 0 || rapid.Bool().Draw(t, "leaf") {
				left := rapid.SampledFrom([]string{"a", "b", "a + b", "a * 2", "b - 3", "4"}).Draw(t, "left")
				op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
				return fmt.Sprintf("%s %s %s", left, op, rapid.SampledFrom([]string{"a", "b", "3", "a - b", "0.5"}).Draw(t, "right"))
			}
			switch rapid.IntRange(0, 2).Draw(t, "join") {
			case 0:
				return "!(" + condition(depth-1) + ")"
			case 1:
				return "(" + condition(depth-1) + ") && (" + condition(depth-1) + ")"
			}
			return "(" + condition(depth-1) + ") || (" + condition(depth-1) + ")"
		}
		source := condition(3)
		given := map[string]any{"a": float64(rapid.IntRange(-5, 5).Draw(t, "a")), "b": float64(rapid.IntRange(-5, 5).Draw(t, "b"))}
		program, err := exprlang.Compile(source, exprlang.Env(given), exprlang.AsBool())
		if err != nil {
			t.Fatal(source, err)
		}
		there, err := exprlang.Run(program, given)
		if err != nil {
			t.Fatal(source, err)
		}
		p, found := rules.Parse("p.yaml", []byte("id: p\noutcomes: [review, approve]\ndefault: approve\nrules: [{id: r, when: '"+source+"', outcome: review}]"))
		if p == nil {
			t.Fatal(source, found)
		}
		a, err := p.Evaluate(given, rules.Options{Now: at, Untraced: true})
		if err != nil || (a.Outcome == "review") != (there == true) {
			t.Fatalf("%s of %v: %s here, %v there (%v)", source, given, a.Outcome, there, err)
		}
	})
}

// BenchmarkOneRule is `risk.score < 40 and applicant.country == "DE"`.
func BenchmarkOneRule(b *testing.B) {
	p := policy(b, `rules: [{id: r, when: 'risk.score < 40 && applicant.country == "DE"', outcome: review}]`)
	for name, options := range map[string]rules.Options{"ours untraced": {Now: at, Untraced: true}, "ours traced": {Now: at}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if decide(b, p, input, options) != "review" {
					b.Fatal("wrong")
				}
			}
		})
	}
	b.Run("expr-lang", func(b *testing.B) {
		program, err := exprlang.Compile(`risk.score < 40 && applicant.country == "DE"`, exprlang.Env(input), exprlang.AsBool())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if v, err := exprlang.Run(program, input); err != nil || v != true {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("jsonlogic", func(b *testing.B) {
		rule := map[string]any{"and": []any{
			map[string]any{"<": []any{map[string]any{"var": "risk.score"}, 40.0}}, map[string]any{"==": []any{map[string]any{"var": "applicant.country"}, "DE"}},
		}}
		b.ReportAllocs()
		for b.Loop() {
			if v, err := jsonlogic.ApplyInterface(rule, input); err != nil || v != true { //nolint:staticcheck // Apply takes text; the values are at hand
				b.Fatal(v, err)
			}
		}
	})
}

// BenchmarkFiftyRules fires half of fifty rules.
func BenchmarkFiftyRules(b *testing.B) {
	var source strings.Builder
	source.WriteString("rules:\n")
	for i := range 50 {
		fmt.Fprintf(&source, "  - {id: r%d, when: \"risk.score < %d\", outcome: review, score: {base: %d, additional: 1}}\n", i, 14+i, i)
	}
	p := policy(b, source.String())
	for name, options := range map[string]rules.Options{"untraced": {Now: at, Untraced: true}, "traced": {Now: at}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				decide(b, p, input, options)
			}
		})
	}
}

// tabled is a policy with a FIRST table of rows; the last row is for the country c<rows-1>.
func tabled(rows int) string {
	var b strings.Builder
	b.WriteString("tables:\n  t:\n    hit: FIRST\n    inputs: [country, income]\n    outputs: [outcome, score]\n    rows:\n")
	for i := range rows {
		fmt.Fprintf(&b, "      - ['\"c%d\"', '[%d..%d)', review, %d]\n", i, i, i+1000, i%90)
	}
	return b.String() + "rules: [{id: r, table: t}]\n"
}

// BenchmarkTable asks a policy for the last of 3,700 rows.
func BenchmarkTable(b *testing.B) {
	p := policy(b, tabled(3700))
	last := map[string]any{"country": "c3699", "income": 4000.0}
	b.ReportAllocs()
	for b.Loop() {
		if decide(b, p, last, rules.Options{Now: at, Untraced: true}) != "review" {
			b.Fatal("wrong")
		}
	}
}

// BenchmarkCompile reads a policy of 1,000 rules.
func BenchmarkCompile(b *testing.B) {
	var source strings.Builder
	source.WriteString("id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n")
	for i := range 1000 {
		fmt.Fprintf(&source, "  - {id: r%d, when: \"risk.score < %d && applicant.country == 'DE'\", outcome: review, score: {base: %d}, reason: \"Score {risk.score}.\"}\n", i, i, i%100)
	}
	for b.Loop() {
		if p, found := rules.Parse("p.yaml", []byte(source.String())); p == nil {
			b.Fatal(found)
		}
	}
}
