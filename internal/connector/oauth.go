package connector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Limits of tokens.
const (
	maxTokenAnswer  = 64 << 10        // bytes
	maxToken        = 16 << 10        // bytes
	unstatedLife    = 5 * time.Minute // of a token whose answer does not state how long it is valid
	longestLife     = 24 * time.Hour  // that a token is believed to be valid
	longestForesay  = time.Minute     // that a token is replaced before its end
	foresayFraction = 10              // of its life, for tokens that live shortly
)

// oauth is the client credentials grant of OAuth 2 (RFC 6749, section 4.4).
type oauth struct {
	url, id, secret *text
	scope           string
	inBody          bool // the client's credentials are in the body, instead of in HTTP Basic
	parameters      map[string]*text
}

type writtenOAuth struct {
	TokenURL     string            `json:"token_url"`
	ClientID     string            `json:"client_id"`
	ClientSecret string            `json:"client_secret"`
	Scope        string            `json:"scope"`
	Credentials  string            `json:"credentials"`
	Parameters   map[string]string `json:"parameters"`
}

func (s *source) oauth(w *writtenOAuth) *oauth {
	const place = authPlace + "/oauth2"
	o := &oauth{scope: w.Scope, inBody: w.Credentials == "body", parameters: map[string]*text{}}
	o.url = (&compiler{source: s, ownHint: "available: vendor.NAME at the start"}).url(w.TokenURL, place+"/token_url")
	if o.url.secretive() {
		s.report(place+"/token_url", "not_here", "use client_id, client_secret or parameters", "The address of a token server must not contain a secret.")
	}
	o.id, o.secret = s.configured(w.ClientID, place+"/client_id"), s.configured(w.ClientSecret, place+"/client_secret")
	for _, name := range slices.Sorted(maps.Keys(w.Parameters)) {
		pointer := place + "/parameters/" + escape(name)
		if slices.Contains([]string{"grant_type", "scope", "client_id", "client_secret"}, name) {
			s.report(pointer, "not_here", "remove it, or use scope, client_id or client_secret", "This parameter is set by the client itself.")
			continue
		}
		o.parameters[name] = s.configured(w.Parameters[name], pointer)
	}
	return o
}

// grant is one request for a token, with its values.
type grant struct {
	tenant, url, id, secret string
	form                    url.Values
	inBody                  bool
	client                  *http.Client
}

func (o *oauth) grant(r *prepared) grant {
	g := grant{tenant: r.tenant, url: o.url.render(nil, r.with, nil), id: o.id.render(nil, r.with, nil), secret: o.secret.render(nil, r.with, nil), inBody: o.inBody}
	g.form = url.Values{"grant_type": {"client_credentials"}}
	if o.scope != "" {
		g.form.Set("scope", o.scope)
	}
	for name, value := range o.parameters {
		g.form.Set(name, value.render(nil, r.with, nil))
	}
	return g
}

