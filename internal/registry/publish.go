package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/asl/compile"
	"ballerine/internal/connector"
	"ballerine/internal/identity"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Machines make state machines. Adapters: Step Functions, the local interpreter.
type Machines interface {
	// Publish makes a version of a workflow's machine and returns the reference by which executions of it are started.
	// Repeating it with the same definition returns the same reference.
	Publish(ctx context.Context, version MachineVersion) (reference string, err error)
}

// MachineVersion is what a state machine is compiled from.
type MachineVersion struct {
	Tenant, Workflow string
	Version          int
	Express          bool
	Definition       []byte
}

// Publisher is the writing side of the registry.
type Publisher struct {
	Catalog  *Catalog
	Store    Store
	Machines Machines
	// Behind are the people who may hold a secret of a key: they cannot approve what the key proposes. Without it keys
	// cannot propose.
	Behind func(ctx context.Context, tenant, key string) ([]string, error)
	// Unconfigured is what a plugin names and this installation does not have, as warnings; nil: it is not checked.
	Unconfigured func(ctx context.Context, tenant string, plugin *connector.Plugin) problem.Diagnostics
	// Pages checks the applicant's pages of a workflow; nil: they are not checked. Functions that do not publish do without
	// it.
	Pages func(file string, w *workflow.Workflow) problem.Diagnostics
	Now   func() time.Time
}

// Publish is a document to be published.
type Publish struct {
	Kind    Kind
	ID      string
	Source  string
	Comment string
	DryRun  bool // only reports what would happen

	Proposal string // id of the proposal, should it become one; "" makes one
}

// Publication is what has been published, or would be.
type Publication struct {
	Definition
	Created  bool                // false: the latest version has the same source
	Changes  []workflow.Change   // of a workflow: what changes for running cases, against the newest version
	Warnings problem.Diagnostics // advice
	States   int                 // of a workflow: of its state machine
	Proposal *Proposal           // with four eyes: what was made instead of a version; it may have further documents
}

// maxComment bounds a comment, in bytes.
const maxComment = 2000

// Publish checks a document and makes it the newest version of its kind and id. A workflow's state machine is made
// first, so that every visible version can run; if this is interrupted in between, publishing again repairs it. With
// four eyes it becomes a proposal instead. Errors: Invalid with every problem (Details "diagnostics" has them with their
// lines), TooLarge, Conflict if another publication came first, Forbidden if the proposal comes from no particular
// person, and for want of the permission to unmark personal data.
func (p *Publisher) Publish(ctx context.Context, who identity.Principal, cmd Publish) (Publication, error) {
	if len(cmd.Source) > MaxSource {
		return Publication{}, tooLarge()
	}
	if len(cmd.Comment) > maxComment {
		return Publication{}, commentTooLong()
	}
	made, err := p.check(cmd, p.Catalog.For(ctx, who.Tenant))
	if err != nil {
		return Publication{}, err
	}
	if made, err = p.withFallback(ctx, who.Tenant, made, nil); err != nil {
		return Publication{}, err
	}
	one, err := p.prepare(ctx, who, cmd, made)
	if err != nil || cmd.DryRun || !one.out.Created {
		return one.out, err
	}
	four, err := FourEyes(p.Store)(ctx, who.Tenant)
	if err != nil {
		return Publication{}, err
	}
	if !four {
		if err := p.unmarked(ctx, who, []checked{made}); err != nil {
			return Publication{}, err
		}
		return p.publish(ctx, one)
	}
	one.out.Proposal, err = p.proposeAll(ctx, who, cmd.Proposal, cmd.Comment, []*publishing{one})
	return one.out, err
}

// Draft checks a policy as publishing it does, under whatever id it has. Errors: TooLarge, Invalid with every problem.
func (p *Publisher) Draft(ctx context.Context, tenant, source string) (*rules.Policy, error) {
	if len(source) > MaxSource {
		return nil, problem.New(problem.TooLarge, "A definition can have at most %d KB.", MaxSource>>10)
	}
	made, err := p.check(Publish{Kind: Policy, Source: source}, p.Catalog.For(ctx, tenant))
	return made.policy, err
}

