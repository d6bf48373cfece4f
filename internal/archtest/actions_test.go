package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	uses   = regexp.MustCompile(`(?m)^\s*-?\s*uses:\s*(\S+)(.*)$`)
	pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
)

// A tag of an action can be moved to other code, which would run with what the workflow may do.
func TestActionsAreNamedByTheirCommit(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range uses.FindAllStringSubmatch(string(text), -1) {
			found++
			if !pinned.MatchString(match[1]) || !regexp.MustCompile(`# v\d+\.\d+\.\d+`).MatchString(match[2]) {
				t.Errorf("%s: %s: name an action by its commit, and its version beside it", filepath.Base(file), match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no action was found")
	}
}
