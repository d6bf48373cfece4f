package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
)

// Snooze is until when a case is out of its queue.
type Snooze struct {
	Until time.Time   `json:"until"`
	By    cases.Actor `json:"by"`
	At    time.Time   `json:"at"`
}

// Claim is who is deciding a case.
type Claim struct {
	User  string    `json:"user"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until" doc:"over then, unless its holder is still deciding"`
}

func claimShape(c *backoffice.Claim) *Claim {
	if c == nil {
		return nil
	}
	return &Claim{User: c.User, Name: c.Name, Since: c.Since, Until: c.Until}
}

func (s *server) registerDesk(api huma.API) {
	type snoozeIn struct {
		OnCase
		Seen
		Body struct {
			Until time.Time `json:"until" doc:"in the next 90 days"`
		}
	}
	add(s, api, op(Review, "snoozeCase", "PUT", "/v1/cases/{id}/snooze", "Snooze a case until a time"), func(c ctx, in *snoozeIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Snooze(c, principalOf(c), in.ID, in.Body.Until)
		return s.answer(c, record, err)
	})
	type onSeen struct {
		OnCase
		Seen
	}
	add(s, api, op(Review, "endSnooze", "DELETE", "/v1/cases/{id}/snooze", "Return a snoozed case to its queue"), func(c ctx, in *onSeen) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Wake(c, principalOf(c), in.ID)
		return s.answer(c, record, err)
	})
	type escalateIn struct {
		OnCase
		Seen
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"2000"`
		}
	}
	add(s, api, op(Review, "escalateCase", "PUT", "/v1/cases/{id}/escalation", "Escalate a case to those who approve"), func(c ctx, in *escalateIn) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Escalate(c, principalOf(c), in.ID, in.Body.Reason)
		return s.answer(c, record, err)
	})
	add(s, api, op(Review, "endEscalation", "DELETE", "/v1/cases/{id}/escalation", "End the escalation of a case"), func(c ctx, in *onSeen) (*caseAnswer, error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.EndEscalation(c, principalOf(c), in.ID)
		return s.answer(c, record, err)
	})
	s.registerClaims(api)
}

func (s *server) registerClaims(api huma.API) {
	type claimIn struct {
		OnCase
		Body struct {
			TakeOver bool `json:"take_over,omitempty" doc:"also from somebody else who is deciding"`
		}
	}
	add(s, api, op(Review, "claimCase", "PUT", "/v1/cases/{id}/claim", "Claim a case for deciding it"), func(c ctx, in *claimIn) (*noStore[Claim], error) {
		p := principalOf(c)
		if _, err := s.Cases.Get(c, p, in.ID); err != nil {
			return nil, err
		}
		claim, err := s.claim(c, in.ID, in.Body.TakeOver)
		if err != nil {
			return nil, err
		}
		return &noStore[Claim]{"no-store", *claimShape(claim)}, nil
	})
	add(s, api, op(Review, "releaseCase", "DELETE", "/v1/cases/{id}/claim", "Release a claim of one's own"), func(c ctx, in *OnCase) (*none, error) {
		p := principalOf(c)
		if _, err := s.Cases.Get(c, p, in.ID); err != nil {
			return nil, err
		}
		return nil, s.Reviews.Release(c, p, in.ID)
	})
}

// claim takes a case for the caller. Taking it from somebody else is in the history.
func (s *server) claim(c ctx, id string, over bool) (*backoffice.Claim, error) {
	p := principalOf(c)
	there, err := s.Reviews.ClaimOf(c, p, id)
	if err != nil {
		return nil, err
	}
	if !over || there == nil || there.User == p.ID {
		return s.Reviews.Claim(c, p, id)
	}
	if err := s.Reviews.MayClaim(p); err != nil {
		return nil, err
	}
	if _, err := s.Cases.TakeOver(c, p, id, there.User); err != nil { // first: a takeover always has an entry
		return nil, err
	}
	return s.Reviews.TakeOver(c, p, id)
}

// unclaim ends the claim of the person who has decided, so that a second person can. The decision stands either way: a
// claim that cannot be ended is only logged, and expires.
func (s *server) unclaim(c ctx, operation, id, person string, err error) {
	if err != nil {
		return
	}
	if err := s.Reviews.Decided(c, principalOf(c), id, person); err != nil {
		s.log(c, operation, err)
	}
}

// claimOnAssign claims a case that somebody has assigned to themselves, if nobody else is deciding it. The case is
// theirs either way: a claim that cannot be written is only logged.
func (s *server) claimOnAssign(c ctx, id string) {
	if p := principalOf(c); p.Kind == identity.User && identity.Has(p, identity.CasesDecide) {
		if _, err := s.Reviews.Claim(c, p, id); err != nil {
			s.log(c, "assignCase", err)
		}
	}
}
