// Command ballerine is the command line: it runs the whole system on this machine, checks, compiles and simulates
// workflows, evaluates policies, and looks after cases. See docs/cli.md.
//
// It exits with 0 when the work is done, 1 when the input has problems (all of them are on standard error), and 2 when
// it was called the wrong way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ballerine/internal/problem"
)

// Exit codes. Scripts depend on them.
const (
	exitProblems = 1
	exitUsage    = 2
)

// usageError is a wrong call of the command line itself.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes the command line and gives the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	report(errs, err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitProblems
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "ballerine", Short: "Decisions about the risk of people and businesses, on one machine or on AWS Lambda",
		SilenceErrors: true, SilenceUsage: true, Version: version(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().Bool("json", false, "print JSON instead of text")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(devCommand(), workflowCommand(), policyCommand(), pluginCommand(), valueListCommand(), workspaceCommand(), proposalCommand(), tenantCommand(), caseCommand(), listenCommand(), benchCommand())
	wrapArgs(root)
	return root
}

// wrapArgs makes a wrong number of arguments a usage error in every command, and an unknown subcommand too.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		check = cobra.NoArgs
	}
	cmd.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError{err}
		}
		return nil
	}
	if !cmd.Runnable() { // a group: cobra would answer an unknown subcommand with help and success
		cmd.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	for _, child := range cmd.Commands() {
		wrapArgs(child)
	}
}

// diagnosticsError carries problems of documents to report.
type diagnosticsError struct{ problem.Diagnostics }

func (diagnosticsError) Error() string { return "the document has problems" }

// report prints an error as the command line does: problems of documents one a line with their excerpt, others by
// their sentence and places.
func report(w io.Writer, err error) {
	var diagnostics diagnosticsError
	if errors.As(err, &diagnostics) {
		for _, d := range diagnostics.Diagnostics {
			fmt.Fprintln(w, d)
			if d.Excerpt != "" {
				fmt.Fprintln(w, d.Excerpt)
			}
		}
		return
	}
	var p *problem.Error
	if errors.As(err, &p) {
		fmt.Fprintf(w, "ballerine: %s (%s)\n", p.Message, p.Code)
		for _, f := range p.Fields {
			fmt.Fprintf(w, "  %s: %s\n", f.Location, f.Message)
		}
		return
	}
	fmt.Fprintf(w, "ballerine: %v\n", err)
}

func asJSON(cmd *cobra.Command) bool {
	yes, err := cmd.Flags().GetBool("json")
	return err == nil && yes
}
