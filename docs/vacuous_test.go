package docs

import (
	"bytes"
	"slices"
	"testing"

	"ballerine/internal/policy/rules"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

// TestNoWorkflowOfOursHoldsForNone: nothing that ships or is documented approves a company because it has no owners, or waits for an outcome that
// never comes.
func TestNoWorkflowOfOursHoldsForNone(t *testing.T) {
	compares := 0
	shipped, err := registry.New(statemachines.Files, nil)
	if err == nil {
		err = shipped.LoadPlugins()
	}
	if err != nil {
		t.Fatal(err)
	}
	walk(t, ".yaml", func(file string, text []byte) {
		if !bytes.Contains(text, []byte("\nstates:")) {
			return
		}
		if bytes.Contains(text, []byte(".total")) {
			compares++
		}
		_, diagnostics := workflow.Parse(file, text, shipped.For(t.Context(), ""))
		for _, d := range diagnostics {
			if slices.Contains([]string{"holds_for_none", "never_equal", "never"}, d.Code) {
				t.Error(d)
			}
		}
	})
	if compares == 0 {
		t.Error("no workflow compares counts: this test no longer sees them")
	}
}

// TestNoPolicyOfOursTakesNullForGood: nothing that ships, is a template or is documented decides better because it does not know.
func TestNoPolicyOfOursTakesNullForGood(t *testing.T) {
	read := 0
	walk(t, ".yaml", func(file string, text []byte) {
		if !bytes.Contains(text, []byte("\noutcomes:")) {
			return
		}
		read++
		_, diagnostics := rules.Parse(file, text)
		for _, d := range diagnostics {
			t.Error(d)
		}
	})
	if read < 6 {
		t.Errorf("only %d policies are read: this test no longer sees them", read)
	}
}
