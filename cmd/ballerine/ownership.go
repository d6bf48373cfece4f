package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/ownership"
	"ballerine/internal/ownership/statements"
)

// ownershipFlags are what is computed of a file, and how it is printed.
type ownershipFlags struct {
	rule, subject, at, format, publisher string
}

var ownershipFormats = []string{"text", "json", "mermaid", "dot", "bods"}

func ownershipCommand() *cobra.Command {
	var f ownershipFlags
	cmd := &cobra.Command{
		Use: "ownership FILE", Short: "Find the beneficial owners of an organization in statements about who owns and controls whom",
		Long: "Reads statements of the Beneficial Ownership Data Standard 0.4 (an array, or one a line), or a document with subject, parties and links, and " +
			"computes for each person the share through all chains and circles, as an interval, whether the person controls the organization, and whether that makes " +
			"a beneficial owner. FILE can be -, for the standard input. Nothing is sent anywhere.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVar(&f.rule, "rule", "eu", `uk (more than 25 %), eu or us (25 % or more), or a threshold of your own such as ">10" or ">=15"`)
	cmd.Flags().StringVar(&f.subject, "subject", "", "id of the organization; default: the one that the file is about")
	cmd.Flags().StringVar(&f.at, "at", "", "day (YYYY-MM-DD) as of which the statements are read; default: today")
	cmd.Flags().StringVar(&f.format, "format", "text", strings.Join(ownershipFormats, ", "))
	cmd.Flags().StringVar(&f.publisher, "publisher", "unknown", "who publishes the statements that --format bods writes")
	cmd.AddCommand(&cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of documents with subject, parties and links", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(statements.Schema())
			return err
		},
	})
	return cmd
}

func (f ownershipFlags) run(cmd *cobra.Command, name string) error {
	if asJSON(cmd) && !cmd.Flags().Changed("format") {
		f.format = "json"
	}
	rule, err := ownership.ParseRule(f.rule)
	switch {
	case err != nil:
		return usageError{fmt.Errorf("--rule: %w", err)}
	case !slices.Contains(ownershipFormats, f.format):
		return usageError{fmt.Errorf("--format must be one of %s", strings.Join(ownershipFormats, ", "))}
	case f.at == "":
		f.at = time.Now().UTC().Format(time.DateOnly)
	default:
		if _, err := time.Parse(time.DateOnly, f.at); err != nil {
			return usageError{errors.New("--at must be a day: YYYY-MM-DD")}
		}
	}
	text, err := readFile(cmd, name)
	if errors.Is(err, fs.ErrNotExist) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	structure, err := statements.Read(text, statements.Options{Subject: f.subject, Day: f.at})
	if err != nil {
		return err
	}
	return f.print(cmd.OutOrStdout(), cmd.ErrOrStderr(), structure, rule)
}

func (f ownershipFlags) print(out, errs io.Writer, structure ownership.Structure, rule ownership.Rule) error {
	switch f.format {
	case "mermaid", "dot":
		draw := map[string]func(ownership.Structure, string) (string, error){"mermaid": ownership.Mermaid, "dot": ownership.DOT}[f.format]
		text, err := draw(structure, f.at)
		if err != nil {
			return err
		}
		_, err = io.WriteString(out, text)
		return err
	case "bods":
		written, omitted, err := statements.Write(structure, statements.Publication{Publisher: f.publisher, Day: f.at})
		if err != nil {
			return err
		}
		if len(omitted) > 0 {
			_, _ = fmt.Fprintf(errs, "%d links are left out: BODS has no code for their interests (parent, signatory, representative)\n", len(omitted))
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(written)
	}
	assessment, err := ownership.Assess(structure, rule, f.at)
	if err != nil {
		return err
	}
	if f.format == "json" {
		return json.NewEncoder(out).Encode(assessment.Report())
	}
	return printOwnership(out, assessment)
}

func printOwnership(out io.Writer, a ownership.Assessment) error {
	text := strings.Builder{}
	r := a.Report()
	more := "more than"
	if r.Rule.Inclusive {
		more = "at least"
	}
	fmt.Fprintf(&text, "%s as of %s, by the rule %s (%s %s %%)\n", visible(a.Name), a.Day, r.Rule.ID, more, r.Rule.Threshold)
	if len(a.People) == 0 {
		text.WriteString("  no person is stated to have anything to do with it\n")
	}
	for _, p := range a.People {
		verdict := map[ownership.Verdict]string{ownership.IsOwner: "beneficial owner", ownership.IsNoOwner: "no beneficial owner", ownership.Undecided: "perhaps a beneficial owner"}[p.Verdict]
		fmt.Fprintf(&text, "  %s: %s, %s", visible(personLabel(p)), p.Share, verdict)
		if len(p.Bases) > 0 {
			bases := make([]string, len(p.Bases))
			for i, basis := range p.Bases {
				bases[i] = string(basis)
			}
			fmt.Fprintf(&text, " by %s", strings.Join(bases, ", "))
		}
		text.WriteString("\n")
		for _, path := range p.Paths {
			for n, step := range path.Steps {
				if n == 0 {
					fmt.Fprintf(&text, "      %s", visible(step.Owner))
				}
				fmt.Fprintf(&text, " → %s (%s)", visible(step.Company), step.What)
			}
			text.WriteString("\n")
		}
		if p.MorePath {
			text.WriteString("      and more\n")
		}
	}
	for _, f := range a.Findings {
		fmt.Fprintf(&text, "  %s\n", visible(f.Text))
		if f.Ask != "" {
			fmt.Fprintf(&text, "      Ask: %s\n", visible(f.Ask))
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func personLabel(p ownership.PersonResult) string {
	if p.Name == "" {
		return p.ID
	}
	return p.Name
}
