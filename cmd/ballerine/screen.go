package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/csvfile"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// screenFlags are what is looked for, and where.
type screenFlags struct {
	birth, country, schema, rows string
	lists, since                 []string
	threshold                    float64
	limit                        int
}

func screenCommand() *cobra.Command {
	var f screenFlags
	cmd := &cobra.Command{
		Use: "screen [NAME] --list FILE...", Short: "Look for a name, or for each name of a file, on watch lists",
		Long: "Looks for a name on watch lists, and prints the entries that it may be, best first, each with its reasons. Lists are files as OFAC (sdn.xml, or sdn.csv with " +
			"alt.csv and add.csv beside it), the United Nations, the European Union, the United Kingdom and OpenSanctions publish them, or a CSV file with a column name; a folder means the list in it. " +
			"Nothing is sent anywhere.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.rows == "" && len(args) > 0 {
				f.lists = append(f.lists, args[1:]...)
			} else {
				f.lists = append(f.lists, args...)
			}
			switch {
			case f.rows == "" && len(args) == 0:
				return usageError{errors.New("specify the name, or a file of names with --names")}
			case len(f.lists) == 0:
				return usageError{errors.New("specify a watch list with --list")}
			case !(f.threshold > 0 && f.threshold <= 1):
				return usageError{errors.New("--threshold must be above 0 and at most 1")}
			}
			if f.rows == "" {
				return f.one(cmd, args[0])
			}
			return f.each(cmd)
		},
	}
	cmd.Flags().StringVar(&f.birth, "dob", "", "date of birth: YYYY, YYYY-MM or YYYY-MM-DD")
	cmd.Flags().StringVar(&f.country, "country", "", "country, as two letters of ISO 3166-1")
	cmd.Flags().StringVar(&f.schema, "schema", "", "Person, Organization or Vessel; default: all, and Person with a date of birth")
	cmd.Flags().StringVar(&f.rows, "names", "", "CSV file with the columns name, dob and country, of which only name is needed")
	cmd.Flags().StringArrayVar(&f.lists, "list", nil, "watch list: a file or a folder; can be repeated")
	cmd.Flags().StringArrayVar(&f.since, "since", nil, "former edition of one of the lists: only entries that are new or have changed since are looked at; can be repeated")
	cmd.Flags().Float64Var(&f.threshold, "threshold", names.Match, "similarity from which an entry is a hit")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "most hits for a name")
	cmd.AddCommand(screenPairCommand())
	return cmd
}

// index loads the lists: of those that have a former edition, only what is new.
func (f screenFlags) index() (*screening.Index, error) {
	former := map[string]screening.List{}
	for _, name := range f.since {
		list, err := readList(name)
		if err != nil {
			return nil, err
		}
		if _, twice := former[list.Name]; twice {
			return nil, usageError{fmt.Errorf("--since %s: there are two lists of this name", list.Name)}
		}
		former[list.Name] = list
	}
	var lists []screening.List
	for _, name := range f.lists {
		list, err := readList(name)
		if err != nil {
			return nil, err
		}
		if before, known := former[list.Name]; known {
			list = screening.Compare(before, list).News(list)
			delete(former, list.Name)
		}
		lists = append(lists, list)
	}
	for name := range former {
		return nil, usageError{fmt.Errorf("--since %s: no --list has this name", name)}
	}
	return screening.Build(lists...), nil
}

// query is what is looked for. A row's own date and country come before those of the flags.
func (f screenFlags) query(name, birth, country string) (screening.Query, error) {
	q := screening.Query{Name: name, Country: country}
	if country != "" && len(country) != 2 {
		return q, problem.New(problem.Invalid, "A country must be two letters of ISO 3166-1.")
	}
	if err := names.Check(name); err != nil {
		return q, err
	}
	if f.schema != "" {
		kind, err := names.KindOf(f.schema)
		if err != nil {
			return q, err
		}
		q.Kind = kind
	}
	b, known, err := screening.AskedBirth(birth, time.Now().UTC().Year())
	if known {
		q.Birth = &b
	}
	return q, err
}

// screened is what is printed for a name.
type screened struct {
	Name     string            `json:"name,omitempty"` // of a row
	Hits     []screening.Hit   `json:"hits"`
	Editions map[string]string `json:"list_editions"`
}

func (f screenFlags) one(cmd *cobra.Command, name string) error {
	q, err := f.query(name, f.birth, f.country)
	if err != nil {
		return err
	}
	index, err := f.index()
	if err != nil {
		return err
	}
	found := screened{Hits: index.Search(q, f.options()), Editions: index.Editions()}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(found)
	}
	return printScreened(cmd, found)
}

func (f screenFlags) options() screening.Options {
	return screening.Options{Threshold: f.threshold, Limit: f.limit}
}

