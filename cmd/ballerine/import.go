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
	var options importing.Options
	cmd := &cobra.Command{
		Use: "import FILE", Args: cobra.ExactArgs(1),
		Short: "Create a workflow from an XState 4 or 5 machine or a Ballerine statechart-json definition; reports what cannot be imported",
		Long: "Creates a workflow from an XState 4 or 5 machine or from a Ballerine definition. No meaning changes silently: what is dropped is reported as a\n" +
			"warning, and where the meaning cannot be preserved the import is refused, with places in FILE. What could be imported is written all the\n" +
			"same, marked so that it cannot be published before it is repaired, and the exit code is 1.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.XState != 0 && options.XState != 4 && options.XState != 5 {
				return usageError{fmt.Errorf("--xstate must be 4 or 5")}
			}
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			result, problems := importing.Import(args[0], text, options)
			found := judged(cmd, append(slices.Clone(problems), result.Notes...))
			found.Sort()
			if asJSON(cmd) {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(imported(result, problems))
			} else if len(result.Workflow) > 0 {
				err = writeImported(cmd, output, result)
			}
			if err != nil {
				return err
			}
			return passed(cmd, found)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, or a folder (ending in /) that plugins are also written to; default: standard output")
	cmd.Flags().IntVar(&options.XState, "xstate", 0, "XState version of the machine, 4 or 5; default: detected from the machine")
	return cmd
}

// imported is an import as --json prints it.
func imported(result importing.Result, problems problem.Diagnostics) map[string]any {
	plugins := map[string]string{}
	for id, text := range result.Plugins {
		plugins[id] = string(text)
	}
	notes := result.Notes
	if notes == nil {
		notes = problem.Diagnostics{}
	}
	return map[string]any{"workflow": string(result.Workflow), "plugins": plugins, "notes": notes, "refused": problems.Failed(), "problems": append(problem.Diagnostics{}, problems...)}
}

// writeImported writes the workflow, and into a folder the plugins, too.
func writeImported(cmd *cobra.Command, output string, result importing.Result) error {
	if !strings.HasSuffix(output, "/") {
		if len(result.Plugins) > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "the plugins %s are only written to a folder: use -o DIR/\n", strings.Join(slices.Sorted(maps.Keys(result.Plugins)), ", "))
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
