package registry

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/connector"
	"ballerine/internal/expr"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Catalog knows the definitions that a tenant's cases run by. It reads from the store which version is the newest each
// time, so that a publication counts immediately for all functions; a version never changes, so it is read and parsed
// once.
type Catalog struct {
	shipped
	store Store // nil: there are no published definitions
	Lists Lists // that policies ask; nil: there are none, and which there are is not known

	parsed *cache.Cache[parsedKey, any] // *workflow.Workflow, *rules.Policy, *connector.Plugin; nil: this version is the shipped one
}

type parsedKey struct {
	tenant  string
	kind    Kind
	id      string
	version int
}

// Lists opens a tenant's lists, and knows which there are.
type Lists interface {
	rules.Lists
	// ListNames are the names of a tenant's lists.
	ListNames(ctx context.Context, tenant string) ([]string, error)
}

// maxParsed bounds how many parsed definitions a process keeps.
const maxParsed = 200

var _ cases.Catalog = (*Catalog)(nil)

// Workflow implements cases.Catalog.
func (c *Catalog) Workflow(ctx context.Context, tenant, id string, version int) (*workflow.Workflow, error) {
	found, err := c.find(ctx, tenant, Workflow, id, version, func(d Definition) (any, problem.Diagnostics, error) {
		w, diagnostics, err := c.reread(ctx, tenant, d)
		if w != nil {
			w.Version = d.Version
		}
		return w, diagnostics, err
	})
	if w, ok := found.(*workflow.Workflow); ok || err != nil {
		return w, err
	}
	w, ok := c.workflows[id]
	if !ok || (version != 0 && version != w.Version) {
		return nil, c.unknownWorkflow(ctx, tenant, id, version)
	}
	return w, nil
}

// unknownWorkflow states what there is instead of a workflow, or of a version of one.
func (c *Catalog) unknownWorkflow(ctx context.Context, tenant, id string, version int) error {
	if found, err := c.Versions(ctx, tenant, Workflow, id); err == nil && version != 0 {
		e := problem.New(problem.UnknownWorkflow, "There is no version %d of this workflow.", version)
		return e.With("body.workflow", "unknown", "the newest version is %d", found[0].Version)
	}
	return problem.New(problem.UnknownWorkflow, "No such workflow is published.").With("body.workflow", "unknown", "no such workflow is published")
}

// Policy is the tenant's newest, or the shipped one. Errors: UnknownPolicy.
func (c *Catalog) Policy(ctx context.Context, tenant, id string) (*rules.Policy, error) {
	return c.PolicyVersion(ctx, tenant, id, 0)
}

// PolicyVersion is a version of a policy, published or shipped; 0 is the newest. Errors: UnknownPolicy.
func (c *Catalog) PolicyVersion(ctx context.Context, tenant, id string, version int) (*rules.Policy, error) {
	found, err := c.find(ctx, tenant, Policy, id, version, func(d Definition) (any, problem.Diagnostics, error) {
		p, diagnostics := rules.Reread(d.ID, []byte(d.Source))
		if p != nil {
			p.Version = d.Version
		}
		return p, diagnostics, nil
	})
	if p, ok := found.(*rules.Policy); ok || err != nil {
		return p, err
	}
	if p, ok := c.policies[id]; ok && (version == 0 || version == p.Version) {
		return p, nil
	}
	return nil, problem.New(problem.UnknownPolicy, "No such policy is published.")
}

// Plugin is the tenant's newest, or the shipped one. Errors: NotFound.
func (c *Catalog) Plugin(ctx context.Context, tenant, id string) (*connector.Plugin, error) {
	found, err := c.find(ctx, tenant, Plugin, id, 0, func(d Definition) (any, problem.Diagnostics, error) {
		p, diagnostics := connector.ParsePlugin(d.ID, []byte(d.Source))
		return p, diagnostics, nil
	})
	if p, ok := found.(*connector.Plugin); ok || err != nil {
		return p, err
	}
	if c.plugins == nil {
		return nil, problem.New(problem.NotFound, "There is no plugin with this name.")
	}
	return c.plugins.Plugin(ctx, tenant, id)
}

