package crosscheck_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// backtestMachine is the one that fans backtests out. It is written by hand: the compiler makes no Map.
func backtestMachine(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../../infra/backtest.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("${BacktestFunctionArn}"), []byte("arn:aws:lambda:us-east-1:123456789012:function:backtest"))
	var machine map[string]any
	if err := json.Unmarshal(text, &machine); err != nil {
		t.Fatal(err)
	}
	return machine
}

// TestTheBacktestMachineFinishesAllPartsAndSums walks it on the other interpreter: ours knows no Map.
func TestTheBacktestMachineFinishesAllPartsAndSums(t *testing.T) {
	python := interpreter(t)
	whole := backtestMachine(t)
	inner := whole["States"].(map[string]any)["Parts"].(map[string]any)["ItemProcessor"].(map[string]any)
	config := inner["ProcessorConfig"]
	delete(inner, "ProcessorConfig")
	part, err := json.Marshal(inner)
	if err != nil {
		t.Fatal(err)
	}
	inner["ProcessorConfig"] = config
	definition, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	definition = bytes.ReplaceAll(definition, []byte(`"ToleratedFailurePercentage":0`), []byte(`"ToleratedFailurePercentage":0.0`)) // as the other one reads it
	run := map[string]any{"tenant": "demo", "policy": "p", "run": "backtest_1"}
	onePart := map[string]any{"tenant": "demo", "policy": "p", "run": "backtest_1", "part": 2}
	plan := answer{Result: map[string]any{"parts": []int{1, 2}, "done": false}}
	notDone, done, summed := answer{Result: map[string]any{"done": false}}, answer{Result: map[string]any{"done": true}}, answer{Result: map[string]any{"status": "done"}}
	jobs := []job{
		{ID: "part", Definition: part, Input: onePart, Lambda: map[string][]answer{"backtest": {notDone, {Error: "conflict"}, notDone, done}}},
		{ID: "part that fails", Definition: part, Input: onePart, Lambda: map[string][]answer{"backtest": {notDone, {Error: "too_large"}, {Result: map[string]any{}}}}},
		{ID: "whole", Definition: definition, Input: run, Lambda: map[string][]answer{"backtest": {plan, notDone, done, done, summed}}},
		{ID: "no parts", Definition: definition, Input: run, Lambda: map[string][]answer{"backtest": {{Result: map[string]any{"parts": []int{}}}, summed}}},
		{ID: "whole that fails", Definition: definition, Input: run, Lambda: map[string][]answer{"backtest": {
			{Result: map[string]any{"parts": []int{1}}}, {Error: "too_large"}, {Result: map[string]any{}}, {Result: map[string]any{"status": "failed"}},
		}}},
		{ID: "plan that fails", Definition: definition, Input: run, Lambda: map[string][]answer{"backtest": {{Error: "too_large"}, {Result: map[string]any{"status": "failed"}}}}},
	}
	results := map[string]result{}
	for _, r := range runTheirs(t, python, jobs) {
		results[r.ID] = r
	}
	for id, want := range map[string]struct {
		status, output string
		states         []string // among those that were entered
	}{
		"part":             {"SUCCEEDED", `{}`, []string{"Work", "IsDone", "Work", "IsDone", "Work", "IsDone", "Done"}},
		"part that fails":  {"FAILED", `null`, []string{"Work", "IsDone", "Work", "Note", "Failed"}},
		"whole":            {"SUCCEEDED", `{"status":"done"}`, []string{"Plan", "Parts", "Sum"}},
		"no parts":         {"SUCCEEDED", `{"status":"done"}`, []string{"Plan", "Parts", "Sum"}},
		"whole that fails": {"SUCCEEDED", `{"status":"failed"}`, []string{"Plan", "Parts", "Sum"}}, // the other one does not count failures; Sum finds the part, as GiveUp does
		"plan that fails":  {"SUCCEEDED", `{"status":"failed"}`, []string{"Plan", "GiveUp"}},
	} {
		r := results[id]
		output, err := json.Marshal(r.Output)
		outer := slices.DeleteFunc(slices.Clone(r.States), func(name string) bool { return len(want.states) < 5 && !slices.Contains(want.states, name) })
		if err != nil || r.Status != want.status || string(output) != want.output || !slices.Equal(outer, want.states) {
			t.Errorf("%s: %s %s %v (%s), want %+v", id, r.Status, output, r.States, r.Error, want)
		}
	}
}

// TestTheMachineOfBacktestsHoldsNoResults checks what only AWS would refuse: too much in the state.
func TestTheMachineOfBacktestsHoldsNoResults(t *testing.T) {
	parts := backtestMachine(t)["States"].(map[string]any)["Parts"].(map[string]any)
	processor := parts["ItemProcessor"].(map[string]any)
	config := processor["ProcessorConfig"].(map[string]any)
	if config["Mode"] != "DISTRIBUTED" || config["ExecutionType"] != "STANDARD" || parts["ToleratedFailurePercentage"] != 0.0 || parts["MaxConcurrency"].(float64) < 2 {
		t.Errorf("%v", parts)
	}
	if catch := parts["Catch"].([]any)[0].(map[string]any); catch["Next"] != "GiveUp" {
		t.Errorf("%v", catch)
	}
	if result, there := parts["ResultPath"]; !there || result != nil {
		t.Error("the answers of the parts stay in the state")
	}
	if done := processor["States"].(map[string]any)["Done"].(map[string]any); len(done["Result"].(map[string]any)) != 0 {
		t.Errorf("a part leaves %v behind", done["Result"])
	}
}
