package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/dmn"
	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/table"
	"ballerine/internal/policy/tablefile"
	"ballerine/internal/policy/tablefile/xlsx"
	"ballerine/internal/problem"
)

// tableImport is a call of `table import`.
type tableImport struct {
	policy, table, file   string
	decision              string
	names                 map[string]string
	dryRun, create, force bool
}

func importTableCommand() *cobra.Command {
	one := tableImport{}
	cmd := &cobra.Command{
		Use: "import FILE TABLE FROM", Args: cobra.ExactArgs(3),
		Short: "Import a table from a spreadsheet (.csv, .xlsx) or a DMN document (.dmn) into a policy",
		Long: "Imports a table from a spreadsheet or a DMN document into the file of a policy. The rest of the file stays unchanged, and so do rows that " +
			"have not changed. The policy is validated and its test cases are run first; nothing is written if there are problems.",
		RunE: func(cmd *cobra.Command, args []string) error {
			one.policy, one.table, one.file = args[0], args[1], args[2]
			return one.run(cmd)
		},
	}
	cmd.Flags().StringVar(&one.decision, "decision", "", "name or id of the decision, if a DMN document has several")
	cmd.Flags().StringToStringVar(&one.names, "name", nil, "what a name of a DMN document is in the policy: \"Monthly income=income.monthly\"")
	cmd.Flags().BoolVar(&one.dryRun, "dry-run", false, "only validate, and report what would change")
	cmd.Flags().BoolVar(&one.create, "create", false, "add the table if the policy has none with this name")
	cmd.Flags().BoolVar(&one.force, "force", false, "write even if test cases of the policy fail")
	return cmd
}

// imported is what an import of a table did, or would do.
type importedTable struct {
	tableSummary
	Added     int                 `json:"added"` // rows
	Removed   int                 `json:"removed"`
	Unchanged int                 `json:"unchanged"`
	Written   bool                `json:"written"`
	Warnings  problem.Diagnostics `json:"warnings"`
}

func (i tableImport) run(cmd *cobra.Command) error {
	if i.policy == "-" {
		return usageError{fmt.Errorf("a table can only be imported into a file")}
	}
	source, err := readFile(cmd, i.policy)
	if err != nil {
		return err
	}
	sheet, found, err := i.read(cmd)
	if err != nil {
		return err
	}
	if found.Failed() {
		return diagnosticsError{found}
	}
	before, _ := rules.Parse(i.policy, source)
	changed, err := rules.ReplaceTable(source, i.table, sheet.Source, i.create)
	if err != nil {
		return inPolicy(err, before)
	}
	policy, diagnostics := rules.Parse(i.policy, changed)
	if found = judged(cmd, append(found, i.placed(diagnostics, sheet)...)); found.Failed() {
		return diagnosticsError{found}
	}
	report, err := tested(cmd, i.policy, policy)
	if err != nil {
		return err
	}
	printWarnings(cmd, found)
	if report.Failed > 0 && !i.force {
		report.printProblems(cmd)
		return problem.New(problem.Invalid, "%d test cases of the policy fail with this table; nothing was written. Correct them, or use --force.", report.Failed)
	}
	made := importedTable{tableSummary: summary(i.table, sheet.Source), Warnings: append(problem.Diagnostics{}, found...)}
	made.compare(before, i.table, sheet.Source)
	if made.Written = !i.dryRun && string(changed) != string(source); made.Written {
		if err := replaceFile(i.policy, changed); err != nil {
			return err
		}
	}
	return made.print(cmd)
}

// inPolicy names the tables that there are where the one that was meant is not there.
func inPolicy(err error, policy *rules.Policy) error {
	p := problem.As(err)
	if p.Code == problem.NotFound && policy != nil {
		if names := policy.Tables(); len(names) > 0 {
			p.Message += " It has " + strings.Join(names, ", ") + "."
		}
		p.Message += " --create adds one."
	}
	return p
}

