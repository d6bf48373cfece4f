package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Evaluate and test policies, and backtest drafts on past decisions"}
	strictFlag(cmd)
	cmd.AddCommand(evalCommand(), testCommand(), backtestCommand(), decisionsCommand(), trialCommand(), tableCommand(), importPolicyCommand())
	cmd.AddCommand(registryCommands(registry.Policy)...)
	return cmd
}

func readPolicy(cmd *cobra.Command, file string) (*rules.Policy, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	if err := hasKind(file, text, registry.Policy); err != nil {
		return nil, err
	}
	policy, diagnostics := rules.Parse(file, text)
	return policy, passed(cmd, diagnostics)
}

func evalCommand() *cobra.Command {
	var inputFile, now string
	var named []string
	cmd := &cobra.Command{
		Use: "eval FILE", Short: "Evaluate a policy on an input, with the trace", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			policy, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			input, err := readObject(cmd, inputFile)
			if err != nil {
				return err
			}
			if err := passed(cmd, misfits(policy, input, placeOf(inputFile))); err != nil {
				return err
			}
			at, err := readTimeBy(now, policy.At)
			if err != nil {
				return err
			}
			options, err := openFor(cmd, policy, named, args[0])
			if err != nil {
				return err
			}
			options.Now = at
			answer, err := policy.Evaluate(input, options)
			if err != nil {
				return err
			}
			return printAnswer(cmd, answer)
		},
	}
	cmd.Flags().StringVar(&inputFile, "input", "", "JSON object, or a file with one; - is standard input")
	cmd.Flags().StringVar(&now, "now", "", "time of the decision: RFC 3339, or a date in the policy's time zone")
	listFlag(cmd, &named)
	return withFlag(cmd)
}

// misfits are what an input has, the policy's schema does not allow and no rule reads: advice, for it does not decide. What rules read
// is in the answer, or refused.
func misfits(policy *rules.Policy, input map[string]any, file string) (found problem.Diagnostics) {
	_, unread := policy.Misfits(input)
	for _, v := range unread {
		found = append(found, problem.Diagnostic{File: file, Line: 1, Column: 1, Path: v.Path, Code: "not_in_schema", Message: strings.TrimPrefix(v.Path+": ", ": ") + v.Message, Hint: "the inputs of the policy do not allow it; no rule reads it", Severity: problem.SeverityWarning})
	}
	return found
}

// openFor loads what a policy of a file refers to: from what --with names, then from the folders beside it, then from
// what ships. --list takes precedence over lists of files that were found.
func openFor(cmd *cobra.Command, policy *rules.Policy, lists []string, file string) (rules.Options, error) {
	with, err := cmd.Flags().GetStringSlice("with")
	if err != nil {
		return rules.Options{}, err
	}
	named, err := readWith(cmd, with)
	if err != nil {
		return rules.Options{}, err
	}
	neighbours := project{}
	if file != "-" {
		if neighbours, err = readProject(rootOf(file)); err != nil {
			return rules.Options{}, err
		}
	}
	library := newLibrary(cmd, nil, file)
	for _, d := range named.documents {
		if d.kind == registry.Policy {
			if library.named[d.id], err = parsedPolicy(cmd, d); err != nil {
				return rules.Options{}, err
			}
		}
	}
	for _, d := range neighbours.documents {
		if d.kind == registry.Policy {
			library.beside[d.id] = d
		}
	}
	values, err := readLists(cmd, slices.Concat(neighbours.lists, named.lists, lists))
	if err != nil {
		return rules.Options{}, err
	}
	return policy.Open(rules.NewLibrary(cmd.Context(), "", library, values), rules.Seen{})
}

// parsedPolicy is the policy of a document.
func parsedPolicy(cmd *cobra.Command, d document) (*rules.Policy, error) {
	policy, diagnostics := rules.Parse(d.file, d.text)
	return policy, passed(cmd, diagnostics)
}

func printAnswer(cmd *cobra.Command, answer rules.Answer) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return lines.Encode(answer)
	}
	fmt.Fprintf(out, "%s: %s, score %v (%s)\n", answer.Policy, answer.Outcome, answer.Score, answer.Severity)
	for _, step := range answer.Trace {
		fmt.Fprintf(out, "  %-8s %-24s %s\n", step.Status, step.Rule, step.Reason)
	}
	return nil
}

func testCommand() *cobra.Command {
	var kept golden
	var named []string
	cmd := &cobra.Command{
		Use: "test FILE...", Short: "Run the test cases in policies", Args: cobra.MinimumNArgs(1),
		Long: "Runs the test cases in policies. A policy that another one calls is looked up among the given files, next to the calling policy, and among the built-in policies.\n" +
			"A test case states the contents of the lists that it needs. With --list, a policy that uses any other list is reported.",
		RunE: func(cmd *cobra.Command, files []string) error {
			policies, err := readPolicies(cmd, files)
			if err != nil {
				return err
			}
			values, err := readLists(cmd, named)
			if err != nil {
				return err
			}
			report := testReport{Policies: []testedPolicy{}}
			problems := problem.Diagnostics{}
			for i, policy := range policies {
				library := newLibrary(cmd, policies, files[i])
				references := policy.CheckDependencies(files[i], library.get, values.names())
				if problems = append(problems, references...); references.Failed() {
					continue
				}
				called, err := policy.Collect(library.get)
				if err != nil {
					return err
				}
				results := policy.RunCases(called)
				if err := kept.hold(policy.ID, results); err != nil {
					return err
				}
				report.add(files[i], policy.ID, results)
			}
			if err := passed(cmd, problems); err != nil {
				return err
			}
			return report.print(cmd)
		},
	}
	cmd.Flags().StringVar(&kept.folder, "golden", "", "folder of golden outcomes: the whole answer of each test case must equal the one stored there")
	listFlag(cmd, &named)
	cmd.Flags().BoolVar(&kept.update, "update", false, "rewrite the golden outcomes")
	return cmd
}

// testReport is the results of the cases of some files.
type testReport struct {
	Passed   int            `json:"passed"`
	Failed   int            `json:"failed"`
	Policies []testedPolicy `json:"policies"`
}

type testedPolicy struct {
	File   string             `json:"file"`
	Policy string             `json:"policy"`
	Cases  []rules.CaseResult `json:"cases"`
}

func (t *testReport) add(file, policy string, results []rules.CaseResult) {
	t.Policies = append(t.Policies, testedPolicy{file, policy, results})
	for _, result := range results {
		if result.Passed {
			t.Passed++
		} else {
			t.Failed++
		}
	}
}

func (t *testReport) printProblems(cmd *cobra.Command) {
	for _, tested := range t.Policies {
		for _, result := range tested.Cases {
			for _, message := range result.Problems {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:1: %s: %s\n", tested.File, result.Line, result.Name, message)
			}
		}
	}
}

func (t *testReport) print(cmd *cobra.Command) error {
	t.printProblems(cmd)
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(t); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed\n", t.Passed, t.Failed)
	}
	if t.Failed > 0 {
		return problem.New(problem.Invalid, "%d test cases of the policies fail.", t.Failed)
	}
	return nil
}
