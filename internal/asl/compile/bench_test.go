package compile_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"ballerine/internal/asl/compile"
	"ballerine/internal/workflow"
)

// large is a workflow of 200 states: fifty groups with work, timers and guards, every fifth of them parallel.
func large() []byte {
	var b strings.Builder
	b.WriteString("id: large\ncontext: {schema: {type: object, properties: {amount: {type: number}, country: {type: string}}}}\ninitial: g0\nstates:\n")
	for g := range 50 {
		next := fmt.Sprintf("g%d", (g+1)%50)
		if g%5 == 4 {
			fmt.Fprintf(&b, "  g%d: {type: parallel, onDone: %s, states: {l: {initial: a, states: {a: {on: {L: z}}, z: {type: final}}}, r: {initial: a, states: {a: {on: {R: z}}, z: {type: final}}}}}\n", g, next)
			continue
		}
		fmt.Fprintf(&b, "  g%d:\n    initial: wait\n    onDone: %s\n    states:\n", g, next)
		fmt.Fprintf(&b, "      wait: {on: {GO: [{target: work, guard: \"amount > %d && country == 'SE'\"}, {target: over}]}, after: {P14D: over}}\n", g)
		fmt.Fprintf(&b, "      work: {invoke: [{src: document, id: d%d}, {src: rules, id: r%d, input: {policy: kyc-risk}}], onDone: [{target: over, guard: \"r%d.score < 40\"}, {target: wait}]}\n", g, g, g)
		b.WriteString("      over: {type: final}\n")
	}
	b.WriteString("  end: {type: final}\non: {END: end}\n")
	return []byte(b.String())
}

func parseLarge(t testing.TB) *workflow.Workflow {
	t.Helper()
	w, diagnostics := workflow.Parse("large.yaml", large(), catalog{})
	if w == nil {
		t.Fatal(diagnostics)
	}
	return w
}

func BenchmarkLargeWorkflow(b *testing.B) {
	b.Run("validate", func(b *testing.B) {
		text := large()
		for b.Loop() {
			if w, _ := workflow.Parse("large.yaml", text, catalog{}); w == nil {
				b.Fatal("not valid")
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		w := parseLarge(b)
		for b.Loop() {
			if _, err := compile.Workflow(w); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		var before, after runtime.MemStats
		kept := make([]*workflow.Workflow, 0, 20)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range 20 {
			kept = append(kept, parseLarge(b))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/20/1024, "KB/workflow")
		b.ReportMetric(float64(len(kept[0].Chart.States())), "states")
	})
}