// publishing is a document that has been checked, on its way to be a version.
type publishing struct {
	newest, next Definition
	made         checked
	out          Publication
}

// withFallback adds what is wrong with a plugin's fallback, which is published or one of those that are published with it.
func (p *Publisher) withFallback(ctx context.Context, tenant string, made checked, others map[string]checked) (checked, error) {
	if made.plugin == nil || made.plugin.Fallback == "" {
		return made, nil
	}
	other := others[key(Plugin, made.plugin.Fallback)].plugin
	if other == nil {
		var err error
		if other, err = p.Catalog.Plugin(ctx, tenant, made.plugin.Fallback); err != nil && problem.CodeOf(err) != problem.NotFound {
			return made, err
		}
	}
	made.warnings = append(made.warnings, made.plugin.CheckFallback(other)...)
	return made, nil
}

// prepare returns what publishing would make of a document: nil if the newest version is the same.
func (p *Publisher) prepare(ctx context.Context, who identity.Principal, cmd Publish, made checked) (*publishing, error) {
	if made.plugin != nil && p.Unconfigured != nil {
		made.warnings = append(made.warnings, p.Unconfigured(ctx, who.Tenant, made.plugin)...)
	}
	one := &publishing{made: made}
	newest, err := p.newestOf(ctx, who.Tenant, cmd.Kind, cmd.ID)
	if err != nil {
		return one, err
	}
	changes, err := p.changes(ctx, who.Tenant, made.workflow, newest)
	if err != nil {
		return one, err
	}
	one.newest, one.next = newest, Definition{
		Tenant: who.Tenant, Kind: cmd.Kind, ID: cmd.ID, Version: newest.Version + 1, Title: made.title, Source: cmd.Source, Digest: digestOf(cmd.Source),
		Comment: cmd.Comment, PublishedAt: p.now(), PublishedBy: who.ID,
	}
	one.out = Publication{Definition: one.next.bare(), Created: true, Changes: changes, Warnings: made.warnings, States: made.states}
	if newest.Digest == one.next.Digest {
		one.out.Definition, one.out.Created = newest.bare(), false
	}
	return one, nil
}

// publish writes a version.
func (p *Publisher) publish(ctx context.Context, one *publishing) (Publication, error) {
	if err := p.machines(ctx, &one.next, one.made); err != nil {
		return Publication{}, err
	}
	one.out.Machine, one.out.Express = one.next.Machine, one.next.Express
	return one.out, p.Store.PutDefinition(ctx, one.next)
}

// machines makes the state machines of a workflow's version.
func (p *Publisher) machines(ctx context.Context, d *Definition, made checked) (err error) {
	if made.machine == nil {
		return nil
	}
	d.Plugins = made.workflow.Plugins
	version := MachineVersion{Tenant: d.Tenant, Workflow: d.ID, Version: d.Version, Definition: made.machine}
	if d.Machine, err = p.Machines.Publish(ctx, version); err != nil || made.express == nil {
		return err
	}
	version.Express, version.Definition = true, made.express
	d.Express, err = p.Machines.Publish(ctx, version)
	return err
}

// checked is what a document was found to be.
type checked struct {
	title    string
	workflow *workflow.Workflow
	policy   *rules.Policy
	plugin   *connector.Plugin
	machine  []byte
	express  []byte // nil: the workflow waits
	states   int
	warnings problem.Diagnostics
}

// resources is what a document may name.
type resources interface {
	workflow.Catalog
	// policy is the newest version of a policy. Errors: UnknownPolicy.
	policy(id string) (*rules.Policy, error)
	// published is the newest version of an existing policy, regardless of what comes with the document. Errors: UnknownPolicy.
	published(id string) (*rules.Policy, error)
	// policyIDs are those of all policies.
	policyIDs() ([]string, error)
	// lists are the names of all lists; nil when that is not known.
	lists() ([]string, error)
	// failure is why some of these could not be read; nil when all could.
	failure() error
}

