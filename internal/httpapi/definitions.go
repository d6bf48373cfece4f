package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/flow"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/workflow"
)

// DefinitionVersion is a version of a workflow, a policy or a plugin.
type DefinitionVersion struct {
	Kind        registry.Kind `json:"kind" enum:"workflow,policy,plugin"`
	ID          string        `json:"id"`
	Version     int           `json:"version"`
	Title       string        `json:"title,omitempty"`
	Digest      string        `json:"digest" doc:"SHA-256 of the source"`
	Shipped     bool          `json:"shipped" doc:"whether it is built in"`
	Comment     string        `json:"comment,omitempty"`
	PublishedAt *time.Time    `json:"published_at"`
	PublishedBy string        `json:"published_by,omitempty" doc:"with four eyes: the person who proposed it"`
	ApprovedBy  string        `json:"approved_by,omitempty" doc:"with four eyes: the second person"`
	Proposal    string        `json:"proposal,omitempty" doc:"with four eyes: its id"`
	Machine     string        `json:"machine,omitempty" doc:"the state machine version that its executions run"`
	Source      string        `json:"source,omitempty"`
	CallbackURL string        `json:"callback_url,omitempty" doc:"of a plugin with callback.correlate: the address to enter at the vendor's"`
}

// Publication is what has been published, or would be.
type Publication struct {
	DefinitionVersion
	Created  bool                 `json:"created" doc:"false: the latest version has the same source"`
	DryRun   bool                 `json:"dry_run"`
	Changes  []workflow.Change    `json:"changes" nullable:"false" doc:"of a workflow: the effects on running cases that are migrated to it"`
	Warnings []problem.Diagnostic `json:"warnings" nullable:"false"`
	States   int                  `json:"states,omitempty" doc:"of its state machine"`
}

type publishBody struct {
	Source  string `json:"source" minLength:"1" doc:"the document, YAML or JSON"`
	Comment string `json:"comment,omitempty" maxLength:"2000"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"only validate, and report what would happen"`
}

type publishIn struct {
	OnID
	Body publishBody
}

type publishOut struct {
	Status   int
	Location string `header:"Location"`
	Body     any    // Publication or Proposal
}

type versionIn struct {
	OnID
	Version int `path:"version" minimum:"1"`
}

// kinds are the names of a kind in paths and operations.
var kinds = []struct {
	kind            registry.Kind
	path, one, many string
}{
	{registry.Workflow, "/v1/workflows", "Workflow", "Workflows"},
	{registry.Policy, "/v1/policies", "Policy", "Policies"},
	{registry.Plugin, "/v1/plugins", "Plugin", "Plugins"},
}

func (s *server) registerDefinitions(api huma.API) {
	if s.Publisher != nil {
		s.Publisher.Pages = func(file string, w *workflow.Workflow) problem.Diagnostics {
			_, found := flow.Parse(file, w)
			return found
		}
	}
	for _, k := range kinds {
		what := string(k.kind)
		publish := op(Admin, "publish"+k.one, "POST", k.path+"/{id}/versions", "Publish a "+what+" as a new version, unless it equals the latest version").creating().defining()
		add(s, api, orPublished(api, publish), func(c ctx, in *publishIn) (*publishOut, error) {
			made, err := s.Publisher.Publish(c, principalOf(c), registry.Publish{
				Kind: k.kind, ID: in.ID, Source: in.Body.Source, Comment: in.Body.Comment, DryRun: in.Body.DryRun, Proposal: reserved(c, "prop"),
			})
			out, err := publicationOf(made, in.Body.DryRun, k.path, err)
			if shown, ok := published(out); ok {
				shown.DefinitionVersion = s.addressed(c, shown.DefinitionVersion)
				out.Body = shown
			}
			return out, err
		})
		add(s, api, op(Admin, "list"+k.one+"Versions", "GET", k.path+"/{id}/versions", "List the versions of a "+what+", newest first"), func(c ctx, in *OnID) (*body[List[DefinitionVersion]], error) {
			found, err := s.Publisher.Catalog.Versions(c, principalOf(c).Tenant, k.kind, in.ID)
			found, lost := readable(s, c, "list"+k.one+"Versions", found, func(d registry.Definition) string { return lostIn(d.Unreadable, strconv.Itoa(d.Version)) })
			return wholeList(each(found, definitionShape), lost...), err
		})
		add(s, api, op(Admin, "get"+k.one+"Version", "GET", k.path+"/{id}/versions/{version}", "Get a version of a "+what+" with its source"), func(c ctx, in *versionIn) (*body[DefinitionVersion], error) {
			found, err := s.Publisher.Catalog.Definition(c, principalOf(c).Tenant, k.kind, in.ID, in.Version)
			if err != nil {
				return nil, err
			}
			return &body[DefinitionVersion]{s.addressed(c, definitionShape(found))}, nil
		})
		if k.kind == registry.Workflow {
			continue // people list them, too: see registerWorkflows
		}
		add(s, api, op(Admin, "list"+k.many, "GET", k.path, "List the latest version of each "+what), func(c ctx, _ *none) (*body[List[DefinitionVersion]], error) {
			found, err := s.Publisher.Catalog.Newest(c, principalOf(c).Tenant, k.kind)
			found, lost := readable(s, c, "list"+k.many, found, func(d registry.Definition) string { return lostIn(d.Unreadable, d.ID) })
			return wholeList(each(found, func(d registry.Definition) DefinitionVersion { return s.addressed(c, definitionShape(d)) }), lost...), err
		})
	}
}

