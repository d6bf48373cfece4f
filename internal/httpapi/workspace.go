package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func (s *server) registerWorkspace(api huma.API) {
	add(s, api, op(Admin, "exportWorkspace", "GET", "/v1/workspace", "Export the latest version of all published definitions"), func(c ctx, _ *none) (*body[registry.Workspace], error) {
		w, err := s.Publisher.Export(c, principalOf(c).Tenant)
		size := 0
		for _, d := range w.Definitions {
			size += len(d.Source)
		}
		if size > registry.MaxSource {
			return nil, problem.New(problem.TooLarge, "The workspace is larger than %d MB and does not fit into one response; export its definitions individually.", registry.MaxSource>>20)
		}
		return &body[registry.Workspace]{w}, err
	})
	type importIn struct {
		Body struct {
			Workspace registry.Workspace `json:"workspace"`
			DryRun    bool               `json:"dry_run,omitempty"`
		}
	}
	importing := op(Admin, "importWorkspace", "POST", "/v1/workspace/imports", "Import a workspace: publish all definitions that are missing, or none if one has problems").repeatable().defining()
	add(s, api, orProposal[List[Publication]](api, importing), func(c ctx, in *importIn) (*publishOut, error) {
		cmd := registry.ImportWorkspace{Workspace: in.Body.Workspace, DryRun: in.Body.DryRun, Proposal: reserved(c, "prop")}
		done, err := s.Publisher.Import(c, principalOf(c), cmd)
		if err != nil {
			return nil, err
		}
		if proposal := proposedOf(done); proposal != nil {
			return &publishOut{http.StatusAccepted, proposalPath(proposal.ID), *proposal}, nil
		}
		shown := each(done, func(p registry.Publication) Publication { return PublicationShape(p, in.Body.DryRun) })
		return &publishOut{Status: http.StatusOK, Body: List[Publication]{Data: shown}}, nil
	})
}
