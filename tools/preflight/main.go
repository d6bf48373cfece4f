// Command preflight reports before a deployment what would go wrong during it: names, parameters and the quotas of the
// account. It writes the configuration that sam deploys with: that of samconfig.toml, and the parameter Revision.
//
//	preflight [--offline] [--config samconfig.toml] [--root .] [--builds .aws-sam/build] [--out FILE] ENVIRONMENT
//	preflight --stack ENVIRONMENT        prints the name of the stack, and its region
//
// Exit 1 lists all problems. What is only noteworthy is printed and does not fail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ballerine/infra/stack"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	config, root, builds, out string
	offline, name             bool
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("preflight", flag.ContinueOnError)
	flags.StringVar(&o.config, "config", "samconfig.toml", "the configuration of sam")
	flags.StringVar(&o.root, "root", ".", "the folder of template.yaml")
	flags.StringVar(&o.builds, "builds", ".aws-sam/build", "what sam build has made")
	flags.StringVar(&o.out, "out", "", "where to write the configuration to deploy with")
	flags.BoolVar(&o.offline, "offline", false, "check without asking AWS")
	flags.BoolVar(&o.name, "stack", false, "only print the stack's name and region")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("which environment of " + o.config + "? make deploy ENV=<name>")
	}
	d, err := readDeployment(o.config, flags.Arg(0))
	if err != nil {
		return err
	}
	if o.name {
		fmt.Fprintln(stdout, d.Stack, d.Region)
		return nil
	}
	templates, err := stack.Folder(o.root)
	if err != nil {
		return err
	}
	report := d.check(templates)
	if !o.offline {
		account, err := newAWS(ctx, d.Region)
		if err != nil {
			return err
		}
		checkAccount(ctx, account, d, &report)
	}
	for _, note := range report.notes {
		fmt.Fprintln(stdout, "note: "+note)
	}
	if len(report.problems) > 0 {
		return errors.New("not deployed:\n  " + strings.Join(report.problems, "\n  "))
	}
	if o.out == "" {
		return nil
	}
	revision, err := d.revision(o.root, o.builds)
	if err != nil {
		return err
	}
	return d.write(filepath.Clean(o.out), revision)
}

// report of what was checked.
type report struct{ problems, notes []string }

func (r *report) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *report) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}
