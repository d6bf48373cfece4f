package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"ballerine/internal/asl/compile"
	"ballerine/internal/cost"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

func costCommand() *cobra.Command {
	var casesFile string
	cmd := &cobra.Command{
		Use: "cost FILE", Short: "Simulate cases of a workflow and print the cost of 1,000 of each on AWS", Args: cobra.ExactArgs(1),
		Long: "Runs each case of --cases (default: those of the shipped kyc) on a local system that counts what AWS charges for,\n" +
			"and prints the cost of 1,000 cases in dollars, line by line. Prices are those of us-east-1, with their date; the duration of functions is assumed.",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := goodWorkflow(cmd, args[0])
			if err != nil {
				return err
			}
			scripts, err := costScripts(cmd, w, casesFile)
			if err != nil {
				return err
			}
			folder, err := os.MkdirTemp("", "ballerine-definitions-")
			if err != nil {
				return err
			}
			if err := writeDefinitions(folder, args[0], w); err != nil {
				return errors.Join(err, os.RemoveAll(folder))
			}
			return errors.Join(printCosts(cmd, folder, scripts), os.RemoveAll(folder))
		},
	}
	cmd.Flags().StringVar(&casesFile, "cases", "", "YAML file of cases to run, with the steps of clients, applicants and reviewers; - is standard input")
	return cmd
}

// costScripts are the cases to play. Errors: Invalid.
func costScripts(cmd *cobra.Command, w *workflow.Workflow, file string) ([]cost.Script, error) {
	scripts := cost.Shipped()
	if file != "" {
		text, err := readFile(cmd, file)
		if err != nil {
			return nil, err
		}
		if scripts, err = cost.ReadScripts(file, text); err != nil {
			return nil, err
		}
	}
	for n, script := range scripts {
		if script.Workflow == w.ID {
			continue
		}
		if file == "" {
			return nil, problem.New(problem.Invalid, "There are no cases for %s: specify them with --cases.", w.ID)
		}
		return nil, problem.New(problem.Invalid, "%s: cases[%d] is one of %s, not of %s.", file, n, script.Workflow, w.ID)
	}
	return scripts, nil
}

// writeDefinitions writes the shipped definitions to a folder, and over them the workflow with the plugins and policies beside it.
func writeDefinitions(folder, file string, w *workflow.Workflow) error {
	if err := os.CopyFS(folder, statemachines.Files); err != nil {
		return err
	}
	for _, kind := range []string{"plugins", "policies"} {
		files, err := definitionsIn(filepath.Join(rootOf(file), kind))
		if err != nil {
			return err
		}
		for _, one := range files {
			text, err := os.ReadFile(one)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(folder, kind, filepath.Base(one)), text, 0o600); err != nil { //nolint:gosec // names of the project's own files, in a folder of its own
				return err
			}
		}
	}
	machine, err := compile.Workflow(w)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, w.ID+".asl.json"), machine.JSON(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, w.ID+".yaml"), w.Source, 0o600)
}

func printCosts(cmd *cobra.Command, folder string, scripts []cost.Script) error {
	prices := cost.Listed()
	if !asJSON(cmd) {
		fmt.Fprintf(cmd.OutOrStdout(), "Prices of %s as of %s. The duration of functions is assumed.\n", prices.Region, prices.Date)
	}
	for _, script := range scripts {
		counted, err := cost.Run(cmd.Context(), cost.Options{Definitions: os.DirFS(folder)}, script)
		if err != nil {
			return err
		}
		lines, sum := prices.Bill(counted)
		if asJSON(cmd) {
			bill := map[string]any{"case": script.Name, "region": prices.Region, "prices_of": prices.Date, "cases": 1000, "lines": lines, "dollars": sum}
			if err := json.NewEncoder(cmd.OutOrStdout()).Encode(bill); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "\n%s (%s)\n\n%s", script.Title, script.Name, cost.Table(lines, sum))
	}
	return nil
}
