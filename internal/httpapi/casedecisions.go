package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// decisionBody is what a reviewer decides about a case.
type decisionBody struct {
	Event       string               `json:"event" minLength:"1" maxLength:"80"`
	Reason      string               `json:"reason,omitempty" maxLength:"200"`
	Comment     string               `json:"comment,omitempty" maxLength:"10000"`
	Message     string               `json:"message,omitempty" maxLength:"10000" doc:"message to the applicant, shown with the documents that are requested again"`
	Documents   []decisionOfDocument `json:"documents,omitempty" maxItems:"100" doc:"decisions about documents, made in one step with that of the case"`
	Hits        []answerOfHit        `json:"hits,omitempty" maxItems:"1000" doc:"answers to possible matches; approving a case requires an answer to each of needs.hits. Approving despite a match requires its comment and a second person"`
	UndoSeconds int                  `json:"undo_seconds,omitempty" minimum:"0" maximum:"30" doc:"how long the decision can be undone; its effects are delayed until then"`
	OnBehalfOf  string               `json:"on_behalf_of,omitempty" maxLength:"200" doc:"id of the person of your back office who decides; required for a key with the scope cases:decide"`
}

type decisionOfDocument struct {
	ID       string `json:"id" minLength:"1" maxLength:"100"`
	Decision string `json:"decision" enum:"approved,rejected,revision"`
	Reason   string `json:"reason,omitempty" maxLength:"200"`
	Comment  string `json:"comment,omitempty" maxLength:"10000"`
}

type answerOfHit struct {
	Hit     string `json:"hit" minLength:"1" maxLength:"200" doc:"id of the hit, as listed in the case's needs"`
	Answer  string `json:"answer" enum:"match,not_a_match"`
	Comment string `json:"comment,omitempty" maxLength:"2000"`
}

func (s *server) registerCaseDecisions(api huma.API) {
	type decideIn struct {
		OnCase
		Seen
		Body decisionBody
	}
	add(s, api, op(Review, "decideCase", "POST", "/v1/cases/{id}/decisions", "Decide a case, or confirm the decision of another person (four eyes)"), func(c ctx, in *decideIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		cmd := cases.DecideCommand{
			Event: in.Body.Event, Reason: in.Body.Reason, Comment: in.Body.Comment, Message: in.Body.Message, Undo: time.Duration(in.Body.UndoSeconds) * time.Second, OnBehalfOf: in.Body.OnBehalfOf,
		}
		for _, d := range in.Body.Documents {
			cmd.Documents = append(cmd.Documents, cases.DocumentDecisionCommand{ID: d.ID, Decision: d.Decision, Reason: d.Reason, Comment: d.Comment})
		}
		for _, a := range in.Body.Hits {
			cmd.Hits = append(cmd.Hits, cases.HitAnswer{Hit: a.Hit, Answer: a.Answer, Comment: a.Comment})
		}
		if err := s.Reviews.MayDecide(c, principalOf(c), in.ID, cmd.OnBehalfOf); err != nil {
			return nil, err
		}
		record, err := s.Cases.Decide(c, principalOf(c), in.ID, version, cmd)
		s.unclaim(c, "decideCase", in.ID, cmd.OnBehalfOf, err)
		return s.answer(c, record, err)
	})
	type undoIn struct {
		OnCase
		Seen
	}
	add(s, api, op(Review, "undoDecision", "POST", "/v1/cases/{id}/undo", "Undo the latest decision within its undo period"), func(c ctx, in *undoIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Undo(c, principalOf(c), in.ID, version)
		return s.answer(c, record, err)
	})
}
