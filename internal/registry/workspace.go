package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/identity"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/workflow"
)

// Workspace is all that a tenant has published, to be moved to another environment. It leaves out what ships with the
// software, which exists there already.
type Workspace struct {
	Format      int          `json:"format"` // 1
	Definitions []Definition `json:"definitions" nullable:"false"`
	Digest      string       `json:"digest"` // over the definitions' kinds, ids and sources
}

// workspaceFormat is the only one that there is.
const workspaceFormat = 1

// NewWorkspace is a workspace of definitions, each with its kind, id, source and comment.
func NewWorkspace(definitions []Definition) Workspace {
	w := Workspace{Format: workspaceFormat, Definitions: definitions}
	w.Digest = w.digest()
	return w
}

// Export returns the newest version of everything that a tenant has published: policies, plugins, workflows, each by id.
func (p *Publisher) Export(ctx context.Context, tenant string) (Workspace, error) {
	definitions := []Definition{}
	for _, kind := range kinds() {
		newest, err := p.Catalog.Newest(ctx, tenant, kind)
		if err != nil {
			return Workspace{}, err
		}
		for _, d := range newest {
			if d.Tenant == "" {
				continue
			}
			if d, err = p.Catalog.Definition(ctx, tenant, kind, d.ID, d.Version); err != nil {
				return Workspace{}, err
			}
			d.Tenant, d.Machine, d.Express, d.Proposal, d.Plugins = "", "", "", "", nil // they belong to the environment
			definitions = append(definitions, d)
		}
	}
	return NewWorkspace(definitions), nil
}

