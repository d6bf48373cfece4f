package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
)

// tried is what is tried beside live policies, wherever it is.
type tried interface {
	startTrial(ctx context.Context, cmd trial.Start) (httpapi.TrialStart, error)
	trials(ctx context.Context, policy string, limit int) ([]httpapi.PolicyTrial, error)
	trial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error)
	endTrial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error)
	approveTrial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error)
	trialReport(ctx context.Context, policy, id string, examples int) (ledger.TrialReport, error)
}

func trialCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "trial", Short: "Run a draft alongside the live version, on current decisions"}
	cmd.AddCommand(trialStartCommand(t), completes(trialListCommand(t), t, knownPolicies), completes(trialReportCommand(t), t, knownPolicies, knownTrials), trialSplitCommand())
	cmd.AddCommand(
		completes(trialOneCommand(t, "show", "Show a trial with its draft", source.trial), t, knownPolicies, knownTrials),
		completes(trialOneCommand(t, "end", "End a trial, or withdraw its proposal", source.endTrial), t, knownPolicies, knownTrials),
		completes(trialOneCommand(t, "approve", "Approve a challenger that another person has proposed", source.approveTrial), t, knownPolicies, knownTrials),
	)
	for _, c := range cmd.Commands() {
		if c.Name() != "split" {
			t.flags(c.Flags())
		}
	}
	return cmd
}

func trialStartCommand(t *target) *cobra.Command {
	var share string
	start := trial.Start{Kind: trial.Shadow}
	cmd := &cobra.Command{
		Use: "start FILE", Short: "Start a trial: a shadow, or a challenger that decides for a share of subjects", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			if share != "" {
				if start.Share, err = parseShare(share); err != nil {
					return usageError{err}
				}
			}
			start.Source = string(text)
			if start.Policy == "" {
				start.Policy = idOf(args[0], text)
			}
			return t.with(func(s source) error {
				started, err := s.startTrial(cmd.Context(), start)
				if err != nil {
					return inFile(err, args[0])
				}
				renameFile(started.Warnings, args[0])
				printWarnings(cmd, started.Warnings)
				if asJSON(cmd) {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(started)
				}
				return printTrial(cmd.OutOrStdout(), started.PolicyTrial)
			})
		},
	}
	choiceFlag(cmd, &start.Kind, "kind", []trial.Kind{trial.Shadow, trial.Challenger}, "shadow or challenger")
	cmd.Flags().StringVar(&share, "share", "", "share of subjects that a challenger decides for, such as 10% or 0.1; at most one half")
	cmd.Flags().StringVar(&start.Policy, "policy", "", "the policy to run alongside; default: the draft's id")
	cmd.Flags().StringVar(&start.Comment, "comment", "", "comment on what the trial tests")
	return cmd
}

// parseShare reads "10%", "2.5 %" or "0.1" as hundredths of a percent.
func parseShare(text string) (int, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	part, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		part /= 100
	}
	share, ok := ledger.ShareOf(part)
	if err != nil || !ok || share <= 0 {
		return 0, fmt.Errorf("a share must be a percentage or fraction such as 10%% or 0.1, above 0 and in steps of 0.01%%")
	}
	return share, nil
}

func trialListCommand(t *target) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use: "list POLICY", Short: "List the trials of a policy, the newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.trials(cmd.Context(), args[0], limit)
				if err != nil {
					return err
				}
				return printRows(cmd, found, "TRIAL|KIND|SHARE|STATUS|AGAINST|STARTED|ENDED|COMMENT", func(one httpapi.PolicyTrial) []any {
					return []any{one.ID, one.Kind, shown(one.Share), one.Status, fmt.Sprintf("%s@%d", one.Policy, one.BaseVersion), one.StartedAt, one.EndedAt, one.Comment}
				})
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "maximum number of trials")
	return cmd
}

func trialOneCommand(t *target, name, short string, run func(s source, ctx context.Context, policy, id string) (httpapi.PolicyTrial, error)) *cobra.Command {
	return &cobra.Command{
		Use: name + " POLICY TRIAL", Short: short, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				one, err := run(s, cmd.Context(), args[0], args[1])
				switch {
				case err != nil:
					return err
				case asJSON(cmd):
					return json.NewEncoder(cmd.OutOrStdout()).Encode(one)
				}
				if err := printTrial(cmd.OutOrStdout(), one); err != nil || name != "show" {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%s", one.Source)
				return err
			})
		},
	}
}

func shown(share float64) string {
	if share == 0 {
		return "-"
	}
	return strconv.FormatFloat(100*share, 'f', -1, 64) + "%"
}

