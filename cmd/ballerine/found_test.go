package main

import (
	"encoding/json"
	"strings"
	"testing"

	"ballerine/internal/local"
	"ballerine/internal/problem"
)

// advised is a valid workflow with a state that cannot be left and one that is unreachable.
const advised = "id: advised\ntitle: Advised\ninitial: a\nstates:\n  a: {on: {GO: b}}\n  b: {}\n  c: {type: final}\n"

func TestAdviceStopsNoCommandUnlessItIsStrict(t *testing.T) {
	path := file(t, "advised.yaml", advised)
	for name, args := range map[string][]string{
		"validate": {"workflow", "validate", path}, "simulate": {"workflow", "simulate", path}, "compile": {"workflow", "compile", path},
		"graph": {"workflow", "graph", path}, "diff": {"workflow", "diff", path, path},
	} {
		got := call(t, "", args...)
		if got.code != 0 || !strings.Contains(got.errs, "advised.yaml:6:3: there is no way out of the state b") || !strings.Contains(got.errs, "(warning)") {
			t.Errorf("%s: %+v", name, got)
		}
		if got := call(t, "", append(args, "--strict")...); got.code != exitProblems || strings.Contains(got.errs, "(warning)") || !strings.Contains(got.errs, "there is no way out of the state b") {
			t.Errorf("%s --strict: %+v", name, got)
		}
	}
	for strict, valid := range map[bool]bool{false: true, true: false} {
		args := []string{"workflow", "validate", path, "--json"}
		if strict {
			args = append(args, "--strict")
		}
		var output struct {
			Valid       bool
			Diagnostics problem.Diagnostics
		}
		if got := call(t, "", args...); json.Unmarshal([]byte(got.out), &output) != nil || output.Valid != valid || len(output.Diagnostics) != 2 || output.Diagnostics.Failed() != strict {
			t.Errorf("strict %v: %+v", strict, got)
		}
	}
}

func TestAdviceOfAPolicyStopsNobodyUnlessItIsStrict(t *testing.T) {
	policy := file(t, "advised.yaml", "id: advised\ninputs: {type: object, properties: {n: {type: number}}}\noutcomes: [reject, approve]\ndefault: approve\n"+
		"tables:\n  idle: {hit: FIRST, inputs: [n], outputs: [outcome], rows: [['-', reject]]}\nrules:\n  - {id: r, when: n > 3, outcome: reject}\n")
	input := file(t, "input.json", `{"n": 1}`)
	args := []string{"policy", "eval", policy, "--input", input}
	if got := call(t, "", args...); got.code != 0 || !strings.Contains(got.errs, "no rule uses the table idle (warning)") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", append(args, "--strict")...); got.code != exitProblems || strings.Contains(got.errs, "(warning)") {
		t.Errorf("%+v", got)
	}
}

func TestAdviceStopsPublishingOnlyWhenItIsStrict(t *testing.T) {
	path, good := file(t, "advised.yaml", advised), file(t, "asked.yaml", firstAsked)
	places(t, func([]string, *local.Stack) {}, func(name string, at []string) {
		if got := call(t, "", append([]string{"workflow", "publish", good, path, "--strict"}, at...)...); name == "running" && (got.code != exitProblems || !strings.Contains(got.errs, "advised.yaml:6:3: there is no way out of the state b")) {
			t.Errorf("%s: %+v", name, got)
		}
		if got := call(t, "", append([]string{"workflow", "versions", "asked"}, at...)...); got.code != exitProblems {
			t.Errorf("%s: one of two was published: %+v", name, got)
		}
		got := call(t, "", append([]string{"workflow", "publish", path, "--json"}, at...)...)
		var done struct {
			Data []struct {
				Created  bool
				Warnings problem.Diagnostics
			}
		}
		if got.code != 0 || json.Unmarshal([]byte(got.out), &done) != nil || len(done.Data) != 1 || len(done.Data[0].Warnings) != 2 || done.Data[0].Warnings.Failed() || done.Data[0].Created != (name == "running") {
			t.Errorf("%s: %+v", name, got)
		}
	})
}

func TestARefusedImportIsWrittenAndMarked(t *testing.T) {
	machine := file(t, "machine.json", `{"id":"m","initial":"a","states":{"a":{"entry":{"type":"xstate.raise","event":{"type":"LATER"},"delay":1000},"on":{"LATER":"b"}},"b":{"type":"final"}}}`)
	out := file(t, "made.yaml", "")
	got := call(t, "", "workflow", "import", machine, "-o", out)
	if got.code != exitProblems || !strings.Contains(got.errs, "machine.json:1:96: a delayed raise is not supported") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "workflow", "validate", out); got.code != exitProblems || !strings.Contains(got.errs, "made.yaml:3:5: this was not imported: a delayed raise") || !strings.Contains(got.errs, "machine.json:1:96") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "workflow", "import", machine, "--json"); got.code != exitProblems || !strings.Contains(got.out, `"refused":true`) || !strings.Contains(got.out, "not_imported") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "workflow", "import", machine, "--xstate", "6"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
}
