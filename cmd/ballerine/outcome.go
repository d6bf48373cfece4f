package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// outcome is the result of publishing: versions, or proposals where nobody publishes alone.
type outcome struct {
	Data      []httpapi.Publication `json:"data"`
	Proposals []httpapi.Proposal    `json:"proposals,omitempty"`
}

func printOutcome(cmd *cobra.Command, done outcome) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
	}
	for _, p := range done.Data {
		what := "published"
		switch {
		case !p.Created:
			what = "unchanged"
		case p.DryRun:
			what = "would be published"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s@%d: %s\n", p.Kind, p.ID, p.Version, what)
		printFound(cmd, p.Changes, p.Warnings)
	}
	for _, p := range done.Proposals {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: proposed; another person has to approve it\n", p.ID)
		for _, d := range p.Documents {
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", basedOn(d))
			printFound(cmd, d.Changes, d.Warnings)
		}
	}
	return nil
}

// printFound lists what changes for running cases, and warnings.
func printFound(cmd *cobra.Command, changes []workflow.Change, warnings []problem.Diagnostic) {
	for _, change := range changes {
		fmt.Fprintf(cmd.OutOrStdout(), "  %s\n", marked(change))
	}
	printWarnings(cmd, warnings)
}