// find returns the parsed version of what the tenant has published; nil when the shipped one counts.
func (c *Catalog) find(ctx context.Context, tenant string, kind Kind, id string, version int, parse func(Definition) (any, problem.Diagnostics, error)) (any, error) {
	if c.store == nil {
		return nil, nil
	}
	key := parsedKey{tenant, kind, id, version}
	if version > 0 {
		if found, ok := c.parsed.Get(key); ok {
			return found, nil
		}
	}
	d, err := c.store.Definition(ctx, tenant, kind, id, version)
	if problem.CodeOf(err) == problem.NotFound {
		// A version that ships is never published: what a tenant publishes is numbered on from it.
		if w := c.workflows[id]; kind == Workflow && w != nil && version == w.Version {
			c.parsed.Put(key, nil)
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key.version = d.Version
	if found, ok := c.parsed.Get(key); ok {
		return found, nil
	}
	found, diagnostics, err := parse(d)
	if err != nil {
		return nil, err // and asked again the next time
	}
	if diagnostics.Failed() {
		return nil, problem.Wrap(diagnostics.Err(), problem.Internal, "A published %s can no longer be read.", kind)
	}
	c.parsed.Put(key, found)
	return found, nil
}

// Shipped are the workflows that come with the software.
func (c *Catalog) Shipped() []*workflow.Workflow {
	var found []*workflow.Workflow
	for _, id := range c.ids(Workflow) {
		found = append(found, c.workflows[id])
	}
	return found
}

// Workflows lists the newest version of each workflow of a tenant, by id, and the ids of those whose newest version
// exists but cannot be read.
func (c *Catalog) Workflows(ctx context.Context, tenant string) (found []*workflow.Workflow, unreadable []string, err error) {
	newest, err := c.Newest(ctx, tenant, Workflow)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range newest {
		if d.Unreadable { // this process may still know what it was: others do not
			unreadable = append(unreadable, d.ID)
			continue
		}
		w, err := c.Workflow(ctx, tenant, d.ID, d.Version)
		switch {
		case err == nil:
			found = append(found, w)
		case problem.CodeOf(err) == problem.Internal:
			unreadable = append(unreadable, d.ID)
		default:
			return nil, nil, err
		}
	}
	return found, unreadable, nil
}

// Newest are the newest versions of a kind, published or shipped, by id, without their sources; one that cannot be read is Unreadable.
func (c *Catalog) Newest(ctx context.Context, tenant string, kind Kind) ([]Definition, error) {
	found, err := c.all(ctx, tenant, kind, "")
	return slices.CompactFunc(found, func(a, b Definition) bool { return a.ID == b.ID }), err
}

// Versions are all versions of a definition, the newest first, without their sources; one that cannot be read is Unreadable.
// Errors: NotFound.
func (c *Catalog) Versions(ctx context.Context, tenant string, kind Kind, id string) ([]Definition, error) {
	found, err := c.all(ctx, tenant, kind, id)
	if err == nil && len(found) == 0 {
		err = problem.New(problem.NotFound, "There is no such %s.", kind)
	}
	return found, err
}

// all are the versions of a kind, by id and then the newest first.
func (c *Catalog) all(ctx context.Context, tenant string, kind Kind, id string) ([]Definition, error) {
	var found []Definition
	if c.store != nil {
		published, err := c.store.Definitions(ctx, tenant, kind, id)
		if err != nil {
			return nil, err
		}
		found = published
	}
	for _, name := range c.ids(kind) {
		if id != "" && name != id {
			continue
		}
		d, err := c.definition(kind, name, 0)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(p Definition) bool { return p.ID == d.ID && p.Version == d.Version }) {
			found = append(found, d.bare())
		}
	}
	slices.SortStableFunc(found, NewestFirst)
	return found, nil
}

// Definition reads a version with its source; 0 is the newest. Errors: NotFound.
func (c *Catalog) Definition(ctx context.Context, tenant string, kind Kind, id string, version int) (Definition, error) {
	if c.store != nil {
		d, err := c.store.Definition(ctx, tenant, kind, id, version)
		if problem.CodeOf(err) != problem.NotFound {
			return d, err
		}
	}
	return c.definition(kind, id, version)
}

// Resources is what a tenant's workflows may name.
type Resources struct {
	catalog *Catalog
	ctx     context.Context //nolint:containedctx // it lives as long as one check
	tenant  string
	broken  *broken
}

var (
	_ workflow.Catalog = Resources{}
	_ workflow.Adviser = Resources{}
)

// broken is the first failure of reading what a document names: what could not be read is not known not to be there.
type broken struct {
	mutex sync.Mutex
	err   error
}

// note keeps an error that is not about the document, and returns every error unchanged.
func (b *broken) note(err error) error {
	if code := problem.CodeOf(err); code.Retryable() || code == problem.Timeout || code == problem.Internal {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		b.err = cmp.Or(b.err, err)
	}
	return err
}

// failure is why some of what a document may name could not be read; nil when all could.
func (r Resources) failure() error {
	r.broken.mutex.Lock()
	defer r.broken.mutex.Unlock()
	return r.broken.err
}

// For returns a tenant's policies, plugins and workflows for one check of a document.
func (c *Catalog) For(ctx context.Context, tenant string) Resources {
	return Resources{c, ctx, tenant, &broken{}}
}

// Missing implements workflow.Adviser: the name that was probably meant.
func (r Resources) Missing(kind, id string) (message, hint string) { return r.advise(kind, id, nil) }

// advise suggests one of the tenant's names, or of others that come with the document.
func (r Resources) advise(kind, id string, names []string) (message, hint string) {
	found, _ := r.catalog.Newest(r.ctx, r.tenant, Kind(kind)) // a hint less, if they cannot be read
	for _, d := range found {
		names = append(names, d.ID)
	}
	if near := expr.Suggest(id, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return "there is no " + kind + " " + id, hint
}

// Plugin implements workflow.Catalog.
func (r Resources) Plugin(id string) (workflow.Plugin, bool) {
	p, err := r.catalog.Plugin(r.ctx, r.tenant, id)
	if r.broken.note(err) != nil {
		return workflow.Plugin{}, false
	}
	return p.Summary(), true
}

// Policy implements workflow.Catalog.
func (r Resources) Policy(id string) (workflow.PolicyInfo, bool) {
	p, err := r.policy(id)
	if err != nil {
		return workflow.PolicyInfo{}, false
	}
	return workflow.PolicyInfo{ID: id, Outcomes: p.Outcomes, Severities: p.Severities(), Evaluate: r.catalog.evaluate(r.ctx, r.tenant, p)}, true
}

// policy is the newest version of a policy. Errors: UnknownPolicy.
func (r Resources) policy(id string) (*rules.Policy, error) {
	p, err := r.catalog.Policy(r.ctx, r.tenant, id)
	return p, r.broken.note(err)
}

// lists are the names of all lists; nil when that is not known.
func (r Resources) lists() ([]string, error) {
	if r.catalog.Lists == nil {
		return nil, nil
	}
	names, err := r.catalog.Lists.ListNames(r.ctx, r.tenant)
	return append([]string{}, names...), r.broken.note(err)
}

// published is the newest version of an existing policy. Errors: UnknownPolicy.
func (r Resources) published(id string) (*rules.Policy, error) { return r.policy(id) }

// policyIDs are those of all policies.
func (r Resources) policyIDs() ([]string, error) {
	newest, err := r.catalog.Newest(r.ctx, r.tenant, Policy)
	ids := make([]string, len(newest))
	for i, d := range newest {
		ids[i] = d.ID
	}
	return ids, r.broken.note(err)
}

// Workflow implements workflow.Catalog.
func (r Resources) Workflow(id string) bool {
	_, err := r.catalog.Workflow(r.ctx, r.tenant, id, 0)
	return r.broken.note(err) == nil
}

// Finals implements what a workflow asks of its catalog.
func (r Resources) Finals(id string) []string {
	w, err := r.catalog.Workflow(r.ctx, r.tenant, id, 0)
	if r.broken.note(err) != nil {
		return nil
	}
	return w.Finals()
}

// evaluate evaluates a policy for a guard, with the newest lists and policies that it refers to.
func (c *Catalog) evaluate(ctx context.Context, tenant string, p *rules.Policy) func(input map[string]any, now time.Time) (string, error) {
	return func(input map[string]any, now time.Time) (string, error) {
		options, err := p.Open(rules.NewLibrary(ctx, tenant, c, c.Lists), rules.Seen{})
		if err != nil {
			return "", err
		}
		options.Now, options.Untraced = now, true
		answer, err := p.Evaluate(input, options)
		return answer.Outcome, err
	}
}
