package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

func valueListCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "list", Short: "Manage the lists that policies look up, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(listListsCommand(t), completesThenFile(uploadListCommand(t), t, knownLists))
	for _, one := range []func(*target) *cobra.Command{
		showListCommand, addToListCommand, removeFromListCommand, exportListCommand, editionsCommand, forgetEditionCommand, deleteListCommand,
	} {
		cmd.AddCommand(completes(one(t), t, knownLists))
	}
	return cmd
}

// seenFlag is the edition that a write is to be done over.
func seenFlag(cmd *cobra.Command, seen *int) {
	cmd.Flags().IntVar(seen, "edition", lists.Any, "only replace this edition; default: any")
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
	return printRows(cmd, found, "LIST|TYPE|HOLDS|MATCHING|EDITION|ENTRIES|UPDATED|TITLE", func(l httpapi.ValueList) []any {
		return []any{l.ID, l.Type, l.Holds, l.Matching, l.Edition, l.Entries, l.UpdatedAt, l.Title}
	})
}

func showListCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show the properties of a list as JSON, without its entries", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error {
				found, err := s.valueList(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return printObject(cmd, found)
			})
		},
	}
}

func uploadListCommand(t *target) *cobra.Command {
	var put lists.Put
	put.Type, put.Holds, put.Matching = lists.Own, lists.Text, lists.Exact
	cmd := &cobra.Command{
		Use: "upload NAME FILE", Short: "Replace the content of a list with a CSV; creates the list if it does not exist", Args: cobra.ExactArgs(2),
		Long: "Replaces the whole content of a list with a CSV with the columns value, expires_at and note, in any order; only value is required.\n" +
			"A list that does not exist is created. Properties of an existing list are only changed by flags.",
		RunE: func(cmd *cobra.Command, args []string) error {
			put.ID = args[0]
			text, err := readFile(cmd, args[1])
			if err != nil {
				return err
			}
			return t.with(func(s source) error {
				if err := defineList(cmd, s, &put); err != nil {
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
	choiceFlag(cmd, &put.Type, "type", lists.Types(), "allow, block or own")
	cmd.Flags().StringVar(&put.Title, "title", "", "title of the list")
	choiceFlag(cmd, &put.Holds, "holds", lists.Holdings(), "text, number or date")
	choiceFlag(cmd, &put.Matching, "matching", lists.Matchings(), "exact or ignoring_case")
	seenFlag(cmd, &put.Seen)
	return cmd
}

// defineList makes a list, or changes what the flags name.
func defineList(cmd *cobra.Command, s source, put *lists.Put) error {
	there, err := s.valueList(cmd.Context(), put.ID)
	if problem.CodeOf(err) == problem.NotFound {
		_, err = s.putList(cmd.Context(), *put)
		return err
	}
	if err != nil {
		return err
	}
	if put.Seen > 0 && put.Seen != there.Edition {
		return problem.New(problem.Stale, "The list has a newer edition: %d.", there.Edition)
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
		put.Seen = made.Edition // its entries were parsed again
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
		fmt.Fprintf(cmd.OutOrStdout(), ", %d duplicates", up.Folded)
	}
	fmt.Fprintln(cmd.OutOrStdout())
	return nil
}

func addToListCommand(t *target) *cobra.Command {
	var expires, note string
	var seen int
	cmd := &cobra.Command{
		Use: "add NAME VALUE...", Short: "Add entries; for an existing value, expiry and note are replaced", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var change lists.Change
			for _, value := range args[1:] {
				change.Add = append(change.Add, lists.WrittenEntry{Value: value, ExpiresAt: expires, Note: note})
			}
			return changeList(cmd, t, args[0], change, seen)
		},
	}
	cmd.Flags().StringVar(&expires, "expires", "", "expiry of the entries: RFC 3339, or a date for the start of that day in UTC")
	cmd.Flags().StringVar(&note, "note", "", "note on the entries")
	seenFlag(cmd, &seen)
	return cmd
}

func removeFromListCommand(t *target) *cobra.Command {
	var seen int
	cmd := &cobra.Command{
		Use: "remove NAME VALUE...", Short: "Remove entries; earlier editions keep them until they are forgotten", Args: cobra.MinimumNArgs(2),
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
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "list %s@%d: %d added, %d replaced, %d removed, %d not found; %d entries\n",
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
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	cmd.Flags().IntVar(&edition, "edition", 0, "default: the latest")
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
				return printRows(cmd, found, "EDITION|ENTRIES|MADE|BY|CONTENT", func(e httpapi.ValueListEdition) []any {
					content := e.Digest
					if e.Forgotten {
						content = "forgotten"
					}
					return []any{e.Edition, e.Entries, e.CreatedAt, e.CreatedBy, content}
				})
			})
		},
	}
}

func forgetEditionCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "forget NAME EDITION", Short: "Erase the entries of a former edition; decisions that used it can no longer be replayed", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			edition, err := strconv.Atoi(args[1])
			if err != nil || edition < 1 {
				return usageError{fmt.Errorf("%q is not an edition number", args[1])}
			}
			return t.with(func(s source) error { return s.forget(cmd.Context(), args[0], edition) })
		},
	}
}

func deleteListCommand(t *target) *cobra.Command {
	var seen int
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a list and erase the entries of all its editions; policies that use it then fail", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(func(s source) error { return s.deleteList(cmd.Context(), args[0], seen) })
		},
	}
	cmd.Flags().IntVar(&seen, "edition", 0, "the edition to delete; required if the list has entries")
	return cmd
}
