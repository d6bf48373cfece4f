package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// Decision is the result of a decision. Its case has the history, and what each rule has read.
type Decision struct {
	ID            string            `json:"id" doc:"the case"`
	Workflow      cases.WorkflowRef `json:"workflow"`
	Status        cases.Status      `json:"status" enum:"active,completed,failed,cancelled" doc:"active: it could not be decided synchronously and continues as a case"`
	Outcome       *string           `json:"outcome"`
	Configuration []string          `json:"configuration" nullable:"false"`
	Tags          []string          `json:"tags" nullable:"false"`
	Risk          *Risk             `json:"risk"`
	Results       map[string]any    `json:"results" nullable:"false" doc:"results of the workflow's work, by its id"`
	Incidents     []cases.Incident  `json:"incidents,omitempty"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Decision) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "risk")
}

func (s *server) registerDecisions(api huma.API) {
	type decideIn struct {
		Workflow string `path:"workflow"`
		Body     struct {
			Context    map[string]any `json:"context"`
			Version    int            `json:"version,omitempty" minimum:"1" doc:"default: the latest"`
			ExternalID string         `json:"external_id,omitempty" maxLength:"200"`
			Subject    map[string]any `json:"subject,omitempty" doc:"the subject; absent: an anonymous subject of the workflow's type"`
		}
	}
	type decideOut struct {
		Status   int
		Location string `header:"Location"`
		Body     Decision
	}
	decide := op(Client, "decide", "POST", "/v1/decisions/{workflow}", "Decide synchronously: 200 with the outcome; 202 if the case continues asynchronously").creating()
	decide.DefaultStatus = http.StatusOK
	decide = answering[Decision](api, decide, http.StatusAccepted, "Continues as a case: a person or a vendor is involved")
	add(s, api, decide, func(c ctx, in *decideIn) (*decideOut, error) {
		subject, err := subjectOf(in.Body.Subject)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Decision(c, principalOf(c), cases.StartCommand{
			ID: reserved(c, "case"), Workflow: in.Workflow, Version: in.Body.Version, ExternalID: in.Body.ExternalID, Subject: subject, Context: in.Body.Context,
		})
		if err != nil {
			return nil, err
		}
		shape, err := s.decision(c, record)
		status := http.StatusOK
		if record.Status == cases.StatusActive {
			status = http.StatusAccepted
		}
		return &decideOut{status, "/v1/cases/" + record.ID, shape}, err
	})
}

func (s *server) decision(c ctx, record cases.Record) (Decision, error) {
	shape, err := s.view(c, record)
	if err != nil {
		return Decision{}, err
	}
	wf, err := s.Cases.Catalog.Workflow(c, record.Tenant, record.Workflow.ID, record.Workflow.Version)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{
		ID: shape.ID, Workflow: shape.Workflow, Status: shape.Status, Outcome: shape.Outcome, Configuration: shape.Configuration, Tags: shape.Tags,
		Risk: shape.Risk, Results: map[string]any{}, Incidents: shape.Incidents,
	}
	for name, value := range record.Context {
		if wf.Writes(name) {
			d.Results[name] = value
		}
	}
	return d, nil
}