func (w Workspace) digest() string {
	sum := sha256.New()
	for _, d := range w.Definitions {
		fmt.Fprintf(sum, "%s\x00%s\x00%d\x00%s", d.Kind, d.ID, len(d.Source), d.Source)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// ReadWorkspace reads an exported workspace. Errors: MalformedJSON, Invalid.
func ReadWorkspace(text []byte) (Workspace, error) {
	var w Workspace
	if len(source.JSONFaults(text)) > 0 {
		return w, problem.New(problem.MalformedJSON, "This is not an exported workspace: it is not UTF-8, an object has a name twice, a number is not exact, or it is nested too deeply.")
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return w, problem.Wrap(err, problem.MalformedJSON, "This is not an exported workspace.")
	}
	return w, nil
}

// ImportWorkspace is a workspace to be published.
type ImportWorkspace struct {
	Workspace
	DryRun   bool
	Proposal string // id of the proposal, should it become one; "" makes one
}

// Import publishes what a workspace holds and the tenant does not have in this form yet. Everything is checked first: if
// anything has problems, nothing is published, and the error has all of them. With four eyes all of it becomes one
// proposal. Errors: Invalid, Conflict, TooLarge, Forbidden if the proposal comes from no particular person.
func (p *Publisher) Import(ctx context.Context, who identity.Principal, cmd ImportWorkspace) ([]Publication, error) {
	if cmd.Format != workspaceFormat {
		return nil, problem.New(problem.Invalid, "The workspace has an unknown format.").With("body.workspace.format", "unknown", "this software supports format %d", workspaceFormat)
	}
	if cmd.digest() != cmd.Digest {
		return nil, problem.New(problem.Invalid, "The workspace was changed since it was exported.").With("body.workspace.digest", "digest", "it does not match the definitions")
	}
	documents, err := cmd.documents()
	if err != nil {
		return nil, err
	}
	known := p.incoming(ctx, who.Tenant)
	if err := combine(documents, p.checkEach(documents, known), cannotImport); err != nil {
		return nil, err
	}
	var all []*publishing
	for _, d := range documents {
		made, err := p.withFallback(ctx, who.Tenant, known.made[key(d.Kind, d.ID)], known.made)
		if err != nil {
			return nil, err
		}
		one, err := p.prepare(ctx, who, d, made)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return p.importAll(ctx, who, cmd, all)
}

// comment of a proposal of the whole: that of its definitions where they have one in common.
func (w Workspace) comment() string {
	differs := func(d Definition) bool { return d.Comment != w.Definitions[0].Comment }
	if len(w.Definitions) == 0 || w.Definitions[0].Comment == "" || slices.ContainsFunc(w.Definitions, differs) {
		return fmt.Sprintf("a workspace of %d definitions", len(w.Definitions))
	}
	return w.Definitions[0].Comment
}

// importAll publishes or proposes what a workspace holds.
func (p *Publisher) importAll(ctx context.Context, who identity.Principal, cmd ImportWorkspace, all []*publishing) ([]Publication, error) {
	var proposal *Proposal
	four, err := FourEyes(p.Store)(ctx, who.Tenant)
	switch {
	case err != nil || cmd.DryRun:
	case four:
		proposal, err = p.proposeAll(ctx, who, cmd.Proposal, cmd.comment(), all)
	default:
		err = p.unmarked(ctx, who, created(all))
	}
	if err != nil {
		return nil, err
	}
	done := []Publication{}
	for _, one := range all {
		if one.out.Created {
			one.out.Proposal = proposal
		}
		if !four && !cmd.DryRun && one.out.Created {
			if one.out, err = p.publish(ctx, one); err != nil {
				return done, err
			}
		}
		done = append(done, one.out)
	}
	return done, nil
}

// created are the documents that become versions.
func created(all []*publishing) (found []checked) {
	for _, one := range all {
		if one.out.Created {
			found = append(found, one.made)
		}
	}
	return found
}

const cannotImport = "The workspace cannot be imported."

// documents of a workspace, those first that others may name. Errors: Invalid.
func (w Workspace) documents() ([]Publish, error) {
	problems := problem.New(problem.Invalid, cannotImport)
	seen := map[string]bool{}
	for i, d := range w.Definitions {
		at := fmt.Sprintf("body.workspace.definitions[%d]", i)
		if !slices.Contains(kinds(), d.Kind) {
			problems.With(at+".kind", "unknown", "this kind of definition does not exist")
		}
		if seen[key(d.Kind, d.ID)] {
			problems.With(at+".id", "twice", "the workspace contains it twice")
		}
		seen[key(d.Kind, d.ID)] = true
	}
	if len(problems.Fields) > 0 {
		return nil, problems
	}
	var documents []Publish
	for _, kind := range kinds() {
		for _, d := range w.Definitions {
			if d.Kind == kind {
				documents = append(documents, Publish{Kind: kind, ID: d.ID, Source: d.Source, Comment: d.Comment})
			}
		}
	}
	return documents, nil
}

// checkEach checks documents that are published as a group. The checked documents are in known.made; the errors are
// those of the documents, nil for one without problems.
func (p *Publisher) checkEach(documents []Publish, known *incoming) []error {
	for _, d := range documents {
		switch d.Kind {
		case Workflow:
			known.workflows = append(known.workflows, d.ID)
		case Policy:
			if policy, _ := rules.Reread(d.ID, []byte(d.Source)); policy != nil {
				known.policies[policy.ID] = policy
			}
		case Plugin:
		}
	}
	failures := make([]error, len(documents))
	for _, kind := range kinds() {
		for i, d := range documents {
			if d.Kind == kind {
				known.made[key(kind, d.ID)], failures[i] = p.check(d, known)
			}
		}
	}
	return failures
}

// combine joins the problems of all documents into one error; nil if there are none. Each problem names its document and
// the place in it: in the location of its field, and as the file of its diagnostic (Details "diagnostics", with path and
// excerpt). Errors that prevented documents from being checked come first: because of them the problems are incomplete.
func combine(documents []Publish, failures []error, message string) error {
	problems := problem.New(problem.Invalid, "%s", message)
	var diagnostics problem.Diagnostics
	var unchecked []error
	for i, d := range documents {
		name := string(d.Kind) + " " + d.ID
		var invalid *problem.Error
		switch {
		case failures[i] == nil:
		case errors.As(failures[i], &invalid) && invalid.Code == problem.Invalid:
			if len(invalid.Fields) == 0 {
				problems.With(name, "invalid", "%s", invalid.Message)
			}
			for _, f := range invalid.Fields {
				problems.With(name+": "+f.Location, f.Code, "%s", f.Message)
			}
			diagnostics = append(diagnostics, named(name, invalid)...)
		default:
			unchecked = append(unchecked, fmt.Errorf("%s: %w", name, failures[i]))
		}
	}
	switch {
	case len(unchecked) > 0:
		return errors.Join(unchecked...)
	case len(problems.Fields) == 0:
		return nil
	case len(diagnostics) > 0:
		problems.Detail("diagnostics", diagnostics)
	}
	return problems
}

// named are the diagnostics of a refused document, with its name as their file.
func named(name string, invalid *problem.Error) problem.Diagnostics {
	found, _ := invalid.Details["diagnostics"].(problem.Diagnostics)
	found = slices.Clone(found)
	for i := range found {
		found[i].File = name
	}
	return found
}

// incoming is the state of a group of documents for a tenant.
func (p *Publisher) incoming(ctx context.Context, tenant string) *incoming {
	return &incoming{Resources: p.Catalog.For(ctx, tenant), made: map[string]checked{}, policies: map[string]*rules.Policy{}}
}

// incoming is what definitions of a workspace may refer to: those in the workspace, and existing ones.
type incoming struct {
	Resources
	made      map[string]checked
	workflows []string
	policies  map[string]*rules.Policy
}

func key(kind Kind, id string) string { return string(kind) + "/" + id }

// Missing implements workflow.Adviser. A document of the group that has problems is not reported as missing.
func (in *incoming) Missing(kind, id string) (message, hint string) {
	if _, comes := in.made[key(Kind(kind), id)]; comes {
		return "the " + kind + " " + id + " has problems itself", "they are reported with it"
	}
	var names []string
	for made := range in.made {
		if name, ok := strings.CutPrefix(made, key(Kind(kind), "")); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return in.advise(kind, id, names)
}

// Plugin implements workflow.Catalog.
func (in *incoming) Plugin(id string) (workflow.Plugin, bool) {
	if made := in.made[key(Plugin, id)]; made.plugin != nil {
		return made.plugin.Summary(), true
	}
	return in.Resources.Plugin(id)
}

// Policy implements workflow.Catalog.
func (in *incoming) Policy(id string) (workflow.PolicyInfo, bool) {
	if made := in.made[key(Policy, id)]; made.policy != nil {
		return workflow.PolicyInfo{ID: id, Outcomes: made.policy.Outcomes, Severities: made.policy.Severities(), Evaluate: in.catalog.evaluate(in.ctx, in.tenant, made.policy)}, true
	}
	return in.Resources.Policy(id)
}

func (in *incoming) policy(id string) (*rules.Policy, error) {
	if p := in.policies[id]; p != nil {
		return p, nil
	}
	return in.Resources.policy(id)
}

// Workflow implements workflow.Catalog.
func (in *incoming) Workflow(id string) bool {
	return slices.Contains(in.workflows, id) || in.Resources.Workflow(id)
}

// Finals implements workflow.Catalog. The final states of a workflow in the same group that is read later are not known.
func (in *incoming) Finals(id string) []string {
	if !slices.Contains(in.workflows, id) {
		return in.Resources.Finals(id)
	}
	if made := in.made[key(Workflow, id)].workflow; made != nil {
		return made.Finals()
	}
	return nil
}
