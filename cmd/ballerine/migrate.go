package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
)

func migrateCommand() *cobra.Command {
	t := &target{}
	var command cases.MigrateCommand
	var states []string
	var apply bool
	cmd := &cobra.Command{
		Use: "migrate WORKFLOW --from N --to M", Args: cobra.ExactArgs(1),
		Short: "Migrate running cases to another version of their workflow; without --apply, only report what would happen to each case",
		RunE: func(cmd *cobra.Command, args []string) error {
			command.Workflow, command.DryRun, command.States = args[0], !apply, map[string]string{}
			if command.From < 1 || command.To < 1 {
				return usageError{fmt.Errorf("--from and --to must be version numbers, 1 or more")}
			}
			for _, pair := range states {
				from, to, ok := strings.Cut(pair, "=")
				if !ok || from == "" || to == "" {
					return usageError{fmt.Errorf("--map %q must be OLD=NEW", pair)}
				}
				command.States[from] = to
			}
			return t.with(func(s source) error { return migrateAll(cmd, s, command) })
		},
	}
	t.flags(cmd.Flags())
	cmd.Flags().IntVar(&command.From, "from", 0, "current version of the cases")
	cmd.Flags().IntVar(&command.To, "to", 0, "version to migrate the cases to")
	cmd.Flags().StringArrayVar(&states, "map", nil, "OLD=NEW: state of the new version that replaces a state of the old one; repeatable")
	cmd.Flags().StringArrayVar(&command.Cases, "case", nil, "only this case; repeatable")
	cmd.Flags().BoolVar(&apply, "apply", false, "perform the migration")
	completesFlag(cmd, t, "case", knownCases)
	return completes(cmd, t, knownWorkflows)
}

// migrateAll goes through all pages. It fails when a case was refused.
func migrateAll(cmd *cobra.Command, s source, command cases.MigrateCommand) error {
	all := httpapi.Migration{Data: []cases.Migrated{}, Counts: map[string]int{}, DryRun: command.DryRun}
	for {
		page, err := s.migrate(cmd.Context(), command)
		if err != nil {
			return err
		}
		all.Data = append(all.Data, page.Data...)
		for outcome, n := range page.Counts {
			all.Counts[outcome] += n
		}
		if !asJSON(cmd) {
			printMigrated(cmd, page.Data)
		}
		if page.NextCursor == nil || *page.NextCursor == "" {
			break
		}
		command.After = *page.NextCursor
	}
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(all); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "%d moved, %d would move, %d refused, %d unchanged\n",
			all.Counts[cases.Moved], all.Counts[cases.WouldMove], all.Counts[cases.Refused], all.Counts[cases.Unchanged])
	}
	if n := all.Counts[cases.Refused]; n > 0 {
		return fmt.Errorf("%s cannot be migrated", plural(n, "case"))
	}
	return nil
}

func printMigrated(cmd *cobra.Command, done []cases.Migrated) {
	for _, one := range done {
		where := strings.Join(one.From, ",")
		if to := strings.Join(one.To, ","); to != where {
			where += " -> " + to
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s\n", one.Case, one.Outcome, where)
		for _, work := range one.Starts {
			fmt.Fprintf(cmd.OutOrStdout(), "  begins %s\n", work)
		}
		for _, work := range one.Drops {
			fmt.Fprintf(cmd.OutOrStdout(), "  drops %s\n", work)
		}
		if one.Reason != "" && len(one.Errors) == 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "  %s\n", one.Reason)
		}
		for _, f := range one.Errors {
			fmt.Fprintf(cmd.OutOrStdout(), "  %s: %s\n", f.Location, f.Message)
		}
	}
}

func (l atRest) migrate(ctx context.Context, command cases.MigrateCommand) (httpapi.Migration, error) {
	done, next, err := l.service.Migrate(ctx, l.principal, command)
	return httpapi.ShapeMigration(done, &next, command.DryRun), err
}

func (r remote) migrate(ctx context.Context, command cases.MigrateCommand) (page httpapi.Migration, err error) {
	body := map[string]any{"from": command.From, "to": command.To, "states": command.States, "dry_run": command.DryRun, "cursor": command.After}
	if len(command.Cases) > 0 {
		body["cases"] = command.Cases
	}
	err = r.call(ctx, http.MethodPost, "/v1/workflows/"+url.PathEscape(command.Workflow)+"/migrations", body, &page)
	return page, err
}
