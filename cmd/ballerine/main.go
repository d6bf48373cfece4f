// Command ballerine is the command line: it runs the whole system on this machine, checks, compiles and simulates workflows,
// evaluates policies, and manages cases. See docs/cli.md.
//
// The exit code is 0 on success, 1 when the input has problems (all of them are on standard error), 2 on wrong usage, and 3
// when a system cannot be reached.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// usageError is wrong usage of the command line itself.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	addBuiltIn(root)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if wantsJSON(root, args) {
		reportJSON(errs, err)
	} else {
		report(errs, err)
	}
	return exitCode(err)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "ballerine", Short: "Decisions about the risk of people and businesses, on one machine or on AWS Lambda",
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wanted, err := cmd.Flags().GetBool("version"); err != nil || !wanted {
				return cmd.Help()
			}
			return printVersion(cmd)
		},
	}
	root.PersistentFlags().Bool("json", false, "print JSON instead of text, and errors as problem documents")
	root.Flags().Bool("version", false, "print the version, the commit it was built from, and Go's version")
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(devCommand(), workflowCommand(), policyCommand(), pluginCommand(), connectorCommand(), initCommand(), projectTestCommand(), publishProjectCommand(), valueListCommand(), workspaceCommand(), proposalCommand(), tenantCommand(), caseCommand(), keyCommand(), webhookCommand(), outboxCommand(), eventCommand(), openAPICommand(), doctorCommand(), quotasCommand(), listenCommand(), benchCommand(), backupCommand(), restoreCommand(), screenCommand(), watchlistCommand(), ownershipCommand(), mrzCommand(), versionCommand())
	wrapArgs(root)
	return root
}

// addBuiltIn adds help and completion, as the library would when it runs: it takes any word for a topic or a shell. The streams
// have to be set before.
func addBuiltIn(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			wrapArgs(cmd)
		}
		if cmd.Name() != "help" {
			continue
		}
		cmd.Args = func(_ *cobra.Command, args []string) error {
			at := root
			for i, word := range args {
				next, _, err := at.Find([]string{word})
				if err != nil || next == at {
					return wrongArgs(at, args[i:], fmt.Errorf("there is no command %s", word))
				}
				at = next
			}
			return nil
		}
	}
}

// wrapArgs makes a wrong number of arguments a usage error in every command, and an unknown subcommand too.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		check = cobra.NoArgs
	}
	cmd.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return wrongArgs(c, args, err)
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

func asJSON(cmd *cobra.Command) bool {
	yes, err := cmd.Flags().GetBool("json")
	return err == nil && yes
}
