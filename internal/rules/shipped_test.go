package rules

import (
	"os"
	"path/filepath"
	"testing"
)

const shippedFolder = "../../statemachines/policies"

// shipped parses a policy that ships with the product.
func shipped(t testing.TB, name string) *Policy {
	t.Helper()
	file := filepath.Join(shippedFolder, name)
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, found := Parse(name, source)
	for _, d := range found {
		t.Errorf("%s\n%s", d, d.Excerpt)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func TestShippedPoliciesPassTheirOwnCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shippedFolder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	for _, file := range files {
		p := shipped(t, filepath.Base(file))
		results := p.RunCases(nil)
		if len(results) == 0 {
			t.Errorf("%s has no cases", file)
		}
		for _, result := range results {
			if !result.Passed {
				t.Errorf("%s:%d: %s: %v", file, result.Line, result.Name, result.Problems)
			}
		}
	}
}
