package connector

import (
	"context"
	"net/http"
	"time"

	"ballerine/internal/problem"
)

type callback struct {
	verifier  verifier
	reading   reading
	about     []concern    // what a callback repeats of what was asked
	when      *query       // nil: every callback is the answer
	correlate *correlation // nil: the address identifies the request
	byCase    bool         // when or the result is about the case, or about what was kept of the acceptance
	bound     bool         // one of them compares more than the person
	whenOf    bool         // when is
}

// Asked is the work that a callback answers, as expressions see it.
type Asked struct {
	Case, State, Work string
	Visit, Round      int
	Accepted          any // what was kept of the acceptance, JSON; nil: nothing
}

// Received is a callback whose signature has been checked.
type Received struct {
	plugin     *Plugin
	headers    map[string]any
	body       any
	unreadable error
	known      *confidential
	header     http.Header
	content    []byte // of the body
}

// ReadCallback finds the plugin's secret and reads the callback with it. Errors: see Client.Receive and Received.Result.
func (c *Client) ReadCallback(ctx context.Context, tenant string, plugin *Plugin, header http.Header, body []byte) (any, error) {
	received, err := c.Receive(ctx, tenant, plugin, header, body)
	if err != nil {
		return nil, err
	}
	return received.Result(Asked{})
}

// Receive finds the plugin's secret and checks the signature and the age of a callback. Errors: InvalidCredentials; NotFound when the
// plugin has no callback; Internal when the secret is not configured, or is no key.
func (c *Client) Receive(ctx context.Context, tenant string, plugin *Plugin, header http.Header, body []byte) (*Received, error) {
	if plugin.callback == nil {
		return nil, noCallbacks(plugin)
	}
	secret := ""
	if name := plugin.callback.verifier.Secret; name != "" {
		var err error
		if secret, err = c.Secrets.Secret(ctx, tenant, name); err != nil {
			return nil, secretProblem(err, plugin.ID, name)
		}
	}
	repeated, err := c.repeatable(ctx, tenant, plugin, secret)
	if err != nil {
		return nil, err
	}
	return plugin.verified(header, body, secret, c.now(), repeated)
}

func noCallbacks(p *Plugin) error {
	return problem.New(problem.NotFound, "%s does not use callbacks.", p.ID)
}

// ReadCallback checks a callback's signature and age, then checks and maps its body as an answer's. secret may hold
// several secrets, separated by spaces; it is "" where the definition has a public key. Errors: InvalidCredentials, VendorGarbage,
// ErrNotAnAnswer, NotFound when the plugin has no callback, Internal when the secret is no key.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	received, err := p.verified(header, body, secret, now, nil)
	if err != nil {
		return nil, err
	}
	return received.Result(Asked{})
}

// repeatable are the secrets that a callback may repeat: those of requests, and its own. One that is not there any more is no reason to
// refuse a callback.
func (c *Client) repeatable(ctx context.Context, tenant string, p *Plugin, own string) (*confidential, error) {
	with := &values{secrets: map[string]string{}, settings: c.Settings}
	for _, name := range p.Secrets() {
		if name == p.callback.verifier.Secret {
			continue
		}
		value, err := c.Secrets.Secret(ctx, tenant, name)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return nil, secretProblem(err, p.ID, name)
		}
		with.secrets[name] = value
	}
	known := &confidential{}
	for _, secret := range with.secrets {
		known.add(secret)
	}
	c.authenticated(known, p, tenant, with)
	known.add(p.callbackSecrets(own)...)
	return known, nil
}

// verified checks the signature and reads the body; known is what must not be written down.
func (p *Plugin) verified(header http.Header, body []byte, secret string, now time.Time, known *confidential) (*Received, error) {
	if p.callback == nil {
		return nil, noCallbacks(p)
	}
	switch valid, usable := p.callback.verifier.verify(header, body, secret, now); {
	case !usable:
		return nil, unusableSecret(p)
	case !valid:
		return nil, problem.New(problem.InvalidCredentials, "The signature of the callback is not valid.")
	}
	return p.received(header, body, known), nil
}

// received reads the body of a callback whose signature has been checked.
func (p *Plugin) received(header http.Header, body []byte, known *confidential) *Received {
	if known == nil {
		known = &confidential{}
	}
	r := &Received{plugin: p, known: known, header: header, content: body}
	hide := known.hiding()
	value, err := parseBody(p.ID, header, body)
	if err != nil {
		r.unreadable = redactedError(err, hide)
		return r
	}
	shown := header.Clone()
	shown.Del("Authorization")
	if p.callback.verifier.Scheme == tokenScheme {
		shown.Del(p.callback.verifier.SignatureHeader)
	}
	r.body, r.headers = redacted(value, hide), headersSeen(answer{header: shown, hide: hide})
	return r
}

// At notes the end of the address to which the callback has come: whoever has it may send callbacks, so it is in nothing that is made of this one.
func (r *Received) At(token string) {
	r.known.token(token)
	hide := r.known.hiding()
	if r.unreadable != nil {
		r.unreadable = redactedError(r.unreadable, hide)
		return
	}
	r.body, _ = replaced(r.body, hide.Replace)
	for name, value := range r.headers {
		r.headers[name], _ = replaced(value, hide.Replace)
	}
}

// Plugin is the id of the plugin whose callback it is.
func (r *Received) Plugin() string { return r.plugin.ID }

// ConcernsCase reports whether Result needs to know the work that is answered.
func (r *Received) ConcernsCase() bool { return r.plugin.callback.byCase }

// scope is what expressions see before the case is known.
func (r *Received) scope() map[string]any {
	return map[string]any{"body": r.body, "headers": r.headers}
}

// Excluded reports whether the callback is not the answer, whatever work it might be about.
func (r *Received) Excluded() bool {
	if r.unreadable != nil || r.plugin.callback.when == nil || r.plugin.callback.whenOf {
		return false
	}
	holds, err := r.plugin.callback.when.value(r.scope())
	return err != nil || holds != true
}

// Result maps the body of the callback to the result of the work. Errors: VendorGarbage, ErrNotAnAnswer.
func (r *Received) Result(asked Asked) (any, error) {
	if r.unreadable != nil {
		return nil, r.unreadable
	}
	p, scope := r.plugin, r.scope()
	scope["case"] = map[string]any{"id": asked.Case, "state": asked.State, "visit": float64(asked.Visit), "work": asked.Work, "round": float64(asked.Round)}
	scope["accepted"] = asked.Accepted
	scope["agrees"] = p.callback.agrees(scope)
	if p.callback.when != nil {
		if holds, err := p.callback.when.value(scope); err != nil || holds != true {
			return nil, ErrNotAnAnswer
		}
	}
	return p.read(p.callback.reading, "callback", r.body, scope)
}
