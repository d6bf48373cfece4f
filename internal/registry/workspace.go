package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/rules"
	"ballerine/internal/workflow"
)

// Workspace is all that a tenant has published, to be taken to another environment. What ships with the software is there
// already and left out.
type Workspace struct {
	Format      int          `json:"format"` // 1
	Definitions []Definition `json:"definitions" nullable:"false"`
	Digest      string       `json:"digest"` // over the definitions' kinds, ids and sources
}

// workspaceFormat is the only one that there is.
const workspaceFormat = 1

// Export gives the newest version of everything that a tenant has published: policies, plugins, workflows, each by id.
func (p *Publisher) Export(ctx context.Context, tenant string) (Workspace, error) {
	w := Workspace{Format: workspaceFormat, Definitions: []Definition{}}
	for _, kind := range Kinds() {
		newest, err := p.Catalog.Newest(ctx, tenant, kind)
		if err != nil {
			return w, err
		}
		for _, d := range newest {
			if d.Tenant == "" {
				continue
			}
			if d, err = p.Catalog.Definition(ctx, tenant, kind, d.ID, d.Version); err != nil {
				return w, err
			}
			d.Tenant, d.Machine, d.Express = "", "", "" // they belong to the environment
			w.Definitions = append(w.Definitions, d)
		}
	}
	w.Digest = w.digest()
	return w, nil
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
	if err := json.Unmarshal(text, &w); err != nil {
		return w, problem.Wrap(err, problem.MalformedJSON, "This is not an exported workspace.")
	}
	return w, nil
}

// Import publishes what a workspace holds and the tenant does not have in this form yet. Everything is checked first:
// when something has problems nothing is published, and the error has all of them. Errors: Invalid, Conflict.
func (p *Publisher) Import(ctx context.Context, who identity.Principal, w Workspace, dryRun bool) ([]Publication, error) {
	if w.Format != workspaceFormat {
		return nil, problem.New(problem.Invalid, "The workspace is of a format that is not known.").With("body.workspace.format", "unknown", "this software knows format %d", workspaceFormat)
	}
	if w.digest() != w.Digest {
		return nil, problem.New(problem.Invalid, "The workspace was changed since it was exported.").With("body.workspace.digest", "digest", "it does not fit the definitions")
	}
	known := &incoming{Resources: p.Catalog.For(ctx, who.Tenant), made: map[string]checked{}, policies: map[string]*rules.Policy{}}
	if err := p.checkAll(w, known); err != nil {
		return nil, err
	}
	done := []Publication{}
	for _, kind := range Kinds() {
		for _, d := range w.Definitions {
			if d.Kind != kind {
				continue
			}
			cmd := Publish{Kind: kind, ID: d.ID, Source: d.Source, Comment: d.Comment, DryRun: dryRun}
			one, err := p.publish(ctx, who, cmd, known.made[key(kind, d.ID)])
			if err != nil {
				return done, err
			}
			done = append(done, one)
		}
	}
	return done, nil
}

// checkAll checks every definition of a workspace, those first that others may name.
func (p *Publisher) checkAll(w Workspace, known *incoming) error {
	problems := problem.New(problem.Invalid, "The workspace cannot be imported.")
	for i, d := range w.Definitions {
		if !slices.Contains(Kinds(), d.Kind) {
			problems.With(fmt.Sprintf("definitions[%d].kind", i), "unknown", "there is no such kind of definition")
		}
		switch d.Kind {
		case Workflow:
			known.workflows = append(known.workflows, d.ID)
		case Policy:
			if policy, _ := rules.Parse(d.ID, []byte(d.Source)); policy != nil {
				known.policies[policy.ID] = policy
			}
		case Plugin:
		}
	}
	for _, kind := range Kinds() {
		for _, d := range w.Definitions {
			if d.Kind != kind {
				continue
			}
			made, err := p.check(Publish{Kind: kind, ID: d.ID, Source: d.Source}, known)
			var invalid *problem.Error
			if errors.As(err, &invalid) {
				for _, f := range invalid.Fields {
					problems.With(fmt.Sprintf("%s %s: %s", kind, d.ID, f.Location), f.Code, "%s", f.Message)
				}
			}
			known.made[key(kind, d.ID)] = made
		}
	}
	if len(problems.Fields) > 0 {
		return problems
	}
	return nil
}

// incoming is what definitions of a workspace may name: what comes with them, and what is there.
type incoming struct {
	Resources
	made      map[string]checked
	workflows []string
	policies  map[string]*rules.Policy
}

func key(kind Kind, id string) string { return string(kind) + "/" + id }

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
		return workflow.PolicyInfo{ID: id, Outcomes: made.policy.Outcomes, Evaluate: in.catalog.evaluate(in.ctx, in.tenant, made.policy)}, true
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
