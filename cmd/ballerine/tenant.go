package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
)

func tenantCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "tenant", Short: "Show and change settings of a tenant"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(fourEyesCommand(t))
	return cmd
}

func fourEyesCommand(t *target) *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use: "four-eyes [on|off]", Short: "Show or change whether publishing requires a second person; so does turning it off",
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"on", "off"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				if len(args) == 0 {
					now, err := s.settings(cmd.Context())
					return printSettings(cmd, now, err)
				}
				now, proposal, err := s.fourEyes(cmd.Context(), args[0] == "on", comment)
				if err == nil && proposal != nil {
					return printOutcome(cmd, outcome{Data: []httpapi.Publication{}, Proposals: []httpapi.Proposal{*proposal}})
				}
				return printSettings(cmd, now, err)
			})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "comment on the reason")
	return cmd
}

func printSettings(cmd *cobra.Command, now httpapi.PublishingSettings, err error) error {
	if err != nil {
		return err
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(now)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "four eyes: %s\n", onOff(now.FourEyes))
	return nil
}
