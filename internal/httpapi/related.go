package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/statechart"
)

// RelatedCase is another case of the same person, or of what may be one.
type RelatedCase struct {
	Case *Case `json:"case" doc:"without context, documents and next"`
	Why  []Why `json:"why" nullable:"false" doc:"what the two cases have in common"`
}

// Why is something that two cases have in common.
type Why struct {
	Kind  string `json:"kind" enum:"subject,email,phone,document_number,device,face" doc:"subject: the same customer; else what both have"`
	Value string `json:"value,omitempty" personal:"name" doc:"as the case has it; absent for subject, where only the subject's data has it"`
}

// Relations are the cases that are related to one.
type Relations struct {
	Data []RelatedCase `json:"data" nullable:"false" doc:"those with more in common first, then the newest; at most 100"`
	More bool          `json:"more" doc:"there are others"`
	// Unreadable names what is no part of data and must not be passed over.
	Unreadable []string `json:"unreadable,omitempty" doc:"ids of cases that exist but cannot be read: an operator has to check them; absent: there are none"`
}

func (s *server) registerRelated(api huma.API) {
	add(s, api, op(Review, "listRelatedCases", "GET", "/v1/cases/{id}/related", "List cases that may be about the same person; without the permission cases:personal only those of the same customer"), func(c ctx, in *OnCase) (*body[Relations], error) {
		found, err := s.Cases.Related(c, principalOf(c), in.ID)
		if err != nil {
			return nil, err
		}
		s.unreadable(c, "listRelatedCases", found.Unreadable)
		out := &body[Relations]{Relations{Data: []RelatedCase{}, More: found.More, Unreadable: found.Unreadable}}
		for _, one := range found.Found {
			shape, err := s.view(c, one.Record)
			if err != nil {
				return nil, err
			}
			shape.Context, shape.Documents, shape.Next = map[string]any{}, nil, []statechart.Next{}
			related := RelatedCase{Case: shape, Why: []Why{}}
			for _, why := range one.Why {
				related.Why = append(related.Why, Why{why.Kind, why.Value})
			}
			out.Body.Data = append(out.Body.Data, related)
		}
		return out, nil
	})
}
