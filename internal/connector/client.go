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
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
	jsonsource "ballerine/internal/source"
)

// maxAnswer is the largest answer and callback that is read, in bytes.
const maxAnswer = 1 << 20

// longestPause bounds how long a vendor may put its next attempt off.
const longestPause = 24 * time.Hour

// Client makes the calls. All members must be set besides Settings, Now and UserAgent.
type Client struct {
	HTTP      *http.Client      // of outbound.NewClient, with a timeout of at least a minute: plugins bring their own
	Secrets   Secrets           // for {secret.NAME}
	Settings  map[string]string // for {vendor.NAME}: base URLs
	Now       func() time.Time  // default time.Now
	UserAgent string            // default "Ballerine-Vendor/1"
}

// Do makes one attempt. Every attempt at the same request carries the same Idempotency-Key. Errors:
//   - Invalid: the request cannot be made of this context, or breaks its schema; Fields names the places
//   - VendorUnavailable: no answer, 408, 425, 429, 5xx; Details has "status" and "retry_after_seconds" where there are any
//   - Timeout: no answer in time
//   - VendorRejected: any other status, or an address that must not be called
//   - VendorGarbage: too large, not JSON that every reader takes in the same way, nested too deep, or it breaks its schema
//   - Internal: a setting or secret is not configured
func (c *Client) Do(ctx context.Context, plugin *Plugin, call Call) (Outcome, error) {
	if plugin.Callback && call.CallbackURL == "" {
		return Outcome{}, problem.New(problem.Internal, "The plugin %s needs a callback URL.", plugin.ID)
	}
	scope, err := plain(scopeOf(call))
	if err != nil {
		return Outcome{}, problem.New(problem.Invalid, "The case's context is not JSON.")
	}
	within, cancel := context.WithTimeout(ctx, plugin.Timeout)
	defer cancel()
	request, err := c.request(within, plugin, call, scope.(map[string]any))
	if err != nil {
		return Outcome{}, err
	}
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return Outcome{}, failed(ctx, plugin, err)
	}
	body, readErr := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	_ = answer.Body.Close() // all that is wanted has been read
	return c.understood(ctx, plugin, answer, body, readErr, scope.(map[string]any))
}

// understood reads an answer: the result, or that it comes later.
func (c *Client) understood(ctx context.Context, plugin *Plugin, answer *http.Response, body []byte, readErr error, scope map[string]any) (Outcome, error) {
	if err := c.judge(plugin, answer); err != nil {
		return Outcome{Status: answer.StatusCode}, err
	}
	if plugin.Callback {
		outcome, later, err := plugin.acceptance(answer, body, readErr, scope)
		if later || err != nil {
			return outcome, err
		}
	}
	if readErr != nil {
		return Outcome{Status: answer.StatusCode}, failed(ctx, plugin, readErr)
	}
	result, err := plugin.readAnswer(answer, body, scope)
	return Outcome{Result: result, Status: answer.StatusCode}, err
}

func scopeOf(call Call) map[string]any {
	object := func(m map[string]any) map[string]any {
		if m == nil {
			return map[string]any{}
		}
		return m
	}
	return map[string]any{
		"context": object(call.Context), "input": object(call.Input), "callback_url": call.CallbackURL,
		"case": map[string]any{"id": call.Case, "state": call.State, "visit": call.Visit, "work": call.Work}, "documents": documents(call.Documents),
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

// key is the same for every attempt at one request: of the same round of a visit's work, and with the same words. A request
// that has changed is another one: a vendor that knows the key would answer it as it answered the former.
func (c Call) key(method, target string, content []byte) string {
	name := c.IdempotencyKey
	if name == "" {
		name = strings.Join([]string{c.Case, c.State, strconv.Itoa(c.Visit), c.Work, strconv.Itoa(c.Round)}, "/")
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(method), []byte(target), content} {
		fmt.Fprintf(sum, "%d:", len(part)) // never fails
		sum.Write(part)
	}
	return name + "-" + hex.EncodeToString(sum.Sum(nil)[:8])
}

// request renders everything before it says what is missing.
func (c *Client) request(ctx context.Context, p *Plugin, call Call, scope map[string]any) (*http.Request, error) {
	with, err := c.values(ctx, p, call.Tenant)
	if err != nil {
		return nil, err
	}
	var faults []fault
	target := p.url.render(scope, &values{secrets: with.secrets, settings: with.settings, escape: escapeURL}, &faults)
	header := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(p.headers)) {
		value := p.headers[name].render(scope, with, &faults)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			faults = append(faults, fault{p.headers[name].place, "format", "A header must not contain control characters."})
			continue
		}
		header.Set(name, value)
	}
	var query, body any
	if p.query != nil {
		query = p.query.render(scope, &faults)
	}
	if p.body != nil {
		body = p.body.render(scope, &faults)
	}
	if err := p.checkRequest(faults, query, body); err != nil {
		return nil, err
	}
	return c.assemble(ctx, p, call, target, header, query, body)
}

