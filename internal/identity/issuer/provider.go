package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Grant is what the provider remembers of a sign-in: a browser's session, a code on its way to the client, or a client's
// chain of refresh tokens. Secrets are kept as hashes only.
type Grant struct {
	User      string    `json:"user"`
	Tenant    string    `json:"tenant"`
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
	// Change hands the grant of a key that is there (or nil) to the function and keeps what that returns; nil removes it.
	// It is one transaction; nothing is kept when the function fails.
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

// DemoPerson is somebody whom the sign-in page lets in at one click.
type DemoPerson struct{ Name, Email, Password, Role string }

// Provider is an OpenID provider for one machine: authorization code with PKCE, refresh tokens that change with every use,
// sign-out. Where there is AWS, Cognito stands in its place; the client does not know the difference.
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

// request is an authorization request.
type request struct {
	redirect, state, nonce, challenge, prompt string
}

// redirects are where a code may be sent.
func (p *Provider) redirects() []string { return []string{p.origin + "/sign-in/callback"} }

// readRequest checks an authorization request. A wrong client or redirect is never answered by a redirect.
func (p *Provider) readRequest(q url.Values) (request, string, error) {
	r := request{redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), prompt: q.Get("prompt")}
	if q.Get("client_id") != p.Client || !slices.Contains(p.redirects(), r.redirect) {
		return r, "", errors.New("the client or its redirect is not known here")
	}
	switch {
	case q.Get("response_type") != "code":
		return r, "unsupported_response_type", nil
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return r, "invalid_scope", nil
	case len(r.challenge) != 43 || q.Get("code_challenge_method") != "S256":
		return r, "invalid_request", nil
	}
	return r, "", nil
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	asked, refusal, err := p.readRequest(q)
	if err != nil {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	if refusal != "" {
		sendBack(w, r, asked, url.Values{"error": {refusal}})
		return
	}
	session, ok := p.session(r)
	if !ok || asked.prompt == "login" {
		if asked.prompt == "none" {
			sendBack(w, r, asked, url.Values{"error": {"login_required"}})
			return
		}
		p.page(w, r, http.StatusOK, pageData{Query: r.URL.RawQuery})
		return
	}
	code := rand.Text()
	err = p.Grants.Change(r.Context(), "code/"+hash(code), func(*Grant) (*Grant, error) {
		return &Grant{
			User: session.User, Tenant: session.Tenant, Redirect: asked.redirect, Challenge: asked.challenge, Nonce: asked.nonce,
			SignedIn: session.SignedIn, Expires: p.Now().Add(codeLife),
		}, nil
	})
	if err != nil {
		p.Logger.ErrorContext(r.Context(), "a sign-in code was not kept", "error", err.Error())
		sendBack(w, r, asked, url.Values{"error": {"server_error"}})
		return
	}
	sendBack(w, r, asked, url.Values{"code": {code}})
}

func sendBack(w http.ResponseWriter, r *http.Request, asked request, answer url.Values) {
	if asked.state != "" {
		answer.Set("state", asked.state)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, asked.redirect+"?"+answer.Encode(), http.StatusSeeOther) // one of the client's own addresses
}

// refuse answers the token endpoint's errors as RFC 6749 has them.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	body, _ := json.Marshal(map[string]string{"error": code}) // two plain strings
	_, _ = w.Write(body)                                      // the caller has gone: nobody to tell
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if r.PostForm.Get("client_id") != p.Client {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	var grant Grant
	var refresh string
	var err error
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		grant, refresh, err = p.exchange(r.Context(), r.PostForm)
	case "refresh_token":
		grant, refresh, err = p.rotate(r.Context(), r.PostForm.Get("refresh_token"))
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if errors.Is(err, errGrant) {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	if err == nil {
		err = p.answer(r.Context(), w, grant, refresh)
	}
	if errors.Is(err, errGrant) {
		refuse(w, http.StatusBadRequest, "invalid_grant")
	} else if err != nil {
		p.Logger.ErrorContext(r.Context(), "a token was not issued", "error", err.Error())
		refuse(w, http.StatusInternalServerError, "server_error")
	}
}

// errGrant is a code or token that is not good: whatever is wrong with it, the answer is the same.
var errGrant = errors.New("the grant is not good")

// exchange turns a code into a session's first tokens. A code is good once.
func (p *Provider) exchange(ctx context.Context, form url.Values) (grant Grant, refresh string, err error) {
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	err = p.Grants.Change(ctx, "code/"+hash(form.Get("code")), func(there *Grant) (*Grant, error) {
		if there != nil {
			grant = *there
		}
		return nil, nil
	})
	if err != nil {
		return grant, "", err
	}
	good := !grant.Expires.IsZero() && p.Now().Before(grant.Expires) && grant.Redirect == form.Get("redirect_uri") &&
		subtle.ConstantTimeCompare([]byte(grant.Challenge), []byte(challenge)) == 1
	if !good {
		return grant, "", errGrant
	}
	family, secret := rand.Text(), rand.Text()
	kept := Grant{User: grant.User, Tenant: grant.Tenant, Secret: hash(secret), SignedIn: grant.SignedIn, Expires: p.Now().Add(p.Session)}
	err = p.Grants.Change(ctx, "refresh/"+family, func(*Grant) (*Grant, error) { return &kept, nil })
	return grant, family + "." + secret, err
}

// rotate exchanges a refresh token for the next one of its chain. One that was exchanged long ago ends the chain: somebody
// else has it.
func (p *Provider) rotate(ctx context.Context, token string) (grant Grant, next string, err error) {
	family, secret, ok := strings.Cut(token, ".")
	if !ok {
		return grant, "", errGrant
	}
	fresh, refused := rand.Text(), false
	err = p.Grants.Change(ctx, "refresh/"+family, func(there *Grant) (*Grant, error) {
		if there == nil || !p.Now().Before(there.Expires) {
			refused = true
			return nil, nil
		}
		again := there.Former == hash(secret) && p.Now().Sub(there.RotatedAt) < overlap
		if there.Secret != hash(secret) && !again {
			refused = true
			return nil, nil
		}
		grant = *there
		grant.Secret = hash(fresh)
		if !again { // using a token once more does not make its overlap longer
			grant.Former, grant.RotatedAt = hash(secret), p.Now()
		}
		return &grant, nil
	})
	if err == nil && refused {
		err = errGrant
	}
	return grant, family + "." + fresh, err
}

// answer gives out the tokens of a person who is still there.
func (p *Provider) answer(ctx context.Context, w http.ResponseWriter, grant Grant, refresh string) error {
	person, err := p.People.User(ctx, grant.Tenant, grant.User)
	if problem.CodeOf(err) == problem.NotFound || person.Disabled {
		return errGrant
	}
	if err != nil {
		return err
	}
	id, expires, err := p.Issuer.MintSession(person, Session{Use: "id", Nonce: grant.Nonce, SignedIn: grant.SignedIn})
	if err != nil {
		return err
	}
	access, _, err := p.Issuer.MintSession(person, Session{Use: "access", SignedIn: grant.SignedIn})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	write(w, map[string]any{
		"token_type": "Bearer", "id_token": id, "access_token": access, "refresh_token": refresh,
		"expires_in": int(expires.Sub(p.Now()).Seconds()), "scope": "openid email profile offline_access",
	})
	return nil
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, err := p.Issuer.verify(text)
	if !ok || err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	write(w, map[string]any{"sub": claims["sub"], "email": claims["email"], "name": claims["name"], "tenant": claims["tenant"], "roles": claims["roles"]})
}

// revoke ends a chain of refresh tokens. It says nothing about whether there was one.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	family, secret, _ := strings.Cut(r.PostForm.Get("token"), ".")
	err := p.Grants.Change(r.Context(), "refresh/"+family, func(there *Grant) (*Grant, error) {
		if there != nil && there.Secret != hash(secret) && there.Former != hash(secret) {
			return there, nil
		}
		return nil, nil
	})
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
}

// logout ends the browser's session, and goes back where the client asks: by the standard's parameter or by Cognito's.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		if err := p.Grants.Change(r.Context(), "session/"+hash(cookie.Value), func(*Grant) (*Grant, error) { return nil, nil }); err != nil {
			p.Logger.ErrorContext(r.Context(), "a session was not ended", "error", err.Error())
		}
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

const sessionCookie = "ballerine_session"

// session of the browser, if it has one that is good.
func (p *Provider) session(r *http.Request) (grant Grant, ok bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return grant, false
	}
	err = p.Grants.Change(r.Context(), "session/"+hash(cookie.Value), func(there *Grant) (*Grant, error) {
		if there == nil || !p.Now().Before(there.Expires) {
			return nil, nil
		}
		grant, ok = *there, true
		return there, nil
	})
	return grant, ok && err == nil
}

func (p *Provider) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // secure wherever there is TLS; on one machine there is none
		Name: name, Value: value, Path: "/oauth2/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(p.origin, "https://"),
	})
}

// hash of a secret, as it is kept.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
