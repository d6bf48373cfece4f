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

// Authenticate checks "Bearer <credential>": an API key, a flow token or a JWT. Errors: Unauthenticated when there is none,
// InvalidCredentials, CredentialsExpired, CredentialsRevoked; Unavailable when credentials cannot be checked.
func (a *Authenticator) Authenticate(ctx context.Context, authorization string) (Principal, error) {
	scheme, credential, _ := strings.Cut(authorization, " ")
	credential = strings.TrimSpace(credential)
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return Principal{}, missing()
	}
	switch {
	case strings.HasPrefix(credential, keyMark):
		if a.Keys != nil {
			return a.Keys.Check(ctx, credential)
		}
	case strings.HasPrefix(credential, flowMark):
		if a.Tokens != nil {
			return a.applicant(ctx, credential)
		}
	default:
		issuer, err := issuerOf(credential)
		if err != nil {
			return Principal{}, invalid()
		}
		for _, people := range a.People {
			if people.issuer.URL == issuer {
				return people.Check(ctx, credential)
			}
		}
	}
	return Principal{}, invalid()
}

// applicant checks a flow token, and that its grantor may still grant it.
func (a *Authenticator) applicant(ctx context.Context, text string) (Principal, error) {
	applicant, by, err := a.Tokens.ReadFlow(text)
	switch {
	case err != nil:
		return Principal{}, err
	case by.ID == "": // made before this was kept: a day ago at most
		return applicant, nil
	case a.Keys == nil:
		return Principal{}, invalid()
	}
	if err := a.Keys.admits(ctx, by); err != nil {
		return Principal{}, err
	}
	if by.Kind == User { // what is written with it counts as theirs, too
		applicant.By = by.ID
	}
	return applicant, nil
}