func when(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func printTrial(out io.Writer, t httpapi.PolicyTrial) error {
	what := string(t.Kind)
	if t.Share > 0 {
		what += " for " + shown(t.Share) + " of subjects"
	}
	fmt.Fprintf(out, "%s %s: %s beside %s@%d\n", t.ID, t.Status, what, t.Policy, t.BaseVersion)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, line := range [][3]string{
		{"proposed", t.ProposedAt.Format(time.RFC3339), t.ProposedBy}, {"started", when(t.StartedAt), t.ApprovedBy}, {"ended", when(t.EndedAt), t.EndedBy},
	} {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", line[0], line[1], line[2])
	}
	return table.Flush()
}

// trialSplitCommand explains which side a subject is on. It needs no system: the side is a function of its arguments.
func trialSplitCommand() *cobra.Command {
	var share string
	cmd := &cobra.Command{
		Use: "split TRIAL SUBJECT...", Short: "Show which side decides for a subject, and why", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			parts, err := parseShare(share)
			if err != nil {
				return usageError{err}
			}
			type place struct {
				Subject string  `json:"subject"`
				Point   float64 `json:"point"`
				Arm     string  `json:"arm"`
			}
			places := []place{}
			for _, subject := range args[1:] {
				point := ledger.Point(args[0], subject)
				places = append(places, place{subject, point, string(ledger.ArmAt(point, parts))})
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"data": places})
			}
			for _, p := range places {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s: %.6f, the challenger decides below %v\n", p.Subject, p.Arm, p.Point, float64(parts)/ledger.ShareUnit)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&share, "share", "", "the trial's share, 10% or 0.1")
	return cmd
}

func (l atRest) startTrial(ctx context.Context, cmd trial.Start) (httpapi.TrialStart, error) {
	t, warnings, err := l.trialling.Start(ctx, l.principal, cmd)
	return httpapi.TrialStart{PolicyTrial: httpapi.TrialShape(t), Warnings: warnings}, err
}

func (l atRest) trials(ctx context.Context, policy string, limit int) ([]httpapi.PolicyTrial, error) {
	page, _, err := l.trialling.List(ctx, l.principal.Tenant, policy, "", limit)
	found := []httpapi.PolicyTrial{}
	for _, t := range page {
		found = append(found, httpapi.TrialShape(t))
	}
	return found, err
}

func (l atRest) trial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error) {
	t, err := l.trialling.Get(ctx, l.principal.Tenant, policy, id)
	return httpapi.TrialShape(t), err
}

func (l atRest) endTrial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error) {
	t, err := l.trialling.End(ctx, l.principal, policy, id)
	return httpapi.TrialShape(t), err
}

func (l atRest) approveTrial(ctx context.Context, policy, id string) (httpapi.PolicyTrial, error) {
	t, err := l.trialling.Approve(ctx, l.principal, policy, id)
	return httpapi.TrialShape(t), err
}

func (l atRest) trialReport(ctx context.Context, policy, id string, examples int) (ledger.TrialReport, error) {
	return l.trialling.Report(ctx, l.principal.Tenant, policy, id, &ledger.Pages{Store: l.db.Ledger()}, examples)
}

func trialPath(policy string, parts ...string) string {
	path := "/v1/policies/" + url.PathEscape(policy) + "/trials"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (r remote) startTrial(ctx context.Context, cmd trial.Start) (started httpapi.TrialStart, err error) {
	body := map[string]any{"kind": cmd.Kind, "source": cmd.Source, "comment": cmd.Comment}
	if cmd.Share != 0 {
		body["share"] = float64(cmd.Share) / ledger.ShareUnit
	}
	err = r.call(ctx, http.MethodPost, trialPath(cmd.Policy), body, &started)
	return started, err
}

func (r remote) trials(ctx context.Context, policy string, limit int) ([]httpapi.PolicyTrial, error) {
	found := []httpapi.PolicyTrial{}
	parameters := url.Values{}
	for {
		parameters.Set("limit", strconv.Itoa(max(1, min(limit-len(found), 200))))
		var page httpapi.List[httpapi.PolicyTrial]
		if err := r.get(ctx, trialPath(policy)+"?"+parameters.Encode(), &page); err != nil {
			return nil, err
		}
		found = append(found, page.Data...)
		if page.NextCursor == nil || len(found) >= limit {
			return found, nil
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}

func (r remote) trial(ctx context.Context, policy, id string) (one httpapi.PolicyTrial, err error) {
	err = r.get(ctx, trialPath(policy, id), &one)
	return one, err
}

func (r remote) endTrial(ctx context.Context, policy, id string) (one httpapi.PolicyTrial, err error) {
	err = r.call(ctx, http.MethodPost, trialPath(policy, id, "end"), nil, &one)
	return one, err
}

func (r remote) approveTrial(ctx context.Context, policy, id string) (one httpapi.PolicyTrial, err error) {
	err = r.call(ctx, http.MethodPost, trialPath(policy, id, "approval"), nil, &one)
	return one, err
}

// trialReport asks the system, a part at a time, and adds the parts up.
func (r remote) trialReport(ctx context.Context, policy, id string, examples int) (all ledger.TrialReport, err error) {
	parameters := url.Values{"examples": {strconv.Itoa(examples)}}
	for first := true; ; first = false {
		var page httpapi.TrialReportPage
		if err := r.get(ctx, trialPath(policy, id, "report")+"?"+parameters.Encode(), &page); err != nil {
			return all, err
		}
		if first {
			all = page.TrialReport
		} else {
			all = all.Merge(page.TrialReport, examples)
		}
		if page.Complete {
			return all, nil
		}
		if page.NextCursor == nil {
			return all, problem.New(problem.Unavailable, "The endpoint returned no cursor to continue after %d decisions.", all.Decisions)
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}
