package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
)

// strictFlag lets the commands of a group take warnings for errors, as a pipeline may want.
func strictFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().Bool("strict", false, "treat warnings as errors, for use in a pipeline")
}

func asStrict(cmd *cobra.Command) bool {
	yes, err := cmd.Flags().GetBool("strict")
	return err == nil && yes
}

// judged is what has been found as the call wants it: with --strict all of it is errors.
func judged(cmd *cobra.Command, found problem.Diagnostics) problem.Diagnostics {
	if asStrict(cmd) {
		return found.Strict()
	}
	return found
}

// passed fails when something that was found is an error, and prints warnings otherwise.
func passed(cmd *cobra.Command, found problem.Diagnostics) error {
	if found = judged(cmd, found); found.Failed() {
		return diagnosticsError{found}
	}
	printWarnings(cmd, found)
	return nil
}

func printWarnings(cmd *cobra.Command, found problem.Diagnostics) {
	for _, d := range found.Of(problem.SeverityWarning) {
		warn(cmd, d, d.String())
	}
}

// warn mentions something on standard error: a line for people, an object for machines.
func warn(cmd *cobra.Command, d problem.Diagnostic, text string) {
	if asJSON(cmd) {
		d.Severity = problem.SeverityWarning
		_ = json.NewEncoder(cmd.ErrOrStderr()).Encode(d) // if it was closed, the error is irrelevant
		return
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s (warning)\n", text)
}
