package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/table"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/policy/tablefile/xlsx"
	"ballerine/internal/problem"
)

func tableCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "table", Short: "Export, import and check the decision tables of policies"}
	cmd.AddCommand(listTablesCommand(), exportTableCommand(), importTableCommand(), checkTablesCommand())
	return cmd
}

// tableSummary is a table as `table list` shows it.
type tableSummary struct {
	Name    string   `json:"name"`
	Hit     string   `json:"hit"`
	Rows    int      `json:"rows"`
	Inputs  []string `json:"inputs"`
	Outputs []string `json:"outputs"`
}

func summary(name string, s table.Source) tableSummary {
	one := tableSummary{Name: name, Hit: strings.TrimSpace(string(s.Hit) + " " + string(s.Aggregate)), Rows: len(s.Rows)}
	if s.Hit == "" {
		one.Hit = string(table.Unique)
	}
	for _, in := range s.Inputs {
		one.Inputs = append(one.Inputs, in.Expression)
	}
	for _, out := range s.Outputs {
		one.Outputs = append(one.Outputs, out.Name)
	}
	return one
}

func listTablesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list FILE", Short: "List the tables of a policy", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			var found []tableSummary
			for _, name := range policy.Tables() {
				s, _ := policy.Table(name)
				found = append(found, summary(name, s))
			}
			return printRows(cmd, found, "TABLE|HIT|ROWS|INPUTS|OUTPUTS", func(t tableSummary) []any {
				return []any{t.Name, t.Hit, t.Rows, strings.Join(t.Inputs, ", "), strings.Join(t.Outputs, ", ")}
			})
		},
	}
}

func exportTableCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "export FILE TABLE", Short: "Write a table for a spreadsheet: CSV, or a workbook where -o ends in .xlsx", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			s, ok := policy.Table(args[1])
			if !ok {
				return noTable(args[1], policy)
			}
			text, err := writeTable(output, args[1], s, policy.Outcomes)
			if err != nil {
				return err
			}
			if output == "" || output == "-" {
				_, err := cmd.OutOrStdout().Write(text)
				return err
			}
			return replaceFile(output, text)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .csv or .xlsx; default: CSV on standard output")
	return cmd
}

func noTable(name string, policy *rules.Policy) error {
	names := policy.Tables()
	if len(names) == 0 {
		return problem.New(problem.NotFound, "The policy has no tables.")
	}
	return problem.New(problem.NotFound, "The policy has no table %s; it has %s.", name, strings.Join(names, ", "))
}

// writeTable writes a table in the form that a file's name indicates.
func writeTable(file, name string, s table.Source, outcomes []string) ([]byte, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case "", ".csv":
		return tablefile.WriteCSV(s)
	case ".xlsx":
		var b strings.Builder
		err := xlsx.Write(&b, name, s, map[string][]string{"outcome": outcomes})
		return []byte(b.String()), err
	}
	return nil, usageError{fmt.Errorf("%s: a table can only be written as .csv or .xlsx", file)}
}

func checkTablesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Report rows that overlap, contradict each other or never apply, and inputs that no row covers", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			_, diagnostics := rules.Parse(args[0], text)
			diagnostics = judged(cmd, diagnostics)
			var found, others problem.Diagnostics
			for _, d := range diagnostics {
				if strings.HasPrefix(d.Path, "tables.") {
					found = append(found, d)
				} else if d.Severity == problem.SeverityError {
					others = append(others, d)
				}
			}
			if asJSON(cmd) {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"problems": append(problem.Diagnostics{}, found...)}); err != nil {
					return err
				}
			} else {
				printDiagnostics(cmd.OutOrStdout(), found)
			}
			if others = append(others, found.Of(problem.SeverityError)...); len(others) > 0 {
				return diagnosticsError{others}
			}
			return nil
		},
	}
}

// printDiagnostics prints problems of tables, warnings as such.
func printDiagnostics(w io.Writer, found problem.Diagnostics) {
	if len(found) == 0 {
		fmt.Fprintln(w, "no overlaps, no gaps, no rows that never apply")
	}
	for _, d := range found.Of(problem.SeverityWarning) {
		fmt.Fprintf(w, "%s (warning)\n", d)
	}
}
