package backoffice

import (
	"cmp"
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Claim states who is deciding a case. It prevents others from deciding at the same time; the case itself is protected by its version.
type Claim struct {
	Tenant string    `json:"tenant"`
	Case   string    `json:"case"`
	User   string    `json:"user"`
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"` // over then, unless its holder is still deciding
}

// claimLife is how long a claim stands without a sign of its holder.
const claimLife = 30 * time.Second

// claimed is the refusal while somebody else decides.
func claimed(c *Claim) error {
	return problem.New(problem.Claimed, "Somebody else is deciding the case.").Detail("user", c.User).Detail("name", c.Name).Detail("since", c.Since)
}

// Claim takes the case for the person, or extends their claim. Errors: Claimed, Forbidden.
func (s *Service) Claim(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	return s.take(ctx, p, id, false)
}

// TakeOver takes the case for the person, whoever decides it. Errors: Forbidden.
func (s *Service) TakeOver(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	return s.take(ctx, p, id, true)
}

func (s *Service) take(ctx context.Context, p identity.Principal, id string, over bool) (*Claim, error) {
	if err := s.MayClaim(p); err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil {
		return nil, err
	}
	mine := &Claim{Tenant: p.Tenant, Case: id, User: p.ID, Name: p.Name, Since: now, Until: now.Add(claimLife)}
	switch {
	case there == nil:
	case there.User != p.ID && !over:
		return nil, claimed(there)
	case there.User == p.ID && there.Until.Sub(now) > claimLife*2/3:
		return there, nil // renewed recently
	case there.User == p.ID:
		mine.Since = there.Since
	}
	err = s.Store.PutClaim(ctx, *mine, now, over)
	if problem.CodeOf(err) != problem.Conflict {
		return mine, err
	}
	if there, err = s.ClaimOf(ctx, p, id); err == nil && there != nil && there.User != p.ID {
		return nil, claimed(there)
	}
	return mine, err
}

// MayClaim refuses principals that do not decide cases in person. Errors: Forbidden.
func (s *Service) MayClaim(p identity.Principal) error {
	if !claims(p) {
		return problem.New(problem.Forbidden, "Cases are claimed by the people who decide them.")
	}
	return nil
}

func claims(p identity.Principal) bool {
	return p.Kind == identity.User && identity.Has(p, identity.CasesDecide)
}

// ClaimOf is who decides a case; nil: nobody. A claim that cannot be read counts as none: it must not prevent decisions.
func (s *Service) ClaimOf(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	there, err := s.Store.Claim(ctx, p.Tenant, id, s.Now().UTC())
	if s.damaged(ctx, "claim", err) {
		return nil, nil //nolint:nilnil // nobody, as far as can be known
	}
	return there, err
}

// MayDecide refuses a principal that decides a case which somebody else has claimed. person is the person on whose
// behalf a key decides: a key cannot take over a claim, so it is refused only while the claim's holder is deciding.
// Errors: Claimed.
func (s *Service) MayDecide(ctx context.Context, p identity.Principal, id, person string) error {
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil || there == nil || there.User == p.ID || person != "" && there.User == person {
		return err
	}
	if p.Kind != identity.User {
		if deciding, err := s.deciding(ctx, there); err != nil || !deciding {
			return err
		}
	}
	return claimed(there)
}

// deciding reports whether the holder of a claim has the case open, and has begun to write a decision.
func (s *Service) deciding(ctx context.Context, c *Claim) (bool, error) {
	present, err := s.Store.Presences(ctx, c.Tenant, c.Case, s.Now().UTC())
	return slices.ContainsFunc(present, func(o Presence) bool { return o.User == c.User && o.Editing }), err
}

// Release ends the person's claim; somebody else's stays.
func (s *Service) Release(ctx context.Context, p identity.Principal, id string) error {
	return s.release(ctx, p, id, p.ID)
}

// Decided ends the claim of whoever decided a case: the person, or the one on whose behalf a key decided.
func (s *Service) Decided(ctx context.Context, p identity.Principal, id, person string) error {
	return s.release(ctx, p, id, cmp.Or(person, p.ID))
}

func (s *Service) release(ctx context.Context, p identity.Principal, id, user string) error {
	now := s.Now().UTC()
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil || there == nil || there.User != user {
		return err
	}
	there.Until = now
	if err := s.Store.PutClaim(ctx, *there, now, false); problem.CodeOf(err) != problem.Conflict {
		return err
	}
	return nil // somebody has taken it over meanwhile
}

// attend claims the case for the person when they begin to decide, and extends their claim while they do. Merely viewing
// it lets a claim expire. It returns the claim's holder.
func (s *Service) attend(ctx context.Context, p identity.Principal, id string, editing bool) (*Claim, error) {
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil || !claims(p) || !editing || there != nil && there.User != p.ID {
		return there, err
	}
	mine, err := s.Claim(ctx, p, id)
	if problem.CodeOf(err) == problem.Claimed {
		return s.ClaimOf(ctx, p, id)
	}
	return mine, err
}
