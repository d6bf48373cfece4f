package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/asl/compile"
	"ballerine/internal/expr"
	"ballerine/internal/flow"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
)

func workflowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "workflow", Short: "Check, compile, simulate and draw workflows"}
	strictFlag(cmd)
	cmd.AddCommand(withFlag(validateCommand()), withFlag(compileCommand()), withFlag(simulateCommand()), withFlag(graphCommand()), withFlag(diffCommand()), withFlag(costCommand()))
	cmd.AddCommand(registryCommands(registry.Workflow)...)
	cmd.AddCommand(migrateCommand(), importCommand())
	return cmd
}

// readWorkflow parses a file against the plugins and policies that it may name; "-" is standard input.
func readWorkflow(cmd *cobra.Command, file string) (*workflow.Workflow, problem.Diagnostics, error) {
	w, _, diagnostics, err := readWorkflowWith(cmd, file)
	return w, diagnostics, err
}

// readWorkflowWith is readWorkflow, with what the workflow may name.
func readWorkflowWith(cmd *cobra.Command, file string) (*workflow.Workflow, *registry.Batch, problem.Diagnostics, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := hasKind(file, text, registry.Workflow); err != nil {
		return nil, nil, nil, err
	}
	known, err := knownTo(cmd, file)
	if err != nil {
		return nil, nil, nil, err
	}
	w, diagnostics := workflow.Parse(file, text, known)
	if w != nil {
		var d *flow.Definition
		var pages problem.Diagnostics
		if d, pages = flow.Parse(file, w); d == nil {
			w = nil
		}
		diagnostics = append(diagnostics, pages...)
		diagnostics.Sort()
	}
	return w, known, findable(diagnostics), nil
}

// findable adds to diagnostics about unknown names where names are searched for.
func findable(diagnostics problem.Diagnostics) problem.Diagnostics {
	folders := map[string]string{"unknown_policy": "policies/", "unknown_plugin": "plugins/"}
	for i, d := range diagnostics {
		if folder, named := folders[d.Code]; named && d.Hint == "" {
			diagnostics[i].Hint = "name its file or folder by --with, or put it into " + folder + " beside the workflow"
		}
	}
	return diagnostics
}

// goodWorkflow is readWorkflow that fails when the file has errors, and prints warnings.
func goodWorkflow(cmd *cobra.Command, file string) (*workflow.Workflow, error) {
	w, diagnostics, err := readWorkflow(cmd, file)
	if err != nil {
		return nil, err
	}
	return w, passed(cmd, diagnostics)
}

func readFile(cmd *cobra.Command, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(file)
}

// readValue reads a flag's value: JSON itself, or the name of a file that contains it.
func readValue(cmd *cobra.Command, value string) ([]byte, error) {
	if isJSON(value) {
		return []byte(value), nil
	}
	return readFile(cmd, value)
}

// placeOf names a flag's value in messages, which never contain its data.
func placeOf(value string) string {
	if isJSON(value) {
		return "(command line)"
	}
	return value
}

// isJSON reports whether a flag's value is JSON itself, which begins with a brace or a bracket.
func isJSON(value string) bool {
	text := strings.TrimSpace(value)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

func validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE...", Short: "Report all problems, each with its place and a hint", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			all := problem.Diagnostics{}
			for _, file := range files {
				w, diagnostics, err := readWorkflow(cmd, file)
				if err != nil {
					return err
				}
				all = append(append(all, diagnostics...), beyondTarget(file, w)...)
			}
			return reportDiagnostics(cmd, all, len(files))
		},
	}
}

// beyondTarget states what Step Functions would not take.
func beyondTarget(file string, w *workflow.Workflow) (found problem.Diagnostics) {
	if w == nil {
		return nil
	}
	_, err := compile.Workflow(w)
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

// reportDiagnostics prints diagnostics and fails when one is an error.
func reportDiagnostics(cmd *cobra.Command, all problem.Diagnostics, files int) error {
	all = judged(cmd, all)
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"valid": !all.Failed(), "diagnostics": all}); err != nil {
			return err
		}
	}
	if all.Failed() {
		return diagnosticsError{all}
	}
	printWarnings(cmd, all)
	if !asJSON(cmd) {
		fmt.Fprintf(cmd.OutOrStdout(), "%d of %d valid\n", files, files)
	}
	return nil
}

