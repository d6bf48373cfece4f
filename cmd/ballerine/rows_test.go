package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
)

// TestNoTextOfOthersMovesTheTerminal lists things whose texts others have written.
func TestNoTextOfOthersMovesTheTerminal(t *testing.T) {
	const hostile = "a\x1b[2Jb\tc\nd\u202ee"
	for name, print := range map[string]func(*cobra.Command) error{
		"cases": func(cmd *cobra.Command) error {
			return printCases(cmd, []httpapi.Case{{ID: hostile, Configuration: []string{hostile}, UpdatedAt: time.Unix(0, 0)}})
		},
		"incidents": func(cmd *cobra.Command) error {
			return printIncidents(cmd, []cases.OpenIncident{{Incident: cases.Incident{Cause: hostile}}})
		},
		"lists": func(cmd *cobra.Command) error { return printLists(cmd, []httpapi.ValueList{{Title: hostile}}) },
		"versions": func(cmd *cobra.Command) error {
			return printVersions(cmd, []httpapi.DefinitionVersion{{Title: hostile, Comment: hostile}}, nil)
		},
		"proposals": func(cmd *cobra.Command) error { return printProposals(cmd, []httpapi.Proposal{{Comment: hostile}}) },
		"keys":      func(cmd *cobra.Command) error { return printKeys(cmd, []httpapi.Key{{Name: hostile}}) },
		"webhooks":  func(cmd *cobra.Command) error { return printWebhooks(cmd, []httpapi.Webhook{{URL: hostile}}) },
	} {
		var out bytes.Buffer
		cmd := &cobra.Command{}
		cmd.Flags().Bool("json", false, "")
		cmd.SetOut(&out)
		if err := print(cmd); err != nil || strings.ContainsAny(out.String(), "\x1b\t\u202e") || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "<U+001B>") {
			t.Errorf("%s: %v %q", name, err, out.String())
		}
	}
}

func TestNothingFoundIsAnEmptyListForMachines(t *testing.T) {
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.Flags().Bool("json", true, "")
	cmd.SetOut(&out)
	if err := printCases(cmd, nil); err != nil || out.String() != "{\"data\":[]}\n" {
		t.Errorf("%v %q", err, out.String())
	}
}
