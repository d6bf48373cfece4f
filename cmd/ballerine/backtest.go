package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
)

// decided is what policies have decided, wherever it is.
type decided interface {
	// decisions yields them with their inputs, the newest first, until yield returns false.
	decisions(ctx context.Context, policy string, filter ledger.Filter, full bool, yield func(httpapi.PolicyDecision) (bool, error)) error
	backtest(ctx context.Context, policy string, draft *rules.Policy, filter ledger.Filter, options ledger.BacktestOptions, bar *bar) (ledger.Backtest, error)
}

// period are the flags that select the decisions.
type period struct {
	from, to, outcome, of string
	version               int
}

func (p *period) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.from, "from", "", "only decisions made at or after this time: RFC 3339, or a date")
	cmd.Flags().StringVar(&p.to, "to", "", "only decisions made before this time")
	cmd.Flags().StringVar(&p.outcome, "outcome", "", "only decisions with this outcome")
	cmd.Flags().StringVar(&p.of, "case", "", "only decisions made for this case")
	cmd.Flags().IntVar(&p.version, "version", 0, "only decisions made by this version of the policy")
}

func (p *period) filter() (f ledger.Filter, err error) {
	f = ledger.Filter{Outcome: p.outcome, Case: p.of, Version: p.version}
	if p.from != "" {
		if f.From, err = readTime(p.from); err != nil {
			return f, err
		}
	}
	if p.to != "" {
		f.To, err = readTime(p.to)
	}
	return f, err
}

func backtestCommand() *cobra.Command {
	t := &target{}
	which := &period{}
	var file, policy string
	var named []string
	options := ledger.BacktestOptions{}
	cmd := &cobra.Command{
		Use: "backtest DRAFT", Short: "Show which decisions a draft would have made differently", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			draft, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("decisions") && cmd.Flags().Changed("cases") {
				return usageError{errors.New("--decisions and --cases mean the same: use one of them")}
			}
			filter, err := which.filter()
			if err != nil {
				return err
			}
			if policy == "" {
				policy = draft.ID
			}
			if options.Library, err = libraryOf(cmd, args[0], file, named); err != nil {
				return err
			}
			bar := newBar(cmd.ErrOrStderr(), "decisions")
			options.Progress = bar.count
			result, err := tryDraft(cmd, t, draft, policy, file, filter, options, bar)
			bar.end()
			if err != nil {
				return err
			}
			return printBacktest(cmd, result)
		},
	}
	t.flags(cmd.Flags())
	which.flags(cmd)
	cmd.Flags().StringVar(&file, "decisions", "", "file of exported decisions (policy decisions --ndjson), instead of a running system's; - is standard input")
	cmd.Flags().StringVar(&file, "cases", "", "alias of --decisions")
	listFlag(cmd, &named)
	cmd.Flags().StringVar(&policy, "policy", "", "the policy whose decisions are evaluated; default: the draft's id")
	cmd.Flags().IntVar(&options.Examples, "examples", 5, "number of example decisions to list for each flip")
	return cmd
}

// libraryOf is what a draft may ask that is tried on exported decisions. A system has its own: its lists in the editions
// that the decisions saw.
func libraryOf(cmd *cobra.Command, draft, decisions string, named []string) (rules.Library, error) {
	if decisions == "" {
		if len(named) > 0 {
			return nil, usageError{fmt.Errorf("--list requires --decisions: a running system uses its own lists")}
		}
		return nil, nil
	}
	values, err := readLists(cmd, named)
	return rules.NewLibrary(cmd.Context(), "", newLibrary(cmd, nil, draft), values), err
}

func tryDraft(cmd *cobra.Command, t *target, draft *rules.Policy, policy, file string, filter ledger.Filter, options ledger.BacktestOptions, bar *bar) (result ledger.Backtest, err error) {
	if file == "" {
		err = t.with(func(s source) (err error) {
			result, err = s.backtest(cmd.Context(), policy, draft, filter, options, bar)
			return err
		})
		return result, err
	}
	lines := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return result, usageError{err}
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return result, usageError{err}
		}
		lines = &measured{Reader: f, size: info.Size(), bar: bar}
	}
	options.Filter = filter
	return ledger.Run(cmd.Context(), draft, ledger.Lines(lines), options)
}

func printBacktest(cmd *cobra.Command, b ledger.Backtest) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(b)
	}
	fmt.Fprintf(out, "%d decisions, %d tried, %d without their input; %d flip (%.2f %%)\n", b.Decisions, b.Evaluated, b.Skipped, b.Flipped, 100*b.FlipRate)
	if b.Earlier > 0 {
		fmt.Fprintf(out, "%d of the flips may not be caused by the draft: these decisions were made by an earlier revision of the rules, and the meaning of policies was corrected since\n", b.Earlier)
	}
	for code, n := range b.Errors {
		fmt.Fprintf(out, "  %d could not be evaluated: %s\n", n, code)
	}
	if b.Evaluated == 0 {
		return nil
	}
	for _, flip := range b.Flips {
		fmt.Fprintf(out, "  %s -> %s: %d (%.2f %% of %s)", flip.From, flip.To, flip.Count, 100*flip.Rate, flip.From)
		for i, id := range flip.Examples {
			fmt.Fprint(out, map[bool]string{true: ": ", false: ", "}[i == 0], id)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "average score %.2f -> %.2f (%+.2f)\n\n", b.Score.Was, b.Score.Is, b.Score.Change)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "rule\tfired\tdraft\t")
	for _, rule := range b.Rules {
		fmt.Fprintf(table, "%s\t%d\t%d\t\n", rule.Rule, rule.Was, rule.Is)
	}
	return table.Flush()
}

