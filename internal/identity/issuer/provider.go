package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ballerine/internal/identity"
)

// Grant is what the provider remembers of a sign-in: a browser's session, a browser that an account was used on, a code
// on its way to the client, or a client's chain of refresh tokens. Secrets are kept as hashes only.
type Grant struct {
	User      string    `json:"user"`
	Tenant    string    `json:"tenant"`
	Session   string    `json:"session,omitempty"`   // code and refresh: the browser's session that it comes from, and ends with
	Chain     string    `json:"chain,omitempty"`     // code: what was issued for it; it is used then
	Ended     bool      `json:"ended,omitempty"`     // refresh: kept so that it cannot be started again
	Redirect  string    `json:"redirect,omitempty"`  // code: where it was sent
	Challenge string    `json:"challenge,omitempty"` // code: PKCE, S256
	Nonce     string    `json:"nonce,omitempty"`
	Secret    string    `json:"secret,omitempty"`    // refresh: hash of the newest token
	Former    string    `json:"former,omitempty"`    // refresh: hash of the one before it
	RotatedAt time.Time `json:"rotated_at,omitzero"` // refresh
	SignedIn  time.Time `json:"signed_in"`
	Expires   time.Time `json:"expires"`
}

// Grants keep what the provider remembers.
type Grants interface {
	// Change passes the grant of an existing key (or nil) to the function and stores its result; nil removes it. It is one
	// transaction; it has no effect if the function fails.
	Change(ctx context.Context, key string, change func(*Grant) (*Grant, error)) error
}

// ProviderConfig is what a provider needs.
type ProviderConfig struct {
	Issuer  *Issuer
	Client  string // the one client: public, with PKCE
	Tenant  string // whose people sign in here
	People  identity.Store
	Grants  Grants
	Session time.Duration // of a browser and of refresh tokens; default 12 h
	Demo    []DemoPerson  // shown on the sign-in page; none outside of a demo
	Now     func() time.Time
	Logger  *slog.Logger
}

// DemoPerson is a person who can sign in with one click on the sign-in page.
type DemoPerson struct{ Name, Email, Password, Role string }

// Provider is an OpenID provider for one machine: authorization code with PKCE, refresh tokens that change with every use,
// sign-out. On AWS, Cognito takes its place; the client does not know the difference.
type Provider struct {
	ProviderConfig
	origin   string
	attempts *attempts
}

// codeLife is how long a code may take to the client.
const codeLife = time.Minute

// overlap is how long a refresh token may be used again after it was exchanged: its answer may have been lost.
const overlap = 20 * time.Second

// NewProvider makes a provider.
func NewProvider(config ProviderConfig) *Provider {
	if config.Session <= 0 {
		config.Session = 12 * time.Hour
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Provider{ProviderConfig: config, origin: config.Issuer.config.URL, attempts: newAttempts(config.Now)}
}

// Paths of the provider below the issuer's URL.
const (
	pathAuthorize = "/oauth2/authorize"
	pathSignIn    = "/oauth2/sign-in"
	pathStyle     = "/oauth2/sign-in.css"
	pathToken     = "/oauth2/token"
	pathUser      = "/oauth2/userinfo"
	pathRevoke    = "/oauth2/revoke"
	pathLogout    = "/oauth2/logout"
)

// Handler serves the provider and the issuer's discovery documents below the issuer's URL.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /.well-known/jwks.json", p.Issuer.Handler())
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET "+pathAuthorize, p.authorize)
	mux.HandleFunc("POST "+pathSignIn, p.signIn)
	mux.HandleFunc("GET "+pathStyle, style)
	mux.HandleFunc("POST "+pathToken, p.token)
	mux.HandleFunc("GET "+pathUser, p.userInfo)
	mux.HandleFunc("POST "+pathRevoke, p.revoke)
	mux.HandleFunc("GET "+pathLogout, p.logout)
	return http.MaxBytesHandler(mux, 64<<10)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	write(w, map[string]any{
		"issuer": p.origin, "jwks_uri": p.origin + "/.well-known/jwks.json",
		"authorization_endpoint": p.origin + pathAuthorize, "token_endpoint": p.origin + pathToken, "userinfo_endpoint": p.origin + pathUser,
		"revocation_endpoint": p.origin + pathRevoke, "end_session_endpoint": p.origin + pathLogout,
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"},
		"grant_types_supported": []string{"authorization_code", "refresh_token"}, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"none"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "scopes_supported": []string{"openid", "email", "profile", "offline_access"},
		"claims_supported": []string{"sub", "email", "name", "tenant", "roles", "auth_time", "nonce"},
	})
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, err := p.Issuer.verify(text)
	if ok && err == nil { // as long as its owner is signed in
		session, _ := claims["sid"].(string)
		_, ok, err = p.read(r.Context(), "session/"+session)
	}
	if !ok || err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	write(w, map[string]any{"sub": claims["sub"], "email": claims["email"], "name": claims["name"], "tenant": claims["tenant"], "roles": claims["roles"]})
}

// revoke ends a chain of refresh tokens. It does not reveal whether there was one.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if client := r.PostForm.Get("client_id"); client != "" && client != p.Client {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	family, secret, _ := strings.Cut(r.PostForm.Get("token"), ".")
	err := p.Grants.Change(r.Context(), "refresh/"+family, func(there *Grant) (*Grant, error) {
		if there != nil && (there.Ended || there.Secret != hash(secret) && there.Former != hash(secret)) {
			return there, nil
		}
		return nil, nil
	})
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
}

// logout ends the browser's session with all refresh tokens that come from it, and goes back where the client asks: by the
// standard's parameter or by Cognito's.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	if err := p.end(r); err != nil {
		p.Logger.ErrorContext(r.Context(), "a session was not ended", "error", err.Error())
		p.page(w, r, http.StatusServiceUnavailable, pageData{Failure: "request"})
		return
	}
	p.setCookie(w, sessionCookie, "", -1)
	q := r.URL.Query()
	back := q.Get("post_logout_redirect_uri")
	if back == "" {
		back = q.Get("logout_uri")
	}
	target := p.origin + "/signed-out"
	if back != "" && back != target {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	if state := q.Get("state"); state != "" {
		target += "?" + url.Values{"state": {state}}.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// end ends the browser's session, if it has one.
func (p *Provider) end(r *http.Request) error {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil //nolint:nilerr // no session
	}
	return p.Grants.Change(r.Context(), "session/"+hash(cookie.Value), func(*Grant) (*Grant, error) { return nil, nil })
}

const sessionCookie = "ballerine_session"

// session of the browser, if it has one that is good.
func (p *Provider) session(r *http.Request) (grant Grant, ok bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return grant, false
	}
	grant, ok, _ = p.read(r.Context(), "session/"+hash(cookie.Value)) // whom we cannot read has to sign in
	grant.Session = hash(cookie.Value)
	return grant, ok
}

func (p *Provider) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // secure with TLS; on one machine there is none
		Name: name, Value: value, Path: "/oauth2/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(p.origin, "https://"),
	})
}

// hash of a secret, as it is kept.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
