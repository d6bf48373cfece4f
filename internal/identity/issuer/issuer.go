package issuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"ballerine/internal/identity"
)

// Config of an issuer.
type Config struct {
	URL      string // its iss claim
	Audience string
	Expiry   time.Duration    // of tokens; default 8 h
	Now      func() time.Time // default time.Now
	State    []byte           // a former result of State; nil makes a first key
}

// Issuer signs tokens with its newest key and publishes that one and the former. It is safe for concurrent use.
type Issuer struct {
	config Config
	mu     sync.RWMutex
	keys   []jose.JSONWebKey // newest first, at most two; private
}

// New makes an issuer.
func New(config Config) (*Issuer, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Expiry <= 0 {
		config.Expiry = 8 * time.Hour
	}
	i := &Issuer{config: config}
	if config.State == nil {
		return i, i.Rotate()
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(config.State, &set); err != nil {
		return nil, fmt.Errorf("read the issuer's keys: %w", err)
	}
	for _, key := range set.Keys {
		if !key.Valid() || key.IsPublic() {
			return nil, fmt.Errorf("the issuer's key %s is not a private key", key.KeyID)
		}
	}
	if len(set.Keys) == 0 {
		return nil, fmt.Errorf("the issuer's state contains no key")
	}
	i.keys = set.Keys
	return i, nil
}

// State is what the caller keeps, secretly, for the next New.
func (i *Issuer) State() ([]byte, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return json.Marshal(jose.JSONWebKeySet{Keys: i.keys})
}

// Rotate makes a new key; the one before stays published, so that tokens signed with it go on being good.
func (i *Issuer) Rotate() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make an issuer's key: %w", err)
	}
	key := jose.JSONWebKey{Key: private, Algorithm: string(jose.ES256), Use: "sig", KeyID: rand.Text()}
	i.mu.Lock()
	defer i.mu.Unlock()
	keys := append([]jose.JSONWebKey{key}, i.keys...)
	i.keys = keys[:min(2, len(keys))]
	return nil
}

// Session is what a token states about the sign-in that it comes from.
type Session struct {
	Use      string // "id" or "access"
	ID       string // of the browser's session, which an access token ends with
	Nonce    string
	SignedIn time.Time
	Expiry   time.Duration // default: the issuer's
}

// Mint signs an ID token for a user.
func (i *Issuer) Mint(user identity.Person) (text string, expires time.Time, err error) {
	return i.MintSession(user, Session{Use: "id", SignedIn: i.config.Now()})
}

// MintSession signs a token of a session. An access token is for the provider itself: the interface takes ID tokens,
// since with every issuer only these name the tenant.
func (i *Issuer) MintSession(user identity.Person, session Session) (text string, expires time.Time, err error) {
	i.mu.RLock()
	key := i.keys[0]
	i.mu.RUnlock()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	now, life, audience := i.config.Now(), i.config.Expiry, i.config.Audience
	if session.Expiry > 0 {
		life = session.Expiry
	}
	if session.Use == "access" {
		audience = i.config.URL
	}
	expires = now.Add(life)
	claims := map[string]any{"tenant": user.Tenant, "roles": user.Roles, "email": user.Email, "name": user.Name, "token_use": session.Use, "auth_time": session.SignedIn.Unix()}
	if session.ID != "" {
		claims["sid"] = session.ID
	}
	if session.Nonce != "" {
		claims["nonce"] = session.Nonce
	}
	text, err = jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: i.config.URL, Subject: user.ID, Audience: jwt.Audience{audience},
		Expiry: jwt.NewNumericDate(expires), IssuedAt: jwt.NewNumericDate(now), ID: rand.Text(),
	}).Claims(claims).Serialize()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	return text, expires, nil
}

// verify reads the claims of one of the issuer's own access tokens.
func (i *Issuer) verify(text string) (map[string]any, error) {
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("parse the token: %w", err)
	}
	var standard jwt.Claims
	claims := map[string]any{}
	if err := token.Claims(i.public(), &standard, &claims); err != nil {
		return nil, fmt.Errorf("verify the token: %w", err)
	}
	err = standard.ValidateWithLeeway(jwt.Expected{Issuer: i.config.URL, AnyAudience: jwt.Audience{i.config.URL}, Time: i.config.Now()}, 0)
	if err != nil {
		return nil, fmt.Errorf("the token is not valid here: %w", err)
	}
	if claims["token_use"] != "access" {
		return nil, fmt.Errorf("the token is not an access token")
	}
	return claims, nil
}

// VerifySignature implements oidc.KeySet without a round trip.
func (i *Issuer) VerifySignature(_ context.Context, text string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("parse the token: %w", err)
	}
	return jws.Verify(i.public())
}

func (i *Issuer) public() *jose.JSONWebKeySet {
	i.mu.RLock()
	defer i.mu.RUnlock()
	set := &jose.JSONWebKeySet{}
	for _, key := range i.keys {
		set.Keys = append(set.Keys, key.Public())
	}
	return set
}

// Handler serves /.well-known/jwks.json below the issuer's URL; a Provider adds the rest.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) { write(w, i.public()) })
	return mux
}

func write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text) // the caller has gone: the error cannot be reported
}