func decisionsCommand() *cobra.Command {
	t := &target{}
	which := &period{}
	var ndjson bool
	limit := 50
	cmd := &cobra.Command{
		Use: "decisions POLICY", Short: "List a policy's decisions, newest first; --ndjson exports them with their input", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := which.filter()
			if err != nil {
				return err
			}
			if ndjson && !cmd.Flags().Changed("limit") {
				limit = 0
			}
			return t.with(func(s source) error { return listDecisions(cmd, s, args[0], filter, ndjson, limit) })
		},
	}
	t.flags(cmd.Flags())
	which.flags(cmd)
	cmd.Flags().BoolVar(&ndjson, "ndjson", false, "print one JSON object per line, with input and answer (contains personal data)")
	cmd.Flags().IntVar(&limit, "limit", limit, "maximum number of decisions; 0 means all, the default with --ndjson")
	return completes(cmd, t, knownPolicies)
}

func listDecisions(cmd *cobra.Command, s source, policy string, filter ledger.Filter, ndjson bool, limit int) error {
	found := []httpapi.PolicyDecision{}
	lines := json.NewEncoder(cmd.OutOrStdout())
	lines.SetEscapeHTML(false)
	given := 0
	err := s.decisions(cmd.Context(), policy, filter, ndjson, func(d httpapi.PolicyDecision) (bool, error) {
		given++
		if ndjson {
			return given != limit, lines.Encode(d)
		}
		found = append(found, d)
		return given != limit, nil
	})
	switch {
	case err != nil || ndjson:
		return err
	case asJSON(cmd):
		return lines.Encode(map[string]any{"data": found})
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	for _, d := range found {
		fmt.Fprintf(table, "%s\t%s\t%s@%d\t%s\t%v\t%s\n", d.At.Format(time.RFC3339), d.ID, d.Policy, d.Version, d.Outcome, d.Score, d.Case)
	}
	return table.Flush()
}

func (l atRest) decisions(ctx context.Context, policy string, filter ledger.Filter, full bool, yield func(httpapi.PolicyDecision) (bool, error)) error {
	query := ledger.Query{Filter: filter, Limit: 500, Bodies: full}
	for {
		page, next, err := l.db.Ledger().Decisions(ctx, l.principal.Tenant, policy, query)
		if err != nil {
			return err
		}
		for _, one := range page {
			if more, err := yield(httpapi.DecisionShape(one.Listed())); err != nil || !more {
				return err
			}
		}
		if query.After = next; next == "" {
			return nil
		}
	}
}

// restParts are how many windows the decisions of a stopped system are read in, some at the same time.
const restParts = 256

func (l atRest) backtest(ctx context.Context, policy string, draft *rules.Policy, filter ledger.Filter, options ledger.BacktestOptions, bar *bar) (ledger.Backtest, error) {
	ref := backtest.Ref{Tenant: l.principal.Tenant, Policy: policy}
	spans, err := l.db.Backtests().Spans(ctx, ref.Tenant, policy, filter.From, filter.To)
	if err != nil {
		return ledger.Backtest{}, err
	}
	windows := backtest.Planning{Parts: restParts, Finest: time.Minute}.Plan(spans)
	source := backtest.Source(l.db.Ledger(), ref, filter, windows, runtime.GOMAXPROCS(0), func(done, of int) { bar.part(float64(done) / float64(of)) })
	options.Library = l.ledger.Library(ctx, l.principal.Tenant)
	return ledger.Run(ctx, draft, source, options)
}

// wireDecision keeps the JSON of input and answer as received.
type wireDecision struct {
	httpapi.PolicyDecision
	Input  json.RawMessage `json:"input"`
	Answer json.RawMessage `json:"answer"`
}

func (r remote) decisions(ctx context.Context, policy string, filter ledger.Filter, full bool, yield func(httpapi.PolicyDecision) (bool, error)) error {
	parameters := url.Values{"limit": {"200"}}
	for name, value := range filterOf(filter) {
		parameters.Set(name, fmt.Sprint(value))
	}
	if full {
		parameters.Set("view", "full")
	}
	for {
		var page httpapi.List[wireDecision]
		if err := r.get(ctx, "/v1/policies/"+url.PathEscape(policy)+"/decisions?"+parameters.Encode(), &page); err != nil {
			return err
		}
		for _, d := range page.Data {
			if d.Input != nil {
				d.PolicyDecision.Input = d.Input
			}
			if d.Answer != nil {
				d.PolicyDecision.Answer = d.Answer
			}
			if more, err := yield(d.PolicyDecision); err != nil || !more {
				return err
			}
		}
		if page.NextCursor == nil {
			return nil
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}

// filterOf are the members of a request that select the decisions.
func filterOf(f ledger.Filter) map[string]any {
	members := map[string]any{}
	if !f.From.IsZero() {
		members["from"] = f.From.UTC().Format(time.RFC3339Nano)
	}
	if !f.To.IsZero() {
		members["to"] = f.To.UTC().Format(time.RFC3339Nano)
	}
	for name, value := range map[string]string{"outcome": f.Outcome, "case": f.Case} {
		if value != "" {
			members[name] = value
		}
	}
	if f.Version > 0 {
		members["version"] = f.Version
	}
	return members
}
