package rules

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// largePolicy has a FIRST table of n rows, each for a country and a band of incomes.
func largePolicy(n int) []byte {
	var b strings.Builder
	b.WriteString("id: large\ninputs: {properties: {country: {type: string}, income: {type: number}}}\noutcomes: [reject, review, approve]\ndefault: approve\ntables:\n  limits:\n    hit: FIRST\n    inputs: [country, income]\n    outputs: [outcome, score]\n    rows:\n")
	for i := range n {
		band := i % 100 * 100
		fmt.Fprintf(&b, "      - ['\"c%d\"', '[%d..%d)', review, %d]\n", i/100, band, band+100, i%90)
	}
	b.WriteString("rules:\n  - {id: limit, table: limits}\n")
	b.WriteString("cases:\n")
	fmt.Fprintf(&b, "  - {name: the last row, now: 2026-01-01, input: {country: c%d, income: %d}, expect: {outcome: review, score: %d}}\n", (n-1)/100, (n-1)%100*100, (n-1)%90)
	return []byte(b.String())
}

func TestATableOfAHundredThousandRowsIsReadAndDecides(t *testing.T) {
	source := largePolicy(100_000)
	began := time.Now()
	p, found := Parse("p.yaml", source)
	took := time.Since(began)
	if p == nil {
		t.Fatal(found)
	}
	if result := p.RunCases(nil)[0]; !result.Passed {
		t.Error(result.Problems)
	}
	t.Logf("%d bytes in %v: %v", len(source), took, found)
}

func BenchmarkParseLarge(b *testing.B) {
	source := largePolicy(100_000)
	b.ReportAllocs()
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		p, found := Parse("p.yaml", source)
		if p == nil {
			b.Fatal(found)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-kept")
		runtime.KeepAlive(p)
	}
}
