package docs

import (
	"bytes"
	"testing"

	"ballerine/internal/policy/rules"
	"ballerine/internal/workflow"
)

// TestNoWorkflowOfOursHoldsForNone: nothing that ships or is documented approves a company because it has no owners.
func TestNoWorkflowOfOursHoldsForNone(t *testing.T) {
	compares := 0
	walk(t, ".yaml", func(file string, text []byte) {
		if !bytes.Contains(text, []byte("\nstates:")) {
			return
		}
		if bytes.Contains(text, []byte(".total")) {
			compares++
		}
		_, diagnostics := workflow.Parse(file, text, nil)
		for _, d := range diagnostics {
			if d.Code == "holds_for_none" {
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