// published is a publication that is answered, instead of a proposal.
func published(out *publishOut) (Publication, bool) {
	if out == nil {
		return Publication{}, false
	}
	shown, ok := out.Body.(Publication)
	return shown, ok
}

// addressed adds the address at which a vendor calls back for all cases, where the plugin's newest version has one.
func (s *server) addressed(c ctx, d DefinitionVersion) DefinitionVersion {
	if d.Kind != registry.Plugin {
		return d
	}
	tenant := principalOf(c).Tenant
	if plugin, err := s.Publisher.Catalog.Plugin(c, tenant, d.ID); err == nil && plugin.Correlates() {
		d.CallbackURL = s.Addresses.Of(tenant, d.ID)
	}
	return d
}

func (s *server) registerCopies(api huma.API) {
	type diffIn struct {
		OnID
		From int `query:"from" minimum:"1" required:"true"`
		To   int `query:"to" minimum:"1" doc:"absent: the latest"`
	}
	add(s, api, op(Admin, "diffWorkflow", "GET", "/v1/workflows/{id}/diff", "Compare two versions, with the effects on running cases"), func(c ctx, in *diffIn) (*body[List[workflow.Change]], error) {
		changes, err := s.Publisher.Diff(c, principalOf(c).Tenant, in.ID, in.From, in.To)
		if problem.CodeOf(err) == problem.UnknownWorkflow { // it is the address, and no body, that names it
			err = problem.New(problem.NotFound, "There is no such version of a workflow.")
		}
		return wholeList(changes), err
	})
	type copyIn struct {
		OnID
		Body struct {
			ID      string `json:"id" pattern:"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$" doc:"of the copy"`
			Version int    `json:"version,omitempty" minimum:"1" doc:"absent: the latest"`
		}
	}
	copying := op(Admin, "copyWorkflow", "POST", "/v1/workflows/{id}/copy", "Publish a workflow under another id").creating()
	add(s, api, orPublished(api, copying), func(c ctx, in *copyIn) (*publishOut, error) {
		made, err := s.Publisher.Copy(c, principalOf(c), registry.CopyAs{Kind: registry.Workflow, ID: in.ID, Version: in.Body.Version, As: in.Body.ID, Proposal: reserved(c, "prop"), Again: again(c)})
		return publicationOf(made, false, "/v1/workflows", err)
	})
}

// orPublished documents an operation that publishes one definition, if it is a new one and needs no approval.
func orPublished(api huma.API, o operation) operation {
	o = answering[Publication](api, o, http.StatusOK, "Nothing was published: the latest version has the same source, or it was a dry run")
	return orProposal[Publication](api, o)
}

func publicationOf(made registry.Publication, dryRun bool, path string, err error) (*publishOut, error) {
	if err != nil {
		return nil, err
	}
	if proposal := proposedOf([]registry.Publication{made}); proposal != nil {
		return &publishOut{http.StatusAccepted, proposalPath(proposal.ID), *proposal}, nil
	}
	out := &publishOut{Status: 200, Body: PublicationShape(made, dryRun)}
	if made.Created && !dryRun {
		out.Status, out.Location = 201, versionPath(path, made.Definition)
	}
	return out, nil
}

func versionPath(path string, d registry.Definition) string {
	return path + "/" + d.ID + "/versions/" + strconv.Itoa(d.Version)
}

// PublicationShape is a publication as the interface shows it. The command line shows it alike.
func PublicationShape(p registry.Publication, dryRun bool) Publication {
	return Publication{
		DefinitionVersion: definitionShape(p.Definition), Created: p.Created, DryRun: dryRun, Changes: list(p.Changes),
		Warnings: list([]problem.Diagnostic(p.Warnings)), States: p.States,
	}
}

// ShapeDefinitions are definitions as the interface shows them.
func ShapeDefinitions(found []registry.Definition) []DefinitionVersion {
	return each(found, definitionShape)
}

func definitionShape(d registry.Definition) DefinitionVersion {
	return DefinitionVersion{
		Kind: d.Kind, ID: d.ID, Version: d.Version, Title: d.Title, Digest: d.Digest, Shipped: d.Tenant == "", Comment: d.Comment,
		PublishedAt: orNull(d.PublishedAt), PublishedBy: d.PublishedBy, ApprovedBy: d.ApprovedBy, Proposal: d.Proposal, Machine: d.Machine, Source: d.Source,
	}
}
