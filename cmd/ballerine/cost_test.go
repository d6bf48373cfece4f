package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ownCostCase = `cases:
  - name: closed
    title: An own case
    workflow: closing
    steps:
      - event: CLOSE
`

const ownCostWorkflow = `id: closing
title: Closing
initial: open
states:
  open: {on: {CLOSE: closed}}
  closed: {type: final}
`

func TestCostOfAnOwnWorkflow(t *testing.T) {
	folder := t.TempDir()
	file, played := filepath.Join(folder, "closing.yaml"), filepath.Join(folder, "cases.yaml")
	for name, text := range map[string]string{file: ownCostWorkflow, played: ownCostCase} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := call(t, "", "workflow", "cost", file, "--cases", played)
	if got.code != 0 {
		t.Fatal(got.errs)
	}
	printed := got.out
	for _, want := range []string{"An own case (closed)", "| Step Functions |", "index created", "**In all**"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is missing in %s", want, printed)
		}
	}
}