// values fetches the secrets and settings that the plugin names.
func (c *Client) values(ctx context.Context, p *Plugin, tenant string) (*values, error) {
	with := &values{secrets: map[string]string{}, settings: c.Settings}
	texts := append([]*text{p.url}, slices.Collect(maps.Values(p.headers))...)
	for _, t := range texts {
		for _, part := range t.parts {
			if part.setting != "" && c.Settings[part.setting] == "" {
				return nil, problem.New(problem.Internal, "The setting vendor.%s of the plugin %s is not configured.", part.setting, p.ID)
			}
			if _, known := with.secrets[part.secret]; part.secret == "" || known {
				continue
			}
			value, err := c.Secrets.Secret(ctx, tenant, part.secret)
			if err != nil {
				return nil, secretProblem(err, p.ID, part.secret)
			}
			with.secrets[part.secret] = value
		}
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
	if value == "." || value == ".." { // would climb the path although nothing in it needs escaping
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

func (p *Plugin) checkRequest(faults []fault, query, body any) error {
	e := problem.New(problem.Invalid, "The request to %s cannot be created from this case.", p.ID)
	for _, f := range faults {
		e.With(f.place, f.code, "%s", f.message)
	}
	if len(faults) == 0 { // else the schema would repeat what is missing
		place, value := "request.body", body
		if p.body == nil {
			place, value = "request.query", query
		}
		fields(e, place, violations(p.request, value))
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func (c *Client) assemble(ctx context.Context, p *Plugin, call Call, target string, header http.Header, query, body any) (*http.Request, error) {
	address, err := url.Parse(target)
	if err != nil || address.Host == "" {
		return nil, problem.New(problem.Internal, "The URL of the plugin %s is not valid.", p.ID)
	}
	if parameters, ok := query.(map[string]any); ok {
		all := address.Query()
		for name, value := range parameters {
			written, ok := scalar(value)
			if !ok {
				return nil, problem.New(problem.Invalid, "The request to %s cannot be created from this case.", p.ID).With("request.query", "type", "A parameter must be text, a number or a boolean.")
			}
			all.Set(name, written)
		}
		address.RawQuery = all.Encode()
	}
	var content io.Reader
	var written []byte
	if p.body != nil {
		if written, err = json.Marshal(body); err != nil {
			return nil, problem.New(problem.Invalid, "The request to %s cannot be created from this case.", p.ID)
		}
		content = bytes.NewReader(written)
		header.Set("Content-Type", "application/json")
	}
	request, err := http.NewRequestWithContext(ctx, p.method, address.String(), content)
	if err != nil {
		return nil, problem.New(problem.Internal, "The URL of the plugin %s is not valid.", p.ID)
	}
	request.Header = header
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", c.agent())
	}
	header.Set("Idempotency-Key", call.key(p.method, address.String(), written))
	return request, nil
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
func failed(ctx context.Context, p *Plugin, err error) error {
	failure := outbound.Classify(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return problem.New(problem.Unavailable, "The call of %s was cancelled.", p.ID)
	case failure == outbound.TimedOut:
		return problem.New(problem.Timeout, "%s did not answer in time.", p.ID)
	case failure == outbound.RefusedAddress:
		return problem.New(problem.VendorRejected, "The address of %s must not be called.", p.ID).Detail("reason", string(failure))
	}
	return problem.New(problem.VendorUnavailable, "%s cannot be reached.", p.ID).Detail("reason", string(failure))
}

// judge tells answers from refusals by the status.
func (c *Client) judge(p *Plugin, answer *http.Response) error {
	status := answer.StatusCode
	switch {
	case slices.Contains(p.success, status), p.success == nil && status >= 200 && status < 300, p.Callback && p.later.names(status):
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly, slices.Contains(p.retryable, status):
		e := problem.New(problem.VendorUnavailable, "%s answered with status %d.", p.ID, status).Detail("status", status)
		wanted := outbound.RetryAfter(answer.Header, c.now(), math.MaxInt32*time.Second)
		if pause := min(wanted, longestPause); pause > 0 {
			e.Detail("retry_after_seconds", int(pause/time.Second))
			e.Message += " It may be called again at " + c.now().Add(wanted).UTC().Format(time.RFC3339) + "."
			if wanted > longestPause {
				e.Message += " It is called again after a day."
			}
		}
		return e
	}
	return problem.New(problem.VendorRejected, "%s refused the request with status %d.", p.ID, status).Detail("status", status)
}

func (p *Plugin) readAnswer(answer *http.Response, body []byte, scope map[string]any) (any, error) {
	value, err := parseBody(p.ID, answer.Header, body)
	if err != nil {
		return nil, err
	}
	return p.read(p.answer, "response", value, map[string]any{
		"body": value, "status": float64(answer.StatusCode), "context": scope["context"], "input": scope["input"], "case": scope["case"],
	})
}

// parseBody reads JSON of a bounded size and depth that every reader takes in the same way; an empty body is null.
func parseBody(id string, header http.Header, body []byte) (any, error) {
	garbage := func(code, message string) error {
		return problem.New(problem.VendorGarbage, "The answer of %s is not valid.", id).With("response.body", code, "%s", message)
	}
	if len(body) > maxAnswer {
		return nil, garbage("too_large", fmt.Sprintf("has more than %d bytes", maxAnswer))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json")) {
		return nil, garbage("content_type", "does not have a JSON content type")
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return nil, garbage("json", "is not JSON")
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
// their requests in 64 bits: a number that nobody reads spoils no answer, and one that is read is the vendor's own.
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
	kept, err := p.mapped(reading{p.later.schema, p.later.keep}, "response", body, scope, nil)
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
	if fields(e, place+".body", violations(how.schema, body)); len(e.Fields) > 0 {
		return nil, e
	}
	result := body
	if how.result != nil {
		var faults []fault
		result = how.result.render(scope, &faults)
		for _, f := range faults {
			e.With(f.place, f.code, "%s", f.message)
		}
	}
	if len(e.Fields) == 0 {
		fields(e, "result", violations(shape, result))
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	return result, nil
}
