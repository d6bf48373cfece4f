package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/linediff"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// proposals are what people want to publish where publishing requires two people, and that setting.
type proposals interface {
	proposals(ctx context.Context, status string, limit int) ([]httpapi.Proposal, error)
	proposal(ctx context.Context, id string) (httpapi.Proposal, error)
	// decide ends a proposal: how is approval, rejection or withdrawal.
	decide(ctx context.Context, id, how string, body map[string]any) (httpapi.Proposal, error)
	settings(ctx context.Context) (httpapi.PublishingSettings, error)
	// fourEyes turns them on or off; the proposal is what to turn them off is.
	fourEyes(ctx context.Context, on bool, comment string) (httpapi.PublishingSettings, *httpapi.Proposal, error)
}

func proposalCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "proposal", Short: "Approve or reject the proposals of others"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(
		proposalsCommand(t), completes(proposalShowCommand(t), t, knownProposals),
		completes(decideCommand(t, "approve", "approval", "Approve the proposal of another person; it is validated again and published atomically", "comment"), t, knownProposals),
		completes(decideCommand(t, "reject", "rejection", "Reject the proposal of another person", "reason"), t, knownProposals),
		completes(decideCommand(t, "withdraw", "withdrawal", "Withdraw your own proposal", ""), t, knownProposals),
	)
	return cmd
}

func proposalsCommand(t *target) *cobra.Command {
	var status registry.Status
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List proposals, the newest first",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 200 {
				return usageError{fmt.Errorf("--limit must be 1 to 200")}
			}
			return t.with(func(s source) error {
				found, err := s.proposals(cmd.Context(), string(status), limit)
				if err != nil {
					return err
				}
				return printProposals(cmd, found)
			})
		},
	}
	choiceFlag(cmd, &status, "status", registry.Statuses(), "open, approved, rejected, withdrawn or outdated; all without it")
	cmd.Flags().IntVar(&limit, "limit", 50, "maximum number")
	return cmd
}

func printProposals(cmd *cobra.Command, found []httpapi.Proposal) error {
	return printRows(cmd, found, "ID|STATUS|PROPOSED|BY|DECIDED BY|WHAT|COMMENT", func(p httpapi.Proposal) []any {
		return []any{p.ID, p.Status, p.ProposedAt, p.ProposedBy, p.DecidedBy, strings.Join(proposedNames(p), ", "), p.Comment}
	})
}

// proposedNames are what a proposal wants to publish.
func proposedNames(p httpapi.Proposal) (names []string) {
	for _, d := range p.Documents {
		names = append(names, fmt.Sprintf("%s %s", d.Kind, d.ID))
	}
	if p.Settings != nil {
		names = append(names, "four eyes "+onOff(p.Settings.FourEyes))
	}
	return names
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func proposalShowCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show the changes of a proposal, and whether it can be published now", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				p, err := s.proposal(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON(cmd) {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(p)
				}
				printProposal(cmd, p)
				return nil
			})
		},
	}
}

func printProposal(cmd *cobra.Command, p httpapi.Proposal) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s: %s\nproposed by %s at %s%s\n", p.ID, p.Status, p.ProposedBy, p.ProposedAt.Format(time.RFC3339), because(p.Comment))
	if len(p.Behind) > 0 {
		fmt.Fprintf(out, "with a key that %s has created or rotated and so cannot approve either\n", strings.Join(p.Behind, ", "))
	}
	if p.DecidedAt != nil {
		fmt.Fprintf(out, "%s by %s at %s%s\n", p.Status, p.DecidedBy, p.DecidedAt.Format(time.RFC3339), because(p.Reason))
	}
	if p.Settings != nil {
		fmt.Fprintf(out, "\nfour eyes %s, based on version %d of the settings\n", onOff(p.Settings.FourEyes), p.Settings.Base)
	}
	for _, d := range p.Documents {
		fmt.Fprintf(out, "\n%s\n", basedOn(d))
		if d.Newest != nil && *d.Newest != d.Base && p.Status == registry.Open {
			fmt.Fprintf(out, "! outdated: the latest version is now %d\n", *d.Newest)
		}
		passed := 0
		for _, c := range d.Cases {
			if c.Passed {
				passed++
				continue
			}
			fmt.Fprintf(out, "! the test case %q fails: %s\n", c.Name, strings.Join(c.Problems, "; "))
		}
		if len(d.Cases) > 0 {
			fmt.Fprintf(out, "  test cases: %d of %d pass\n", passed, len(d.Cases))
		}
		for _, found := range d.Problems {
			fmt.Fprintf(out, "! %s\n", found)
		}
		printFound(cmd, d.Changes, d.Warnings)
		printDiff(out, d)
	}
}

func because(comment string) string {
	if comment == "" {
		return ""
	}
	return ": " + visible(comment)
}

// basedOn is a document of a proposal in a line.
func basedOn(d httpapi.ProposedDocument) string {
	switch {
	case d.Version > 0:
		return fmt.Sprintf("%s %s@%d", d.Kind, d.ID, d.Version)
	case d.Base == 0:
		return fmt.Sprintf("%s %s: the first version", d.Kind, d.ID)
	}
	return fmt.Sprintf("%s %s: based on version %d", d.Kind, d.ID, d.Base)
}

