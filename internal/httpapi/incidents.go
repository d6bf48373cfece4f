package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

func (s *server) registerIncidents(api huma.API) {
	type OnIncident struct { // exported: Huma does not look into others
		OnCase
		Incident string `path:"incident"`
	}
	type retryIn struct {
		OnIncident
		Seen
		Body *struct {
			Context map[string]any `json:"context,omitempty" doc:"merge patch that is applied to the case's context first"`
		}
	}
	type skipIn struct {
		OnIncident
		Seen
		Body struct {
			Result  any    `json:"result" doc:"result that the work would have returned"`
			Comment string `json:"comment,omitempty" maxLength:"10000"`
		}
	}
	add(s, api, op(Review, "listIncidents", "GET", "/v1/cases/{id}/incidents", "List open incidents with the input of the work"), func(c ctx, in *OnCase) (*body[List[cases.OpenIncident]], error) {
		found, err := s.Cases.Incidents(c, principalOf(c), in.ID)
		return wholeList(found), err
	})
	add(s, api, op(Review, "retryIncident", "POST", "/v1/cases/{id}/incidents/{incident}/retry", "Retry failed work, optionally with corrected data"), func(c ctx, in *retryIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		var patch map[string]any
		if in.Body != nil {
			patch = in.Body.Context
		}
		record, err := s.Cases.RetryIncident(c, principalOf(c), in.ID, in.Incident, patch)
		return s.answer(c, record, err)
	})
	add(s, api, op(Review, "skipIncident", "POST", "/v1/cases/{id}/incidents/{incident}/skip", "Set the result of failed work manually"), func(c ctx, in *skipIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.SkipIncident(c, principalOf(c), in.ID, in.Incident, in.Body.Result, in.Body.Comment)
		return s.answer(c, record, err)
	})
}