func compileCommand() *cobra.Command {
	var output string
	var express bool
	cmd := &cobra.Command{
		Use: "compile FILE", Short: "Compile to a Step Functions state machine; the output is deterministic", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			compiled := compile.Workflow
			if express {
				compiled = compile.Express
			}
			machine, err := compiled(w)
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
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	cmd.Flags().BoolVar(&express, "express", false, "compile the Express machine of a workflow without waits")
	return cmd
}

func simulateCommand() *cobra.Command {
	var eventsFile, contextFile, now string
	var trace bool
	cmd := &cobra.Command{
		Use: "simulate FILE", Short: "Simulate a case with a list of events, one JSON object per line", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, known, diagnostics, err := readWorkflowWith(cmd, args[0])
			if err == nil {
				err = passed(cmd, diagnostics)
			}
			if err != nil {
				return err
			}
			events, err := simulatedEvents(cmd, eventsFile, w, known)
			if err != nil {
				return err
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
	cmd.Flags().StringVar(&eventsFile, "events", "", "JSON array of {type, payload, after, as}, or a file with one; - is standard input")
	cmd.Flags().StringVar(&contextFile, "context", "", "initial context: JSON object, or a file with one; - is standard input")
	cmd.Flags().StringVar(&now, "now", "", "start time: RFC 3339, or a date")
	cmd.Flags().BoolVar(&trace, "trace", false, "show every guard that was evaluated, and why it did not hold")
	return cmd
}

// simulatedEvents reads a file of events; none without one. Results of work are those that it could return. Errors: Invalid with each place.
func simulatedEvents(cmd *cobra.Command, file string, w *workflow.Workflow, known *registry.Batch) ([]workflow.SimulatedEvent, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readValue(cmd, file)
	if err != nil {
		return nil, err
	}
	events, err := workflow.ReadEvents(text)
	if err != nil {
		return nil, err
	}
	e := problem.New(problem.Invalid, "The events are not valid.")
	for i, event := range events {
		id, isResult := strings.CutPrefix(event.Type, "done.invoke.")
		if !isResult {
			continue
		}
		faults, err := resultFaults(w, known, id, event.Payload)
		if err != nil {
			return nil, err
		}
		for _, f := range faults {
			e.With(fmt.Sprintf("[%d].payload%s", i, strings.TrimPrefix(f.Location, "result")), f.Code, "%s", f.Message)
		}
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	return events, nil
}

// resultFaults states where a result is not one that work of this id could return, in whichever state.
func resultFaults(w *workflow.Workflow, known *registry.Batch, id string, result any) ([]problem.Field, error) {
	var faults []problem.Field
	for _, state := range w.Chart.States() {
		work, ok := w.Invocation(state.Path, id)
		if !ok {
			continue
		}
		err := known.CheckResult(w, work, result)
		if err == nil {
			return nil, nil
		}
		if problem.CodeOf(err) != problem.Invalid {
			return nil, err
		}
		faults = problem.As(err).Fields
	}
	return faults, nil
}

func graphCommand() *cobra.Command {
	format := "mermaid"
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
	choiceFlag(cmd, &format, "format", []string{"mermaid", "dot"}, "mermaid or dot")
	return cmd
}

// readObject reads the JSON object of a flag; an empty one without it.
func readObject(cmd *cobra.Command, file string) (map[string]any, error) {
	object := map[string]any{}
	if file == "" {
		return object, nil
	}
	text, err := readValue(cmd, file)
	if err != nil {
		return nil, err
	}
	if err := plainJSON(placeOf(file), text, &object); err != nil {
		return nil, err
	}
	return object, nil
}

// readTime reads --now; the clock without it.
func readTime(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	return readTimeBy(text, func(text string) (time.Time, bool) { return expr.ParseDate(text, time.UTC) })
}

// readTimeBy reads --now as something with a time zone of its own does.
func readTimeBy(text string, read func(string) (time.Time, bool)) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	if t, ok := read(text); ok {
		return t, nil
	}
	return time.Time{}, usageError{fmt.Errorf("%q is not a valid time: use 2026-01-31 or 2026-01-31T12:00:00Z", text)}
}

func diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "Show what changes for running cases between two versions", Args: cobra.ExactArgs(2),
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
				fmt.Fprintln(cmd.OutOrStdout(), "running cases are not affected")
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
