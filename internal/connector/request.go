package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

func scopeOf(call Call) map[string]any {
	object := func(m map[string]any) map[string]any {
		if m == nil {
			return map[string]any{}
		}
		return m
	}
	return map[string]any{
		"context": object(call.Context), "input": object(call.Input), "callback_url": call.CallbackURL,
		"case": map[string]any{"id": call.Case, "state": call.State, "visit": call.Visit, "work": call.Work, "round": call.Round}, "documents": documents(call.Documents),
	}
}

// documents are as expressions see them.
func documents(given []Document) []any {
	seen := make([]any, len(given))
	for i, d := range given {
		seen[i] = map[string]any{"id": d.ID, "kind": d.Kind, "side": d.Side, "content_type": d.ContentType, "size": float64(d.Size), "sha256": d.SHA256}
	}
	return seen
}

// key is the same for every attempt at one request: of the same round of a visit's work, by the same plugin, and with the same words. A
// request that has changed is another one: a vendor that knows the key would answer it as it answered the former.
func (c Call) key(digest string) string {
	name := c.IdempotencyKey
	if name == "" {
		name = strings.Join([]string{c.Case, c.State, strconv.Itoa(c.Visit), c.Work, strconv.Itoa(c.Round)}, "/")
	}
	return name + "-" + digest[:16]
}

// digestRequest is the SHA-256 of a request's words, in hex.
func digestRequest(plugin, method, target string, header http.Header, content []byte) string {
	sum := sha256.New()
	write := func(part []byte) {
		fmt.Fprintf(sum, "%d:", len(part)) // never fails
		sum.Write(part)
	}
	for _, part := range []string{plugin, method, target} {
		write([]byte(part))
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		write([]byte(name + ":" + strings.Join(header[name], "\n")))
	}
	write(content)
	return hex.EncodeToString(sum.Sum(nil))
}

// prepared is a request of which all is known but what depends on the moment: its token and its signature.
type prepared struct {
	url     *url.URL
	header  http.Header
	content []byte    // nil: none
	digest  string    // of its words, with the names of secrets in their place
	shown   *prepared // itself with the names of secrets in their place
	tenant  string
	with    *values
	scope   map[string]any
	known   *confidential // of the attempt
}

// prepare renders everything before it reports what is missing.
func (c *Client) prepare(ctx context.Context, p *Plugin, call Call, scope map[string]any) (*prepared, error) {
	return c.prepareAt(ctx, p, call, scope, nil)
}

// prepareAt is prepare for a page, to which turn leads; nil: the first.
func (c *Client) prepareAt(ctx context.Context, p *Plugin, call Call, scope map[string]any, turn func(*url.URL, url.Values)) (*prepared, error) {
	with, err := c.values(ctx, p, call.Tenant)
	if err != nil {
		return nil, err
	}
	with.documents, with.turn = call.Documents, turn
	files := c.Files
	if files == nil && !c.preview && p.body.value.attaches() {
		return nil, problem.New(problem.Internal, "The plugin %s sends documents, and they cannot be read here.", p.ID)
	}
	r, err := p.fill(scope, with, &attaching{ctx: ctx, files: files, call: call})
	if err != nil {
		return nil, err
	}
	key := r
	if p.named { // a key derived from a secret would reveal something about it; a link differs each time
		if key, err = p.fill(scope, with.masked(), &attaching{}); err != nil {
			return nil, err
		}
	}
	r.shown, r.known = key, confidentialOf(ctx)
	if r.known == nil {
		r.known = &confidential{}
		r.known.called(call.CallbackURL)
	}
	r.known.add(slices.Collect(maps.Values(with.secrets))...)
	r.known.add(p.auth.credentials(with)...)
	r.digest = digestRequest(p.ID, p.method, key.url.String(), key.header, key.content)
	r.header.Set("Idempotency-Key", call.key(r.digest))
	if r.header.Get("User-Agent") == "" {
		r.header.Set("User-Agent", c.agent())
	}
	r.tenant = call.Tenant
	return r, nil
}

// fill makes the request's parts.
func (p *Plugin) fill(scope map[string]any, with *values, documents *attaching) (*prepared, error) {
	var faults []fault
	target := p.url.render(scope, &values{secrets: with.secrets, settings: with.settings, escape: escapeURL}, &faults)
	if climbs(target) {
		faults = append(faults, fault{p.url.place, "format", "A value must not climb the path of the URL."})
	}
	header := p.renderHeaders(p.headers, scope, with, &faults)
	var query any
	if p.query != nil {
		query = p.query.render(scope, with, &faults)
	}
	body := p.body.render(scope, with, &faults)
	if err := p.checkRequest(faults, query, named(body)); err != nil {
		return nil, err
	}
	body, err := documents.fill(body)
	if err != nil {
		return nil, err
	}
	return p.assemble(&prepared{header: header, with: with, scope: scope}, target, query, body)
}

func (p *Plugin) renderHeaders(from map[string]*text, scope map[string]any, with *values, faults *[]fault) http.Header {
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		value := from[name].render(scope, with, faults)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			*faults = append(*faults, fault{from[name].place, "format", "A header must not contain control characters."})
			continue
		}
		header.Set(name, value)
	}
	return header
}

