package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"ballerine/internal/demo"
)

// TestSeedingShowsWhatWasMade is about the words: that the cases are made is tested where they are.
func TestSeedingShowsWhatWasMade(t *testing.T) {
	made := demo.Made{Cases: 60, ToDecide: 20, UnderWay: 10, Ended: 30}
	env := filepath.Join("folder", "demo.env")
	for name, c := range map[string]struct {
		made   demo.Made
		asJSON bool
		want   string
	}{
		"for people":   {made, false, "Creating the demo cases of 60 customers …\nCreated 60 demo cases in folder: 20 wait for a reviewer, 10 are in progress, 30 have ended. Keys and tokens are in " + env + ".\n"},
		"for machines": {made, true, `{"credentials":"` + env + `","seeded":{"cases":60,"to_decide":20,"under_way":10,"ended":30}}` + "\n"},
		"nothing":      {demo.Made{}, false, "folder already has cases: no demo cases were added.\n"},
	} {
		var errs bytes.Buffer
		if progress := seedProgress(&errs, c.asJSON); progress != nil && c.made.Cases > 0 {
			for done := range c.made.Cases + 1 {
				progress(done, c.made.Cases)
			}
		}
		if err := printSeeded(&errs, c.made, "folder", c.asJSON); err != nil || errs.String() != c.want {
			t.Errorf("%s: %q %v", name, errs.String(), err)
		}
	}
}
