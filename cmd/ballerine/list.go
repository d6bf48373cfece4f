package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/lists"
	"ballerine/internal/problem"
)

func valueListCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "list", Short: "Keep the lists of values that policies ask, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(listListsCommand(t), showListCommand(t), uploadListCommand(t), addToListCommand(t), removeFromListCommand(t), exportListCommand(t),
		editionsCommand(t), forgetEditionCommand(t), deleteListCommand(t))
	return cmd
}

// seenFlag is the edition that a write is to be done over.
func seenFlag(cmd *cobra.Command, seen *int) {
	cmd.Flags().IntVar(seen, "edition", lists.Any, "only over this edition; default: whichever there is")
}

func listListsCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the lists",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(func(s source) error {
				found, err := s.valueLists(cmd.Context())
				if err != nil {
					return err
				}
				return printLists(cmd, found)
			})
		},
	}
}

func printLists(cmd *cobra.Command, found []httpapi.ValueList) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"data": found})
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "LIST\tTYPE\tHOLDS\tMATCHING\tEDITION\tENTRIES\tUPDATED\tTITLE")
	for _, l := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", l.ID, l.Type, l.Holds, l.Matching, l.Edition, l.Entries, l.UpdatedAt.Format(time.RFC3339), l.Title)
	}
	return table.Flush()
}

func showListCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show what a list is, without its entries, as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.valueList(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				lines := json.NewEncoder(cmd.OutOrStdout())
				if !asJSON(cmd) {
					lines.SetIndent("", "  ")
				}
				return lines.Encode(found)
			})
		},
	}
}

func uploadListCommand(t *target) *cobra.Command {
	var put lists.Put
	var kind, holds, matching string
	cmd := &cobra.Command{
		Use: "upload NAME FILE", Short: "Put the whole content of a list from a CSV; the list is made when it is not there", Args: cobra.ExactArgs(2),
		Long: "Puts the whole content of a list from a CSV with the columns value, expires_at and note, in any order; only value is needed.\n" +
			"The list is made when it is not there. What a list is stays as it is where no flag says otherwise.",
		RunE: func(cmd *cobra.Command, args []string) error {
			put.ID, put.Type, put.Holds, put.Matching = args[0], lists.Type(kind), lists.Holding(holds), lists.Matching(matching)
			text, err := readFile(cmd, args[1])
			if err != nil {
				return err
			}
			return t.with(func(s source) error {
				if err := sayWhatItIs(cmd, s, &put); err != nil {
					return err
				}
				up, err := s.putEntries(cmd.Context(), put.ID, text, put.Seen)
				if err != nil {
					return inFile(err, args[1])
				}
				return printUpload(cmd, up)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "type", string(lists.Own), "allow, block or own")
	cmd.Flags().StringVar(&put.Title, "title", "", "what people call it")
	cmd.Flags().StringVar(&holds, "holds", string(lists.Text), "text, number or date")
	cmd.Flags().StringVar(&matching, "matching", string(lists.Exact), "exact or ignoring_case")
	seenFlag(cmd, &put.Seen)
	return cmd
}

// sayWhatItIs makes a list, or changes what the flags name.
func sayWhatItIs(cmd *cobra.Command, s source, put *lists.Put) error {
	there, err := s.valueList(cmd.Context(), put.ID)
	if problem.CodeOf(err) == problem.NotFound {
		_, err = s.putList(cmd.Context(), *put)
		return err
	}
	if err != nil {
		return err
	}
	if put.Seen > 0 && put.Seen != there.Edition {
		return problem.New(problem.Stale, "The list has another edition by now: %d.", there.Edition)
	}
	changed := false
	for flag, keep := range map[string]func(){
		"type": func() { put.Type = there.Type }, "title": func() { put.Title = there.Title },
		"holds": func() { put.Holds = there.Holds }, "matching": func() { put.Matching = there.Matching },
	} {
		if cmd.Flags().Changed(flag) {
			changed = true
		} else {
			keep()
		}
	}
	if !changed || put.Type == there.Type && put.Title == there.Title && put.Holds == there.Holds && put.Matching == there.Matching {
		return nil
	}
	made, err := s.putList(cmd.Context(), *put)
	if put.Seen > 0 {
		put.Seen = made.Edition // its entries were read anew
	}
	return err
}

func printUpload(cmd *cobra.Command, up httpapi.ValueListUpload) error {
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(up)
	}
	what := "unchanged"
	if up.Created {
		what = "a new edition"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "list %s@%d: %s, %d entries", up.ID, up.Edition, what, up.Entries)
	if up.Folded > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), ", %d were there twice", up.Folded)
	}
	fmt.Fprintln(cmd.OutOrStdout())
	return nil
}

