package registry

import (
	"context"
	"io/fs"
	"time"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// running is what a workflow that has been checked asks while it runs: policies, for its guards. Whether what it names is
// there was seen when it was published.
type running struct {
	catalog *Catalog
	tenant  string
	plugins map[string]workflow.Plugin // what its state machine was compiled with, by id
}

// Plugin implements workflow.Catalog.
func (r running) Plugin(id string) (workflow.Plugin, bool) {
	if p, known := r.plugins[id]; known {
		return p, true
	}
	return workflow.Plugin{ID: id}, true
}

// Policy implements workflow.Catalog.
func (r running) Policy(id string) (workflow.PolicyInfo, bool) {
	return workflow.PolicyInfo{ID: id, Evaluate: func(input map[string]any, now time.Time) (string, error) {
		p, err := r.catalog.Policy(context.Background(), r.tenant, id)
		if err != nil {
			return "", err
		}
		return r.catalog.evaluate(context.Background(), r.tenant, p)(input, now)
	}}, true
}

// Workflow implements workflow.Catalog.
func (r running) Workflow(string) bool { return true }

// reread parses a published version of a workflow with what its state machine was compiled with, so that attempts are
// counted as the machine counts them. Versions from before this was stored use their plugins' newest retries.
func (c *Catalog) reread(ctx context.Context, tenant string, d Definition) (*workflow.Workflow, problem.Diagnostics, error) {
	w, diagnostics := workflow.Reread(d.ID, []byte(d.Source), running{c, tenant, d.Plugins})
	if w == nil || d.Plugins != nil || len(w.Plugins) == 0 || c.plugins == nil { // nil: a program that calls no vendors counts no attempts
		return w, diagnostics, nil
	}
	plugins := map[string]workflow.Plugin{}
	for id := range w.Plugins {
		switch p, err := c.Plugin(ctx, tenant, id); {
		case err == nil:
			plugins[id] = workflow.Plugin{ID: id, Retry: p.Retry}
		case problem.CodeOf(err).Retryable(), problem.CodeOf(err) == problem.Timeout:
			return nil, nil, err
		}
	}
	w, diagnostics = workflow.Reread(d.ID, []byte(d.Source), running{c, tenant, plugins})
	return w, diagnostics, nil
}

// shippedWith is running for the shipped workflows: their state machines ship, too, and are compiled with the shipped plugins.
type shippedWith struct{ running }

// Plugin implements workflow.Catalog. A file that cannot be read is reported by LoadPlugins.
func (s shippedWith) Plugin(id string) (workflow.Plugin, bool) {
	p := s.catalog.shippedPlugin(id)
	if p == nil {
		return s.running.Plugin(id)
	}
	return workflow.Plugin{ID: id, Callback: p.Callback, Retry: p.Retry, Timeout: p.Timeout}, true
}

// shippedPlugin reads one of the shipped plugins, also where they have not been loaded; nil if there is none.
func (c *Catalog) shippedPlugin(id string) *connector.Plugin {
	name := "plugins/" + id + ".yaml"
	text, err := fs.ReadFile(c.files, name)
	if err != nil {
		return nil
	}
	p, _ := connector.ParsePlugin(name, text)
	if p == nil || p.ID != id {
		return nil
	}
	return p
}
