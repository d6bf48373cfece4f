package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Exit codes. Scripts depend on them.
const (
	exitProblems    = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// diagnosticsError carries problems of documents to report.
type diagnosticsError struct{ problem.Diagnostics }

func (diagnosticsError) Error() string { return "the document has problems" }

// unreachableError is that a system does not answer: the same call may succeed later.
type unreachableError struct{ error }

// Unwrap returns the problem.
func (e unreachableError) Unwrap() error { return e.error }

// unreachable is the error of a call that was not answered. A cancelled call is not unreachable.
func unreachable(cause error, message string) error {
	err := problem.Wrap(cause, problem.Unavailable, "%s", message)
	if errors.Is(cause, context.Canceled) {
		return err
	}
	return unreachableError{err}
}

// away marks the error of an answer whose status means that the system itself is unavailable.
func away(status int, err error) error {
	if slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status) {
		return unreachableError{err}
	}
	return err
}

func exitCode(err error) int {
	var usage usageError
	var gone unreachableError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &gone):
		return exitUnreachable
	}
	return exitProblems
}

// report prints an error as the command line does: problems of documents one a line with their excerpt, others by
// their sentence and places.
func report(w io.Writer, err error) {
	var diagnostics diagnosticsError
	if errors.As(err, &diagnostics) {
		for _, d := range diagnostics.Diagnostics {
			if d.Severity == problem.SeverityWarning {
				fmt.Fprintln(w, d, "(warning)")
				continue
			}
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

// problemDocument is an error under --json: what the interface answers with, and problems of documents.
type problemDocument struct {
	Type        string              `json:"type"`
	Title       string              `json:"title"`
	Status      int                 `json:"status,omitempty"` // of HTTP; wrong usage and what is only on this machine has none
	Detail      string              `json:"detail"`
	Code        string              `json:"code"`
	Errors      []problem.Field     `json:"errors"`
	Diagnostics problem.Diagnostics `json:"diagnostics,omitempty"`
	Allowed     any                 `json:"allowed,omitempty"`
	Details     map[string]any      `json:"details,omitempty"`
	ExitCode    int                 `json:"exit_code"`
}

func documentOf(err error) problemDocument {
	d := problemDocument{Errors: []problem.Field{}, ExitCode: exitCode(err)}
	var usage usageError
	var diagnostics diagnosticsError
	var p *problem.Error
	switch {
	case errors.As(err, &usage):
		d.Code, d.Title, d.Detail = "usage", "Wrong usage", usage.Error()
	case errors.As(err, &diagnostics):
		d.Code, d.Title, d.Detail, d.Diagnostics = string(problem.Invalid), problem.Invalid.Title(), diagnostics.Error(), diagnostics.Diagnostics
	case errors.As(err, &p):
		d.Code, d.Title, d.Status, d.Detail = string(p.Code), p.Code.Title(), p.Code.Status(), p.Message
		d.Errors = append(d.Errors, p.Fields...)
		for name, value := range p.Details {
			if name == "allowed" {
				d.Allowed = value
				continue
			}
			if d.Details == nil {
				d.Details = map[string]any{}
			}
			d.Details[name] = value
		}
	default: // of the operating system, about what the caller has named
		d.Code, d.Title, d.Detail = "failed", "It failed", err.Error()
	}
	d.Type = "urn:ballerine:problem:" + d.Code
	return d
}

// reportJSON prints an error as one line of JSON.
func reportJSON(w io.Writer, err error) {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	if lines.Encode(documentOf(err)) != nil {
		report(w, err)
	}
}

// wantsJSON reports whether a call has asked for JSON, also one whose flags were not all read.
func wantsJSON(root *cobra.Command, args []string) bool {
	if asJSON(root) {
		return true
	}
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// meant is a hint at what a misspelt word most likely means; "" if no candidate is similar.
func meant(word string, candidates []string) string {
	if near := expr.Suggest(word, candidates); near != "" {
		return " (did you mean " + near + "?)"
	}
	return ""
}

// wrongFlag is the error of a flag that is not there or cannot have its value.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := expr.Suggest(unknown.GetSpecifiedName(), names); near != "" {
			err = fmt.Errorf("%w (did you mean --%s?)", err, near)
		}
	}
	return usageError{err}
}

// counted is the message of the command line's library about too few or too many arguments.
var counted = regexp.MustCompile(`^(?:accepts|accepts at most|requires at least) (\d+) arg\(s\), (?:only )?received (\d+)$`)

// numbered states that arguments are missing, or too many, and which there can be.
func numbered(cmd *cobra.Command, err error) error {
	numbers := counted.FindStringSubmatch(err.Error())
	if numbers == nil {
		return err
	}
	mistake := "too few arguments"
	if received, takes := len(numbers[2]), len(numbers[1]); received > takes || received == takes && numbers[2] > numbers[1] {
		mistake = "too many arguments"
	}
	return fmt.Errorf("%s; usage: %s", mistake, cmd.UseLine())
}

// wrongArgs is the error of arguments that a command does not take; where they name a command, of one that there is not.
func wrongArgs(cmd *cobra.Command, args []string, err error) error {
	if !cmd.HasSubCommands() || len(args) == 0 {
		return usageError{numbered(cmd, err)}
	}
	var names []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	err = fmt.Errorf("there is no command %s %s%s", cmd.CommandPath(), args[0], meant(args[0], names))
	if strings.HasPrefix(args[0], "-") {
		err = fmt.Errorf("there is no flag %s", args[0])
	}
	return usageError{err}
}

// choice is a flag with one of some values.
type choice[T ~string] struct {
	into    *T
	name    string
	allowed []T
}

// choiceFlag adds a flag that takes one of some values; what it holds before is the default.
func choiceFlag[T ~string](cmd *cobra.Command, into *T, name string, allowed []T, usage string) {
	flags := cmd.Flags()
	flags.Var(&choice[T]{into, name, allowed}, name, usage)
	must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words(allowed), cobra.ShellCompDirectiveNoFileComp)))
}

// must is for mistakes of this program that no user can make.
func must(err error) {
	if err != nil {
		panic("ballerine: " + err.Error())
	}
}

func words[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// String implements pflag.Value.
func (c *choice[T]) String() string { return string(*c.into) }

// Type implements pflag.Value.
func (c *choice[T]) Type() string { return "string" }

// Set implements pflag.Value.
func (c *choice[T]) Set(text string) error {
	if !slices.Contains(c.allowed, T(text)) {
		return notOneOf("--"+c.name, text, words(c.allowed))
	}
	*c.into = T(text)
	return nil
}

// notOneOf is the error of a word that is none of those that there are.
func notOneOf(what, word string, allowed []string) error {
	return fmt.Errorf("%s is one of %s%s", what, strings.Join(allowed, ", "), meant(word, allowed))
}

// asProblem is the answer of the interface that an error is about, nil when it is none.
func asProblem(err error, code problem.Code) *problem.Error {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == code {
		return p
	}
	return nil
}
