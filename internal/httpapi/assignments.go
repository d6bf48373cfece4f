package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Assigned is the result for one case of many.
type Assigned struct {
	Case    string           `json:"case"`
	Status  string           `json:"status" enum:"assigned,unchanged,failed"`
	Problem *AssignedProblem `json:"problem"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Assigned) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "problem")
}

// AssignedProblem states why a case was not assigned.
type AssignedProblem struct {
	Code   problem.Code `json:"code"`
	Detail string       `json:"detail"`
}

func (s *server) registerAssignments(api huma.API) {
	type assignIn struct {
		OnCase
		Seen
		Body struct {
			User *string `json:"user" maxLength:"200"`
		}
	}
	add(s, api, op(Review, "assignCase", "PUT", "/v1/cases/{id}/assignee", "Assign a case"), func(c ctx, in *assignIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		user := ""
		if in.Body.User != nil {
			user = *in.Body.User
		}
		if err := s.knows(c, user, "body.user"); err != nil {
			return nil, err
		}
		record, err := s.Cases.Assign(c, principalOf(c), in.ID, user, version)
		if err == nil && user != "" && user == principalOf(c).ID {
			s.claimOnAssign(c, in.ID)
		}
		return s.answer(c, record, err)
	})
	type assignmentsIn struct {
		Body struct {
			User  *string `json:"user" maxLength:"200" doc:"null: nobody"`
			Cases []struct {
				ID      string `json:"id" minLength:"1" maxLength:"100"`
				Version int    `json:"version,omitempty" minimum:"1" doc:"the version that the change is based on; absent: any"`
			} `json:"cases" minItems:"1" maxItems:"100"`
		}
	}
	add(s, api, op(Review, "assignCases", "POST", "/v1/cases/assignments", "Assign several cases, with a result for each"), func(c ctx, in *assignmentsIn) (*body[List[Assigned]], error) {
		p, user := principalOf(c), ""
		if in.Body.User != nil {
			user = *in.Body.User
		}
		if err := s.knows(c, user, "body.user"); err != nil {
			return nil, err
		}
		out := &body[List[Assigned]]{List[Assigned]{Data: []Assigned{}}}
		for _, one := range in.Body.Cases {
			out.Body.Data = append(out.Body.Data, s.assign(c, p, one.ID, user, one.Version))
		}
		return out, nil
	})
}

// knows reports whether a case can be assigned to a user. Errors: Invalid.
func (s *server) knows(c context.Context, user, location string) error {
	if user == "" {
		return nil
	}
	ok, err := s.People.Knows(c, principalOf(c).Tenant, user)
	if err != nil || ok {
		return err
	}
	return problem.New(problem.Invalid, "The case cannot be assigned to this user.").With(location, "unknown", "no back-office user has this id, or they are not permitted to work on cases")
}

func (s *server) assign(c ctx, p identity.Principal, id, user string, version int) Assigned {
	before, err := s.Cases.Get(c, p, id)
	if err == nil {
		var after cases.Record
		if after, err = s.Cases.Assign(c, p, id, user, version); err == nil {
			if after.Version == before.Version {
				return Assigned{Case: id, Status: "unchanged"}
			}
			return Assigned{Case: id, Status: "assigned"}
		}
	}
	s.log(c, "assignCases", err)
	e := problem.As(err)
	return Assigned{Case: id, Status: "failed", Problem: &AssignedProblem{Code: e.Code, Detail: e.Message}}
}
