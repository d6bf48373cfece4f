package watchlists

import (
	"context"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// eyes are a principal as the first of two people, with everybody behind a key. Errors: Unavailable, Internal.
func (s *Service) eyes(ctx context.Context, p identity.Principal) (Person, error) {
	first := personOf(p)
	behind, err := s.behind(ctx, p.Tenant, first)
	first.Behind = behind
	return first, err
}

// behind are the people and keys that may hold a secret of a key now. Errors: Unavailable, Internal.
func (s *Service) behind(ctx context.Context, tenant string, one Person) ([]string, error) {
	if one.Kind != string(identity.Client) {
		return nil, nil
	}
	if s.Behind == nil {
		return nil, problem.New(problem.Internal, "The people behind a key cannot be determined here.")
	}
	behind, err := s.Behind(ctx, tenant, one.ID)
	if problem.CodeOf(err) == problem.NotFound {
		err = problem.Wrap(err, problem.Internal, "The people behind the key cannot be determined.")
	}
	return behind, err
}

// same reports whether a person may be behind what another principal has begun, then or now. Errors: Unavailable, Internal.
func (s *Service) same(ctx context.Context, first Person, p identity.Principal) (bool, error) {
	if p.ID == first.ID || slices.Contains(first.Behind, p.ID) {
		return true, nil
	}
	now, err := s.behind(ctx, p.Tenant, first)
	return slices.Contains(now, p.ID), err
}
