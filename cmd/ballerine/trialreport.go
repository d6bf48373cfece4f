package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/ledger"
)

func trialReportCommand(t *target) *cobra.Command {
	examples := 5
	cmd := &cobra.Command{
		Use: "report POLICY TRIAL", Short: "Report the results of a trial", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				report, err := s.trialReport(cmd.Context(), args[0], args[1], examples)
				if err != nil {
					return err
				}
				return printTrialReport(cmd, report)
			})
		},
	}
	cmd.Flags().IntVar(&examples, "examples", examples, "number of example decisions to list for each flip")
	return cmd
}

func printTrialReport(cmd *cobra.Command, r ledger.TrialReport) error {
	out := cmd.OutOrStdout()
	switch {
	case asJSON(cmd):
		return json.NewEncoder(out).Encode(r)
	case r.Shadow != nil:
		if err := printBacktest(cmd, r.Shadow.Backtest); err != nil {
			return err
		}
		return printLatencies(out, "live", r.Shadow.Live, "draft", r.Shadow.Draft)
	case r.Arms != nil:
		return printArms(out, *r.Arms)
	}
	return nil
}

func printLatencies(out io.Writer, a string, of ledger.Latency, b string, ofB ledger.Latency) error {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "evaluation\tmean\tmedian\t99 %\t")
	for name, l := range pairs(a, of, b, ofB) {
		fmt.Fprintf(table, "%s\t%v\t%v\t%v\t\n", name, time.Duration(l.Mean), time.Duration(l.Median), time.Duration(l.P99))
	}
	return table.Flush()
}

// pairs are two things with their names, in this order.
func pairs[T any](a string, of T, b string, ofB T) func(yield func(string, T) bool) {
	return func(yield func(string, T) bool) {
		if yield(a, of) {
			yield(b, ofB)
		}
	}
}

func printArms(out io.Writer, a ledger.Arms) error {
	for name, arm := range pairs("champion", a.Champion, "challenger", a.Challenger) {
		fmt.Fprintf(out, "%s: %d decisions of %d subjects\n", name, arm.Decisions, arm.Subjects)
		for _, code := range slices.Sorted(maps.Keys(arm.Errors)) {
			fmt.Fprintf(out, "  %d could not be decided by the draft and were decided by the live version: %s\n", arm.Errors[code], code)
		}
	}
	fmt.Fprintf(out, "share of subjects %.2f %%, expected %.2f %%%s\n", 100*a.Split.Observed, 100*a.Split.Expected, map[bool]string{true: ": this is not chance, decisions of one side are missing"}[a.Split.Suspicious])
	fmt.Fprintf(out, "average score %.2f, challenger %.2f (%+.2f)\n\n", a.Score.Champion, a.Score.Challenger, a.Score.Difference)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "outcome\tchampion\t95 %\tchallenger\t95 %\tdifference\t95 %\tbeyond chance\t")
	for _, o := range a.Outcomes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%+.2f %%\t%s\t%s\t\n", o.Outcome, percent(o.Champion.Rate), span(o.Champion.Interval), percent(o.Challenger.Rate), span(o.Challenger.Interval),
			100*o.Difference, span(o.RateDifference.Interval), map[bool]string{true: "yes", false: "no"}[o.BeyondChance])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	fmt.Fprintln(table, "rule\tchampion\t\tchallenger\t\t")
	for _, r := range a.Rules {
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t\n", r.Rule, r.Champion.Count, percent(r.Champion.Rate), r.Challenger.Count, percent(r.Challenger.Rate))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printLatencies(out, "champion", a.Champion.Latency, "challenger", a.Challenger.Latency)
}

func percent(rate float64) string { return fmt.Sprintf("%.2f %%", 100*rate) }

func span(i ledger.Interval) string { return fmt.Sprintf("%.2f to %.2f %%", 100*i.Low, 100*i.High) }
