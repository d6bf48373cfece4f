package connector

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/problem"
)

// confidential is what must not be stored of anything that an attempt is answered: all secrets that its plugin can use,
// whichever call uses them, and what else its requests are derived from. It is safe for concurrent use; a nil one has
// nothing.
type confidential struct {
	mutex     sync.Mutex
	texts     []hidden
	hider     *hider   // of the texts; nil: some are newer
	documents []string // in base64, each with its placeholder
}

// confidentialKey is what is confidential in an attempt, in its context.
type confidentialKey struct{}

func confidentialOf(ctx context.Context) *confidential {
	found, _ := ctx.Value(confidentialKey{}).(*confidential)
	return found
}

// add notes secrets.
func (k *confidential) add(secrets ...string) { k.addAs(redaction, secrets...) }

// addAs notes texts for which a word stands.
func (k *confidential) addAs(instead string, texts ...string) {
	if k == nil {
		return
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, text := range texts {
		if text != "" && !slices.ContainsFunc(k.texts, func(known hidden) bool { return known.text == text }) {
			k.texts, k.hider = append(k.texts, hidden{text, instead}), nil
		}
	}
}

// called notes an address at which a vendor calls back: whoever has it may send callbacks.
func (k *confidential) called(address string) {
	k.addAs("{callback_url}", address)
	k.token(address[strings.LastIndex(address, "/")+1:])
}

// token notes the end of such an address.
func (k *confidential) token(token string) {
	if len(token) >= shortestToken {
		k.addAs("{callback token}", token)
	}
}

// hiding takes out what is known until now. It is made once for all answers, and again only if more has become known since.
func (k *confidential) hiding() *hider {
	if k == nil {
		return nil
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.hider == nil {
		k.hider = hiderOf(k.texts)
	}
	return k.hider
}

// attach notes a document that is sent: an answer that repeats it is kept with its digest. What is larger than an answer is in none.
func (k *confidential) attach(content, digest string) {
	if k == nil || len(content) > maxAnswer || len(content) < shortestToken {
		return
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if !slices.Contains(k.documents, content) {
		k.documents = append(k.documents, content, digest)
		if slashed := strings.ReplaceAll(content, "/", `\/`); slashed != content {
			k.documents = append(k.documents, slashed, digest)
		}
	}
}

// link records a sent address at which a document can be read: anyone who has it can read the document.
func (k *confidential) link(address string) {
	if k == nil || address == "" {
		return
	}
	k.add(address)
	parsed, err := url.Parse(address)
	if err != nil {
		return
	}
	for _, values := range parsed.Query() {
		for _, value := range values {
			if len(value) >= shortestToken {
				k.add(value)
			}
		}
	}
}

// withoutDocuments is a text with the digests of documents in their place.
func (k *confidential) withoutDocuments(text string) string {
	if k == nil {
		return text
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for i := 0; i+1 < len(k.documents); i += 2 {
		text = strings.ReplaceAll(text, k.documents[i], k.documents[i+1])
	}
	return text
}

// confidential finds everything that is confidential in attempts at a plugin: secrets of all its requests, and that of
// its callbacks. A missing one is reported where it is needed. Errors: Unavailable.
func (c *Client) confidential(ctx context.Context, p *Plugin, tenant string) (*confidential, error) {
	with := &values{secrets: map[string]string{}, settings: c.Settings}
	own := ""
	if p.callback != nil {
		own = p.callback.verifier.Secret
	}
	for _, name := range p.Secrets() {
		value, err := c.Secrets.Secret(ctx, tenant, name)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return nil, secretProblem(err, p.ID, name)
		}
		if err == nil {
			with.secrets[name] = value
		}
	}
	k := &confidential{}
	for name, value := range with.secrets {
		if name != own {
			k.add(value)
		}
	}
	c.authenticated(k, p, tenant, with)
	k.add(p.callbackSecrets(with.secrets[own])...)
	return k, nil
}

// authenticated notes what requests of a plugin are authenticated with: what is made of secrets, and tokens that were given to this process.
func (c *Client) authenticated(k *confidential, p *Plugin, tenant string, with *values) {
	for _, unit := range p.units() {
		k.add(unit.auth.credentials(with)...)
		if unit.auth.oauth != nil {
			k.add(c.tokens.given(unit.auth.oauth.grant(&prepared{tenant: tenant, with: with}).key())...)
		}
	}
}

// callbackSecrets are the texts of which the secret of callbacks is made; none of keys that are public.
func (p *Plugin) callbackSecrets(secret string) (all []string) {
	if p.callback == nil || publicKeyAlgorithm(p.callback.verifier.Algorithm) {
		return nil
	}
	for _, one := range strings.Fields(secret) {
		all = append(all, one)
		if _, password, pair := strings.Cut(one, ":"); pair && p.callback.verifier.Scheme == basicScheme {
			all = append(all, password)
		}
	}
	return append(all, secret)
}

// credentials are what a request is authenticated with that is derived from secrets, besides the secrets themselves.
func (a auth) credentials(with *values) (all []string) {
	pair := func(user, password string) {
		if password != "" {
			all = append(all, user+":"+password, url.QueryEscape(user)+":"+url.QueryEscape(password), password)
		}
	}
	if a.basic != nil {
		pair(a.basic.username.render(nil, with, nil), a.basic.password.render(nil, with, nil))
	}
	if a.oauth != nil {
		pair(a.oauth.id.render(nil, with, nil), a.oauth.secret.render(nil, with, nil))
	}
	return all
}

// presigned are the parts of an address that let anyone who has it read a document. It may be escaped as often as its parameters are.
var presigned = regexp.MustCompile(`(?i)(x-amz-(?:signature|security-token|credential)(?:=|%(?:25)*3d|\\+u003d|&#61;|["'\\]*\s*[:,]\s*["'\\]*))((?:[a-z0-9_.~+/=!*$@:-]|%(?:25)*(?:2[0-57-9a-f]|[013-9a-f][0-9a-f])|\\+/|\\+u00(?:2[bdf]|3d))+)`)

// withoutLinks is a text in which no address is signed.
func withoutLinks(text string) string {
	return presigned.ReplaceAllString(text, "${1}"+redaction)
}

// replacers do it one after the other.
type replacers []func(string) string

func (r replacers) Replace(text string) string {
	for _, one := range r {
		text = one(text)
	}
	return text
}

// leftOut replaces a body that is not text, or is encoded in a way that has not been decoded: a secret could not be found in it.
func leftOut(content string) string {
	return "__bytes.sha256." + digestOf([]byte(content)) + "__"
}
