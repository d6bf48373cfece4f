package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
)

// schemaCommand prints the JSON Schema of a kind of document, for editors.
func schemaCommand(kind registry.Kind) *cobra.Command {
	schemas := map[registry.Kind]func() []byte{registry.Workflow: workflow.DocumentSchema, registry.Policy: rules.Schema, registry.Plugin: connector.Schema}
	return &cobra.Command{
		Use: "schema", Short: fmt.Sprintf("Print the JSON Schema of a %s's document, for editors", kind), Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(schemas[kind]())
			return err
		},
	}
}