// key names a grant without its secrets: a secret that was replaced makes another one.
func (g grant) key() string {
	sum := sha256.New()
	for _, part := range []string{g.tenant, g.url, g.id, g.secret, strconv.FormatBool(g.inBody), g.form.Encode()} {
		sum.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// token is a token for the grant: a stored one, or a new one, for which one request is made however many calls wait for it.
func (c *Client) token(ctx, within context.Context, p *Plugin, g grant) (string, error) {
	key := g.key()
	value, waiting, first := c.tokens.take(key, c.now())
	if waiting == nil {
		return value, nil
	}
	if first {
		go func() { // others wait for it, too: it does not end with this call
			fetching, cancel := context.WithTimeout(context.WithoutCancel(within), max(p.Timeout, defaultTimeout))
			defer cancel()
			fetched, err := c.fetch(fetching, p, g)
			c.tokens.put(key, waiting, fetched, err, c.now())
		}()
	}
	var enough <-chan time.Time
	if value != "" { // the token before is still good: it is used when the next one does not come soon
		timer := time.NewTimer(min(p.Timeout/4, time.Second))
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-enough:
		return value, nil
	case <-waiting.done:
		return waiting.value, waiting.err
	case <-within.Done():
		return "", failed(ctx, tokenServer(p), within.Err())
	}
}

func tokenServer(p *Plugin) string { return "The token server of " + p.ID }

// fetched is a token and how long it is valid.
type fetched struct {
	value string
	life  time.Duration
}

// fetch asks the token server.
func (c *Client) fetch(ctx context.Context, p *Plugin, g grant) (fetched, error) {
	request, err := g.request(ctx)
	if err != nil {
		return fetched{}, problem.New(problem.Internal, "The token URL of the plugin %s is not valid.", p.ID)
	}
	request.Header.Set("User-Agent", c.agent())
	got, err := g.client.Do(request)
	if err != nil {
		return fetched{}, failed(ctx, tokenServer(p), err)
	}
	body, err := io.ReadAll(io.LimitReader(got.Body, maxTokenAnswer+1))
	_ = got.Body.Close() // all that is wanted has been read
	switch {
	case passing(got.StatusCode):
		return fetched{}, c.unavailable(tokenServer(p), got.StatusCode, got.Header)
	case got.StatusCode != http.StatusOK && got.StatusCode != http.StatusCreated:
		return fetched{}, refusedGrant(p, got.StatusCode, body)
	case err != nil:
		return fetched{}, failed(ctx, tokenServer(p), err)
	}
	return readToken(p, got.Header, body)
}

// request is the grant as it is sent.
func (g grant) request(ctx context.Context) (*http.Request, error) {
	form := maps.Clone(g.form)
	if g.inBody {
		form.Set("client_id", g.id)
		form.Set("client_secret", g.secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if !g.inBody {
		request.SetBasicAuth(url.QueryEscape(g.id), url.QueryEscape(g.secret)) // RFC 6749, section 2.3.1
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// grantErrors are the codes of RFC 6749, section 5.2: of a refusal, only one of these is shown.
var grantErrors = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

func refusedGrant(p *Plugin, status int, body []byte) error {
	e := problem.New(problem.VendorRejected, "%s refused the credentials with status %d.", tokenServer(p), status).Detail("status", status)
	var answered struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answered) == nil && slices.Contains(grantErrors, answered.Error) {
		e.Message = strings.TrimSuffix(e.Message, ".") + ": " + answered.Error + "."
	}
	return e
}

// readToken reads an answer with a token. Some servers write its life as a text.
func readToken(p *Plugin, header http.Header, body []byte) (fetched, error) {
	garbage := func(code, message string) (fetched, error) {
		return fetched{}, problem.New(problem.VendorGarbage, "The answer of the token server of %s is not valid.", p.ID).With("token", code, "%s", message)
	}
	var answered struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case len(body) > maxTokenAnswer:
		return garbage("too_large", "is too large")
	case err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json"):
		return garbage("content_type", "does not have a JSON content type")
	case json.Unmarshal(body, &answered) != nil:
		return garbage("json", "is not JSON of the expected form")
	case answered.AccessToken == "" || len(answered.AccessToken) > maxToken || strings.ContainsFunc(answered.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }):
		return garbage("access_token", "has no usable access_token")
	case answered.TokenType != "" && !strings.EqualFold(answered.TokenType, "bearer"):
		return garbage("token_type", "has a token_type other than Bearer")
	}
	life := unstatedLife
	if written := strings.Trim(string(answered.ExpiresIn), `"`); written != "" && written != "null" {
		seconds, err := strconv.ParseFloat(written, 64)
		if err != nil || !(seconds > 0) {
			return garbage("expires_in", "has an expires_in that is not a positive number")
		}
		life = longestLife
		if seconds < longestLife.Seconds() {
			life = time.Duration(seconds * float64(time.Second))
		}
	}
	return fetched{answered.AccessToken, life}, nil
}
