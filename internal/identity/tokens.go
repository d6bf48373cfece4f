package identity

import (
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"ballerine/internal/problem"
)

// Audiences and mark of the tokens that we sign ourselves. A token of one audience is worth nothing at another.
const (
	flowMark         = "flt_"
	flowAudience     = "ballerine/flow"
	callbackAudience = "ballerine/callback"
	minSecret        = 32 // bytes
	maxToken         = 8192
)

// Tokens signs and reads flow tokens and callback tokens with HMAC-SHA256. It is immutable.
type Tokens struct {
	secrets [][]byte
	now     func() time.Time
}

// NewTokens takes the signing secrets, newest first: the first signs, all verify. Each has 32 bytes or more.
// now may be nil: time.Now. Errors: Invalid.
func NewTokens(now func() time.Time, secrets ...[]byte) (*Tokens, error) {
	if now == nil {
		now = time.Now
	}
	if len(secrets) == 0 {
		return nil, problem.New(problem.Invalid, "A signing secret is needed.")
	}
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return nil, problem.New(problem.Invalid, "A signing secret has at least %d bytes.", minSecret)
		}
	}
	return &Tokens{secrets: secrets, now: now}, nil
}

// Callback names the work that a vendor's callback answers, so that the callback needs no look-up.
type Callback struct {
	Tenant string `json:"tenant"`
	Case   string `json:"case"`
	State  string `json:"state"`
	Visit  int    `json:"visit"`
	Work   string `json:"work"`
	Plugin string `json:"plugin"`
}

// Principal is the vendor that calls back, once its body's signature has been checked too.
func (c Callback) Principal() Principal {
	return Principal{Tenant: c.Tenant, Kind: Vendor, ID: c.Plugin, Case: c.Case}
}

type flowClaims struct {
	Tenant string `json:"tenant"`
	Case   string `json:"case"`
}

// Flow makes a token with which an applicant sees one case, as the principal id. It is good until expires.
func (t *Tokens) Flow(tenant, id, principal string, expires time.Time) (string, error) {
	text, err := t.sign(flowAudience, principal, expires, flowClaims{Tenant: tenant, Case: id})
	return flowMark + text, err
}

// ReadFlow checks a flow token. Errors: Unauthenticated.
func (t *Tokens) ReadFlow(text string) (Principal, error) {
	text, ok := strings.CutPrefix(text, flowMark)
	if !ok {
		return Principal{}, unauthenticated()
	}
	var claims flowClaims
	subject, err := t.read(text, flowAudience, &claims)
	if err != nil || claims.Tenant == "" || claims.Case == "" || subject == "" {
		return Principal{}, unauthenticated()
	}
	return Principal{Tenant: claims.Tenant, Kind: Applicant, ID: subject, Case: claims.Case}, nil
}

// Callback makes the token that goes into a callback's URL.
func (t *Tokens) Callback(c Callback, expires time.Time) (string, error) {
	return t.sign(callbackAudience, c.Plugin, expires, c)
}

// ReadCallback checks the token of a callback's URL. Errors: Unauthenticated.
func (t *Tokens) ReadCallback(text string) (Callback, error) {
	var c Callback
	if _, err := t.read(text, callbackAudience, &c); err != nil || c.Tenant == "" || c.Case == "" || c.Plugin == "" {
		return Callback{}, unauthenticated()
	}
	return c, nil
}

func (t *Tokens) sign(audience, subject string, expires time.Time, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: t.secrets[0]}, (&jose.SignerOptions{}).WithType("JWT"))
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
		return "", unauthenticated()
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return "", unauthenticated()
	}
	var standard jwt.Claims
	for _, secret := range t.secrets {
		if err = token.Claims(secret, &standard, claims); err == nil {
			break
		}
	}
	if err != nil || standard.Expiry == nil {
		return "", unauthenticated()
	}
	if err := standard.ValidateWithLeeway(jwt.Expected{AnyAudience: jwt.Audience{audience}, Time: t.now()}, 0); err != nil {
		return "", unauthenticated()
	}
	return standard.Subject, nil
}
