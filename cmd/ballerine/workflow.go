package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/app"
	"ballerine/internal/asl"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

func workflowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "workflow", Short: "Check, compile, simulate and draw workflows"}
	cmd.AddCommand(validateCommand(), compileCommand(), simulateCommand(), graphCommand(), diffCommand())
	cmd.AddCommand(registryCommands(registry.Workflow)...)
	cmd.AddCommand(migrateCommand(), importCommand())
	return cmd
}

// readWorkflow parses a file against the shipped plugins and policies; "-" is standard input.
func readWorkflow(cmd *cobra.Command, file string) (*workflow.Workflow, problem.Diagnostics, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, nil, err
	}
	known, err := app.Known(statemachines.Files)
	if err != nil {
		return nil, nil, err
	}
	w, diagnostics := workflow.Parse(file, text, known)
	return w, diagnostics, nil
}

// goodWorkflow is readWorkflow that fails when the file has problems.
func goodWorkflow(cmd *cobra.Command, file string) (*workflow.Workflow, error) {
	w, diagnostics, err := readWorkflow(cmd, file)
	if err != nil {
		return nil, err
	}
	if diagnostics.Failed() {
		return nil, diagnosticsError{diagnostics}
	}
	return w, nil
}

func readFile(cmd *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(file)
}

func validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE...", Short: "Find every problem at once, with place and hint", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			all := problem.Diagnostics{}
			for _, file := range files {
				w, diagnostics, err := readWorkflow(cmd, file)
				if err != nil {
					return err
				}
				all = append(append(all, diagnostics...), beyondTarget(file, w)...)
			}
			return told(cmd, all, len(files))
		},
	}
}

// beyondTarget says what Step Functions would not take.
func beyondTarget(file string, w *workflow.Workflow) (found problem.Diagnostics) {
	if w == nil {
		return nil
	}
	_, err := asl.Compile(w)
	if err == nil {
		return nil
	}
	if len(problem.As(err).Fields) == 0 {
		return problem.Diagnostics{{File: file, Line: 1, Column: 1, Code: "compile", Message: err.Error()}}
	}
	for _, f := range problem.As(err).Fields {
		found = append(found, problem.Diagnostic{File: file, Line: 1, Column: 1, Path: f.Location, Code: f.Code, Message: f.Message})
	}
	return found
}

// told prints diagnostics and fails when one is more than a warning.
func told(cmd *cobra.Command, all problem.Diagnostics, files int) error {
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"valid": !all.Failed(), "diagnostics": all}); err != nil {
			return err
		}
	}
	if all.Failed() {
		return diagnosticsError{all}
	}
	for _, d := range all {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s (warning)\n", d)
	}
	if !asJSON(cmd) {
		fmt.Fprintf(cmd.OutOrStdout(), "%d of %d valid\n", files, files)
	}
	return nil
}

func compileCommand() *cobra.Command {
	var output string
	var express bool
	cmd := &cobra.Command{
		Use: "compile FILE", Short: "Compile to a Step Functions state machine; the same file always gives the same bytes", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			compile := asl.Compile
			if express {
				compile = asl.CompileExpress
			}
			machine, err := compile(w)
			if err != nil {
				return err
			}
			text := machine.JSON()
			if output == "" || output == "-" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			return os.WriteFile(output, text, 0o644)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output without it")
	cmd.Flags().BoolVar(&express, "express", false, "the Express machine of a chart without waits")
	return cmd
}

func simulateCommand() *cobra.Command {
	var eventsFile, contextFile, now string
	var trace bool
	cmd := &cobra.Command{
		Use: "simulate FILE", Short: "Run the pure core over a list of events, one JSON object a line", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			var events []workflow.SimulatedEvent
			if eventsFile != "" {
				text, err := readFile(cmd, eventsFile)
				if err != nil {
					return err
				}
				if events, err = workflow.ReadEvents(text); err != nil {
					return err
				}
			}
			context, err := readObject(cmd, contextFile)
			if err != nil {
				return err
			}
			start, err := readTime(now)
			if err != nil {
				return err
			}
			lines := json.NewEncoder(cmd.OutOrStdout())
			lines.SetEscapeHTML(false)
			for _, line := range workflow.Simulate(w, events, context, start) {
				if !trace {
					line.Trace = nil
				}
				if err := lines.Encode(line); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&eventsFile, "events", "", "JSON array of {type, payload, after}; - is standard input")
	cmd.Flags().StringVar(&contextFile, "context", "", "JSON object to start with")
	cmd.Flags().StringVar(&now, "now", "", "time of the start, RFC 3339 or a date")
	cmd.Flags().BoolVar(&trace, "trace", false, "every guard that was looked at, and why it did not hold")
	return cmd
}

func graphCommand() *cobra.Command {
	format := ""
	cmd := &cobra.Command{
		Use: "graph FILE", Short: "Draw the chart as Mermaid or DOT", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			text, err := workflow.Graph(w, format)
			if err != nil {
				return usageError{err}
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "mermaid", "mermaid or dot")
	return cmd
}

// readObject reads a JSON object from a file; an empty one without a file.
func readObject(cmd *cobra.Command, file string) (map[string]any, error) {
	object := map[string]any{}
	if file == "" {
		return object, nil
	}
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, problem.New(problem.Invalid, "%s does not hold a JSON object.", file)
	}
	return object, nil
}

// readTime reads --now; the clock without it.
func readTime(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	for _, form := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("%q is not a time: write 2026-01-31 or 2026-01-31T12:00:00Z", text)}
}

func diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what changes for running cases from one version to another", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			next, err := goodWorkflow(cmd, args[1])
			if err != nil {
				return err
			}
			changes := workflow.Diff(old, next)
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"changes": changes})
			}
			for _, c := range changes {
				fmt.Fprintln(cmd.OutOrStdout(), marked(c))
			}
			if len(changes) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing changes for running cases")
			}
			return nil
		},
	}
}

// marked is a change with a mark when cases that are there must be mapped.
func marked(c workflow.Change) string {
	if c.Blocks {
		return "! " + c.String()
	}
	return "  " + c.String()
}