// printDiff prints a diff as `diff -u` does.
func printDiff(out io.Writer, d httpapi.ProposedDocument) {
	diff := d.Diff
	if diff == nil {
		diff = &linediff.Diff{Cut: true}
	}
	fmt.Fprintf(out, "--- %s@%d\n+++ %s\n", d.ID, d.Base, d.ID)
	for _, h := range diff.Hunks {
		fmt.Fprintf(out, "@@ -%d,%d +%d,%d @@\n", h.OldStart, h.OldLines, h.NewStart, h.NewLines)
		for _, line := range h.Lines {
			fmt.Fprintln(out, visible(line))
		}
	}
	if diff.Cut {
		fmt.Fprintln(out, "(truncated: `proposal show --json` has the complete source)")
	}
}

// visible writes out what a terminal would not show, or would obey: a line must not look other than it is.
func visible(line string) string {
	var out strings.Builder
	for _, r := range line {
		if r == '\t' || unicode.IsPrint(r) {
			out.WriteRune(r)
			continue
		}
		fmt.Fprintf(&out, "<U+%04X>", r)
	}
	return out.String()
}

// decideCommand ends a proposal. reasonFlag is the name of the flag for the reason; "" for none.
func decideCommand(t *target, name, how, short, reasonFlag string) *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: name + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var body map[string]any
			if reasonFlag != "" {
				body = map[string]any{reasonFlag: why}
			}
			if reasonFlag == "reason" && why == "" {
				return usageError{fmt.Errorf("--reason is required")}
			}
			return t.with(func(s source) error {
				done, err := s.decide(cmd.Context(), args[0], how, body)
				if err != nil {
					return err
				}
				if asJSON(cmd) {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", done.ID, done.Status)
				for _, d := range done.Documents {
					fmt.Fprintf(cmd.OutOrStdout(), "%s\n", basedOn(d))
				}
				return nil
			})
		},
	}
	if reasonFlag != "" {
		cmd.Flags().StringVar(&why, reasonFlag, "", "comment on the reason")
	}
	return cmd
}

func (l atRest) proposals(ctx context.Context, status string, limit int) (found []httpapi.Proposal, err error) {
	query := registry.ProposalQuery{Status: registry.Status(status), Limit: limit}
	for {
		page, next, err := l.publisher.Proposals(ctx, l.principal.Tenant, query)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			found = append(found, httpapi.ProposalShape(p))
		}
		if query.After, query.Limit = next, limit-len(found); next == "" || query.Limit == 0 {
			return found, nil
		}
	}
}

func (l atRest) proposal(ctx context.Context, id string) (httpapi.Proposal, error) {
	p, documents, err := l.publisher.Proposal(ctx, l.principal.Tenant, id)
	return httpapi.ReviewedShape(p, documents), err
}

func (l atRest) decide(context.Context, string, string, map[string]any) (httpapi.Proposal, error) {
	return httpapi.Proposal{}, problem.New(problem.Forbidden, "A proposal cannot be decided in local data, where nobody is signed in: start the system, and use --endpoint and a person's token.")
}

func (l atRest) settings(ctx context.Context) (httpapi.PublishingSettings, error) {
	found, err := l.publisher.Settings(ctx, l.principal.Tenant)
	return httpapi.SettingsShape(found), err
}

func (l atRest) fourEyes(ctx context.Context, on bool, comment string) (httpapi.PublishingSettings, *httpapi.Proposal, error) {
	now, err := l.publisher.Settings(ctx, l.principal.Tenant)
	if err == nil { // on a data folder nothing becomes a proposal: turning four eyes off is refused
		now, _, err = l.publisher.ChangeSettings(ctx, l.principal, registry.ChangeSettings{Seen: now.Version, FourEyes: on, Comment: comment})
	}
	return httpapi.SettingsShape(now), nil, err
}

func (r remote) proposals(ctx context.Context, status string, limit int) (found []httpapi.Proposal, err error) {
	parameters := url.Values{}
	if status != "" {
		parameters.Set("status", status)
	}
	for {
		parameters.Set("limit", fmt.Sprint(limit-len(found)))
		var page httpapi.List[httpapi.Proposal]
		if err := r.get(ctx, "/v1/proposals?"+parameters.Encode(), &page); err != nil {
			return nil, err
		}
		if found = append(found, page.Data...); page.NextCursor == nil || len(found) >= limit {
			return found, nil
		}
		parameters.Set("cursor", *page.NextCursor)
	}
}

func (r remote) proposal(ctx context.Context, id string) (found httpapi.Proposal, err error) {
	err = r.get(ctx, "/v1/proposals/"+url.PathEscape(id), &found)
	return found, err
}

func (r remote) decide(ctx context.Context, id, how string, body map[string]any) (done httpapi.Proposal, err error) {
	var sent any
	if body != nil {
		sent = body
	}
	err = r.call(ctx, http.MethodPost, "/v1/proposals/"+url.PathEscape(id)+"/"+how, sent, &done)
	return done, err
}

func (r remote) settings(ctx context.Context) (found httpapi.PublishingSettings, err error) {
	err = r.get(ctx, "/v1/publishing-settings", &found)
	return found, err
}

func (r remote) fourEyes(ctx context.Context, on bool, comment string) (now httpapi.PublishingSettings, _ *httpapi.Proposal, err error) {
	seen, err := r.exchange(ctx, message{method: http.MethodGet, path: "/v1/publishing-settings"})
	if err != nil {
		return now, nil, err
	}
	got, err := r.exchange(ctx, message{
		method: http.MethodPut, path: "/v1/publishing-settings", body: map[string]any{"four_eyes": on, "comment": comment}, header: http.Header{"If-Match": {seen.tag}},
	})
	if err != nil {
		return now, nil, err
	}
	if got.status == http.StatusAccepted {
		var made httpapi.Proposal
		return now, &made, got.decode(&made)
	}
	return now, nil, got.decode(&now)
}
