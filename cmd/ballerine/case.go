package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
)

func caseCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "case", Short: "Start, move, list, show, verify and repair cases, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(
		completes(caseStartCommand(t), t, knownWorkflows), completes(caseSendCommand(t), t, knownCases, knownEvents), completes(caseDecideCommand(t), t, knownCases, knownEvents),
		caseListCommand(t), completes(caseShowCommand(t), t, knownCases), completes(caseHistoryCommand(t), t, knownCases), caseDocumentsCommand(t),
		completes(caseVerifyCommand(t), t, knownCases), completes(caseIncidentsCommand(t), t, knownCases), completes(caseRetryCommand(t), t, knownCases, knownIncidents),
		completes(caseSkipCommand(t), t, knownCases, knownIncidents), completes(caseCancelCommand(t), t, knownCases),
	)
	return cmd
}

func caseListCommand(t *target) *cobra.Command {
	query := cases.Query{Order: cases.NewestFirst}
	var waitsFor, tag string
	cmd := &cobra.Command{
		Use: "list", Short: "List cases, by default newest first",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if waitsFor != "" {
				if query.WaitingFor, query.WaitingWork, err = cases.ParseWaitsFor(waitsFor); err != nil {
					return err
				}
			}
			if tag != "" {
				query.Tags = []string{tag}
			}
			return t.with(func(s source) error {
				found, err := s.list(cmd.Context(), query)
				if err != nil {
					return err
				}
				return printCases(cmd, found)
			})
		},
	}
	cmd.Flags().StringVar(&query.Workflow, "workflow", "", "only cases of this workflow")
	cmd.Flags().StringVar(&query.State, "state", "", "only cases in this state")
	cmd.Flags().StringVar(&tag, "tag", "", "only cases in a state with this tag")
	choiceFlag(cmd, &query.Status, "status", []cases.Status{cases.StatusActive, cases.StatusCompleted, cases.StatusFailed, cases.StatusCancelled}, "active, completed, failed or cancelled")
	cmd.Flags().BoolVar(&query.Incident, "incident", false, "only cases with failed work that waits for an operator")
	cmd.Flags().StringVar(&waitsFor, "waiting-for", "", "only open cases that wait for: "+strings.Join(cases.WaitsFor, ", ")+"; or with the work that the case waits for, as in vendor/identity")
	choiceFlag(cmd, &query.Order, "sort", []cases.Order{cases.OldestFirst, cases.NewestFirst, cases.StalestFirst, cases.LatestFirst, cases.SoonestFirst, cases.LongestFirst}, "created_at, -created_at, updated_at, -updated_at, due_at (soonest deadline first) or waiting_since (longest wait first)")
	cmd.Flags().IntVar(&query.Limit, "limit", 50, "maximum number of cases, 1 to 200")
	completesFlag(cmd, t, "workflow", knownWorkflows)
	return cmd
}

func printCases(cmd *cobra.Command, found []httpapi.Case) error {
	return printRows(cmd, found, "CASE|WORKFLOW|STATUS|STATE|RISK|WAITS FOR|SINCE|UPDATED", func(c httpapi.Case) []any {
		risk, waitsFor, since := "", "", time.Time{}
		if c.Risk != nil {
			risk = fmt.Sprintf("%v %s", c.Risk.Score, c.Risk.Severity)
		}
		if w := c.Waiting; w != nil {
			waitsFor, since = strings.TrimSuffix(w.For+"/"+w.Work, "/"), w.Since
		}
		return []any{c.ID, fmt.Sprintf("%s@%d", c.Workflow.ID, c.Workflow.Version), c.Status, c.Configuration, risk, waitsFor, since, c.UpdatedAt}
	})
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
				return printObject(cmd, found)
			})
		},
	}
}

func caseVerifyCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "verify CASE...", Short: "Verify that histories are complete and unchanged", Args: cobra.MinimumNArgs(1),
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
				err = problem.New(problem.Invalid, "%d of %d histories are not intact.", broken, len(ids))
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
		state = "NOT INTACT: " + strings.Join(report.Problems, "; ")
	}
	if len(report.Erased) > 0 {
		state += fmt.Sprintf("; %d with erased details", len(report.Erased))
	}
	if !report.Compared {
		state += "; the record could not be checked against its last entry because the details of that entry were erased"
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d entries, %s\n", report.Case, report.Entries, state)
	return err
}
