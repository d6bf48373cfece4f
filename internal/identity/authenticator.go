package identity

import (
	"context"
	"strings"
)

// Authenticator turns an Authorization header into a principal. A nil member refuses its kind of credential.
type Authenticator struct {
	Keys   *Keys
	Tokens *Tokens
	People []*People // each of another issuer
}

// Authenticate checks "Bearer <credential>": an API key, a flow token or a JWT. Errors: Unauthenticated, the same for
// every reason; Unavailable when credentials cannot be checked.
func (a *Authenticator) Authenticate(ctx context.Context, authorization string) (Principal, error) {
	scheme, credential, _ := strings.Cut(authorization, " ")
	credential = strings.TrimSpace(credential)
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return Principal{}, unauthenticated()
	}
	switch {
	case strings.HasPrefix(credential, keyMark):
		if a.Keys != nil {
			return a.Keys.Check(ctx, credential)
		}
	case strings.HasPrefix(credential, flowMark):
		if a.Tokens != nil {
			return a.Tokens.ReadFlow(credential)
		}
	default:
		issuer, err := issuerOf(credential)
		if err != nil {
			return Principal{}, unauthenticated()
		}
		for _, people := range a.People {
			if people.issuer.URL == issuer {
				return people.Check(ctx, credential)
			}
		}
	}
	return Principal{}, unauthenticated()
}
