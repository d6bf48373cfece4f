package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"ballerine/internal/demo"
	"ballerine/internal/local"
)

// seedDemo sets up demo cases, and reports on standard error its progress, what it has made, and where the credentials are.
func seedDemo(cmd *cobra.Command, options local.Options) error {
	errs := cmd.ErrOrStderr()
	made, err := demo.Seed(cmd.Context(), options, seedProgress(errs, asJSON(cmd)))
	if err != nil {
		return fmt.Errorf("set up demo cases: %w", err)
	}
	return printSeeded(errs, made, options.Data, asJSON(cmd))
}

func printSeeded(errs io.Writer, made demo.Made, data string, asJSON bool) error {
	credentials := filepath.Join(data, "demo.env")
	if asJSON {
		return json.NewEncoder(errs).Encode(map[string]any{"seeded": made, "credentials": credentials})
	}
	if made.Cases == 0 {
		_, err := fmt.Fprintf(errs, "%s already has cases: no demo cases were added.\n", data)
		return err
	}
	_, err := fmt.Fprintf(errs, "Created %d demo cases in %s: %d wait for a reviewer, %d are in progress, %d have ended. Keys and tokens are in %s.\n",
		made.Cases, data, made.ToDecide, made.UnderWay, made.Ended, credentials)
	return err
}

// seedProgress states how far the demo cases are: on one line that is rewritten on a terminal, elsewhere at the beginning only.
func seedProgress(errs io.Writer, asJSON bool) func(done, total int) {
	if asJSON {
		return nil
	}
	terminal := false
	if file, ok := errs.(*os.File); ok {
		info, err := file.Stat()
		terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return func(done, total int) {
		switch {
		case terminal && done == total:
			_, _ = fmt.Fprintf(errs, "\rCreating the demo cases of %d customers … %d/%d\n", total, done, total) // only informative
		case terminal:
			_, _ = fmt.Fprintf(errs, "\rCreating the demo cases of %d customers … %d/%d", total, done, total)
		case done == 0:
			_, _ = fmt.Fprintf(errs, "Creating the demo cases of %d customers …\n", total)
		}
	}
}
