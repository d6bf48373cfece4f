package asl_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/asl"
	"ballerine/internal/local/states"
	"ballerine/internal/vendor"
	"ballerine/internal/workflow"
)

var update = flag.Bool("update", false, "write the golden machines anew")

// catalog knows every plugin and policy; a plugin whose name ends in -later calls back.
type catalog struct{}

func (catalog) Plugin(id string) (workflow.Plugin, bool) {
	// The shipped plugins bring their own retries: the shipped machine is what publishing makes of them.
	if text, err := os.ReadFile("../../statemachines/plugins/" + id + ".yaml"); err == nil {
		if plugin, diagnostics := vendor.ParsePlugin(id, text); !diagnostics.Failed() {
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
	shipped, err := filepath.Glob("../../statemachines/*.yaml")
	if err != nil || len(shipped) < 2 {
		t.Fatalf("%d shipped, %v", len(shipped), err)
	}
	for _, source := range shipped {
		name := strings.TrimSuffix(source, ".yaml")
		found = append(found, fixture{filepath.Base(name), source, name + ".asl.json"})
	}
	return found
}

func compile(t testing.TB, f fixture) *asl.Machine {
	t.Helper()
	text, err := os.ReadFile(f.source)
	if err != nil {
		t.Fatal(err)
	}
	w, diagnostics := workflow.Parse(f.source, text, catalog{})
	if diagnostics.Failed() {
		t.Fatal(diagnostics)
	}
	machine, err := asl.Compile(w)
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

var substitutions = map[string]string{"StepFunctionArn": "step", "RulesFunctionArn": "rules", "VendorFunctionArn": "vendor", "DocumentFunctionArn": "document", "ChildrenFunctionArn": "children"}

func TestCompiledMachinesAreTheGoldenOnes(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			got := compile(t, f).JSON()
			if again := compile(t, f).JSON(); string(again) != string(got) {
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
			if found := asl.Check(got); len(found) > 0 {
				t.Error(found)
			}
			if _, err := states.Load(got, substitutions); err != nil {
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
			machine := compile(t, f)
			route, _ := machine.State("Route")
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

// TestNextListsWhatTheStateCanReallyLeadTo holds the Choices after a state against the chart, read by a person.
func TestNextListsWhatTheStateCanReallyLeadTo(t *testing.T) {
	cases := map[string]map[string][]string{
		"straight": {"open": {"work"}, "work": {"open", "closed"}},
		"timers":   {"waiting": {"reminded", "answered", "expired"}},
		"screen": {
			"collect": {"screen/id_check", "expired"},
			"review":  {"collect", "approved", "rejected"},
			"screen":  {"screen/id_check", "screen/id_check/incident", "screen/sanctions", "screen/risk", "screen/risk/incident", "review", "approved"},
		},
		"callback": {"verify": {"verify/identity", "verify/identity/answer", "verify/identity/incident", "verified", "abandoned"}},
		"always":   {"triage": {"large", "medium", "done"}},
		"compound": {"intake.person": {"intake.address", "cancelled"}, "intake.address": {"intake.person", "review.first", "cancelled"}, "review.second": {"review.first", "approved"}},
		"deadend":  {"outer.inner": {"outer.inner", "outer.stopped", "closed"}},
		"loop":     {"edit": {"edit", "check/complete"}},
		"catches":  {"ask": {"ask/second", "manual", "done"}},
	}
	for _, f := range fixtures(t) {
		for state, want := range cases[f.name] {
			t.Run(f.name+"/"+state, func(t *testing.T) {
				next, ok := compile(t, f).State(state + ".next")
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
