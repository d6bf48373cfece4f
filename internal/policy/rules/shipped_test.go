package rules

import (
	"encoding/json"
	"maps"
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

// Whatever a screening reports about hits, or leaves out, the best outcome is only for a complete list without any.
func TestNobodyWithHitsGetsTheBestOutcome(t *testing.T) {
	screened := map[string]bool{}
	for _, name := range []string{"kyc-risk.yaml", "kyb-risk.yaml", "aml-risk.yaml"} {
		p := shipped(t, name)
		for _, c := range p.cases {
			if c.outcome != p.Default || c.input["sanctions"] == nil {
				continue
			}
			screened[name] = true
			for said, sanctions := range map[string]string{
				"a hit without a score":            `{"hits": [{"list": "UN", "topics": ["sanction"]}]}`,
				"a hit with a score of null":       `{"hits": [{"list": "UN", "score": null}]}`,
				"a hit with a score that is text":  `{"hits": [{"list": "UN", "score": "high"}]}`,
				"a hit of nothing":                 `{"hits": [{}]}`,
				"a hit that is null":               `{"hits": [null]}`,
				"a hit with the least score":       `{"hits": [{"list": "UN", "score": 0}]}`,
				"a hit without a score behind one": `{"hits": [{"list": "UN", "score": 0.2}, {"list": "EU"}], "more": false}`,
				"more than an empty list":          `{"hits": [], "more": true}`,
				"more, in a word":                  `{"hits": [], "more": "yes"}`,
				"more without a list":              `{"more": true}`,
				"no list":                          `{"more": false}`,
			} {
				input := maps.Clone(c.input)
				var value any
				if err := json.Unmarshal([]byte(sanctions), &value); err != nil {
					t.Fatal(err)
				}
				input["sanctions"] = value
				answer, err := p.Evaluate(input, Options{Now: c.now, Decision: "case"})
				if err != nil || answer.Outcome == p.Default {
					t.Errorf("%s: %s: %s: %q %v", name, c.name, said, answer.Outcome, err)
				}
			}
		}
		if !screened[name] {
			t.Errorf("%s: no case of the best outcome with a screening", name)
		}
	}
}
