package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

const shippedFolder = "../../../statemachines/policies"

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

// The whole answers of the cases of what ships are kept: a change of a policy, or of the engine, shows what it changes.
func TestShippedPoliciesHaveTheirGoldenOutcomes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shippedFolder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		answers := map[string]Answer{}
		p := shipped(t, filepath.Base(file))
		for _, result := range p.RunCases(nil) {
			answers[result.Name] = result.Answer
		}
		got, err := json.MarshalIndent(answers, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "shipped", p.ID+".golden.json")
		if *update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s: the outcomes are not those of %s; look at what changes with -update", file, golden)
		}
	}
}
