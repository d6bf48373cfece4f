package cost_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cost"
	"ballerine/internal/store/dynamo/metered"
	"ballerine/statemachines"
)

var update = flag.Bool("update", false, "write testdata/units.txt")

// doc is generated, but for its head.
const doc = "../../docs/cost.md"

const costPage = `# What a case costs on AWS

Counted, not estimated: ` + "`ballerine workflow cost FILE`" + ` plays whole cases on a local system whose tables count each read and write by table and index, as DynamoDB charges for
them, and which counts transitions, calls of functions and requests. This page is written by ` + "`go test ./internal/cost -update`" + `; the test fails when a case takes more than it did.

- Prices are on-demand prices of %s as of %s, without free tiers, from ` + "`internal/cost/prices.yaml`" + `, which names its sources. Elsewhere most are up to a fifth higher.
- **Assumed, not counted:** how long a function runs (same file), bytes of log. Their lines are the uncertain ones.
- **Traces** are an upper bound: one of each case's execution. Of the executions that begin within a second the first is traced, and a hundredth of the others: about 13 dollars a month at most, and
  0.05 for a million more.
- Not in it: vendors' own prices, [webhooks](#a-webhook-that-a-subscriber-takes-at-once) to subscribers, storage, and KMS requests (DynamoDB keeps table keys for minutes).
- What a stack costs without cases is [below](#a-stack-without-cases).
- Cases of a workflow of your own: ` + "`--cases FILE`" + `, with the form of ` + "`internal/cost/kyc.yaml`" + `.
`

// TestMemoryOfPricesIsTheTemplates keeps the price list to what is deployed.
func TestMemoryOfPricesIsTheTemplates(t *testing.T) {
	template, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, function := range cost.Listed().Functions {
		_, after, found := strings.Cut(string(template), "./functions/"+name+"\n")
		if !found {
			_, after, found = strings.Cut(strings.ToLower(string(template)), "\n  "+name+"function:\n")
		}
		_, after, ok := strings.Cut(strings.ToLower(after), "memorysize: ")
		if !found || !ok || !strings.HasPrefix(after, fmt.Sprintf("%.0f\n", function.Memory)) {
			t.Errorf("%s has other memory in template.yaml than %.0f MB", name, function.Memory)
		}
	}
}

// TestUnitsOfShippedCases fails when a case writes or reads more than it did: the file shows where.
func TestUnitsOfShippedCases(t *testing.T) {
	var text strings.Builder
	counts, prices := map[string]metered.Units{}, cost.Listed()
	page := fmt.Sprintf(costPage, prices.Region, prices.Date)
	var sums []float64
	for _, script := range cost.Shipped() {
		counted, err := cost.Run(t.Context(), cost.Options{Definitions: statemachines.Files, Cases: 1}, script)
		if err != nil {
			t.Fatal(err)
		}
		lines := map[string]metered.Units{}
		for line, units := range counted.Units {
			for _, name := range []string{line.Table + "/" + line.Index, "all"} {
				name = script.Name + " " + strings.TrimSuffix(name, "/")
				sum := lines[name]
				lines[name] = metered.Units{Read: sum.Read + units.Read, Write: sum.Write + units.Write}
			}
			t.Logf("%s %-12s %-10s %-22s read %7.1f write %7.1f", script.Name, line.Table, line.Index, line.Kind, units.Read, units.Write)
		}
		bill, dollars := prices.Bill(counted)
		page += "\n## " + script.Title + "\n\n" + cost.Table(bill, dollars)
		sums = append(sums, dollars)
		t.Logf("%s: %.1f transitions, %.1f requests, %v", script.Name, counted.Transitions, counted.Requests, counted.Calls)
		for _, name := range slices.Sorted(maps.Keys(lines)) {
			fmt.Fprintf(&text, "%s read %.0f write %.0f\n", name, lines[name].Read, lines[name].Write)
		}
		maps.Copy(counts, lines)
	}
	page += "\n" + webhookSection(t) + "\n" + idleSection(t)
	file := filepath.Join("testdata", "units.txt")
	if *update {
		for name, content := range map[string]string{file: text.String(), doc: page} {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	there, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	printed := strings.Split(string(there), "| **In all** | | **")
	for n, sum := range sums {
		written := -1.0
		if n+1 < len(printed) {
			_, _ = fmt.Sscanf(printed[n+1], "%f", &written) // else it stays what no case costs
		}
		if math.Abs(written-sum) > 0.02 {
			t.Errorf("%s says %.2f where it is %.2f: go test ./internal/cost -update writes it anew", doc, written, sum)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= max(3, 0.05*b) }        // times are written without trailing zeros: sizes vary by some bytes
	polled := func(a, b float64) bool { return near(a, b) || a > b && a <= 15+1.5*b } // the scripts poll, more often where the machine is busy
	for line := range strings.Lines(string(want)) {
		var script, name string
		var read, write float64
		if _, err := fmt.Sscanf(line, "%s %s read %f write %f", &script, &name, &read, &write); err != nil {
			t.Fatal(line, err)
		}
		name = script + " " + name
		if got := counts[name]; !polled(got.Read, read) || !near(got.Write, write) {
			t.Errorf("%s: read %.1f and write %.1f, where it was %.0f and %.0f", name, got.Read, got.Write, read, write)
		}
		delete(counts, name)
	}
	for name, units := range counts {
		if !polled(units.Read, 0) || !near(units.Write, 0) {
			t.Errorf("%s is new: read %.1f, write %.1f", name, units.Read, units.Write)
		}
	}
}
