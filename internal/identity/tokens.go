package identity

import (
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

// Audiences and mark of the tokens that we sign ourselves. A token of one audience is invalid for another.
const (
	flowMark         = "flt_"
	flowAudience     = "ballerine/flow"
	callbackAudience = "ballerine/callback"
	maxToken         = 8192
)

// Tokens signs and reads flow tokens and callback tokens with HMAC-SHA256. It is safe for concurrent use.
type Tokens struct {
	ring *keyring.Ring
	now  func() time.Time
}

// NewTokens takes the signing secrets: the first of the ring signs, all verify. now may be nil: time.Now.
func NewTokens(now func() time.Time, ring *keyring.Ring) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{ring: ring, now: now}
}

// Callback names the work that a vendor's callback answers, so that the callback needs no look-up.
type Callback struct {
	Tenant string `json:"tenant"`
	Case   string `json:"case"`
	State  string `json:"state"`
	Visit  int    `json:"visit"`
	Work   string `json:"work"`
	Round  int    `json:"round,omitempty"` // how often a person has had the work done again
	Plugin string `json:"plugin"`
}

// Principal is the vendor that calls back, once its body's signature has been checked too.
func (c Callback) Principal() Principal {
	return Principal{Tenant: c.Tenant, Kind: Vendor, ID: c.Plugin, Case: c.Case}
}

type flowClaims struct {
	Tenant string `json:"tenant"`
	Case   string `json:"case"`
	By     string `json:"by,omitempty"` // who has granted it; absent: before this was kept
	Kind   Kind   `json:"by_kind,omitempty"`
}

// Flow makes a token with which an applicant sees one case, as the principal id. It is valid until expires, as long as
// its grantor, by, may grant such tokens: see Keys.admits.
func (t *Tokens) Flow(by Principal, id, principal string, expires time.Time) (string, error) {
	text, err := t.sign(flowAudience, principal, expires, flowClaims{Tenant: by.Tenant, Case: id, By: by.ID, Kind: by.Kind})
	return flowMark + text, err
}

// ReadFlow checks a flow token by itself, and returns its grantor (ID "": not known). Errors: InvalidCredentials,
// CredentialsExpired.
func (t *Tokens) ReadFlow(text string) (applicant, by Principal, err error) {
	text, ok := strings.CutPrefix(text, flowMark)
	if !ok {
		return Principal{}, Principal{}, invalid()
	}
	var claims flowClaims
	subject, err := t.read(text, flowAudience, &claims)
	if err != nil {
		return Principal{}, Principal{}, err
	}
	if claims.Tenant == "" || claims.Case == "" || subject == "" {
		return Principal{}, Principal{}, invalid()
	}
	applicant = Principal{Tenant: claims.Tenant, Kind: Applicant, ID: subject, Case: claims.Case}
	return applicant, Principal{Tenant: claims.Tenant, Kind: claims.Kind, ID: claims.By}, nil
}

// Callback makes the token that goes into a callback's URL.
func (t *Tokens) Callback(c Callback, expires time.Time) (string, error) {
	return t.sign(callbackAudience, c.Plugin, expires, c)
}

// ReadCallback checks the token of a callback's URL. Errors: InvalidCredentials, CredentialsExpired.
func (t *Tokens) ReadCallback(text string) (Callback, error) {
	var c Callback
	if _, err := t.read(text, callbackAudience, &c); err != nil {
		return Callback{}, err
	}
	if c.Tenant == "" || c.Case == "" || c.Plugin == "" {
		return Callback{}, invalid()
	}
	return c, nil
}

func (t *Tokens) sign(audience, subject string, expires time.Time, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: t.ring.Secrets()[0]}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", problem.Wrap(err, problem.Internal, "The token cannot be signed.")
	}
	standard := jwt.Claims{Subject: subject, Audience: jwt.Audience{audience}, Expiry: jwt.NewNumericDate(expires)} // no iat: the same claims give the same token
	text, err := jwt.Signed(signer).Claims(standard).Claims(claims).Serialize()
	if err != nil {
		return "", problem.Wrap(err, problem.Internal, "The token cannot be signed.")
	}
	return text, nil
}

func (t *Tokens) read(text, audience string, claims any) (subject string, err error) {
	if len(text) > maxToken {
		return "", invalid()
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return "", invalid()
	}
	var standard jwt.Claims
	if !t.ring.Any(func(secret []byte) bool { return token.Claims(secret, &standard, claims) == nil }) || standard.Expiry == nil {
		return "", invalid()
	}
	err = standard.ValidateWithLeeway(jwt.Expected{AnyAudience: jwt.Audience{audience}, Time: t.now()}, 0)
	if errors.Is(err, jwt.ErrExpired) {
		return "", expired()
	}
	if err != nil {
		return "", invalid()
	}
	return standard.Subject, nil
}
