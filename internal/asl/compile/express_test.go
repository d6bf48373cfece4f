package compile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/asl/asltest"
	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

func express(t testing.TB, text string) (*compile.Machine, error) {
	t.Helper()
	w, diagnostics := workflow.Parse("workflow.yaml", []byte(text), catalog{})
	if diagnostics.Failed() {
		t.Fatal(diagnostics)
	}
	return compile.Express(w)
}

func TestAShippedWorkflowWithoutWaitsHasAnExpressMachine(t *testing.T) {
	found := 0
	for _, f := range fixtures(t) {
		text, err := os.ReadFile(f.source)
		if err != nil {
			t.Fatal(err)
		}
		machine, err := express(t, string(text))
		golden := strings.TrimSuffix(f.golden, ".asl.json") + ".express.asl.json"
		if err != nil || !strings.HasPrefix(f.source, "../../../statemachines/") {
			continue
		}
		found++
		got := machine.JSON()
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
			t.Errorf("the machine differs from %s (go test ./internal/asl -update): %v\n%s", golden, err, diff)
		}
		if found := asltest.Check(got); len(found) > 0 {
			t.Error(found)
		}
		if _, err := interpret.Load(got, substitutions); err != nil {
			t.Error(err)
		}
		if strings.Contains(string(got), "waitForTaskToken") || machine.TimeoutSeconds < 1 || machine.TimeoutSeconds >= 30 {
			t.Errorf("%s waits: %d s", f.name, machine.TimeoutSeconds)
		}
	}
	if found == 0 {
		t.Error("no shipped workflow is decided at once")
	}
}

func TestEveryPlaceThatWaitsIsReported(t *testing.T) {
	_, err := express(t, `
initial: ask
states:
  ask: {invoke: [{src: vendor, id: one, input: {plugin: identity-later}}, {src: children, id: two, input: {workflow: kyc}}], onDone: person}
  person: {on: {GO: moves}}
  moves: {always: [{guard: "one.ok == true", target: end}, {target: end}]}
  end: {type: final}
`)
	var places []string
	for _, f := range problem.As(err).Fields {
		places = append(places, f.Location)
	}
	if diff := cmp.Diff([]string{"states.ask.invoke", "states.ask.invoke", "states.person"}, places); diff != "" {
		t.Error(diff)
	}
}

func TestWhatFailsForGoodEndsTheRun(t *testing.T) {
	machine, err := express(t, "initial: a\nstates:\n  a: {invoke: {src: rules, id: r, input: {policy: p}}, onDone: b}\n  b: {type: final}\n")
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := stateOf(machine, "a.r.incident"); !ok || s.Type != "Succeed" {
		t.Errorf("%+v", s)
	}
}
