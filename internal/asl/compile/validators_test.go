package compile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// needed skips, with a prominent message, what a machine has no tools for; in CI it fails.
func needed(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CI must have: " + what)
	}
	t.Skip("SKIPPED, NOT TESTED HERE: " + what)
}

func TestCompiledMachinesPassThePublishedValidators(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		needed(t, "node, for asl-validator and amazon-states-language-service")
	}
	if _, err := os.Stat("../validators/node_modules/asl-validator"); err != nil {
		needed(t, "the validators: npm ci --prefix internal/asl/validators")
	}
	type input struct {
		Name       string `json:"name"`
		Definition string `json:"definition"`
	}
	machines := []input{{"broken", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`}}
	for _, f := range fixtures(t) {
		machines = append(machines, input{f.name, string(compiled(t, f).JSON())})
	}
	backtest, err := os.ReadFile("../../../infra/backtest.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	machines = append(machines, input{"backtest", string(backtest)})
	text, err := json.Marshal(machines)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(node, "validate.js")
	command.Dir, command.Stdin, command.Stderr = "../validators", bytes.NewReader(text), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var results []struct {
		Name     string   `json:"name"`
		Problems []string `json:"problems"`
	}
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(machines) {
		t.Fatalf("%d results for %d machines, %v", len(results), len(machines), err)
	}
	for _, r := range results {
		if (len(r.Problems) > 0) != (r.Name == "broken") {
			t.Errorf("%s: %q", r.Name, r.Problems)
		}
	}
}
