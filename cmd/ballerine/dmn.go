package main

import (
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/dmn"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

func importPolicyCommand() *cobra.Command {
	var output string
	var options dmn.PolicyOptions
	var names map[string]string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Create a policy from the decision tables of a DMN document; reports what cannot be imported", Args: cobra.ExactArgs(1),
		Long: "Creates a policy from the decision tables of a DMN document: a schema of the inputs, and a rule for each table. An output named outcome, " +
			"decision or result becomes the outcome; its listed values become the outcomes, most severe first, unless --outcomes is used.",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			model, found := dmn.Read(args[0], text, names)
			found = append(found, model.Others...)
			for _, d := range model.Decisions {
				found = append(found, d.Problems...)
			}
			found = slices.DeleteFunc(found, func(d problem.Diagnostic) bool { return d.Code == "allowed" }) // the schema has it
			if found.Failed() {
				return diagnosticsError{found}
			}
			made, err := dmn.Policy(model, options)
			if err != nil {
				printWarnings(cmd, found)
				return err
			}
			file := output
			if file == "" || file == "-" {
				file = "policy.yaml"
			}
			_, diagnostics := rules.Parse(file, made)
			if found = judged(cmd, append(found, diagnostics...)); found.Failed() {
				return diagnosticsError{found}
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"policy": string(made), "notes": append(problem.Diagnostics{}, found...)})
			}
			printWarnings(cmd, found)
			if output == "" || output == "-" {
				_, err = cmd.OutOrStdout().Write(made)
				return err
			}
			return replaceFile(output, made)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	cmd.Flags().StringVar(&options.Outcome, "outcome", "", "name of the output that becomes the outcome")
	cmd.Flags().StringSliceVar(&options.Outcomes, "outcomes", nil, "the outcomes, most severe first")
	cmd.Flags().StringVar(&options.Default, "default", "", "outcome when no rule fires; default: the last of the outcomes")
	cmd.Flags().StringToStringVar(&names, "name", nil, "what a name of the document is in the policy: \"Monthly income=income.monthly\"")
	return cmd
}