// check parses a document against what it may name. Errors: Invalid, and what kept it from reading that.
func (p *Publisher) check(cmd Publish, known resources) (made checked, err error) {
	var id string
	var diagnostics problem.Diagnostics
	switch cmd.Kind {
	case Workflow:
		w, found := workflow.Parse("source", []byte(cmd.Source), known)
		if diagnostics = found; w != nil {
			id, made.title, made.workflow = w.ID, w.Title, w
			if p.Pages != nil {
				diagnostics = append(diagnostics, p.Pages("source", w)...)
			}
			diagnostics = append(diagnostics, made.compile(w)...)
		}
	case Policy:
		policy, found := rules.Parse("source", []byte(cmd.Source))
		if diagnostics = found; policy != nil {
			id, made.title, made.policy = policy.ID, policy.Title, policy
			diagnostics = append(diagnostics, failing(policy, known)...)
		}
	case Plugin:
		plugin, found := connector.ParsePlugin("source", []byte(cmd.Source))
		if diagnostics = found; plugin != nil {
			id, made.title, made.plugin = plugin.ID, plugin.Title, plugin
		}
	default:
		return made, problem.New(problem.NotFound, "There is no such kind of definition.")
	}
	if id != "" && cmd.ID != "" && id != cmd.ID {
		diagnostics = append(diagnostics, problem.Diagnostic{File: "source", Line: 1, Column: 1, Path: "id", Code: "id", Message: fmt.Sprintf("the document's id is %s, it is published as %s", id, cmd.ID)})
	}
	diagnostics = diagnostics.AtMost(problem.MaxDiagnostics)
	made.warnings = diagnostics
	if err := known.failure(); err != nil {
		return made, err
	}
	if err := diagnostics.Err(); err != nil {
		return made, problem.As(err).Detail("diagnostics", diagnostics)
	}
	return made, nil
}

// CheckPolicy checks a document of a policy as publishing does, with the cases that are written in it. Errors: Invalid with
// every problem (Details "diagnostics" has them with their lines).
func (c *Catalog) CheckPolicy(ctx context.Context, tenant, id, source string) (*rules.Policy, problem.Diagnostics, error) {
	made, err := (&Publisher{Catalog: c}).check(Publish{Kind: Policy, ID: id, Source: source}, c.For(ctx, tenant))
	return made.policy, made.warnings, err
}

// compile makes the state machine.
func (made *checked) compile(w *workflow.Workflow) (found problem.Diagnostics) {
	machine, err := compile.Workflow(w)
	if err == nil {
		made.machine, made.states = machine.JSON(), len(machine.All())
		if express, err := compile.Express(w); err == nil {
			made.express = express.JSON()
		}
		return nil
	}
	for _, f := range problem.As(err).Fields {
		found = append(found, problem.Diagnostic{File: "source", Line: 1, Column: 1, Path: f.Location, Code: f.Code, Message: f.Message})
	}
	if len(found) == 0 {
		found = problem.Diagnostics{{File: "source", Line: 1, Column: 1, Code: "compile", Message: err.Error()}}
	}
	return found
}

// failing is what is wrong with the lists and policies that a policy names, and the cases written in it that do not come
// out as they should.
func failing(policy *rules.Policy, known resources) (found problem.Diagnostics) {
	var lists []string
	if len(policy.Lists()) > 0 {
		var err error
		if lists, err = known.lists(); err != nil {
			return append(found, problem.Diagnostic{File: "source", Line: 1, Column: 1, Code: "unavailable", Message: "the names of the lists could not be read"})
		}
	}
	if found = policy.CheckDependencies("source", known.policy, lists); found.Failed() {
		return found
	}
	policies, err := policy.Collect(known.policy)
	if err != nil {
		return append(found, problem.Diagnostic{File: "source", Line: 1, Column: 1, Code: "policies", Message: err.Error()})
	}
	found = append(found, unanswered(policy, known)...)
	for _, c := range policy.RunCases(policies) {
		if !c.Passed {
			found = append(found, problem.Diagnostic{File: "source", Line: c.Line, Column: 1, Path: "cases." + c.Name, Code: "case", Message: fmt.Sprintf("the case %q fails: %s", c.Name, strings.Join(c.Problems, "; "))})
		}
	}
	return found
}

