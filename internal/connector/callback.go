package connector

import (
	"context"
	"net/http"
	"strconv"
	"strings"
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
	repeated, err := c.repeatable(ctx, tenant, plugin, secret)
	if err != nil {
		return nil, err
	}
	return plugin.verified(header, body, secret, c.now(), repeated)
}

// ReadCallback checks a callback's signature and age, then checks and maps its body as an answer's. secret may hold
// several secrets, separated by spaces; it is "" where the definition has a public key. Errors: InvalidCredentials, VendorGarbage,
// ErrNotAnAnswer, NotFound when the plugin has no callback, Internal when the secret is no key.
func (p *Plugin) ReadCallback(header http.Header, body []byte, secret string, now time.Time) (any, error) {
	return p.verified(header, body, secret, now, nil)
}

// repeatable are the secrets that a callback may repeat: those of requests, and its own. One that is not there any more is no reason to
// refuse a callback.
func (c *Client) repeatable(ctx context.Context, tenant string, p *Plugin, own string) ([]string, error) {
	with := &values{secrets: map[string]string{}, settings: c.Settings}
	for _, n := range p.uses {
		if !n.secret {
			continue
		}
		value, err := c.Secrets.Secret(ctx, tenant, n.name)
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return nil, secretProblem(err, p.ID, n.name)
		}
		with.secrets[n.name] = value
	}
	if !publicKeyAlgorithm(p.callback.verifier.Algorithm) {
		for i, one := range strings.Fields(own) {
			with.secrets[strconv.Itoa(i)] = one // no name of a secret begins with a digit
		}
	}
	return (&prepared{with: with}).secrets(p, ""), nil
}

// verified is ReadCallback; secrets are those that must not be written down.
func (p *Plugin) verified(header http.Header, body []byte, secret string, now time.Time, secrets []string) (any, error) {
	if p.callback == nil {
		return nil, problem.New(problem.NotFound, "%s does not use callbacks.", p.ID)
	}
	switch valid, usable := p.callback.verifier.verify(header, body, secret, now); {
	case !usable:
		return nil, unusableSecret(p)
	case !valid:
		return nil, problem.New(problem.InvalidCredentials, "The signature of the callback is not valid.")
	}
	return p.readCallback(header, body, secrets)
}

// readCallback reads the body of a callback whose signature has been checked.
func (p *Plugin) readCallback(header http.Header, body []byte, secrets []string) (any, error) {
	value, err := parseBody(p.ID, header, body)
	if err != nil {
		return nil, redactedError(err, secrets)
	}
	value = redacted(value, secrets)
	if p.callback.when != nil {
		if holds, err := p.callback.when.value(map[string]any{"body": value}); err != nil || holds != true {
			return nil, ErrNotAnAnswer
		}
	}
	return p.read(p.callback.reading, "callback", value, map[string]any{"body": value})
}
