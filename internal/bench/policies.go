package bench

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// PolicyResult is what one kind of decision costs.
type PolicyResult struct {
	Name        string  `json:"name"`
	Nanoseconds float64 `json:"ns"`          // each
	Allocations float64 `json:"allocations"` // each
}

// roundTime is how long a kind is measured, at least.
const roundTime = 500 * time.Millisecond

// Policies measures what decisions of policies cost: rules, tables, reading a document, trying a draft on what was decided.
func Policies(ctx context.Context) ([]PolicyResult, error) {
	var results []PolicyResult
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, one := range []struct {
		name, rules string
		input       map[string]any
		traced      bool
	}{
		{"one rule", oneRule, applicantInput, false},
		{"one rule, with its trace", oneRule, applicantInput, true},
		{"50 rules", manyRules(50), applicantInput, false},
		{"50 rules, with their trace", manyRules(50), applicantInput, true},
		{"the last of 3,700 rows", rows(3700), map[string]any{"country": "c3699", "income": 4000.0}, false},
		{"the last of 10,000 rows", rows(10_000), map[string]any{"country": "c9999", "income": 10_000.0}, false},
	} {
		p, err := policyOf(one.rules)
		if err != nil {
			return nil, err
		}
		options := rules.Options{Now: at, Untraced: !one.traced}
		result, err := measured(one.name, 1, func() error {
			answer, err := p.Evaluate(one.input, options)
			if err == nil && answer.Outcome != "review" {
				err = problem.New(problem.Internal, "The policy of the benchmark decides something else.")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	source := manyRules(1000)
	result, err := measured("reading a policy of 1,000 rules", 1, func() error { _, err := policyOf(source); return err })
	if err != nil {
		return nil, err
	}
	results = append(results, result)
	result, err = tried(ctx, at)
	return append(results, result), err
}

const oneRule = "rules: [{id: r, when: 'risk.score < 40 && applicant.country == \"DE\"', outcome: review}]"

var applicantInput = map[string]any{"risk": map[string]any{"score": 39.0}, "applicant": map[string]any{"country": "DE"}}

// manyRules are rules of which about half fire.
func manyRules(number int) string {
	var source strings.Builder
	source.WriteString("rules:\n")
	for i := range number {
		fmt.Fprintf(&source, "  - {id: r%d, when: \"risk.score < %d\", outcome: review, score: {base: %d, additional: 1}}\n", i, 39-number/2+i, i%90)
	}
	return source.String()
}

// rows are a FIRST table of rows; the last one is for the country c<number-1>.
func rows(number int) string {
	var source strings.Builder
	source.WriteString("tables:\n  t:\n    hit: FIRST\n    inputs: [country, income]\n    outputs: [outcome, score]\n    rows:\n")
	for i := range number {
		fmt.Fprintf(&source, "      - ['\"c%d\"', '[%d..%d)', review, %d]\n", i, i, i+1000, i%90)
	}
	return source.String() + "rules: [{id: r, table: t}]\n"
}

func policyOf(source string) (*rules.Policy, error) {
	p, found := rules.Parse("bench.yaml", []byte("id: bench\noutcomes: [review, approve]\ndefault: approve\n"+source))
	return p, found.Err()
}

// tried is a backtest over decisions that are in memory.
func tried(ctx context.Context, at time.Time) (PolicyResult, error) {
	const number = 20_000
	p, err := policyOf(manyRules(10))
	if err != nil {
		return PolicyResult{}, err
	}
	samples := make([]ledger.Lazy, number)
	for i := range samples {
		head := &ledger.Head{ID: fmt.Sprintf("dec_%06d", i), Policy: "bench", At: at, Outcome: "review"}
		samples[i] = ledger.Sample{Head: head, Input: map[string]any{"risk": map[string]any{"score": float64(i % 100)}}}
	}
	source := func(_ context.Context, yield func([]ledger.Lazy) error) error {
		for i := 0; i < number; i += 200 {
			if err := yield(samples[i : i+200]); err != nil {
				return err
			}
		}
		return nil
	}
	return measured("a decision of a backtest, on all processors", number, func() error {
		_, err := ledger.Run(ctx, p, source, ledger.BacktestOptions{Examples: 5})
		return err
	})
}

// measured runs something again and again, and divides by how much it did each time.
func measured(name string, each float64, run func() error) (PolicyResult, error) {
	if err := run(); err != nil { // once, to warm up
		return PolicyResult{}, err
	}
	for times := 1; ; times *= 4 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		for range times {
			if err := run(); err != nil {
				return PolicyResult{}, err
			}
		}
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if took >= roundTime {
			n := float64(times) * each
			return PolicyResult{name, float64(took.Nanoseconds()) / n, float64(after.Mallocs-before.Mallocs) / n}, nil
		}
	}
}
