package compile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/asl/asltest"
	"ballerine/internal/asl/compile"
	"ballerine/internal/asl/interpret"
	"ballerine/internal/connector"
	"ballerine/internal/workflow"
)

var update = flag.Bool("update", false, "write the golden machines anew")

// catalog knows every plugin and policy; a plugin whose name ends in -later calls back.
type catalog struct{}

func (catalog) Plugin(id string) (workflow.Plugin, bool) {
	// The shipped plugins bring their own retries: the shipped machine is what publishing makes of them.
	if text, err := os.ReadFile("../../../statemachines/plugins/" + id + ".yaml"); err == nil {
		if plugin, diagnostics := connector.ParsePlugin(id, text); !diagnostics.Failed() {
			return plugin.Summary(), true
		}
	}
	return workflow.Plugin{ID: id, Callback: strings.HasSuffix(id, "-later")}, true
}

func (catalog) Workflow(string) bool { return true }

func (catalog) Policy(id string) (workflow.PolicyInfo, bool) {
	return workflow.PolicyInfo{ID: id}, true
}

// fixture is a workflow beside the machine that it must compile to.
type fixture struct{ name, source, golden string }

func fixtures(t testing.TB) []fixture {
	t.Helper()
	sources, err := filepath.Glob("testdata/*/workflow.yaml")
	if err != nil || len(sources) < 12 {
		t.Fatalf("%d fixtures, %v", len(sources), err)
	}
	var found []fixture
	for _, source := range sources {
		folder := filepath.Dir(source)
		found = append(found, fixture{filepath.Base(folder), source, filepath.Join(folder, "machine.asl.json")})
	}
	shipped, err := filepath.Glob("../../../statemachines/*.yaml")
	if err != nil || len(shipped) < 2 {
		t.Fatalf("%d shipped, %v", len(shipped), err)
	}
	for _, source := range shipped {
		name := strings.TrimSuffix(source, ".yaml")
		found = append(found, fixture{filepath.Base(name), source, name + ".asl.json"})
	}
	return found
}

func compiled(t testing.TB, f fixture) *compile.Machine {
	t.Helper()
	text, err := os.ReadFile(f.source)
	if err != nil {
		t.Fatal(err)
	}
	w, diagnostics := workflow.Parse(f.source, text, catalog{})
	if diagnostics.Failed() {
		t.Fatal(diagnostics)
	}
	machine, err := compile.Workflow(w)
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

var substitutions = map[string]string{"StepFunctionArn": "step", "RulesFunctionArn": "rules", "VendorFunctionArn": "vendor", "DocumentFunctionArn": "document", "ChildrenFunctionArn": "children", "ScreeningFunctionArn": "screening"}

func TestCompiledMachinesAreTheGoldenOnes(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			got := compiled(t, f).JSON()
			if again := compiled(t, f).JSON(); string(again) != string(got) {
				t.Error("the same workflow gave other bytes")
			}
			if *update {
				if err := os.WriteFile(f.golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(f.golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the machine differs from %s (go test ./internal/asl -update):\n%s", f.golden, diff)
			}
			if found := asltest.Check(got); len(found) > 0 {
				t.Error(found)
			}
			if _, err := interpret.Load(got, substitutions); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryLabelIsAnEntryAndEveryNameFits(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			text, err := os.ReadFile(f.source)
			if err != nil {
				t.Fatal(err)
			}
			w, diagnostics := workflow.Parse(f.source, text, catalog{})
			if diagnostics.Failed() {
				t.Fatal(diagnostics)
			}
			machine := compiled(t, f)
			route, _ := stateOf(machine, "Route")
			entries := map[string]string{}
			for _, choice := range route.Choices {
				entries[choice.StringEquals] = choice.Next
			}
			for _, s := range w.Chart.States() {
				if s.Kind == "compound" {
					continue
				}
				if entries[s.Path] == "" {
					t.Errorf("no entry at %s", s.Path)
				}
				for _, i := range s.Invocations {
					if entries[s.Path+"/"+i.ID] == "" {
						t.Errorf("no entry at %s/%s", s.Path, i.ID)
					}
				}
			}
			seen := map[string]bool{}
			for _, s := range machine.States {
				if seen[s.Name] || utf8.RuneCountInString(s.Name) > 80 {
					t.Errorf("the name %q is taken or too long", s.Name)
				}
				seen[s.Name] = true
			}
		})
	}
}

// TestNextListsWhatTheStateCanReallyLeadTo checks the Choices after a state against the chart, read by a person.
func TestNextListsWhatTheStateCanReallyLeadTo(t *testing.T) {
	cases := map[string]map[string][]string{
		"straight": {"open": {"work"}, "work": {"open", "closed"}},
		"timers":   {"waiting": {"reminded", "answered", "expired"}},
		"screen": {
			"collect": {"screen/id_check", "expired"},
			"review":  {"collect", "approved", "rejected"},
			"screen":  {"screen/id_check", "screen/id_check/incident", "screen/sanctions", "screen/sanctions/answer", "screen/sanctions/incident", "screen/risk", "screen/risk/incident", "review", "approved"},
		},
		"callback": {"verify": {"verify/identity", "verify/identity/answer", "verify/identity/incident", "verified", "abandoned"}},
		"always":   {"triage": {"large", "medium", "done"}},
		"compound": {"intake.person": {"intake.address", "cancelled"}, "intake.address": {"intake.person", "review.first", "cancelled"}, "review.second": {"review.first", "approved"}},
		"deadend":  {"outer.inner": {"outer.inner", "outer.stopped", "closed"}},
		"loop":     {"edit": {"edit", "check/complete"}},
		"catches":  {"ask": {"ask/first", "ask/first/answer", "ask/first/incident", "ask/second", "ask/second/answer", "ask/second/incident", "manual", "done"}},
	}
	for _, f := range fixtures(t) {
		for state, want := range cases[f.name] {
			t.Run(f.name+"/"+state, func(t *testing.T) {
				next, ok := stateOf(compiled(t, f), state+".next")
				if !ok {
					t.Fatal("no Choice")
				}
				var got []string
				for _, choice := range next.Choices {
					got = append(got, choice.StringEquals)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if next.Default != "Route" {
					t.Errorf("default %s", next.Default)
				}
			})
		}
	}
}

// TestAdviceStopsNoMachine: a workflow of which something will never happen compiles to a machine that Step Functions takes.
func TestAdviceStopsNoMachine(t *testing.T) {
	files, err := filepath.Glob("../../workflow/testdata/advice/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w, diagnostics := workflow.Parse(filepath.Base(file), text, catalog{})
		if w == nil {
			t.Fatal(diagnostics)
		}
		if _, err := compile.Workflow(w); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// stateOf finds the state of this name, of the machine or of a branch.
func stateOf(m *compile.Machine, name string) (compile.State, bool) {
	for _, s := range m.All() {
		if s.Name == name {
			return s, true
		}
	}
	return compile.State{}, false
}
