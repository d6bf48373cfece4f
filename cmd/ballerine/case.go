package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
)

func caseCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "case", Short: "List, show, verify and repair cases, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(caseListCommand(t), caseShowCommand(t), caseVerifyCommand(t), caseIncidentsCommand(t), caseRetryCommand(t), caseSkipCommand(t))
	return cmd
}

func caseListCommand(t *target) *cobra.Command {
	var query cases.Query
	var status string
	cmd := &cobra.Command{
		Use: "list", Short: "List cases, newest first",
		RunE: func(cmd *cobra.Command, _ []string) error {
			query.Status = cases.Status(status)
			return t.with(func(s source) error {
				found, err := s.list(cmd.Context(), query)
				if err != nil {
					return err
				}
				return printCases(cmd, found)
			})
		},
	}
	cmd.Flags().StringVar(&query.Workflow, "workflow", "", "only of this workflow")
	cmd.Flags().StringVar(&query.State, "state", "", "only in this state")
	cmd.Flags().StringVar(&query.Tag, "tag", "", "only with this tag")
	cmd.Flags().StringVar(&status, "status", "", "active, completed, failed or cancelled")
	cmd.Flags().BoolVar(&query.Incident, "incident", false, "only with work that has failed and waits for an operator")
	cmd.Flags().IntVar(&query.Limit, "limit", 50, "at most this many, 1 to 200")
	return cmd
}

func printCases(cmd *cobra.Command, found []httpapi.Case) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(map[string]any{"data": found})
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tWORKFLOW\tSTATUS\tSTATE\tRISK\tUPDATED")
	for _, c := range found {
		risk := "-"
		if c.Risk != nil {
			risk = fmt.Sprintf("%v %s", c.Risk.Score, c.Risk.Severity)
		}
		fmt.Fprintf(table, "%s\t%s@%d\t%s\t%s\t%s\t%s\n", c.ID, c.Workflow.ID, c.Workflow.Version, c.Status, strings.Join(c.Configuration, ","), risk, c.UpdatedAt.Format(time.RFC3339))
	}
	return table.Flush()
}

func caseShowCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show CASE", Short: "Show a case as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.show(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				lines := json.NewEncoder(cmd.OutOrStdout())
				if !asJSON(cmd) {
					lines.SetIndent("", "  ")
				}
				return lines.Encode(found)
			})
		},
	}
}

func caseVerifyCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "verify CASE...", Short: "Prove that histories are whole: no gap, no change", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			broken := 0
			err := t.with(func(s source) error {
				for _, id := range ids {
					report, err := s.verify(cmd.Context(), id)
					if err != nil {
						return err
					}
					if !report.Valid {
						broken++
					}
					if err := printReport(cmd, report); err != nil {
						return err
					}
				}
				return nil
			})
			if err == nil && broken > 0 {
				err = problem.New(problem.Invalid, "%d of %d histories are not whole.", broken, len(ids))
			}
			return err
		},
	}
}

func printReport(cmd *cobra.Command, report cases.VerifyReport) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
	}
	state := "whole"
	if !report.Valid {
		state = "NOT WHOLE: " + strings.Join(report.Problems, "; ")
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d entries, %s\n", report.Case, report.Entries, state)
	return err
}
