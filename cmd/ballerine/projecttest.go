package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

// projectReport is the result of testing a project. Its form is a contract.
type projectReport struct {
	Passed      int                 `json:"passed"`
	Failed      int                 `json:"failed"`
	Diagnostics problem.Diagnostics `json:"diagnostics"`
	Cases       []projectCase       `json:"cases"`
}

type projectCase struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"`
	Problems []string `json:"problems,omitempty"`
}

func (r *projectReport) add(file string, line int, name string, problems []string) {
	r.Cases = append(r.Cases, projectCase{file, line, name, len(problems) == 0, problems})
	if len(problems) == 0 {
		r.Passed++
	} else {
		r.Failed++
	}
}

// projectAt reads the project of a folder. Errors: usage if there is none.
func projectAt(args []string) (string, project, error) {
	root := "."
	if len(args) > 0 {
		root = args[0]
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return root, project{}, usageError{fmt.Errorf("there is no folder %s", root)}
	}
	p, err := readWholeProject(root)
	if err == nil && len(p.documents) == 0 {
		err = usageError{fmt.Errorf("%s has no definitions in workflows/, policies/ or plugins/: ballerine init creates a project", root)}
	}
	return root, p, err
}

func projectTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test [DIR]", Short: "Test a project: definitions strictly, cases of policies and plugins, whole cases of workflows", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, p, err := projectAt(args)
			if err != nil {
				return err
			}
			report := &projectReport{Diagnostics: problem.Diagnostics{}, Cases: []projectCase{}}
			batch, err := checked(cmd, p)
			if err != nil {
				return err
			}
			for i, d := range p.documents {
				renameFile(batch.Found[i], d.file)
				report.Diagnostics = append(report.Diagnostics, batch.Found[i].Strict()...)
				report.definition(cmd, batch, d)
			}
			if err := report.settings(cmd, root, p, batch); err != nil {
				return err
			}
			if err := report.rehearse(cmd, root, p, batch); err != nil {
				return err
			}
			return report.print(cmd, len(p.documents))
		},
	}
}

// definition runs the cases that are written in a policy or a plugin.
func (r *projectReport) definition(cmd *cobra.Command, batch *registry.Batch, d document) {
	switch d.kind {
	case registry.Policy:
		policy, err := batch.ParsedPolicy(d.id)
		if err != nil {
			return // it is among the diagnostics
		}
		called, err := policy.Collect(batch.ParsedPolicy)
		if err != nil {
			return
		}
		for _, c := range policy.RunCases(called) {
			r.add(d.file, c.Line, c.Name, c.Problems)
		}
	case registry.Plugin:
		if plugin, err := batch.ParsedPlugin(d.id); err == nil {
			for _, c := range plugin.RunCases(cmd.Context()) {
				r.add(d.file, c.Line, c.Name, c.Problems)
			}
		}
	case registry.Workflow: // in tests/
	}
}

// settings checks the project's settings, where it has a file of them, against what its plugins name.
func (r *projectReport) settings(cmd *cobra.Command, root string, p project, batch *registry.Batch) error {
	file := settingsOf(root)
	if file == "" {
		return nil
	}
	named, err := vendorSettings(cmd, file, nil)
	if err != nil {
		return err
	}
	for _, d := range p.documents {
		if d.kind != registry.Plugin {
			continue
		}
		if plugin, err := batch.ParsedPlugin(d.id); err == nil {
			found := plugin.Unconfigured(cmd.Context(), "", named, nil)
			renameFile(found, d.file)
			for i := range found {
				if found[i].Code == connector.CodeSettingMissing {
					found[i].Hint = "specify it in " + file
				}
			}
			r.Diagnostics = append(r.Diagnostics, found.Strict()...)
		}
	}
	return nil
}

