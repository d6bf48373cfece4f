package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/local"
	"ballerine/internal/telemetry"
	"ballerine/statemachines"
)

// stopTime is how long a stop may take before the process ends all the same.
const stopTime = 15 * time.Second

// gcPercent lets the heap grow further between collections than Go's default of 100: the system's live data is small.
const gcPercent = 400

// version is the build's, from the Go toolchain.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "dev"
	}
	return info.Main.Version
}

func devCommand() *cobra.Command {
	var options local.Options
	var seed, verbose bool
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the whole system on this machine: API, executions, storage, sandbox vendors, sign-in",
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			options.Logger = telemetry.NewLogger(cmd.ErrOrStderr(), level)
			options.Definitions, options.Version = statemachines.Files, version()
			return dev(cmd.Context(), cmd.OutOrStdout(), options, seed, asJSON(cmd))
		},
	}
	cmd.Flags().StringVar(&options.Data, "data", ".ballerine", "folder of everything that is kept")
	cmd.Flags().StringVar(&options.Address, "addr", "127.0.0.1:8787", "address to listen on; port 0 picks a free one")
	cmd.Flags().StringVar(&options.DynamoDB, "dynamodb", "", "URL of a DynamoDB Local that keeps cases instead of the data folder's file")
	cmd.Flags().StringVar(&options.Functions, "functions", "", "folder of compiled functions (<name>/bootstrap) to run as child processes; needs --dynamodb")
	cmd.Flags().DurationVar(&options.Session, "session", 0, "how long a sign-in lasts (default 12h)")
	cmd.Flags().DurationVar(&options.TokenLife, "token-life", 0, "how long each token of a sign-in is good (default 10m)")
	cmd.Flags().BoolVar(&seed, "seed", false, "add demo cases to an empty data folder")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "log what happens, not only what goes wrong")
	return cmd
}

// ready is the line that tells scripts that the system answers. Its form is a contract.
type ready struct {
	Ready     bool       `json:"ready"`
	API       string     `json:"api"`
	Dashboard string     `json:"dashboard"`
	Demo      local.Demo `json:"demo"`
}

func dev(ctx context.Context, out io.Writer, options local.Options, seed, asJSON bool) error {
	debug.SetGCPercent(gcPercent)
	if seed {
		if err := local.Seed(ctx, options, seedProgress(out, asJSON)); err != nil {
			return fmt.Errorf("set up demo cases: %w", err)
		}
	}
	stack, err := local.Start(ctx, options)
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(out).Encode(ready{Ready: true, API: stack.URL, Dashboard: stack.URL + "/", Demo: stack.Demo})
	} else {
		err = welcome(out, stack, options)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-stack.Failed():
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if closeErr := stack.Close(stopping); err == nil {
		err = closeErr
	}
	return err
}

// seedProgress shows a terminal how far the demo cases are, on one line.
func seedProgress(out io.Writer, asJSON bool) func(done, total int) {
	file, ok := out.(*os.File)
	if !ok || asJSON {
		return nil
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int) {
		_, _ = fmt.Fprintf(out, "\rSetting up %d demo cases … %d/%d", total, done, total) // whoever looks away misses it
		if done == total {
			_, _ = fmt.Fprintln(out)
		}
	}
}

// dashboardLine is where to look first: a case that waits for a decision, when there is one.
func dashboardLine(stack *local.Stack) string {
	if !local.HasDashboard() {
		return "(" + local.NoDashboard + ")"
	}
	if id := stack.CaseToDecide(context.Background()); id != "" {
		return stack.URL + "/cases/" + id + "   (sign in as Rita Reviewer)"
	}
	return stack.URL + "/"
}

func welcome(out io.Writer, stack *local.Stack, options local.Options) error {
	_, err := fmt.Fprintf(out, `Ballerine is running on this machine. Ctrl-C stops it; everything is kept in %s.

  dashboard  %s
  API        %s
  metrics    %s/metrics
  API key    %s
  users      (password "demo"; their tokens: dev --json; the first reviewer's is in demo.env)
`, options.Data, dashboardLine(stack), stack.URL, stack.URL, stack.Demo.APIKey)
	for _, user := range stack.Demo.Users {
		if err == nil {
			_, err = fmt.Fprintf(out, "             %-24s %s\n", user.Email, user.Roles[0])
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(out, "\n  For a shell: source %s/demo.env\n", options.Data)
	}
	return err
}
