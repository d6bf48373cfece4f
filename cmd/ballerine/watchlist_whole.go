package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
)

func wholeWatchlistPath(list, what string) string {
	return "/v1/watchlists/" + url.PathEscape(list) + "/" + what
}

func watchlistRescreenCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "rescreen LIST", Short: "Screen all kept subjects against the whole list again", Args: cobra.ExactArgs(1),
		Long: "A new edition has kept subjects compared with what it adds and changes, without this command. It compares them with the whole list, in the background; `watchlist status` shows the progress.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.settleWatchlists(cmd, wholeWatchlistPath(args[0], "rescreening"), nil, printRescreenings)
		},
	}
}

func watchlistStatusCommand(t *target) *cobra.Command {
	cmd := wholeListCommand(t, "Show how far kept subjects have been screened again, by list", "/v1/watchlists", printRescreenings)
	cmd.Use = "status"
	return cmd
}

func printRescreenings(cmd *cobra.Command, lists []httpapi.Watchlist) error {
	return printRows(cmd, lists, "LIST|STATE|EDITION|SUBJECTS|HITS|CASES|WAITING|FAILED|ERROR|SINCE|ENDED", func(l httpapi.Watchlist) []any {
		r := l.Rescreening
		if r == nil {
			return []any{l.Name, "", "", "", "", "", "", "", "", "", ""}
		}
		row := []any{l.Name, r.State, r.Edition, r.Looked, r.Hits, r.Opened, r.Waiting, r.Failed, r.Error, r.NotedAt, ""}
		if r.EndedAt != nil {
			row[len(row)-1] = *r.EndedAt
		}
		return row
	})
}

func watchlistRemoveCommand(t *target) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use: "remove LIST", Short: "Request the removal of a list, or confirm that of another person", Args: cobra.ExactArgs(1),
		Long: "The first call requests the removal; the list is removed with all its editions when another person calls. Workflows that name the list then fail with unknown_list. --keep cancels a requested removal.",
		RunE: func(cmd *cobra.Command, args []string) error {
			what := "removal"
			if keep {
				what = "removal/rejection"
			}
			return t.settleWatchlist(cmd, wholeWatchlistPath(args[0], what), nil)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep a list whose removal was requested")
	return cmd
}