// unanswered reports what other policies expect of a policy and it can no longer answer: their conditions would never
// hold again, without any visible reason.
func unanswered(policy *rules.Policy, known resources) (found problem.Diagnostics) {
	before, err := known.published(policy.ID)
	if err != nil || !slices.ContainsFunc(before.Outcomes, func(outcome string) bool { return !slices.Contains(policy.Outcomes, outcome) }) {
		return nil // it answers all that it has answered
	}
	ids, err := known.policyIDs()
	if err != nil {
		return problem.Diagnostics{{File: "source", Line: 1, Column: 1, Code: "unavailable", Message: "the policies that call it could not be read"}}
	}
	for _, id := range ids {
		other, err := known.policy(id)
		if err != nil || id == policy.ID {
			continue
		}
		for _, outcome := range other.Wants(policy.ID) {
			if !slices.Contains(policy.Outcomes, outcome) {
				found = append(found, problem.Diagnostic{
					File: "source", Line: 1, Column: 1, Path: "outcomes", Code: "outcome_in_use",
					Message: fmt.Sprintf("the policy %s checks this one for %s, which is no longer one of its outcomes", id, outcome), Hint: "publish " + id + " first, without it",
				})
			}
		}
	}
	return found
}

// changes states what a new version of a workflow changes for running cases.
func (p *Publisher) changes(ctx context.Context, tenant string, next *workflow.Workflow, newest Definition) ([]workflow.Change, error) {
	if next == nil || newest.Version == 0 {
		return []workflow.Change{}, nil
	}
	old, err := p.Catalog.Workflow(ctx, tenant, newest.ID, newest.Version)
	if err != nil {
		return nil, err
	}
	return workflow.Diff(old, next), nil
}

// Diff states what changes for running cases from one version of a workflow to another. Errors: UnknownWorkflow.
func (p *Publisher) Diff(ctx context.Context, tenant, id string, from, to int) ([]workflow.Change, error) {
	old, err := p.Catalog.Workflow(ctx, tenant, id, from)
	if err != nil {
		return nil, err
	}
	next, err := p.Catalog.Workflow(ctx, tenant, id, to)
	if err != nil {
		return nil, err
	}
	return workflow.Diff(old, next), nil
}

// CopyAs is a definition to be published under another id.
type CopyAs struct {
	Kind     Kind
	ID       string
	Version  int // 0: the newest
	As       string
	Proposal string // id of the proposal, should it become one; "" makes one
	Again    bool   // the call is a repetition: what it made is its own
}

// Copy publishes a definition under another id, as the first version of that. Errors: NotFound, AlreadyExists, and those
// of Publish.
func (p *Publisher) Copy(ctx context.Context, who identity.Principal, cmd CopyAs) (Publication, error) {
	d, err := p.Catalog.Definition(ctx, who.Tenant, cmd.Kind, cmd.ID, cmd.Version)
	if err != nil {
		return Publication{}, err
	}
	source, err := renamed(d.Source, cmd.As)
	if err != nil {
		return Publication{}, err
	}
	publish := Publish{Kind: cmd.Kind, ID: cmd.As, Source: source, Comment: fmt.Sprintf("a copy of %s, version %d", cmd.ID, d.Version), Proposal: cmd.Proposal}
	there, err := p.Catalog.Definition(ctx, who.Tenant, cmd.Kind, cmd.As, 0)
	switch mine := cmd.Again && there.PublishedBy == who.ID && there.Comment == publish.Comment && there.Digest == digestOf(source); {
	case err == nil && !mine:
		return Publication{}, problem.New(problem.AlreadyExists, "A %s with this id already exists.", cmd.Kind).With("body.id", "taken", "this id is taken")
	case err != nil && problem.CodeOf(err) != problem.NotFound:
		return Publication{}, err
	}
	return p.Publish(ctx, who, publish) // once more, if the call is a repetition: it finds that everything is done
}
