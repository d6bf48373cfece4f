package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"ballerine/internal/problem"
)

// Issuer states whose JWTs are believed, and how their claims read.
type Issuer struct {
	URL         string      // exactly the iss claim
	Audience    string      // aud of ID tokens; client_id of Cognito's access tokens
	JWKS        string      // default URL + "/.well-known/jwks.json"
	Keys        oidc.KeySet // instead of JWKS: an issuer in this process
	Client      *http.Client
	Now         func() time.Time
	TenantClaim string // default "tenant"; Cognito: "custom:tenant"
	RolesClaim  string // default "roles"; Cognito: "cognito:groups"
}

// Cognito is the issuer of a user pool.
func Cognito(url, client string) Issuer {
	return Issuer{URL: url, Audience: client, TenantClaim: "custom:tenant", RolesClaim: "cognito:groups"}
}

// People checks reviewers' JWTs of one issuer. Keys of the issuer are fetched when a token names one that is unknown, and
// again in time, so that one that was withdrawn ends.
type People struct {
	issuer   Issuer
	verifier *oidc.IDTokenVerifier
}

// NewPeople makes a checker. It fetches keys only when the first token arrives.
func NewPeople(issuer Issuer) *People {
	if issuer.TenantClaim == "" {
		issuer.TenantClaim = "tenant"
	}
	if issuer.RolesClaim == "" {
		issuer.RolesClaim = "roles"
	}
	if issuer.Now == nil {
		issuer.Now = time.Now
	}
	if issuer.JWKS == "" {
		issuer.JWKS = strings.TrimSuffix(issuer.URL, "/") + "/.well-known/jwks.json"
	}
	if issuer.Client == nil {
		issuer.Client = &http.Client{Timeout: 5 * time.Second}
	}
	if issuer.Keys == nil {
		issuer.Keys = &fetched{ask: ask(issuer.Client, issuer.JWKS), now: issuer.Now}
	}
	verifier := oidc.NewVerifier(issuer.URL, issuer.Keys, &oidc.Config{
		SkipClientIDCheck:    true, // checked below: Cognito's access tokens carry it as client_id
		SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.EdDSA},
		Now:                  issuer.Now,
	})
	return &People{issuer: issuer, verifier: verifier}
}

// Check turns a JWT into its principal. Errors: InvalidCredentials, CredentialsExpired; Unavailable if the issuer's keys
// cannot be fetched, which is no statement about the token.
func (v *People) Check(ctx context.Context, text string) (Principal, error) {
	if len(text) > maxToken {
		return Principal{}, invalid()
	}
	var outage error
	token, err := v.verifier.Verify(context.WithValue(ctx, outageKey{}, &outage), text)
	switch _, late := errors.AsType[*oidc.TokenExpiredError](err); {
	case late:
		return Principal{}, expired()
	case outage != nil:
		return Principal{}, problem.Wrap(outage, problem.Unavailable, "Credentials cannot be checked now.")
	case err != nil:
		return Principal{}, problem.Wrap(err, problem.InvalidCredentials, "%s", invalid().Message)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return Principal{}, invalid()
	}
	tenant, _ := claims[v.issuer.TenantClaim].(string)
	if !v.forUs(token.Audience, claims) || tenant == "" || token.Subject == "" {
		return Principal{}, invalid()
	}
	name, _ := claims["name"].(string)
	email, _ := claims["email"].(string)
	return Principal{
		Tenant: tenant, Kind: User, ID: token.Subject, Name: name, Email: strings.ToLower(email), Roles: rolesOf(claims[v.issuer.RolesClaim]),
		IssuedAt: issuedAt(token.IssuedAt),
	}, nil
}

// issuedAt is when a token was made; zero if it does not state it.
func issuedAt(claim time.Time) time.Time {
	if claim.Unix() <= 0 {
		return time.Time{}
	}
	return claim.UTC()
}

type outageKey struct{}

func (v *People) forUs(audience []string, claims map[string]any) bool {
	if v.issuer.Audience == "" {
		return false
	}
	if claims["token_use"] == "access" {
		return claims["client_id"] == v.issuer.Audience
	}
	if len(audience) > 1 && claims["azp"] != v.issuer.Audience { // made for another client, which is one of several that may read it
		return false
	}
	return slices.Contains(audience, v.issuer.Audience)
}

// rolesOf keeps the roles that exist; other groups of the directory have no meaning here.
func rolesOf(claim any) []string {
	list, _ := claim.([]any)
	roles := []string{}
	for _, item := range list {
		if role, ok := item.(string); ok && slices.Contains(Roles(), role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// issuerOf reads the iss claim without trusting it, to find the checker.
func issuerOf(text string) (string, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxToken {
		return "", errors.New("not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	err = json.Unmarshal(payload, &claims)
	return claims.Issuer, err
}
