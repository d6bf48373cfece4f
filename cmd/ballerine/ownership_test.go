package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/ownership"
)

const ownedBy = "../../internal/ownership/statements/testdata/chain.bods.json"

func TestOwnershipFindsBeneficialOwners(t *testing.T) {
	got := call(t, "", "ownership", ownedBy, "--rule", "uk", "--at", "2026-11-30", "--json")
	var report ownership.Report
	if err := json.Unmarshal([]byte(got.out), &report); got.code != 0 || err != nil {
		t.Fatal(got, err)
	}
	if len(report.People) != 2 || report.People[0].ID != "ada" || report.People[0].Share.Low != "30" || report.People[0].BeneficialOwner != "yes" {
		t.Errorf("%+v", report.People)
	}
	if ben := report.People[1]; ben.BeneficialOwner != "unknown" || ben.Share.Low != "15" || !ben.Share.OverLow || ben.Share.High != "30" {
		t.Errorf("%+v", ben)
	}
	if report.Unexplained.Low != "40" {
		t.Errorf("%+v", report.Unexplained)
	}
}

func TestOwnershipSaysWhyAndWhatToAsk(t *testing.T) {
	got := call(t, "", "ownership", ownedBy, "--at", "2026-11-30")
	for _, want := range []string{"Ada Example: 30 %, beneficial owner by share", "ada → holding (50 %) → acme (60 %)", "Ask: Who owns the rest of Acme Example AB?"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
}

func TestOwnershipIsDrawn(t *testing.T) {
	got := call(t, "", "ownership", ownedBy, "--format", "mermaid")
	if !strings.HasPrefix(got.out, "flowchart TD\n") || !strings.Contains(got.out, `-->|"60 %"|`) {
		t.Error(got.out)
	}
	if got := call(t, "", "ownership", ownedBy, "--format", "dot"); !strings.Contains(got.out, `[label="60 %"]`) {
		t.Error(got.out)
	}
}

func TestOwnershipOfOneFormIsThatOfTheOther(t *testing.T) {
	written := call(t, "", "ownership", ownedBy, "--format", "bods", "--publisher", "Example", "--at", "2026-11-30")
	file := filepath.Join(t.TempDir(), "written.json")
	if err := os.WriteFile(file, []byte(written.out), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after := call(t, "", "ownership", ownedBy, "--json"), call(t, "", "ownership", file, "--json")
	if before.out != after.out || before.out == "" {
		t.Errorf("%s\n%s", before.out, after.out)
	}
}

func TestOwnershipRefusesWhatItCannotRead(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte(`{"subject": "a", "parties": [{"id": "a", "kind": "firm"}], "links": [{"company": "b", "interest": "votes", "share": 101}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := call(t, "", "ownership", wrong)
	for _, want := range []string{"parties[0].kind", "links[0].share"} {
		if got.code != 1 || !strings.Contains(got.errs, want) {
			t.Errorf("%q is missing in %+v", want, got)
		}
	}
	for want, args := range map[string][]string{
		"unknown rule":      {"ownership", ownedBy, "--rule", "fr"},
		"must be a day":     {"ownership", ownedBy, "--at", "soon"},
		"must be one of":    {"ownership", ownedBy, "--format", "pdf"},
		"must be above 0":   {"ownership", ownedBy, "--rule", ">=0"},
		"a percentage":      {"ownership", ownedBy, "--rule", ">ten"},
		"too few arguments": {"ownership"},
	} {
		if got := call(t, "", args...); got.code != exitUsage || !strings.Contains(got.errs, want) {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
