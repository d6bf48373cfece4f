package notices_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/tools/notices"
)

var update = flag.Bool("update", false, "write THIRD_PARTY_NOTICES.md anew")

const file = "../../THIRD_PARTY_NOTICES.md"

func TestEverythingThatShipsIsListedWithItsLicence(t *testing.T) {
	modules, err := notices.Shipped(t.Context(), "../..", "./functions/...", "./cmd/ballerine")
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 20 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	for _, problem := range notices.Problems(modules) {
		t.Error(problem)
	}
	text := notices.Write(modules)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, text) {
		t.Errorf("%s is not what the modules are: run make generate", filepath.Base(file))
	}
}

func TestWhatMustNotShipIsNamed(t *testing.T) {
	found := notices.Problems([]notices.Module{
		{Path: "example.com/good", Licences: []string{"MIT"}},
		{Path: "example.com/unknown"},
		{Path: "example.com/strict", Licences: []string{"AGPL-3.0", "MIT"}},
	})
	if len(found) != 2 || !strings.Contains(found[0], "example.com/unknown") || !strings.Contains(found[1], "AGPL-3.0") {
		t.Errorf("%q", found)
	}
}

func TestTheSameTextIsWrittenOnce(t *testing.T) {
	text := string(notices.Write([]notices.Module{
		{Path: "a", Version: "v1", Licences: []string{"MIT"}, Texts: []string{"one", "two"}},
		{Path: "b", Version: "v2", Licences: []string{"MIT"}, Texts: []string{"two"}},
	}))
	for _, want := range []string{"| a | v1 | MIT | [1](#text-1) [2](#text-2) |", "| b | v2 | MIT | [2](#text-2) |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if strings.Count(text, "\ntwo\n") != 1 {
		t.Error("the same text is there twice")
	}
}
