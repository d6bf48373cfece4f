package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/connector"
	"ballerine/internal/connector/catalogue"
	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

func connectorListCommand() *cobra.Command {
	var category string
	cmd := &cobra.Command{
		Use: "list", Short: "List the connectors of the catalogue: vendors whose public documentation they were made from", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries, err := catalogue.All()
			if err != nil {
				return err
			}
			if category != "" {
				known := categories(entries)
				if !slices.Contains(known, category) {
					return problem.New(problem.Invalid, "There is no category %s: there are %s.", category, strings.Join(known, ", "))
				}
				entries = slices.DeleteFunc(entries, func(e catalogue.Entry) bool { return e.Category != category })
			}
			return printRows(cmd, entries, "CATEGORY|CONNECTOR|VENDOR|SHAPE|ANSWERS", func(e catalogue.Entry) []any {
				return []any{e.Category, e.ID, e.Vendor, e.Shape, map[bool]string{false: "at once", true: "later"}[e.Callback]}
			})
		},
	}
	cmd.Flags().StringVar(&category, "category", "", "only this category, such as registry")
	return cmd
}

func categories(entries []catalogue.Entry) (known []string) {
	for _, e := range entries {
		known = append(known, e.Category)
	}
	return slices.Compact(known)
}

// added is what connector add prints for machines.
type added struct {
	File string `json:"file"`
	catalogue.Entry
}

func connectorAddCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add CONNECTOR [DIR]", Short: "Write a connector of the catalogue into the folder plugins/ of a project", Args: cobra.RangeArgs(1, 2),
		Example: "  ballerine connector add companies-house\n  ballerine connector list",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (ids []cobra.Completion, _ cobra.ShellCompDirective) {
			entries, err := catalogue.All()
			if err != nil || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			for _, e := range entries {
				ids = append(ids, cobra.CompletionWithDesc(e.ID, e.Title))
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			entry, err := catalogued(args[0])
			if err != nil {
				return err
			}
			root := "."
			if len(args) > 1 {
				root = args[1]
			}
			file := filepath.Join(root, "plugins", entry.ID+".yaml")
			if err := writeNew(file, entry.Source); err != nil {
				return err
			}
			if asJSON(cmd) {
				return printJSON(cmd, added{file, entry})
			}
			printAdded(cmd, file, entry)
			return nil
		},
	}
}

// catalogued finds a connector. Errors: NotFound with the one that was probably meant.
func catalogued(id string) (catalogue.Entry, error) {
	entries, err := catalogue.All()
	if err != nil {
		return catalogue.Entry{}, err
	}
	ids := make([]string, len(entries))
	for i, e := range entries {
		if ids[i] = e.ID; e.ID == id {
			return e, nil
		}
	}
	hint := "ballerine connector list names them"
	if near := expr.Suggest(id, ids); near != "" {
		hint = "did you mean " + near + "?"
	}
	return catalogue.Entry{}, problem.New(problem.NotFound, "The catalogue has no connector %s: %s.", id, strings.TrimSuffix(hint, "."))
}

// writeNew writes a file that is not there yet. Errors: Conflict when it is.
func writeNew(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // G302: files of a project are as those of init: their modes are the user's to narrow
	if errors.Is(err, fs.ErrExist) {
		return problem.New(problem.Conflict, "%s already exists and is left as it is.", file)
	}
	if err != nil {
		return fmt.Errorf("create the file: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func printAdded(cmd *cobra.Command, file string, e catalogue.Entry) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s\n\n%s. Made from: %s\n", file, e.Title, strings.Join(e.Documentation, ", "))
	for _, n := range e.Secrets {
		fmt.Fprintf(out, "secret  %s: %s\n        on one machine: %s%s=…, or a file of --secrets; on AWS: Secrets Manager\n", n.Name, n.About, connector.SecretPrefix, n.Name)
	}
	for _, n := range e.Settings {
		fmt.Fprintf(out, "setting %s: %s\n        on one machine: settings.yaml, or --setting %s=…; on AWS: the parameter PluginSettings\n", n.Name, n.About, n.Name)
	}
	if e.NotCovered != "" {
		fmt.Fprintf(out, "not covered: %s\n", e.NotCovered)
	}
	if e.Note != "" {
		fmt.Fprintf(out, "\n%s\n", e.Note)
	}
	fmt.Fprintf(out, "\nTry it: ballerine connector test %s\n", file)
}

func connectorShapesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "shapes [SHAPE]", Short: "List the answer shapes, or print the JSON Schema of one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return printRows(cmd, connector.Shapes(), "SHAPE", func(name string) []any { return []any{name} })
			}
			text, ok := connector.ShapeText(args[0])
			if !ok {
				return problem.New(problem.NotFound, "There is no answer shape %s: there are %s.", args[0], strings.Join(connector.Shapes(), ", "))
			}
			_, err := cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
