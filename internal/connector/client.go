package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
	jsonsource "ballerine/internal/source"
)

// maxAnswer is the largest answer and callback that is read, in bytes.
const maxAnswer = 1 << 20

// longestPause bounds how long a vendor may put its next attempt off.
const longestPause = 24 * time.Hour

// Client makes the calls. All members must be set besides Files, Settings, Now, UserAgent and Traffic.
type Client struct {
	HTTP      *http.Client      // of outbound.NewClient, with a timeout of at least a minute: plugins bring their own
	Secrets   Secrets           // for {secret.NAME}
	Files     Files             // for documents in requests; nil: none can be sent
	Settings  map[string]string // for {vendor.NAME}: base URLs
	Now       func() time.Time  // default time.Now
	UserAgent string            // default "Ballerine-Vendor/1"
	Traffic   Traffic           // records or replays; nil: vendors are called, and nothing is recorded

	tokens     tokens
	certifieds certifieds
	breakers   breakers
	limits     limits
	inOrder    bool // calls of one attempt are made one after the other
	preview    bool // shows a request instead of sending it: what would depend on secrets or on the moment has a name instead
}

// Do makes one attempt. Every attempt at the same request carries the same Idempotency-Key. Errors:
//   - Invalid: the request cannot be made of this context, or breaks its schema; Fields names the places
//   - VendorUnavailable: no answer, 408, 425, 429, 5xx, or the vendor is left alone (Resting); Details has "status" and "retry_after_seconds" where there are any
//   - Timeout: no answer in time
//   - VendorRejected: any other status, or an address that must not be called
//   - VendorGarbage: too large, not JSON that every reader takes in the same way, nested too deep, or it breaks its schema
//   - Internal: a setting or secret is not configured, or is no key
//
// The last four may be about the vendor's token server, too.
func (c *Client) Do(ctx context.Context, plugin *Plugin, call Call) (Outcome, error) {
	log, t := &exchanges{left: maxExchanged}, (*tape)(nil)
	ctx = context.WithValue(ctx, exchangesKey{}, log)
	if plugin.cached > 0 {
		t = &tape{}
		ctx = context.WithValue(ctx, tapeKey{}, t)
	}
	outcome, err := c.attempt(ctx, plugin, call)
	log.end()
	if log.late() {
		hide := log.known.hiding()
		outcome.Result, outcome.Accepted = redacted(outcome.Result, hide), redacted(outcome.Accepted, hide)
		t.hide(hide)
	}
	if err == nil {
		outcome.Kept = c.kept(plugin, call, t, outcome)
	}
	outcome.Exchanged = log.content(plugin.ID)
	return outcome, err
}