// read reads the table by the kind of its file.
func (i tableImport) read(cmd *cobra.Command) (tablefile.Sheet, problem.Diagnostics, error) {
	text, err := readFile(cmd, i.file)
	if err != nil {
		return tablefile.Sheet{}, nil, err
	}
	switch strings.ToLower(filepath.Ext(i.file)) {
	case ".csv", ".tsv", ".txt", "":
		sheet, found := tablefile.ReadCSV(i.file, text)
		return sheet, found, nil
	case ".xlsx", ".xlsm":
		sheet, found := xlsx.Read(i.file, text, i.table)
		return sheet, found, nil
	case ".dmn", ".xml":
		model, found := dmn.Read(i.file, text, i.names)
		if found.Failed() {
			return tablefile.Sheet{}, found, nil
		}
		decision, err := model.Decision(i.decision)
		if err != nil {
			return tablefile.Sheet{}, nil, noDecision(err, model)
		}
		return decision.Sheet, append(model.Others, decision.Problems...), nil
	}
	return tablefile.Sheet{}, nil, usageError{fmt.Errorf("%s: a table can only be read from .csv, .xlsx or .dmn", i.file)}
}

// noDecision adds to an error what else the document has.
func noDecision(err error, model dmn.Model) error {
	if len(model.Decisions) > 0 || len(model.Others) == 0 {
		return err
	}
	found := model.Others
	for i := range found {
		found[i].Severity = problem.SeverityError
	}
	return diagnosticsError{found}
}

var pathInTable = regexp.MustCompile(`^(rows|inputs|outputs)\[(\d+)\](?:\[(\d+)\])?`)

// placed maps the places of a table's problems to the file it came from.
func (i tableImport) placed(found problem.Diagnostics, sheet tablefile.Sheet) problem.Diagnostics {
	for n, d := range found {
		rest, ok := strings.CutPrefix(d.Path, "tables."+i.table+".")
		parts := pathInTable.FindStringSubmatch(rest)
		if !ok || parts == nil {
			continue
		}
		first, second := number(parts[2]), number(parts[3])
		var at tablefile.Place
		switch parts[1] {
		case "rows":
			at = sheet.Place(first, second)
		case "inputs":
			at = sheet.Place(-1, first)
		default:
			at = sheet.Place(-1, first+len(sheet.Source.Inputs))
		}
		diagnostic := at.Diagnostic(i.file, d.Code, d.Message, d.Hint)
		diagnostic.Severity = d.Severity
		found[n] = diagnostic
	}
	return found
}

func number(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return -1
}

// compare counts rows against those that there were.
func (made *importedTable) compare(before *rules.Policy, name string, s table.Source) {
	made.Added = len(s.Rows)
	if before == nil {
		return
	}
	was, _ := before.Table(name)
	made.Unchanged = rules.SameRows(was, s)
	made.Added, made.Removed = len(s.Rows)-made.Unchanged, len(was.Rows)-made.Unchanged
}

func (made importedTable) print(cmd *cobra.Command) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(made)
	}
	what := "nothing was written"
	if made.Written {
		what = "written"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %d rows: %d new, %d removed, %d unchanged; %s\n", made.Name, made.Hit, made.Rows, made.Added, made.Removed, made.Unchanged, what)
	return nil
}

// tested runs the cases of a policy that is not in its file yet. Errors: what it refers to is missing.
func tested(cmd *cobra.Command, file string, policy *rules.Policy) (*testReport, error) {
	library := newLibrary(cmd, []*rules.Policy{policy}, file)
	if references := policy.CheckDependencies(file, library.get, nil); references.Failed() {
		return nil, diagnosticsError{references}
	}
	called, err := policy.Collect(library.get)
	if err != nil {
		return nil, err
	}
	report := &testReport{Policies: []testedPolicy{}}
	report.add(file, policy.ID, policy.RunCases(called))
	return report, nil
}

// replaceFile writes a file whole or not at all, with the mode that it had.
func replaceFile(name string, text []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(text); err != nil {
		temporary.Close()
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	if err := os.Chmod(temporary.Name(), mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	return os.Rename(temporary.Name(), name)
}
