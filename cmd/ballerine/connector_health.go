package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
)

func connectorHealthCommand() *cobra.Command {
	t, days := &target{}, 0
	cmd := &cobra.Command{
		Use: "health PLUGIN", Short: "Show how a vendor has answered a running system, and the cost", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := t.system()
			if err != nil {
				return err
			}
			var health httpapi.ConnectorHealth
			if err := r.get(cmd.Context(), fmt.Sprintf("/v1/connectors/%s/health?days=%d", url.PathEscape(args[0]), days), &health); err != nil {
				return err
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(health)
			}
			return printHealth(cmd, health)
		},
	}
	t.flags(cmd.Flags())
	cmd.Flags().IntVar(&days, "days", 7, "how many days are counted, today included; 31 at most")
	return cmd
}

func printHealth(cmd *cobra.Command, h httpapi.ConnectorHealth) error {
	lines := [][2]string{{"calls", fmt.Sprintf("%d since %s, %d succeeded", h.Calls, h.Since, h.Succeeded)}}
	add := func(name, format string, args ...any) {
		lines = append(lines, [2]string{name, fmt.Sprintf(format, args...)})
	}
	if h.Rate != nil {
		add("success rate", "%.1f %%", *h.Rate*100)
	}
	if h.P50 != nil && h.P99 != nil {
		add("time", "p50 %g ms, p99 %g ms", *h.P50, *h.P99)
	}
	for _, code := range slices.Sorted(maps.Keys(h.Errors)) {
		add(code, "%d", h.Errors[code])
	}
	if h.Limited+h.Fallback+h.Cached > 0 {
		add("besides", "%d put off by the limit; %d calls instead of another plugin's; %d former answers used again", h.Limited, h.Fallback, h.Cached)
	}
	if h.Breaker != nil {
		add("breaker", "after %d failures for %g seconds; %d attempts not made", h.Breaker.Failures, h.Breaker.Rest, h.Breaker.LeftAlone)
	}
	for _, currency := range slices.Sorted(maps.Keys(h.Spend)) {
		add("this month", "%g %s", h.Spend[currency], currency)
	}
	if h.Budget != nil {
		add("budget", "%g %s a month%s", h.Budget.Amount, h.Budget.Currency, map[bool]string{true: ", used up"}[h.Budget.Used])
	}
	if h.CallbackURL != "" {
		add("callbacks", "%s", h.CallbackURL)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-20s %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
