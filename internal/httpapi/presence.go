package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/backoffice"
)

// Presence is a person who is viewing a case.
type Presence struct {
	User    string    `json:"user"`
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
	Editing bool      `json:"editing" doc:"whether the user has begun to write a decision"`
}

// Present is who is viewing a case, and its version.
type Present struct {
	Version int        `json:"version"`
	Others  []Presence `json:"others" nullable:"false"`
	Claim   *Claim     `json:"claim" doc:"who is deciding the case; null: nobody"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Present) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "claim")
}

func (s *server) registerPresence(api huma.API) {
	type lookIn struct {
		OnCase
		Body struct {
			Editing bool `json:"editing" doc:"The user begins to decide: this claims the case, unless somebody else has claimed it"`
		}
	}
	add(s, api, op(Review, "lookAtCase", "PUT", "/v1/cases/{id}/presence", "Report viewing a case for 15 seconds, and list other viewers"), func(c ctx, in *lookIn) (*noStore[Present], error) {
		p := principalOf(c)
		record, err := s.Cases.Get(c, p, in.ID)
		if err != nil {
			return nil, err
		}
		others, claim, err := s.Reviews.Look(c, p, in.ID, in.Body.Editing)
		return &noStore[Present]{"no-store", Present{record.Version, each(others, func(o backoffice.Presence) Presence {
			return Presence{User: o.User, Name: o.Name, Since: o.Since, Editing: o.Editing}
		}), claimShape(claim)}}, err
	})
	add(s, api, op(Review, "leaveCase", "DELETE", "/v1/cases/{id}/presence", "End viewing a case"), func(c ctx, in *OnCase) (*none, error) {
		p := principalOf(c)
		if _, err := s.Cases.Get(c, p, in.ID); err != nil {
			return nil, err
		}
		return nil, s.Reviews.Leave(c, p, in.ID)
	})
}
