package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
)

// printRows prints a list: one object {"data": […]} for machines, a table for people.
func printRows[T any](cmd *cobra.Command, found []T, columns string, row func(T) []any) error {
	if asJSON(cmd) {
		if found == nil {
			found = []T{}
		}
		return printJSON(cmd, map[string]any{"data": found})
	}
	return printTable(cmd, found, columns, row)
}

// printTable prints a table for people: the names of the columns, divided by |, and a row for each.
func printTable[T any](cmd *cobra.Command, found []T, columns string, row func(T) []any) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, strings.ReplaceAll(columns, "|", "\t"))
	for _, one := range found {
		cells := row(one)
		texts := make([]string, len(cells))
		for i, cell := range cells {
			texts[i] = cellText(cell)
		}
		fmt.Fprintln(table, strings.Join(texts, "\t"))
	}
	return table.Flush()
}

// wholeListCommand lists everything that a path of a running system answers.
func wholeListCommand[T any](t *target, short, path string, show func(*cobra.Command, []T) error) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: short,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := t.system()
			if err != nil {
				return err
			}
			var page httpapi.List[T]
			if err := r.get(cmd.Context(), path, &page); err != nil {
				return err
			}
			return show(cmd, page.Data)
		},
	}
}

// cellText is a cell of a table. Texts of others cannot move the terminal's cursor; an empty cell is a dash.
func cellText(cell any) string {
	text := ""
	switch value := cell.(type) {
	case time.Time:
		if !value.IsZero() {
			text = value.Format(time.RFC3339)
		}
	case *time.Time:
		if value != nil {
			text = value.Format(time.RFC3339)
		}
	case []string:
		text = strings.Join(value, ",")
	default:
		text = fmt.Sprint(value)
	}
	if text == "" {
		return "-"
	}
	return visible(strings.ReplaceAll(text, "\t", " "))
}

// printJSON prints one object in one line.
func printJSON(cmd *cobra.Command, value any) error {
	lines := json.NewEncoder(cmd.OutOrStdout())
	lines.SetEscapeHTML(false)
	return lines.Encode(value)
}

// printObject prints one object as JSON: in one line for machines, in several for people.
func printObject(cmd *cobra.Command, value any) error {
	lines := json.NewEncoder(cmd.OutOrStdout())
	lines.SetEscapeHTML(false)
	if !asJSON(cmd) {
		lines.SetIndent("", "  ")
	}
	return lines.Encode(value)
}

// printSecret prints a secret that cannot be shown again, below the row of what it belongs to.
func printSecret(cmd *cobra.Command, secret string) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nsecret: %s\nShown only once.\n", secret)
	return err
}

// printSentence prints a sentence for people; machines read the object alone.
func printSentence(cmd *cobra.Command, format string, args ...any) {
	if !asJSON(cmd) {
		fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
	}
}

// plural is a number of things: "1 problem", "2 problems".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
