package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
	"ballerine/internal/workflow/importing"
)

func importCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "import FILE", Args: cobra.ExactArgs(1),
		Short: "Make a workflow of an XState 4 or 5 machine or a Ballerine statechart-json definition; what cannot be carried is listed",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			result, problems := importing.Import(args[0], text)
			if problems.Failed() {
				return diagnosticsError{problems}
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(imported(result))
			}
			for _, note := range result.Notes {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", note)
			}
			return writeImported(cmd, output, result)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, or a folder (ending in /) that plugins are written to as well; standard output without it")
	return cmd
}

// imported is an import as --json prints it.
func imported(result importing.Result) map[string]any {
	plugins := map[string]string{}
	for id, text := range result.Plugins {
		plugins[id] = string(text)
	}
	notes := result.Notes
	if notes == nil {
		notes = problem.Diagnostics{}
	}
	return map[string]any{"workflow": string(result.Workflow), "plugins": plugins, "notes": notes}
}

// writeImported writes the workflow, and into a folder the plugins, too.
func writeImported(cmd *cobra.Command, output string, result importing.Result) error {
	if !strings.HasSuffix(output, "/") {
		if len(result.Plugins) > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "the plugins %s are written into a folder only: -o DIR/\n", strings.Join(slices.Sorted(maps.Keys(result.Plugins)), ", "))
		}
		if output == "" || output == "-" {
			_, err := cmd.OutOrStdout().Write(result.Workflow)
			return err
		}
		return os.WriteFile(output, result.Workflow, 0o644)
	}
	if err := os.MkdirAll(filepath.Join(output, "plugins"), 0o755); err != nil {
		return err
	}
	for id, text := range result.Plugins {
		if err := os.WriteFile(filepath.Join(output, "plugins", id+".yaml"), text, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(output, idOf("workflow.yaml", result.Workflow)+".yaml"), result.Workflow, 0o644)
}
