package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"ballerine/internal/cache"

	"ballerine/internal/connector"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// shipped are the definitions that come with the software.
type shipped struct {
	files     fs.FS
	workflows map[string]*workflow.Workflow // by id
	policies  map[string]*rules.Policy
	plugins   *connector.Registry
	sources   map[Kind]map[string]string // kind -> id -> file
}

// New reads the workflows and policies of a folder of definitions. What tenants have published is in the store; nil:
// they have not. Errors: Invalid if a definition has problems.
func New(files fs.FS, store Store) (*Catalog, error) {
	c := &Catalog{store: store, parsed: cache.New[parsedKey, any](maxParsed), shipped: shipped{
		files: files, workflows: map[string]*workflow.Workflow{}, policies: map[string]*rules.Policy{}, sources: map[Kind]map[string]string{},
	}}
	err := c.each(Workflow, "*.yaml", func(name string, text []byte) (string, problem.Diagnostics) {
		w, diagnostics := workflow.Parse(name, text, shippedWith{running{catalog: c}})
		if w == nil {
			return "", diagnostics
		}
		w.Version = max(1, w.Version)
		c.workflows[w.ID] = w
		return w.ID, diagnostics
	})
	return c, errors.Join(err, c.loadPolicies())
}

func (c *Catalog) loadPolicies() error {
	return c.each(Policy, "policies/*.yaml", func(name string, text []byte) (string, problem.Diagnostics) {
		p, diagnostics := rules.Parse(name, text)
		if p == nil {
			return "", diagnostics
		}
		c.policies[p.ID] = p
		return p.ID, diagnostics
	})
}

// LoadPlugins reads the shipped plugins, too: functions that need none do not hold them.
func (c *Catalog) LoadPlugins() error {
	folder, err := fs.Sub(c.files, "plugins")
	if err != nil {
		return fmt.Errorf("list plugins: %w", err)
	}
	plugins, diagnostics := connector.LoadAll(folder)
	c.plugins = plugins
	if err := diagnostics.Err(); err != nil {
		return err
	}
	return c.each(Plugin, "plugins/*.yaml", func(name string, text []byte) (string, problem.Diagnostics) {
		p, diagnostics := connector.ParsePlugin(name, text)
		if p == nil {
			return "", diagnostics
		}
		return p.ID, diagnostics
	})
}

// each parses every file that matches and collects what is wrong.
func (c *Catalog) each(kind Kind, pattern string, parse func(name string, text []byte) (string, problem.Diagnostics)) error {
	names, err := fs.Glob(c.files, pattern)
	if err != nil {
		return fmt.Errorf("list definitions: %w", err)
	}
	c.sources[kind] = map[string]string{}
	var all problem.Diagnostics
	for _, name := range names {
		text, err := fs.ReadFile(c.files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", path.Base(name), err)
		}
		id, diagnostics := parse(name, text)
		c.sources[kind][id] = name
		all = append(all, diagnostics...)
	}
	return all.Err()
}

// definition of what ships. Errors: NotFound.
func (s shipped) definition(kind Kind, id string, version int) (Definition, error) {
	file, ok := s.sources[kind][id]
	d := Definition{Kind: kind, ID: id, Version: 1}
	if w := s.workflows[id]; kind == Workflow && w != nil {
		d.Version, d.Title = w.Version, w.Title
	}
	if p := s.policies[id]; kind == Policy && p != nil {
		d.Title = p.Title
	}
	if !ok || version != 0 && version != d.Version {
		return Definition{}, problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	text, err := fs.ReadFile(s.files, file)
	if err != nil {
		return Definition{}, fmt.Errorf("read %s: %w", path.Base(file), err)
	}
	d.Source, d.Digest = string(text), digestOf(string(text))
	return d, nil
}

// ids of what ships, sorted.
func (s shipped) ids(kind Kind) []string { return slices.Sorted(maps.Keys(s.sources[kind])) }

// Express is the compiled Express machine of a shipped workflow; nil when it waits.
func (c *Catalog) Express(id string) []byte {
	text, err := fs.ReadFile(c.files, id+".express.asl.json")
	if err != nil {
		return nil
	}
	return text
}

// Machine is the compiled machine of a shipped workflow, as its file has it.
func (c *Catalog) Machine(id string) ([]byte, error) {
	text, err := fs.ReadFile(c.files, id+".asl.json")
	if err != nil {
		return nil, fmt.Errorf("read the machine of workflow %s: %w", id, err)
	}
	return text, nil
}

// Check parses the shipped workflows against what they name. Errors: Invalid.
func (c *Catalog) Check(known workflow.Catalog) error {
	var all problem.Diagnostics
	for _, w := range c.Shipped() {
		_, diagnostics := workflow.Parse(c.sources[Workflow][w.ID], w.Source, known)
		all = append(all, diagnostics...)
	}
	return all.Err()
}
