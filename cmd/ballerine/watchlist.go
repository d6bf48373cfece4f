package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/screening"
	"ballerine/internal/screening/watchlist"
)

func watchlistCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "watchlist", Short: "Load the watch lists that a running system screens against, and compare their editions"}
	t.systemFlags(cmd.PersistentFlags())
	cmd.AddCommand(watchlistLoadCommand(t), watchlistListCommand(t), watchlistReleaseCommand(t), watchlistRejectCommand(t), watchlistRescreenCommand(t), watchlistStatusCommand(t), watchlistRemoveCommand(t), watchlistDiffCommand(), watchlistPackCommand())
	return cmd
}

// readList reads a watch list from the files of its issuer, or as pack has written it.
func readList(name string) (screening.List, error) {
	folder, file := filepath.Dir(name), filepath.Base(name)
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		folder, file = name, "."
	}
	return watchlist.Load(os.DirFS(folder), file)
}

// readNamed is readList, with another name for the list.
func readNamed(file, name string) (screening.List, error) {
	list, err := readList(file)
	if name != "" {
		list.Name = name
	}
	return list, err
}

func watchlistLoadCommand(t *target) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "load FILE...", Short: "Load watch lists as the newest editions of a running system", Args: cobra.MinimumNArgs(1),
		Long: "Reads watch lists as `screen` does, packs, uploads and loads them. All files are read before the first is uploaded. An edition with fewer than half of the entries of the " +
			"current one waits until another person releases it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if name != "" && len(args) > 1 {
				return usageError{errors.New("--name is for one list")}
			}
			r, err := t.system()
			if err != nil {
				return err
			}
			packed := make([][]byte, len(args))
			for i, file := range args {
				list, err := readNamed(file, name)
				if err != nil {
					return err
				}
				if packed[i], err = screening.Pack(list); err != nil {
					return err
				}
			}
			loaded := make([]httpapi.Watchlist, len(packed))
			for i, content := range packed {
				if loaded[i], err = r.loadWatchlist(cmd, content); err != nil {
					return err
				}
			}
			return printWatchlists(cmd, loaded)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the list; default: ofac-sdn, un, or that of the file")
	return cmd
}

// loadWatchlist uploads a packed list, and loads it.
func (r remote) loadWatchlist(cmd *cobra.Command, packed []byte) (list httpapi.Watchlist, err error) {
	sum := sha256.Sum256(packed)
	var upload httpapi.WatchlistUpload
	if err := r.call(cmd.Context(), http.MethodPost, "/v1/watchlist-uploads", map[string]any{"size": len(packed), "sha256": hex.EncodeToString(sum[:])}, &upload); err != nil {
		return list, err
	}
	if _, err := transfer(cmd.Context(), upload.Method, upload.URL, upload.Headers, packed, 1<<20); err != nil {
		return list, err
	}
	err = r.call(cmd.Context(), http.MethodPost, "/v1/watchlists", map[string]any{"upload": upload.ID}, &list)
	return list, err
}

func printWatchlists(cmd *cobra.Command, lists []httpapi.Watchlist) error {
	return printRows(cmd, lists, "LIST|EDITION|ENTRIES|ADDED|CHANGED|REMOVED|LOADED|BY|WAITING", func(l httpapi.Watchlist) []any {
		waiting := ""
		if l.Removal != nil {
			waiting = "removal, asked by " + l.Removal.By.ID
		}
		if l.Waiting != nil {
			waiting = fmt.Sprintf("%s with %d entries", l.Waiting.Edition, l.Waiting.Entries)
		}
		if l.Current == nil {
			return []any{l.Name, "", "", "", "", "", "", "", waiting}
		}
		row := []any{l.Name, l.Current.Edition, l.Current.Entries, "", "", "", l.Current.LoadedAt, l.Current.LoadedBy.ID, waiting}
		if c := l.Current.Changes; c != nil {
			row[3], row[4], row[5] = c.Added, c.Changed, c.Removed
		}
		return row
	})
}

func watchlistListCommand(t *target) *cobra.Command {
	return wholeListCommand(t, "List the watch lists of a running system", "/v1/watchlists", printWatchlists)
}

func watchlistPath(list, edition, what string) string {
	return "/v1/watchlists/" + url.PathEscape(list) + "/editions/" + url.PathEscape(edition) + "/" + what
}

func watchlistReleaseCommand(t *target) *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use: "release LIST EDITION", Short: "Make a waiting edition the current one; another person has loaded it", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.settleWatchlist(cmd, watchlistPath(args[0], args[1], "release"), map[string]any{"comment": comment})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "comment on the reason")
	return cmd
}

func watchlistRejectCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "reject LIST EDITION", Short: "Reject a waiting edition", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.settleWatchlist(cmd, watchlistPath(args[0], args[1], "rejection"), nil)
		},
	}
}

func (t *target) settleWatchlist(cmd *cobra.Command, path string, body any) error {
	return t.settleWatchlists(cmd, path, body, printWatchlists)
}

func (t *target) settleWatchlists(cmd *cobra.Command, path string, body any, show func(*cobra.Command, []httpapi.Watchlist) error) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var list httpapi.Watchlist
	if err := r.call(cmd.Context(), http.MethodPost, path, body, &list); err != nil {
		return err
	}
	return show(cmd, []httpapi.Watchlist{list})
}

// editionChange is an entry that is not in both editions, or not alike.
type editionChange struct {
	Change string `json:"change"` // added, changed, removed
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Schema string `json:"schema,omitempty"`
}

func watchlistDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "Compare two editions of a watch list, entry by entry, without a system", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			older, err := readList(args[0])
			if err != nil {
				return err
			}
			newer, err := readList(args[1])
			if err != nil {
				return err
			}
			d := screening.Compare(older, newer)
			if d.Empty() && !asJSON(cmd) {
				_, err := io.WriteString(cmd.OutOrStdout(), "the editions are equal\n")
				return err
			}
			var changes []editionChange
			add := func(change string, entries []screening.Entry) {
				for _, e := range entries {
					changes = append(changes, editionChange{change, e.ID, e.Names[0].Text, string(e.Kind)})
				}
			}
			add("added", d.Added)
			add("changed", d.Changed)
			was := make(map[string]screening.Entry, len(older.Entries))
			for _, e := range older.Entries {
				was[e.ID] = e
			}
			for _, id := range d.Removed {
				add("removed", []screening.Entry{was[id]})
			}
			return printRows(cmd, changes, "CHANGE|ID|NAME|SCHEMA", func(c editionChange) []any { return []any{c.Change, c.ID, visible(c.Name), c.Schema} })
		},
	}
}

func watchlistPackCommand() *cobra.Command {
	var output, name string
	cmd := &cobra.Command{
		Use: "pack FILE -o OUT", Short: "Write a watch list into one file, which is read in a fraction of the time", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usageError{errors.New("specify the file to write with -o")}
			}
			list, err := readNamed(args[0], name)
			if err != nil {
				return err
			}
			packed, err := screening.Pack(list)
			if err != nil {
				return err
			}
			if err := os.WriteFile(output, packed, 0o600); err != nil {
				return fmt.Errorf("write the packed list: %w", err)
			}
			done := map[string]any{"list": list.Name, "edition": list.Edition, "entries": len(list.Entries), "bytes": len(packed)}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), fmt.Sprintf("%s, edition %s: %d entries in %d bytes\n", list.Name, list.Edition, len(list.Entries), len(packed)))
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write")
	cmd.Flags().StringVar(&name, "name", "", "name of the list; default: ofac-sdn, un, or that of the file")
	return cmd
}
