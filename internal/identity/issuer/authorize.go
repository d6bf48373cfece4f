package issuer

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is an authorization request.
type request struct {
	redirect, state, nonce, challenge, prompt string
	maxAge                                    string // seconds since the person has signed in
}

// tooOld reports whether a sign-in is older than the client takes.
func (r request) tooOld(age time.Duration) bool {
	seconds, err := strconv.Atoi(r.maxAge)
	return r.maxAge != "" && (err != nil || age > time.Duration(seconds)*time.Second)
}

// once reports whether no parameter occurs more than once (RFC 6749, 3.1 and 3.2).
func once(q url.Values) bool {
	for _, values := range q {
		if len(values) > 1 {
			return false
		}
	}
	return true
}

// redirects are where a code may be sent.
func (p *Provider) redirects() []string { return []string{p.origin + "/sign-in/callback"} }

// readRequest checks an authorization request. A wrong client or redirect is never answered by a redirect.
func (p *Provider) readRequest(q url.Values) (request, string, error) {
	r := request{redirect: q.Get("redirect_uri"), state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), prompt: q.Get("prompt"), maxAge: q.Get("max_age")}
	if !once(q) || q.Get("client_id") != p.Client || !slices.Contains(p.redirects(), r.redirect) {
		return r, "", errors.New("unknown client or redirect address")
	}
	switch {
	case q.Get("response_type") != "code":
		return r, "unsupported_response_type", nil
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return r, "invalid_scope", nil
	case q.Get("response_mode") != "" && q.Get("response_mode") != "query":
		return r, "invalid_request", nil
	case len(r.challenge) != 43 || q.Get("code_challenge_method") != "S256":
		return r, "invalid_request", nil
	}
	return r, "", nil
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	requested, refusal, err := p.readRequest(q)
	if err != nil {
		p.page(w, r, http.StatusBadRequest, pageData{Failure: "request"})
		return
	}
	if refusal != "" {
		sendBack(w, r, requested, url.Values{"error": {refusal}})
		return
	}
	session, ok := p.session(r)
	if !ok || requested.prompt == "login" || requested.tooOld(p.Now().Sub(session.SignedIn)) {
		if requested.prompt == "none" {
			sendBack(w, r, requested, url.Values{"error": {"login_required"}})
			return
		}
		p.page(w, r, http.StatusOK, pageData{Query: r.URL.RawQuery})
		return
	}
	code := rand.Text()
	err = p.put(r.Context(), "code/"+hash(code), Grant{
		User: session.User, Tenant: session.Tenant, Session: session.Session, Redirect: requested.redirect, Challenge: requested.challenge, Nonce: requested.nonce,
		SignedIn: session.SignedIn, Expires: p.Now().Add(codeLife),
	})
	if err != nil {
		p.Logger.ErrorContext(r.Context(), "a sign-in code was not kept", "error", err.Error())
		sendBack(w, r, requested, url.Values{"error": {"server_error"}})
		return
	}
	sendBack(w, r, requested, url.Values{"code": {code}})
}

func sendBack(w http.ResponseWriter, r *http.Request, requested request, answer url.Values) {
	if requested.state != "" {
		answer.Set("state", requested.state)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, requested.redirect+"?"+answer.Encode(), http.StatusSeeOther) // one of the client's own addresses
}