// each looks for the names of a file. All rows that cannot be read are reported, before anything is printed.
func (f screenFlags) each(cmd *cobra.Command) error {
	rows, err := readColumns(cmd, f.rows, 1, "name", "dob", "country")
	if err != nil {
		return err
	}
	queries := make([]screening.Query, len(rows))
	var wrong problem.Diagnostics
	for i, row := range rows {
		birth, country := row.or("dob", f.birth), row.or("country", f.country)
		if queries[i], err = f.query(row.get("name"), birth, country); err != nil {
			wrong = append(wrong, problem.Diagnostic{File: f.rows, Line: row.line, Column: 1, Code: "invalid", Message: err.Error()})
		}
	}
	if len(wrong) > 0 {
		return diagnosticsError{wrong}
	}
	index, err := f.index()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(cmd.OutOrStdout())
	for _, q := range queries {
		found := screened{Name: q.Name, Hits: index.Search(q, f.options()), Editions: index.Editions()}
		if asJSON(cmd) {
			err = encoder.Encode(found)
		} else {
			err = printScreened(cmd, found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printScreened(cmd *cobra.Command, found screened) error {
	out := cmd.OutOrStdout()
	if found.Name != "" {
		if _, err := fmt.Fprintf(out, "%s\n", visible(found.Name)); err != nil {
			return err
		}
	}
	if len(found.Hits) == 0 {
		_, err := fmt.Fprintln(out, "  no hit")
		return err
	}
	for _, h := range found.Hits {
		weak := ""
		if h.Weak {
			weak = ", a weak name"
		}
		if _, err := fmt.Fprintf(out, "  %.2f  %s  %s (%s %s%s)\n", h.Score, h.Schema, visible(h.Name), h.List, h.ID, weak); err != nil {
			return err
		}
		for _, reason := range h.Reasons {
			if _, err := fmt.Fprintf(out, "        %s\n", visible(reason)); err != nil {
				return err
			}
		}
	}
	return nil
}

// paired is what is printed for two names.
type paired struct {
	Score    float64  `json:"score"`
	Evidence float64  `json:"evidence"`
	Match    bool     `json:"match"`
	Reasons  []string `json:"reasons"`
}

func screenPairCommand() *cobra.Command {
	var schema, rows string
	cmd := &cobra.Command{
		Use: "pair [NAME1 NAME2]", Short: "Compare two names, or the pairs of a file, as a search does",
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case rows == "" && len(args) != 2:
				return usageError{errors.New("specify two names, or a file of pairs with --pairs")}
			case rows != "" && len(args) > 0:
				return usageError{errors.New("specify two names, or --pairs: not both")}
			case rows == "":
				return printPair(cmd, schema, args[0], args[1])
			}
			pairs, err := readColumns(cmd, rows, 2, "name1", "name2", "schema")
			if err != nil {
				return err
			}
			for _, p := range pairs {
				if err := printPair(cmd, p.or("schema", schema), p.get("name1"), p.get("name2")); err != nil {
					return fmt.Errorf("%s, line %d: %w", filepath.Base(rows), p.line, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&schema, "schema", "Person", "Person, Organization, LegalEntity or Vessel")
	cmd.Flags().StringVar(&rows, "pairs", "", "CSV file with the columns name1, name2 and schema, of which the last is not needed")
	return cmd
}

func printPair(cmd *cobra.Command, schema, one, two string) error {
	kind, err := names.KindOf(schema)
	if err != nil {
		return err
	}
	a, b := names.Read(kind, one), names.Read(kind, two)
	c := names.Compare(&a, &b, nil, names.Either)
	p := paired{Score: c.Score, Evidence: c.Evidence, Match: c.Score >= names.Match, Reasons: append([]string{}, c.Reasons...)}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(p)
	}
	verdict := "no match"
	if p.Match {
		verdict = "match"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s, score %.2f\n", verdict, p.Score)
	for _, reason := range p.Reasons {
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "  %s\n", visible(reason))
		}
	}
	return err
}

// columnsRow is a row of a CSV file with a header.
type columnsRow struct {
	line  int
	cells map[string]string
}

func (r columnsRow) get(column string) string { return r.cells[column] }

func (r columnsRow) or(column, otherwise string) string {
	if r.cells[column] == "" {
		return otherwise
	}
	return r.cells[column]
}

// readColumns reads columns of a CSV file by the names in its first line. The first so many are needed, the others are not.
// "-" is standard input.
func readColumns(cmd *cobra.Command, file string, needed int, columns ...string) ([]columnsRow, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	var wrong problem.Diagnostics
	reader := csvfile.NewReader(string(text), csvfile.Limits{Bytes: 1 << 30, Records: 5_000_000, Fields: 256}, func(f csvfile.Fault) {
		wrong = append(wrong, problem.Diagnostic{File: file, Line: f.Line, Column: f.Column, Code: f.Code, Message: f.Message, Hint: f.Hint})
	})
	head, more := reader.Next()
	at := map[string]int{}
	for i, field := range head {
		for _, column := range columns {
			if strings.EqualFold(strings.TrimSpace(field.Text), column) {
				at[column] = i
			}
		}
	}
	for _, column := range columns[:needed] {
		if _, ok := at[column]; !ok {
			wrong = append(wrong, problem.Diagnostic{File: file, Line: 1, Column: 1, Code: "missing_column", Message: "the first line names no column " + column})
			more = false
		}
	}
	var rows []columnsRow
	for more {
		var record []csvfile.Field
		if record, more = reader.Next(); !more || csvfile.Blank(record) {
			continue
		}
		row := columnsRow{line: record[0].Line, cells: map[string]string{}}
		for column, i := range at {
			if i < len(record) {
				row.cells[column] = strings.TrimSpace(record[i].Text)
			}
		}
		rows = append(rows, row)
	}
	if len(wrong) > 0 {
		return nil, diagnosticsError{wrong}
	}
	return rows, nil
}
