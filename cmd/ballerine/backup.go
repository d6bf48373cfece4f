package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/local/backup"
	"ballerine/internal/store/embedded"
)

// backedUp is what backup and restore print as JSON.
type backedUp struct {
	File    string          `json:"file"`
	Kept    string          `json:"kept,omitempty"` // where the data is that was there before
	Objects int             `json:"objects"`
	Bytes   int64           `json:"bytes"`
	Content backup.Manifest `json:"manifest"`
}

func reportBackup(cmd *cobra.Command, file, kept string, m backup.Manifest, text string) error {
	b := backedUp{File: file, Kept: kept, Objects: m.Objects(), Content: m}
	for _, d := range m.Files {
		b.Bytes += d.Bytes
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files, %d of them uploaded documents, %d KB\n", text, len(m.Files), b.Objects, b.Bytes>>10)
	if err == nil && len(m.Unreadable) > 0 {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "Some values of the data cannot be read: %s.\n", embedded.Unreadable{Values: m.Unreadable})
	}
	if err == nil && kept != "" {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "The previous data was moved to %s.\n", kept)
	}
	return err
}

func backupCommand() *cobra.Command {
	var data, out string
	var options backup.WriteOptions
	cmd := &cobra.Command{
		Use: "backup -o FILE", Short: "Back up the local data folder to one file, also while the system runs",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{fmt.Errorf("specify the file to write with -o")}
			}
			m, err := backup.Write(cmd.Context(), data, out, options, time.Now())
			if err != nil {
				return err
			}
			return reportBackup(cmd, out, "", m, "Wrote "+out)
		},
	}
	cmd.Flags().StringVar(&data, "data", ".ballerine", "the data folder")
	cmd.Flags().StringVarP(&out, "output", "o", "", "the file to write; it must not exist yet")
	cmd.Flags().BoolVar(&options.WithDamage, "with-damage", false, "create the backup even if some values of the data cannot be read")
	return cmd
}

func restoreCommand() *cobra.Command {
	var data string
	var options backup.Options
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Restore a data folder from a backup or a snapshot", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, kept, err := backup.Restore(args[0], data, options, time.Now())
			if err != nil {
				return err
			}
			return reportBackup(cmd, args[0], kept, m, "Restored "+data)
		},
	}
	cmd.Flags().StringVar(&data, "data", ".ballerine", "the data folder")
	cmd.Flags().BoolVar(&options.Force, "force", false, "move existing data aside first")
	cmd.Flags().BoolVar(&options.AcceptLoss, "accept-loss", false, "continue without the newest writes if the log of the data file FILE is damaged or missing")
	return cmd
}
