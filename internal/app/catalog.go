package app

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/rules"
	"ballerine/internal/task"
	"ballerine/internal/vendor"
	"ballerine/internal/workflow"
)

// Catalog holds the published definitions. For now these are the shipped ones, the same for every tenant.
type Catalog struct {
	workflows map[string]*workflow.Workflow // by id
	policies  map[string]*rules.Policy
}

var (
	_ cases.Catalog = (*Catalog)(nil)
	_ task.Policies = (*Catalog)(nil)
)

// LoadWorkflows reads the workflows of a folder of definitions.
func LoadWorkflows(files fs.FS, known workflow.Catalog) (*Catalog, error) {
	c := &Catalog{workflows: map[string]*workflow.Workflow{}, policies: map[string]*rules.Policy{}}
	err := each(files, "*.yaml", func(name string, text []byte) problem.Diagnostics {
		w, diagnostics := workflow.Parse(name, text, known)
		if w != nil {
			w.Version = max(1, w.Version)
			c.workflows[w.ID] = w
		}
		return diagnostics
	})
	return c, err
}

// LoadPolicies reads the policies of a folder of definitions into the catalog.
func (c *Catalog) LoadPolicies(files fs.FS) error {
	return each(files, "policies/*.yaml", func(name string, text []byte) problem.Diagnostics {
		p, diagnostics := rules.Parse(name, text)
		if p != nil {
			c.policies[p.ID] = p
		}
		return diagnostics
	})
}

// each parses every file that matches and collects what is wrong.
func each(files fs.FS, pattern string, parse func(name string, text []byte) problem.Diagnostics) error {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return fmt.Errorf("list definitions: %w", err)
	}
	var all problem.Diagnostics
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", path.Base(name), err)
		}
		all = append(all, parse(name, text)...)
	}
	return all.Err()
}

// Workflow implements cases.Catalog.
func (c *Catalog) Workflow(_ context.Context, _, id string, version int) (*workflow.Workflow, error) {
	w, ok := c.workflows[id]
	if !ok || (version != 0 && version != w.Version) {
		return nil, problem.New(problem.UnknownWorkflow, "No such workflow is published.").With("body.workflow", "unknown", "no such workflow is published")
	}
	return w, nil
}

// Workflows lists the published workflows.
func (c *Catalog) Workflows() []*workflow.Workflow {
	var found []*workflow.Workflow
	for _, w := range c.workflows {
		found = append(found, w)
	}
	return found
}

// Policy implements task.Policies.
func (c *Catalog) Policy(_ context.Context, _, id string) (*rules.Policy, error) {
	p, ok := c.policies[id]
	if !ok {
		return nil, problem.New(problem.UnknownPolicy, "No such policy is published.")
	}
	return p, nil
}

// known is what workflows may name.
type known struct {
	*Catalog
	plugins *vendor.Registry
}

// Known gives the plugins, policies and workflows of a folder of definitions as a workflow.Catalog, for checks.
func Known(files fs.FS) (workflow.Catalog, error) {
	plugins, err := loadPlugins(files)
	if err != nil {
		return nil, err
	}
	c, err := LoadWorkflows(files, nil)
	if err != nil {
		return nil, err
	}
	return known{c, plugins}, c.LoadPolicies(files)
}

// loadPlugins reads the plugins of a folder of definitions.
func loadPlugins(files fs.FS) (*vendor.Registry, error) {
	folder, err := fs.Sub(files, "plugins")
	if err != nil {
		return nil, fmt.Errorf("list plugins: %w", err)
	}
	plugins, diagnostics := vendor.LoadAll(folder)
	return plugins, diagnostics.Err()
}

// Plugin implements workflow.Catalog.
func (k known) Plugin(id string) (workflow.Plugin, bool) { return k.plugins.Summaries()(id) }

// Workflow implements workflow.Catalog.
func (k known) Workflow(id string) bool {
	_, ok := k.workflows[id]
	return ok
}

// Policy implements workflow.Catalog.
func (k known) Policy(id string) (workflow.PolicyInfo, bool) {
	_, ok := k.policies[id]
	return workflow.PolicyInfo{ID: id}, ok
}
