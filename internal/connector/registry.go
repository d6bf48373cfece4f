package connector

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"

	"ballerine/internal/problem"
)

// Registry holds plugins by id. It is immutable.
type Registry struct{ plugins map[string]*Plugin }

// LoadAll compiles all *.yaml, *.yml and *.json files at the top of the file system. It reports the problems of all of
// them at once; the registry holds those that compiled.
func LoadAll(files fs.FS) (*Registry, problem.Diagnostics) {
	r := &Registry{plugins: map[string]*Plugin{}}
	var all problem.Diagnostics
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return r, problem.Diagnostics{{File: ".", Code: "unreadable", Message: "The folder cannot be read."}}
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			all = append(all, problem.Diagnostic{File: name, Code: "unreadable", Message: "The file cannot be read."})
			continue
		}
		plugin, found := ParsePlugin(name, text)
		all = append(all, found...)
		switch {
		case plugin == nil:
		case r.plugins[plugin.ID] != nil:
			all = append(all, problem.Diagnostic{File: name, Line: 1, Column: 1, Path: "id", Code: "duplicate", Message: "There is a plugin " + plugin.ID + " already."})
		default:
			r.plugins[plugin.ID] = plugin
		}
	}
	return r, all
}

// Get returns a plugin by id.
func (r *Registry) Get(id string) (*Plugin, bool) {
	plugin, ok := r.plugins[id]
	return plugin, ok
}

// Plugin is Get for callers that ask by tenant: the shipped plugins are everybody's. Errors: NotFound.
func (r *Registry) Plugin(_ context.Context, _, id string) (*Plugin, error) {
	if plugin, ok := r.plugins[id]; ok {
		return plugin, nil
	}
	return nil, problem.New(problem.NotFound, "There is no plugin with this name.")
}

// IDs returns all ids, sorted.
func (r *Registry) IDs() []string { return slices.Sorted(maps.Keys(r.plugins)) }
