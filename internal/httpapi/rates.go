package httpapi

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"

	"ballerine/internal/identity"
	"ballerine/internal/ratelimit"
)

// Headers of the IETF's draft-ietf-httpapi-ratelimit-headers, as of its revision 11.
const (
	ratePolicy = "RateLimit-Policy"
	rateLimit  = "RateLimit"
)

// rate counts a request of a caller, and states how they stand with their limits. Errors: RateLimited.
func (s *server) rate(ctx context.Context, h http.Header, p identity.Principal) error {
	if s.Rates == nil {
		return nil
	}
	caller := ratelimit.Caller{Tenant: p.Tenant, Credential: string(p.Kind) + "#" + p.ID}
	if p.Kind == identity.Applicant {
		caller.Credential, caller.Applicant = p.Case, true // a new token is no way around it
	}
	standings, err := s.Rates.Allow(ctx, caller)
	policies, limits := make([]string, len(standings)), make([]string, len(standings))
	for i, standing := range standings {
		policies[i] = fmt.Sprintf("%q;q=%d;w=%d", standing.Name, standing.Limit.Burst, int(math.Ceil(standing.Window().Seconds())))
		limits[i] = fmt.Sprintf("%q;r=%d;t=%d", standing.Name, standing.Remaining, int(math.Ceil(standing.Reset.Seconds())))
	}
	if len(standings) > 0 {
		h.Set(ratePolicy, strings.Join(policies, ", "))
		h.Set(rateLimit, strings.Join(limits, ", "))
	}
	return err
}
