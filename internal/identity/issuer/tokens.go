package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"ballerine/internal/problem"
)

// refuse answers the token endpoint's errors as RFC 6749 has them.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	body, _ := json.Marshal(map[string]string{"error": code}) // two plain strings
	_, _ = w.Write(body)                                      // the caller has gone: the error cannot be reported
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !once(r.PostForm) {
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
var errGrant = errors.New("the grant is not valid")

// exchange turns a code into a session's first tokens. A code is valid once: a repeated one ends what was issued for it,
// since one of the two who have it is not its owner (RFC 6749, 4.1.2).
func (p *Provider) exchange(ctx context.Context, form url.Values) (grant Grant, refresh string, err error) {
	family, secret := rand.Text(), rand.Text()
	good, used := false, ""
	err = p.Grants.Change(ctx, "code/"+hash(form.Get("code")), func(there *Grant) (*Grant, error) {
		good, used = false, ""
		if there == nil {
			return nil, nil
		}
		if grant = *there; grant.Chain != "" {
			used = grant.Chain
			return there, nil
		}
		if good = p.Now().Before(grant.Expires) && grant.Redirect == form.Get("redirect_uri") && proves(form.Get("code_verifier"), grant.Challenge); !good {
			return nil, nil
		}
		spent := grant
		spent.Chain, spent.Expires = family, p.Now().Add(p.Session) // as long as what was issued for it
		return &spent, nil
	})
	switch {
	case err != nil:
		return grant, "", err
	case used != "":
		if err = p.put(ctx, "refresh/"+used, Grant{Ended: true, Expires: grant.Expires}); err == nil {
			err = errGrant
		}
		return grant, "", err
	case !good:
		return grant, "", errGrant
	}
	session, ok, err := p.read(ctx, "session/"+grant.Session)
	if err == nil && !ok {
		err = errGrant
	}
	if err != nil {
		return grant, "", err
	}
	kept := Grant{User: grant.User, Tenant: grant.Tenant, Session: grant.Session, Secret: hash(secret), SignedIn: grant.SignedIn, Expires: session.Expires}
	err = p.Grants.Change(ctx, "refresh/"+family, func(there *Grant) (*Grant, error) {
		if there != nil { // the code was used again meanwhile
			return there, errGrant
		}
		return &kept, nil
	})
	return grant, family + "." + secret, err
}

// proves reports whether a verifier is one as RFC 7636 has them, and the challenge's.
func proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	found := base64.RawURLEncoding.EncodeToString(sum[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(challenge), []byte(found)) == 1
}

// put keeps a grant.
func (p *Provider) put(ctx context.Context, key string, grant Grant) error {
	return p.Grants.Change(ctx, key, func(*Grant) (*Grant, error) { return &grant, nil })
}

// read returns a grant that is valid; one that has ended is removed.
func (p *Provider) read(ctx context.Context, key string) (grant Grant, ok bool, err error) {
	err = p.Grants.Change(ctx, key, func(there *Grant) (*Grant, error) {
		if ok = there != nil && p.Now().Before(there.Expires); !ok {
			return nil, nil
		}
		grant = *there
		return there, nil
	})
	return grant, ok && err == nil, err
}

// rotate exchanges a refresh token for the next one of its chain. One that was exchanged long ago ends the chain,
// because somebody else has it. So does the end of the browser's session.
func (p *Provider) rotate(ctx context.Context, token string) (grant Grant, next string, err error) {
	family, secret, ok := strings.Cut(token, ".")
	if !ok {
		return grant, "", errGrant
	}
	signedIn, err := p.signedIn(ctx, family)
	if err != nil {
		return grant, "", err
	}
	fresh, refused := rand.Text(), false
	err = p.Grants.Change(ctx, "refresh/"+family, func(there *Grant) (*Grant, error) {
		refused = false
		if there == nil || !p.Now().Before(there.Expires) {
			refused = true
			return nil, nil
		}
		if there.Ended || !signedIn {
			refused = true
			return there, nil
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

// signedIn reports whether the browser's session that a chain comes from still exists.
func (p *Provider) signedIn(ctx context.Context, family string) (bool, error) {
	chain, ok, err := p.read(ctx, "refresh/"+family)
	if err != nil || !ok || chain.Session == "" {
		return false, err
	}
	_, ok, err = p.read(ctx, "session/"+chain.Session)
	return ok, err
}

// answer sends the tokens of a person who still exists.
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
	access, _, err := p.Issuer.MintSession(person, Session{Use: "access", ID: grant.Session, SignedIn: grant.SignedIn})
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