// attempt is Do without what is kept of it.
func (c *Client) attempt(ctx context.Context, plugin *Plugin, call Call) (Outcome, error) {
	if plugin.Callback && call.CallbackURL == "" {
		return Outcome{}, problem.New(problem.Internal, "The plugin %s needs a callback URL.", plugin.ID)
	}
	scope, err := plain(scopeOf(call))
	if err != nil {
		return Outcome{}, problem.New(problem.Invalid, "The case's context is not JSON.")
	}
	within, cancel := context.WithTimeout(ctx, plugin.Timeout)
	defer cancel()
	known, err := c.confidential(within, plugin, call.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	known.called(call.CallbackURL)
	within = context.WithValue(within, confidentialKey{}, known)
	if log, kept := ctx.Value(exchangesKey{}).(*exchanges); kept {
		log.known = known
	}
	if plugin.Several() {
		return c.several(ctx, within, plugin, call, scope.(map[string]any))
	}
	r, err := c.prepare(within, plugin, call, scope.(map[string]any))
	if err != nil {
		return Outcome{}, err
	}
	trace := Trace{}
	attempt := func() (Outcome, error) {
		trace = Trace{Request: plugin.endpoint, Key: r.header.Get("Idempotency-Key"), Sent: digestOf(r.content), digest: r.digest}
		answer, err := c.exchange(ctx, within, plugin, r)
		if err != nil {
			return Outcome{}, err
		}
		trace.answered(answer)
		outcome, err := c.understood(ctx, plugin, answer, scope.(map[string]any))
		trace.Charged = err == nil || problem.CodeOf(err) == problem.VendorGarbage
		return outcome, err
	}
	outcome, err := c.paced(plugin, call.Tenant, func() (Outcome, error) { return c.guarded(ctx, plugin, call.Tenant, attempt) })
	outcome.Trace = trace
	return outcome, err
}

// answered notes an answer.
func (t *Trace) answered(a answer) {
	t.Status = a.status
	if a.readErr == nil && len(a.body) <= maxAnswer {
		t.Received, t.Bytes = digestOf(a.body), len(a.body)
	}
}

// digestOf is the SHA-256 of contents in hex; "" of none.
func digestOf(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// answer is what a vendor has answered.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	readErr error
	hide    *hider   // takes out what must not be written down; nil: there is nothing
	address *url.URL // of the request, where it may have pages
}

// exchange sends the request, unless the attempt's tape answers it.
func (c *Client) exchange(ctx, within context.Context, p *Plugin, r *prepared) (answer, error) {
	t := tapeOf(within)
	if t.plays() {
		return t.play(r)
	}
	begun := c.now()
	a, err := c.conversed(ctx, within, p, r)
	t.record(p, r, a, err)
	c.noted(within, p, r, begun, a, err)
	return a, err
}

// exchanged sends the request. A token that the vendor does not accept is replaced once.
func (c *Client) exchanged(ctx, within context.Context, p *Plugin, r *prepared) (answer, error) {
	if p.auth.oauth == nil || c.preview {
		return c.send(ctx, within, p, r, p.auth.shownToken())
	}
	grant := p.auth.oauth.grant(r)
	var err error
	if grant.client, err = c.http(p, r); err != nil {
		return answer{}, err
	}
	for again := false; ; again = true {
		token, err := c.token(ctx, within, p, grant)
		if err != nil {
			return answer{}, err
		}
		r.known.add(token)
		a, err := c.send(ctx, within, p, r, token)
		if err != nil || a.status != http.StatusUnauthorized || again {
			return a, err
		}
		c.tokens.drop(grant.key(), token)
	}
}

func (c *Client) send(ctx, within context.Context, p *Plugin, r *prepared, token string) (answer, error) {
	within, cancel := once(within)
	defer cancel()
	request, err := c.request(within, p, r, token)
	if err != nil {
		return answer{}, err
	}
	r.sent(request)
	client, err := c.http(p, r)
	if err != nil {
		return answer{}, err
	}
	got, err := client.Do(request)
	if err != nil {
		return answer{}, failed(ctx, p.ID, err)
	}
	body, readErr := io.ReadAll(io.LimitReader(got.Body, maxAnswer+1))
	_ = got.Body.Close() // all that is wanted has been read
	return answer{status: got.StatusCode, header: got.Header, body: body, readErr: readErr, hide: r.known.hiding()}, nil
}

// understood reads an answer: the result, or that it will follow later.
func (c *Client) understood(ctx context.Context, plugin *Plugin, a answer, scope map[string]any) (Outcome, error) {
	if err := c.judge(plugin, a); err != nil {
		return Outcome{Status: a.status}, err
	}
	if plugin.Callback {
		outcome, later, err := plugin.acceptance(ctx, a, scope)
		if later || err != nil {
			return outcome, err
		}
	}
	if a.readErr != nil {
		return Outcome{Status: a.status}, failed(ctx, plugin.ID, a.readErr)
	}
	result, err := plugin.readAnswer(a, scope)
	return Outcome{Result: result, Status: a.status}, err
}

func (c *Client) agent() string {
	if c.UserAgent != "" {
		return c.UserAgent
	}
	return "Ballerine-Vendor/1"
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// failed names why there is no answer. The cause is left out: its text holds the URL.
func failed(ctx context.Context, who string, err error) error {
	failure := outbound.Classify(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return problem.New(problem.Unavailable, "The call of %s was cancelled.", who)
	case failure == outbound.TimedOut:
		return problem.New(problem.Timeout, "%s did not answer in time.", who)
	case failure == outbound.RefusedAddress:
		return problem.New(problem.VendorRejected, "The address of %s must not be called.", who).Detail("reason", string(failure))
	}
	return problem.New(problem.VendorUnavailable, "%s cannot be reached.", who).Detail("reason", string(failure))
}

// judge distinguishes answers from refusals by the status.
func (c *Client) judge(p *Plugin, a answer) error {
	switch {
	case slices.Contains(p.success, a.status), p.success == nil && a.status >= 200 && a.status < 300, p.Callback && p.later.names(a.status):
		return nil
	case passing(a.status), slices.Contains(p.retryable, a.status):
		return c.unavailable(p.ID, a.status, a.header)
	}
	return problem.New(problem.VendorRejected, "%s refused the request with status %d.", p.ID, a.status).Detail("status", a.status)
}

// passing reports whether a retry may help after a status.
func passing(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusTooEarly
}

// unavailable is the error for such a status, with the pause that the answer requests.
func (c *Client) unavailable(who string, status int, header http.Header) error {
	e := problem.New(problem.VendorUnavailable, "%s answered with status %d.", who, status).Detail("status", status)
	wanted := outbound.RetryAfter(header, c.now(), math.MaxInt32*time.Second)
	if pause := min(wanted, longestPause); pause > 0 {
		e.Detail("retry_after_seconds", int(pause/time.Second))
		e.Message += " It may be called again at " + c.now().Add(wanted).UTC().Format(time.RFC3339) + "."
		if wanted > longestPause {
			e.Message += " It is called again after a day."
		}
	}
	return e
}

func (p *Plugin) readAnswer(a answer, scope map[string]any) (any, error) {
	value, err := p.bodyOf(a)
	if err != nil {
		return nil, err
	}
	seen := answerScope(a, value, scope)
	if err := p.concerns(seen); err != nil {
		return nil, err
	}
	return p.read(p.answer, "response", value, seen)
}

// bodyOf is the body of an answer, without the secrets of the request: if the vendor repeats them, they must not be stored.
func (p *Plugin) bodyOf(a answer) (any, error) {
	var value any
	var err error
	switch p.answer.format {
	case noFormat:
	case textFormat:
		value, err = parseText(p.ID, a.body)
	default:
		value, err = parseBody(p.ID, a.header, a.body)
	}
	if err != nil {
		return nil, redactedError(err, a.hide)
	}
	return redacted(value, a.hide), nil
}

// parseText reads text of a bounded size.
func parseText(id string, body []byte) (any, error) {
	switch {
	case len(body) > maxAnswer:
		return nil, garbage(id, "too_large", fmt.Sprintf("has more than %d bytes", maxAnswer))
	case !utf8.Valid(body):
		return nil, garbage(id, "encoding", "is not UTF-8")
	case bytes.IndexByte(body, 0) >= 0:
		return nil, garbage(id, "control", "has a NUL character in it")
	}
	return string(body), nil
}

// headersSeen are the headers of an answer as expressions see them: by their names in small letters, each as one text.
func headersSeen(a answer) map[string]any {
	seen := map[string]any{}
	for name, values := range a.header {
		seen[strings.ToLower(a.hide.name(name))] = a.hide.Replace(strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD"))
	}
	return seen
}

func garbage(id, code, message string) error {
	return problem.New(problem.VendorGarbage, "The answer of %s is not valid.", id).With("response.body", code, "%s", message)
}

// answerScope is what expressions about an answer see.
func answerScope(a answer, body any, scope map[string]any) map[string]any {
	seen := map[string]any{"body": body, "status": float64(a.status), "headers": headersSeen(a)}
	for _, name := range slices.Concat([]string{"context", "input", "case"}, severalRoots) {
		if value, ok := scope[name]; ok {
			seen[name] = value
		}
	}
	return seen
}

// parseBody reads JSON of a bounded size and depth that every reader takes in the same way; an empty body is null.
func parseBody(id string, header http.Header, body []byte) (any, error) {
	if len(body) > maxAnswer {
		return nil, garbage(id, "too_large", fmt.Sprintf("has more than %d bytes", maxAnswer))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if isXML(kind) {
		return nil, garbage(id, "content_type", "is XML, which is not read as such: with response.format: text it is one text")
	}
	if err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
		return nil, garbage(id, "content_type", "does not have a JSON content type")
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return nil, garbage(id, "json", "is not JSON")
	}
	faults := jsonsource.JSONFaults(body)
	large := slices.ContainsFunc(faults, jsonsource.JSONFault.Inexact)
	if faults = slices.DeleteFunc(faults, jsonsource.JSONFault.Inexact); len(faults) > 0 {
		e := problem.New(problem.VendorGarbage, "The answer of %s is not valid: it cannot be stored unchanged.", id)
		for _, f := range faults {
			e.With(jsonsource.Join("response.body", f.Path), f.Code, "%s", f.Message)
		}
		return nil, e
	}
	if large {
		return exactly(body)
	}
	return value, nil
}

// exactly reads JSON whose numbers are not all exact as a float64: those are kept as they were written, as text. Many vendors count
// their requests in 64 bits: an unused number must not spoil an answer, and one that is used is exact.
func exactly(body []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode answer: %w", err)
	}
	return numbered(value), nil
}

func numbered(value any) any {
	switch v := value.(type) {
	case json.Number:
		if number, exact := jsonsource.ExactNumber(v.String()); exact {
			return number
		}
		return v.String()
	case map[string]any:
		for name, member := range v {
			v[name] = numbered(member)
		}
	case []any:
		for i, element := range v {
			v[i] = numbered(element)
		}
	}
	return value
}

// keep maps what is kept of an acceptance.
func (p *Plugin) keep(body any, scope map[string]any) (any, error) {
	kept, err := p.mapped(reading{schema: p.later.schema, result: p.later.keep}, "response", body, scope, nil)
	if err != nil && p.later.borrowed {
		return nil, problem.As(err).With("response.later.schema", "required", "is not specified, so response.schema counts for the answer that only accepts the request, too")
	}
	return kept, err
}

// read checks the body, maps it and checks the result.
func (p *Plugin) read(how reading, place string, body any, scope map[string]any) (any, error) {
	return p.mapped(how, place, body, scope, p.result)
}

func (p *Plugin) mapped(how reading, place string, body any, scope map[string]any, shape *jsonschema.Schema) (any, error) {
	e := problem.New(problem.VendorGarbage, "The answer of %s is not valid.", p.ID)
	if fields(e, place+".body", schemafault.Of(how.schema, body)); len(e.Fields) > 0 {
		return nil, e
	}
	result := body
	if how.result != nil {
		var faults []fault
		result = how.result.render(scope, nil, &faults)
		for _, f := range faults {
			e.With(f.place, f.code, "%s", f.message)
		}
	}
	if len(e.Fields) == 0 && shape != nil && p.uniform != nil {
		result = inShape(result, p.uniform)
	}
	if len(e.Fields) == 0 {
		fields(e, "result", schemafault.Of(shape, result))
	}
	if len(e.Fields) == 0 && shape != nil && p.uniform != nil {
		ranges(e, "result", result, p.uniform)
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	return result, nil
}
