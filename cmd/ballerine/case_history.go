package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
)

// historyRequest is which entries of a history are wanted.
type historyRequest struct {
	newestFirst bool
	causes      []string
	limit       int // 0: all
}

func caseHistoryCommand(t *target) *cobra.Command {
	var want historyRequest
	cmd := &cobra.Command{
		Use: "history CASE", Short: "Print the history of a case, oldest first; with --json one entry per line, with its details", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if want.limit < 0 {
				return usageError{fmt.Errorf("--limit must be a number of entries; 0 means all")}
			}
			for _, cause := range want.causes {
				if !slices.Contains(words(cases.Causes()), cause) {
					return usageError{notOneOf("--cause", cause, words(cases.Causes()))}
				}
			}
			return t.with(func(s source) error {
				var shown []cases.Entry
				err := s.history(cmd.Context(), args[0], want, func(page []cases.Entry) error {
					if !asJSON(cmd) {
						shown = append(shown, page...)
						return nil
					}
					for _, entry := range page {
						if err := printJSON(cmd, entry); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil || asJSON(cmd) {
					return err
				}
				return printHistory(cmd, shown)
			})
		},
	}
	cmd.Flags().BoolVar(&want.newestFirst, "newest-first", false, "print the newest entry first")
	cmd.Flags().StringSliceVar(&want.causes, "cause", nil, "only entries with these causes: "+strings.Join(words(cases.Causes()), ", "))
	cmd.Flags().IntVar(&want.limit, "limit", 0, "maximum number of entries; default: all")
	must(cmd.RegisterFlagCompletionFunc("cause", cobra.FixedCompletions(words(cases.Causes()), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func printHistory(cmd *cobra.Command, entries []cases.Entry) error {
	return printRows(cmd, entries, "VERSION|AT|BY|CAUSE|EVENT|FROM|TO", func(e cases.Entry) []any {
		by := strings.TrimSpace(e.Actor.Kind + " " + e.Actor.ID)
		if e.Actor.For != "" {
			by += " for " + e.Actor.For
		}
		return []any{e.Version, e.At, by, e.Cause, e.Event, e.From, e.To}
	})
}

// pageOf is how many entries the next page may have; done if no more are wanted.
func (want historyRequest) pageOf(had int) (limit int, done bool) {
	if want.limit == 0 {
		return 200, false
	}
	left := want.limit - had
	return min(left, 200), left <= 0
}

func (l atRest) history(ctx context.Context, id string, want historyRequest, yield func([]cases.Entry) error) error {
	query := cases.HistoryQuery{NewestFirst: want.newestFirst}
	for _, cause := range want.causes {
		query.Causes = append(query.Causes, cases.Cause(cause))
	}
	for had := 0; ; {
		limit, done := want.pageOf(had)
		if done {
			return nil
		}
		query.Limit = limit
		page, bound, err := l.service.HistoryPage(ctx, l.principal, id, query)
		if err != nil {
			return err
		}
		if err := yield(page); err != nil || bound == 0 {
			return err
		}
		had, query.Bound = had+len(page), bound
	}
}

func (r remote) history(ctx context.Context, id string, want historyRequest, yield func([]cases.Entry) error) error {
	query := url.Values{}
	if want.newestFirst {
		query.Set("sort", "-version")
	}
	if len(want.causes) > 0 {
		query.Set("cause", strings.Join(want.causes, ","))
	}
	for had := 0; ; {
		limit, done := want.pageOf(had)
		if done {
			return nil
		}
		query.Set("limit", fmt.Sprint(limit))
		var page httpapi.List[cases.Entry]
		if err := r.get(ctx, casePath(id, "history")+"?"+query.Encode(), &page); err != nil {
			return err
		}
		if err := yield(page.Data); err != nil || page.NextCursor == nil {
			return err
		}
		had += len(page.Data)
		query.Set("cursor", *page.NextCursor)
	}
}