// values fetches the secrets and settings that the request names.
func (c *Client) values(ctx context.Context, p *Plugin, tenant string) (*values, error) {
	with := &values{secrets: map[string]string{}, settings: c.Settings}
	for _, n := range p.uses {
		if !n.secret {
			if c.Settings[n.name] == "" {
				return nil, problem.New(problem.Internal, "The setting vendor.%s of the plugin %s is not configured.", n.name, p.ID)
			}
			continue
		}
		if _, known := with.secrets[n.name]; known {
			continue
		}
		value, err := c.Secrets.Secret(ctx, tenant, n.name)
		if problem.CodeOf(err) == problem.NotFound && c.Traffic != nil && c.Traffic.Replays() {
			value, err = maskOf(n.name), nil // it is never shown
		}
		if err != nil {
			return nil, secretProblem(err, p.ID, n.name)
		}
		with.secrets[n.name] = value
	}
	return with, nil
}

func secretProblem(err error, plugin, name string) error {
	if problem.CodeOf(err) == problem.NotFound {
		return problem.New(problem.Internal, "The secret %s of the plugin %s is not configured.", name, plugin)
	}
	return problem.Wrap(err, problem.Unavailable, "The secret %s of the plugin %s cannot be read.", name, plugin)
}

// escapeURL escapes a value for where it stands: in the path, or after the question mark.
func escapeURL(value, before string) string {
	if strings.Contains(before, "?") {
		return url.QueryEscape(value)
	}
	if value == "." || value == ".." { // would climb the path although it contains no character that needs escaping
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

// climbs reports whether a server that decodes a path before it resolves it would find a way up in it.
func climbs(target string) bool {
	path, _, _ := strings.Cut(target, "?")
	_, path, _ = strings.Cut(path, "://")
	decoded, err := url.PathUnescape(path)
	return err == nil && slices.ContainsFunc(strings.FieldsFunc(decoded, func(r rune) bool { return r == '/' || r == '\\' }), func(one string) bool {
		one, _, _ = strings.Cut(one, ";")
		return one == "." || one == ".."
	})
}

func (p *Plugin) checkRequest(faults []fault, query, body any) error {
	e := p.uncreatable()
	for _, f := range faults {
		e.With(f.place, f.code, "%s", f.message)
	}
	if len(faults) == 0 { // else the schema would repeat what is missing
		place, value := "request.body", body
		if !p.body.there() {
			place, value = "request.query", query
		}
		fields(e, place, schemafault.Of(p.request, value))
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// uncreatable is a request that cannot be made of a case.
func (p *Plugin) uncreatable() *problem.Error {
	return problem.New(problem.Invalid, "The request to %s cannot be created from this case.", p.ID)
}

func (p *Plugin) assemble(r *prepared, target string, query, body any) (*prepared, error) {
	address, err := url.Parse(target)
	if err != nil || address.Host == "" {
		return nil, problem.New(problem.Internal, "The URL of the plugin %s is not valid.", p.ID)
	}
	r.url = address
	var faults []fault
	if given, ok := query.(map[string]any); ok {
		all := address.Query()
		for name, written := range parameters(given, "request.query", &faults) {
			all[name] = written
		}
		address.RawQuery = all.Encode()
	}
	if r.with.turn != nil {
		r.with.turn(address, p.secretParameters(query))
	}
	if p.body.there() {
		var contentType string
		r.content, contentType = p.body.write(body, &faults)
		r.header.Set("Content-Type", contentType)
	}
	if len(faults) > 0 {
		return nil, p.checkRequest(faults, nil, nil)
	}
	if r.header.Get("Accept") == "" {
		r.header.Set("Accept", p.accepted())
	}
	return r, nil
}

// accepted is what the plugin can read.
func (p *Plugin) accepted() string {
	if p.answer.format == "" || p.answer.format == jsonFormat {
		return "application/json"
	}
	return "*/*"
}

// request is what is sent: with its token, and signed at this moment.
func (c *Client) request(ctx context.Context, p *Plugin, r *prepared, token string) (*http.Request, error) {
	var content io.Reader
	if r.content != nil {
		content = bytes.NewReader(r.content)
	}
	request, err := http.NewRequestWithContext(ctx, p.method, r.url.String(), content)
	if err != nil {
		return nil, problem.New(problem.Internal, "The URL of the plugin %s is not valid.", p.ID)
	}
	request.Header = r.header.Clone()
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if p.auth.basic != nil {
		if err := c.basic(p, request, r); err != nil {
			return nil, err
		}
	}
	if p.auth.sigv4 != nil {
		p.auth.sigv4.sign(request, r.content, r.with, c.now(), c.preview)
	}
	if p.signing != nil {
		if err := c.sign(p, request, r); err != nil {
			return nil, err
		}
	}
	return request, nil
}

// credentialHeaders authenticate a request, wherever a plugin has them from.
var credentialHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie"}

// sent records what a request was authenticated with: it must not be stored if the vendor repeats it.
func (r *prepared) sent(request *http.Request) {
	for _, name := range credentialHeaders {
		for _, value := range request.Header[name] {
			if _, credential, scheme := strings.Cut(value, " "); scheme && name != "Cookie" {
				value = credential
			}
			if len(value) >= shortestToken {
				r.known.add(value)
			}
		}
	}
}