func addToListCommand(t *target) *cobra.Command {
	var expires, note string
	var seen int
	cmd := &cobra.Command{
		Use: "add NAME VALUE...", Short: "Add entries; a value that is there gets the time and the note that are given", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var change lists.Change
			for _, value := range args[1:] {
				change.Add = append(change.Add, lists.WrittenEntry{Value: value, ExpiresAt: expires, Note: note})
			}
			return changeList(cmd, t, args[0], change, seen)
		},
	}
	cmd.Flags().StringVar(&expires, "expires", "", "they count before this time: RFC 3339, or a date for the start of that day in UTC")
	cmd.Flags().StringVar(&note, "note", "", "why they are there")
	seenFlag(cmd, &seen)
	return cmd
}

func removeFromListCommand(t *target) *cobra.Command {
	var seen int
	cmd := &cobra.Command{
		Use: "remove NAME VALUE...", Short: "Remove entries; editions before keep them until they are forgotten", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeList(cmd, t, args[0], lists.Change{Remove: args[1:]}, seen)
		},
	}
	seenFlag(cmd, &seen)
	return cmd
}

func changeList(cmd *cobra.Command, t *target, name string, change lists.Change, seen int) error {
	return t.with(func(s source) error {
		done, err := s.changeEntries(cmd.Context(), name, change, seen)
		if err != nil {
			return err
		}
		if asJSON(cmd) {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "list %s@%d: %d added, %d replaced, %d removed, %d not there; %d entries\n",
			done.ID, done.Edition, done.Added, done.Replaced, done.Removed, done.Missing, done.Entries)
		return err
	})
}

func exportListCommand(t *target) *cobra.Command {
	var output string
	var edition int
	cmd := &cobra.Command{
		Use: "export NAME", Short: "Write the entries of a list as CSV", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				return toFile(cmd, output, func(w io.Writer) error {
					first := true
					return s.entries(cmd.Context(), args[0], edition, func(page []lists.Entry) error {
						header := first
						first = false
						return lists.WriteCSV(w, page, header)
					})
				})
			})
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; standard output without it")
	cmd.Flags().IntVar(&edition, "edition", 0, "default: the newest")
	return cmd
}

// toFile writes a file whole or not at all; "" and - are standard output.
func toFile(cmd *cobra.Command, output string, write func(io.Writer) error) error {
	if output == "" || output == "-" {
		return write(cmd.OutOrStdout())
	}
	file, err := os.CreateTemp(filepath.Dir(output), ".list-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", output, err)
	}
	defer os.Remove(file.Name())
	err = write(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), output)
}

func editionsCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "editions NAME", Short: "List the editions of a list, the newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.editions(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON(cmd) {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"data": found})
				}
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(table, "EDITION\tENTRIES\tMADE\tBY\tCONTENT")
				for _, e := range found {
					content := e.Digest
					if e.Forgotten {
						content = "forgotten"
					}
					fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\n", e.Edition, e.Entries, e.CreatedAt.Format(time.RFC3339), e.CreatedBy, content)
				}
				return table.Flush()
			})
		},
	}
}

func forgetEditionCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "forget NAME EDITION", Short: "Erase the entries of a former edition; decisions that have seen it cannot be replayed any more", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			edition, err := strconv.Atoi(args[1])
			if err != nil || edition < 1 {
				return usageError{fmt.Errorf("%q is not the number of an edition", args[1])}
			}
			return t.with(func(s source) error { return s.forget(cmd.Context(), args[0], edition) })
		},
	}
}

func deleteListCommand(t *target) *cobra.Command {
	var seen int
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a list and erase the entries of all its editions; policies that ask it fail from then on", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error { return s.deleteList(cmd.Context(), args[0], seen) })
		},
	}
	cmd.Flags().IntVar(&seen, "edition", 0, "the edition that was seen; needed when the list has entries")
	return cmd
}
