package connector

import (
	"net/http"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// auth is how requests are authenticated, besides headers that are written out.
type auth struct {
	basic *basic
	oauth *oauth
	sigv4 *sigv4
}

type writtenAuth struct {
	Basic *struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"basic"`
	OAuth2 *writtenOAuth `json:"oauth2"`
	SigV4  *writtenSigV4 `json:"sigv4"`
}

// basic is HTTP Basic.
type basic struct{ username, password *text }

const authPlace = "/request/auth"

// auth compiles how requests are authenticated. It does not use data of a case: a token serves every case.
func (s *source) auth(w *writtenAuth, headers map[string]*text) (a auth) {
	if w == nil {
		return a
	}
	if headers["Authorization"] != nil {
		s.report("/request/headers/"+s.headerKey("Authorization"), "header", "remove it, or remove request.auth", "The header Authorization is set by request.auth.")
	}
	if w.Basic != nil {
		a.basic = &basic{s.configured(w.Basic.Username, authPlace+"/basic/username"), s.configured(w.Basic.Password, authPlace+"/basic/password")}
	}
	if w.OAuth2 != nil {
		a.oauth = s.oauth(w.OAuth2)
	}
	if w.SigV4 != nil {
		a.sigv4 = s.sigv4(w.SigV4, headers)
	}
	return a
}

// headerKey is a header of the request as the document writes it.
func (s *source) headerKey(name string) string {
	for at := range s.keys {
		if key, ok := strings.CutPrefix(at, s.base+"/request/headers/"); ok && http.CanonicalHeaderKey(key) == name {
			return key
		}
	}
	return name
}

// configured compiles a text that only secrets and settings can be a part of.
func (s *source) configured(raw, pointer string) *text {
	c := &compiler{source: s, ownHint: "available: secret.NAME, vendor.NAME"}
	return c.text(raw, pointer, true)
}

// basic sets the Authorization header.
func (c *Client) basic(p *Plugin, request *http.Request, r *prepared) error {
	user, password := p.auth.basic.username.render(nil, r.with, nil), p.auth.basic.password.render(nil, r.with, nil)
	switch {
	case strings.Contains(user, ":"):
		return problem.New(problem.Internal, "The username of request.auth.basic of the plugin %s must not contain a colon.", p.ID)
	case c.preview:
		request.Header.Set("Authorization", "Basic "+user+":"+password)
	default:
		request.SetBasicAuth(user, password)
	}
	return nil
}

// shownToken is what a preview has instead of a token.
func (a auth) shownToken() string {
	if a.oauth == nil {
		return ""
	}
	return "__access_token__"
}

// shortestSecret is the shortest text that is looked for in answers, in bytes: what is shorter occurs by chance.
const shortestSecret = 8

// redaction stands where an answer repeated a secret.
const redaction = "[secret]"

// redacted replaces secrets in all texts of a JSON value, names of members included.
func redacted(value any, by *hider) any {
	if by == nil {
		return value
	}
	value, _ = replaced(value, by.Replace)
	return value
}

// redactedError is the error of a body that cannot be read, without secrets in the names of its members.
func redactedError(err error, by *hider) error {
	e := problem.As(err)
	for i := range e.Fields {
		parts := strings.Split(by.Replace(e.Fields[i].Location), ".")
		for n, part := range parts {
			name, index, _ := strings.Cut(part, "[")
			if clean := by.whole(name); clean != name {
				parts[n] = strings.TrimSuffix(clean+"["+index, "[")
			}
		}
		e.Fields[i].Location = strings.Join(parts, ".")
	}
	return e
}

// replaced replaces texts in a JSON value, and reports whether there was one to replace. A number that has one in it is one.
func replaced(value any, by func(string) string) (after any, changed bool) {
	switch v := value.(type) {
	case string:
		text := by(v)
		return text, text != v
	case float64:
		if number := strconv.FormatFloat(v, 'f', -1, 64); by(number) != number {
			return redaction, true
		}
	case []any:
		for i, element := range v {
			clean, other := replaced(element, by)
			v[i], changed = clean, changed || other
		}
	case map[string]any:
		for name, member := range v {
			clean, other := replaced(member, by)
			if shown := by(name); shown != name {
				delete(v, name)
				name, other = shown, true
			}
			v[name], changed = clean, changed || other
		}
	}
	return value, changed
}
