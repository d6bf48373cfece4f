package backoffice

import (
	"context"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Claim says who is deciding a case. It keeps others from deciding at the same time; what protects the case itself is its version.
type Claim struct {
	Tenant string    `json:"tenant"`
	Case   string    `json:"case"`
	User   string    `json:"user"`
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"` // over then, unless its holder is still there
}

// claimLife is how long a claim stands without a sign of its holder.
const claimLife = 30 * time.Second

// claimed is the refusal while somebody else decides.
func claimed(c *Claim) error {
	return problem.New(problem.Claimed, "Somebody else is deciding the case.").Detail("user", c.User).Detail("name", c.Name).Detail("since", c.Since)
}

// Claim takes the case for the person, or goes on with their claim. Errors: Claimed, Forbidden.
func (s *Service) Claim(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	return s.take(ctx, p, id, false)
}

// TakeOver takes the case for the person, whoever decides it. Errors: Forbidden.
func (s *Service) TakeOver(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	return s.take(ctx, p, id, true)
}

func (s *Service) take(ctx context.Context, p identity.Principal, id string, over bool) (*Claim, error) {
	if !claims(p) {
		return nil, problem.New(problem.Forbidden, "Cases are claimed by the people who decide them.")
	}
	now := s.Now().UTC()
	there, err := s.Store.Claim(ctx, p.Tenant, id, now)
	if err != nil {
		return nil, err
	}
	mine := &Claim{Tenant: p.Tenant, Case: id, User: p.ID, Name: p.Name, Since: now, Until: now.Add(claimLife)}
	switch {
	case there == nil:
	case there.User != p.ID && !over:
		return nil, claimed(there)
	case there.User == p.ID && there.Until.Sub(now) > claimLife*2/3:
		return there, nil // said not long ago
	case there.User == p.ID:
		mine.Since = there.Since
	}
	err = s.Store.PutClaim(ctx, *mine, now, over)
	if problem.CodeOf(err) != problem.Conflict {
		return mine, err
	}
	if there, err = s.Store.Claim(ctx, p.Tenant, id, now); err == nil && there != nil && there.User != p.ID {
		return nil, claimed(there)
	}
	return mine, err
}

func claims(p identity.Principal) bool {
	return p.Kind == identity.User && identity.Has(p, identity.CasesDecide)
}

// ClaimOf is who decides a case; nil: nobody.
func (s *Service) ClaimOf(ctx context.Context, p identity.Principal, id string) (*Claim, error) {
	return s.Store.Claim(ctx, p.Tenant, id, s.Now().UTC())
}

// MayDecide refuses who decides a case that somebody else has claimed. person is for whom a key decides. Errors: Claimed.
func (s *Service) MayDecide(ctx context.Context, p identity.Principal, id, person string) error {
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil || there == nil || there.User == p.ID || person != "" && there.User == person {
		return err
	}
	return claimed(there)
}

// Release ends the person's claim; somebody else's stays.
func (s *Service) Release(ctx context.Context, p identity.Principal, id string) error {
	now := s.Now().UTC()
	there, err := s.Store.Claim(ctx, p.Tenant, id, now)
	if err != nil || there == nil || there.User != p.ID {
		return err
	}
	there.Until = now
	if err := s.Store.PutClaim(ctx, *there, now, false); problem.CodeOf(err) != problem.Conflict {
		return err
	}
	return nil // somebody has taken it over meanwhile
}

// attend goes on with the person's claim as long as they look at the case, and takes it when they begin to decide. It returns whose it is then.
func (s *Service) attend(ctx context.Context, p identity.Principal, id string, editing bool) (*Claim, error) {
	there, err := s.ClaimOf(ctx, p, id)
	if err != nil || !claims(p) || there == nil && !editing || there != nil && there.User != p.ID {
		return there, err
	}
	mine, err := s.Claim(ctx, p, id)
	if problem.CodeOf(err) == problem.Claimed {
		return s.ClaimOf(ctx, p, id)
	}
	return mine, err
}
