package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/rules"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Evaluate and test policies, and try drafts on what was decided"}
	cmd.AddCommand(evalCommand(), testCommand(), backtestCommand(), decisionsCommand())
	cmd.AddCommand(registryCommands(registry.Policy)...)
	return cmd
}

func readPolicy(cmd *cobra.Command, file string) (*rules.Policy, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	policy, diagnostics := rules.Parse(file, text)
	if diagnostics.Failed() {
		return nil, diagnosticsError{diagnostics}
	}
	return policy, nil
}

func evalCommand() *cobra.Command {
	var inputFile, now string
	cmd := &cobra.Command{
		Use: "eval FILE", Short: "Decide over an input, with the trace", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			input, err := readObject(cmd, inputFile)
			if err != nil {
				return err
			}
			at, err := readTime(now)
			if err != nil {
				return err
			}
			answer, err := policy.Evaluate(input, rules.Options{Now: at})
			if err != nil {
				return err
			}
			return printAnswer(cmd, answer)
		},
	}
	cmd.Flags().StringVar(&inputFile, "input", "", "JSON object; - is standard input")
	cmd.Flags().StringVar(&now, "now", "", "time of the decision, RFC 3339 or a date")
	return cmd
}

func printAnswer(cmd *cobra.Command, answer rules.Answer) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return lines.Encode(answer)
	}
	fmt.Fprintf(out, "%s: %s, score %v (%s)\n", answer.Policy, answer.Outcome, answer.Score, answer.Severity)
	for _, step := range answer.Trace {
		fmt.Fprintf(out, "  %-8s %-24s %s\n", step.Status, step.Rule, step.Reason)
	}
	return nil
}

func testCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE...", Short: "Run the cases written in policies", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			passed, failed := 0, 0
			for _, file := range files {
				policy, err := readPolicy(cmd, file)
				if err != nil {
					return err
				}
				for _, result := range policy.RunCases() {
					if len(result.Problems) == 0 {
						passed++
						continue
					}
					failed++
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s: %v\n", file, result.Name, result.Problems)
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed\n", passed, failed)
			if failed > 0 {
				return problem.New(problem.Invalid, "%d cases of the policies fail.", failed)
			}
			return nil
		},
	}
}
