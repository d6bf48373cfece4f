package connector

import "ballerine/internal/workflow"

// Summary is what a workflow needs to know of the plugin: what an invocation of it may do, how it is retried and what it
// writes.
func (p *Plugin) Summary() workflow.Plugin {
	return workflow.Plugin{ID: p.ID, Callback: p.Callback, Retry: p.Retry, Timeout: p.Timeout, Result: p.ResultSchema()}
}

// Summaries returns a look-up of summaries: the plugin half of a workflow.Catalog.
func (r *Registry) Summaries() func(id string) (workflow.Plugin, bool) {
	return func(id string) (workflow.Plugin, bool) {
		plugin, ok := r.plugins[id]
		if !ok {
			return workflow.Plugin{}, false
		}
		return plugin.Summary(), true
	}
}
