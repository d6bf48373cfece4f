package connector

import (
	"context"
	"net/http"
	"time"

	"ballerine/internal/problem"
)

type callback struct {
	verifier verifier
	reading  reading
	when     *query // nil: every callback is the answer
}

// ReadCallback finds the plugin's secret and reads the callback with it. Errors: see Plugin.ReadCallback; Internal when
// the secret is not configured, or is no key.
func (c *Client) ReadCallback(ctx context.Context, tenant string, plugin *Plugin, header http.Header, body []byte) (any, error) {
	if plugin.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not use callbacks.", plugin.ID)
	}
	secret := ""
	if name := plugin.callback.verifier.Secret; name != "" {
		var err error
		if secret, err = c.Secrets.Secret(ctx, tenant, name); err != nil {
			return nil, secretProblem(err, plugin.ID, name)
		}
	}
	return plugin.ReadCallback(header, body, secret, c.now())
}

// ReadCallback checks a callback's signature and age, then checks and maps its body as an answer's. secret may hold
// several secrets, separated by spaces; it is "" where the definition has a public key. Errors: InvalidCredentials, VendorGarbage,
// ErrNotAnAnswer, NotFound when the plugin has no callback, Internal when the secret is no key.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	if p.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not use callbacks.", p.ID)
	}
	switch valid, usable := p.callback.verifier.verify(header, body, secret, now); {
	case !usable:
		return nil, unusableSecret(p)
	case !valid:
		return nil, problem.New(problem.InvalidCredentials, "The signature of the callback is not valid.")
	}
	return p.readCallback(header, body)
}

// readCallback reads the body of a callback whose signature has been checked.
func (p *Plugin) readCallback(header http.Header, body []byte) (any, error) {
	value, err := parseBody(p.ID, header, body)
	if err != nil {
		return nil, err
	}
	if p.callback.when != nil {
		if holds, err := p.callback.when.value(map[string]any{"body": value}); err != nil || holds != true {
			return nil, ErrNotAnAnswer
		}
	}
	return p.read(p.callback.reading, "callback", value, map[string]any{"body": value})
}
