package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestAWrongCallOfAnyCommandIsAUsageError walks over all commands: unknown flags, flags with values they cannot have, unknown
// subcommands and too many arguments have an exit code of their own, which scripts can tell from problems of what they asked for.
func TestAWrongCallOfAnyCommandIsAUsageError(t *testing.T) {
	commands := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			walk(child)
		}
		path := strings.Fields(cmd.CommandPath())[1:]
		if len(path) == 0 || path[0] == "help" || path[0] == "completion" {
			return
		}
		commands++
		wrong := [][]string{{"--no-such-flag"}}
		if cmd.HasSubCommands() {
			wrong = append(wrong, []string{"no-such-command"})
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			switch flag.Value.Type() {
			case "int", "int64", "uint", "float64", "bool", "duration":
				wrong = append(wrong, []string{"--" + flag.Name + "=nonsense"})
			}
		})
		for _, more := range wrong {
			args := append(append([]string{}, path...), more...)
			if got := call(t, "", args...); got.code != exitUsage {
				t.Errorf("ballerine %s: %d, want %d: %s", strings.Join(args, " "), got.code, exitUsage, got.errs)
			}
		}
	}
	root := newRoot()
	walk(root)
	if commands < 40 {
		t.Errorf("only %d commands were tried", commands)
	}
}

// TestFlagsThatLackOneAnotherAreUsageErrors has the calls whose flags are each right, and together are not.
func TestFlagsThatLackOneAnotherAreUsageErrors(t *testing.T) {
	for _, line := range []string{
		"outbox replay", "outbox discard", "outbox replay --effect e1", "outbox discard --all", "outbox discard --case c", "outbox list --kind nonsense", "outbox replay --kind nonsense",
		"outbox list --endpoint http://127.0.0.1:1", "case incidents --endpoint=", "backup",
	} {
		args := strings.Fields(line)
		if strings.HasPrefix(line, "case") {
			args = append(args, "--data", t.TempDir())
		}
		if got := call(t, "", args...); got.code != exitUsage {
			t.Errorf("ballerine %s: %d, want %d: %s", line, got.code, exitUsage, got.errs)
		}
	}
}

func TestAWrongNumberOfArgumentsShowsTheUsage(t *testing.T) {
	for line, want := range map[string]string{
		"case show":         "too few arguments; usage: ballerine case show CASE",
		"case show a b":     "too many arguments; usage: ballerine case show CASE",
		"workflow diff a":   "too few arguments; usage: ballerine workflow diff",
		"workflow validate": "too few arguments; usage: ballerine workflow validate FILE...",
		"policy eval a b":   "too many arguments; usage: ballerine policy eval FILE",
	} {
		if got := call(t, "", strings.Fields(line)...); got.code != exitUsage || !strings.Contains(got.errs, want) {
			t.Errorf("ballerine %s: %d, want %q: %s", line, got.code, want, got.errs)
		}
	}
}

func TestHelpNamesEveryMemberOfAnEvent(t *testing.T) {
	got := call(t, "", "workflow", "simulate", "--help")
	for _, member := range []string{"type", "payload", "after", "as"} {
		if !strings.Contains(got.out, member+",") && !strings.Contains(got.out, member+"}") {
			t.Errorf("the help of simulate does not name %s", member)
		}
	}
}
