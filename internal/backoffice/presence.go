package backoffice

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
)

// Presence states that somebody is viewing a case.
type Presence struct {
	Tenant  string    `json:"tenant"`
	Case    string    `json:"case"`
	User    string    `json:"user"`
	Name    string    `json:"name"`
	Editing bool      `json:"editing"` // whether the user has begun to write a decision
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"` // it expires then, unless it is renewed
}

// presenceLife is how long a page that sends no more renewals is considered open.
const presenceLife = 15 * time.Second

// Look records that the person views a case, and returns who else does, and who decides it.
func (s *Service) Look(ctx context.Context, p identity.Principal, id string, editing bool) (others []Presence, claim *Claim, err error) {
	now := s.Now().UTC()
	present, err := s.Store.Presences(ctx, p.Tenant, id, now)
	if err != nil {
		return nil, nil, err
	}
	if claim, err = s.attend(ctx, p, id, editing); err != nil {
		return nil, nil, err
	}
	mine := Presence{Tenant: p.Tenant, Case: id, User: p.ID, Name: p.Name, Editing: editing, Since: now, Until: now.Add(presenceLife)}
	for _, other := range present {
		if other.User == p.ID {
			mine.Since = other.Since
		}
	}
	return slices.DeleteFunc(present, func(o Presence) bool { return o.User == p.ID }), claim, s.Store.PutPresence(ctx, mine)
}

// Leave records that the person no longer views the case, and ends their claim.
func (s *Service) Leave(ctx context.Context, p identity.Principal, id string) error {
	if err := s.Release(ctx, p, id); err != nil {
		return err
	}
	return s.Store.PutPresence(ctx, Presence{Tenant: p.Tenant, Case: id, User: p.ID, Until: s.Now().UTC()})
}
