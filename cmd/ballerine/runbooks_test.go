package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	codeLine   = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	inlineCode = regexp.MustCompile("`(ballerine [^`]+)`")
	ofProgram  = regexp.MustCompile(`(?:^|; do )(ballerine [^|;]+)`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
)

// commandLines are the calls of this program in a page, in blocks and in running text.
func commandLines(text string) (found []string) {
	for _, block := range codeLine.FindAllStringSubmatch(text, -1) {
		for _, line := range strings.Split(block[1], "\n") {
			for _, call := range ofProgram.FindAllStringSubmatch(line, -1) {
				found = append(found, strings.TrimSpace(call[1]))
			}
		}
	}
	for _, call := range inlineCode.FindAllStringSubmatch(text, -1) {
		found = append(found, call[1])
	}
	return found
}

// problemOf states what is wrong with a call, without making it. A command that is only named needs no arguments.
func problemOf(line string) error {
	args := strings.Fields(quoted.ReplaceAllString(line, "TEXT"))[1:]
	cmd, rest, err := newRoot().Find(args)
	if err != nil {
		return err
	}
	if len(rest) == 0 && !cmd.HasSubCommands() {
		return nil
	}
	if cmd.HasSubCommands() {
		return cobra.NoArgs(cmd, append(rest, "a subcommand"))
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	return cmd.ValidateRequiredFlags()
}

// TestCommandsOfTheRunbooksAreCommands: nobody finds out at night that a flag has another name.
func TestCommandsOfTheRunbooksAreCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d runbooks (%v)", len(pages), err)
	}
	commands, flags := 0, 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text)) {
			commands++
			flags += strings.Count(line, " --")
			if err := problemOf(line); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(page), line, err)
			}
		}
	}
	if commands < 20 || flags < 10 {
		t.Errorf("only %d commands with %d flags were found", commands, flags)
	}
}

func TestWrongCommandsOfRunbooksAreFound(t *testing.T) {
	for line, wrong := range map[string]bool{
		"ballerine case incidents":                      false,
		"ballerine case retry CASE INCIDENT":            false,
		`ballerine outbox replay --reason "it is back"`: false,
		"ballerine case retry CASE":                     true,
		"ballerine case mend CASE":                      true,
		"ballerine outbox":                              true,
		"ballerine mend":                                true,
		"ballerine outbox replay --why TEXT":            true,
		"ballerine case list --limit many":              true,
	} {
		if err := problemOf(line); (err != nil) != wrong {
			t.Errorf("%s: %v", line, err)
		}
	}
	text := "`ballerine doctor` and\n```sh\nballerine case list | jq\nx | while read -r c; do ballerine case show \"$c\"; done\n```\n"
	if got := strings.Join(commandLines(text), ","); got != `ballerine case list,ballerine case show "$c",ballerine doctor` {
		t.Errorf("found: %s", got)
	}
}