// rehearse runs the whole cases of tests/.
func (r *projectReport) rehearse(cmd *cobra.Command, root string, p project, batch *registry.Batch) error {
	files, err := definitionsIn(filepath.Join(root, "tests"))
	if err != nil {
		return err
	}
	values, err := readLists(cmd, p.lists)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read tests: %w", err)
		}
		tests, found := readRehearsals(file, text)
		chart := batch.ParsedWorkflow(tests.Workflow)
		if len(found) == 0 && chart == nil {
			found = problem.Diagnostics{p.notRun(file, tests)}
		}
		if r.Diagnostics = append(r.Diagnostics, found...); len(found) > 0 {
			continue
		}
		for i, c := range tests.Cases {
			r.add(file, tests.lines[i], c.Name, world{batch: batch, lists: values}.run(cmd.Context(), chart, c))
		}
	}
	return nil
}

// notRun states why whole cases could not be run: their workflow has problems, or is not in the project.
func (p project) notRun(file string, tests rehearsals) problem.Diagnostic {
	var names []string
	for _, d := range p.documents {
		if d.kind == registry.Workflow {
			names = append(names, d.id)
		}
	}
	d := problem.Diagnostic{File: file, Line: tests.line, Column: 1, Code: "not_run", Severity: problem.SeverityError}
	if slices.Contains(names, tests.Workflow) {
		d.Message = fmt.Sprintf("the cases were not run: the workflow %s has problems itself", tests.Workflow)
	} else {
		d.Message = fmt.Sprintf("the project has no workflow %s%s", tests.Workflow, meant(tests.Workflow, names))
	}
	return d
}

func (r *projectReport) print(cmd *cobra.Command, documents int) error {
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(r); err != nil {
			return err
		}
	} else {
		for _, d := range r.Diagnostics {
			if d.Code != "case" { // they are printed below
				report(cmd.ErrOrStderr(), diagnosticsError{problem.Diagnostics{d}})
			}
		}
		for _, c := range r.Cases {
			for _, message := range c.Problems {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:1: %s: %s\n", c.File, c.Line, c.Name, message)
			}
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s, %s; %s passed, %d failed\n", plural(documents, "definition"), plural(len(r.Diagnostics), "problem"), plural(r.Passed, "case"), r.Failed)
	}
	if r.Failed > 0 || len(r.Diagnostics) > 0 {
		return problem.New(problem.Invalid, "The tests of the project fail.")
	}
	return nil
}

// publishProjectCommand publishes what a project holds, those first that others name.
func publishProjectCommand() *cobra.Command {
	t := &target{}
	var comment string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "publish [DIR]", Short: "Publish a project: its plugins, policies and workflows, when it has no problems", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, p, err := projectAt(args)
			if err != nil {
				return err
			}
			batch, err := checked(cmd, p)
			if err != nil {
				return err
			}
			var found problem.Diagnostics
			for i, d := range p.documents {
				renameFile(batch.Found[i], d.file)
				found = append(found, batch.Found[i]...)
			}
			if found.Failed() { // before the first is published, so that no half of a project is
				return diagnosticsError{found}
			}
			return t.with(func(s source) error {
				all, err := publishProject(cmd.Context(), s, p, strings.TrimSpace(comment), dryRun)
				if printErr := printOutcome(cmd, all); err == nil {
					err = printErr
				}
				return err
			})
		},
	}
	t.flags(cmd.Flags())
	cmd.Flags().StringVar(&comment, "comment", "", "comment on what has changed")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only validate, and report what would happen")
	return cmd
}

// publishProject publishes all of a project in one call: a workflow may refer to a policy that comes with it, and with
// four eyes it is one proposal. What exceeds a single call is published one by one, those first that others refer to.
func publishProject(ctx context.Context, s source, p project, comment string, dryRun bool) (outcome, error) {
	documents, files, size := make([]registry.Publish, len(p.documents)), make([]string, len(p.documents)), 0
	for i, d := range p.documents { // plugins and policies before the workflows that name them
		documents[i] = registry.Publish{Kind: d.kind, ID: d.id, Source: string(d.text), Comment: comment, DryRun: dryRun}
		files[i] = d.file
		size += len(d.text)
	}
	if size > registry.MaxSource {
		return publishAll(ctx, s, files, documents)
	}
	all, err := s.importAll(ctx, p.workspace(comment), dryRun)
	p.locate(all.Data)
	return all, err
}
