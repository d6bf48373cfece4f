package watchlists

import (
	"context"

	"ballerine/internal/identity"
	"ballerine/internal/screening"
)

// Begin loads a list for a tenant that has none, and reports whether it did: once an edition is loaded or waits, it has no effect. Errors: as Load.
func (s *Service) Begin(ctx context.Context, p identity.Principal, list screening.List) (loaded bool, err error) {
	there, err := s.read(ctx, p.Tenant)
	if err != nil || len(there.Lists) > 0 {
		return false, err
	}
	packed, err := screening.Pack(list)
	if err != nil {
		return false, err
	}
	_, err = s.load(ctx, p, list, packed)
	return err == nil, err
}
