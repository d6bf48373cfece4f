package connector

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/calendar"
	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

// Plugin is a compiled definition: immutable, safe for concurrent use.
type Plugin struct {
	ID       string
	Title    string        // the English one where there are several
	Titles   Titles        // of the result and its fields, by language; nil: none
	Callback bool          // the vendor calls back; see later
	Wait     time.Duration // for the callback
	Timeout  time.Duration // of one attempt
	Retry    RetryPolicy   // for the compiled state machine
	Fallback string        // the plugin that is called when the attempts are used up; "": none
	Shape    string        // of its results, such as identity/1; "": its own

	Price  *Price  // of a call; nil: it is not stated
	Budget *Budget // for a month; nil: there is none

	digest      string        // SHA-256 of the definition
	cached      time.Duration // for how long answers are used again; 0: never
	steps       []*step       // calls before the request
	pages       *pages        // of the answer; nil: it is whole
	callless    bool          // there is no request besides those of the steps
	endpoint    string        // method and address as they are written
	method      string
	url         *text
	headers     map[string]*text
	query       *template // of an object; nil without
	body        sent
	auth        auth
	signing     *signing     // nil: requests are not signed
	certificate *certificate // nil: the client shows none
	uses        []need       // the secrets and settings of requests
	named       bool         // its key is derived from names: there is a secret in the URL, a header, a parameter or the body, or a document in it
	request     *jsonschema.Schema
	success     []int // nil: every 2xx
	retryable   []int
	answer      reading
	about       []concern // what an answer repeats of what was asked
	later       later
	callback    *callback
	result      *jsonschema.Schema

	resultShape map[string]any // what result was compiled from
	uniform     map[string]any // the shape's schema; nil: the plugin has a form of its own
	reads       *Reads
	needs       []need
	limit       *limit             // nil: as often as one likes
	breaker     *breaker           // nil: the vendor is always asked
	instead     problem.Diagnostic // where the fallback is named, without code and message
	cases       []example
}

// Reads is what the templates of a plugin are made from.
type Reads struct {
	Context   [][]string // paths of the context; what is below them is read, too
	Input     bool       // part of the work's `with`
	Documents bool       // the documents of the case
}

// Reads states what requests, and results derived from answers, depend on; nil: unknown, possibly everything.
func (p *Plugin) Reads() *Reads { return p.reads }

func readsOf(queries []string) *Reads {
	reads := &Reads{}
	for _, query := range queries {
		paths, everything := expr.QueryReads(query)
		if everything {
			return nil
		}
		for _, steps := range paths {
			switch {
			case len(steps) == 0 || len(steps) == 1 && steps[0] == "context":
				return nil
			case steps[0] == "context":
				reads.Context = append(reads.Context, steps[1:])
			case steps[0] == "input":
				reads.Input = true
			case steps[0] == "documents":
				reads.Documents = true
			}
		}
	}
	return reads
}

// ResultSchema is the JSON Schema of what the plugin writes to the context; nil if the definition does not state it. The
// caller must not change it.
func (p *Plugin) ResultSchema() map[string]any { return p.resultShape }

// reading is how a body becomes a result.
type reading struct {
	format string // "": JSON
	schema *jsonschema.Schema
	result *template // nil: the body itself
}

// Defaults and limits of a plugin.
const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = time.Minute
)

var (
	secretName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,60}$`)
	// ownHeaders are set by the client, or belong to the connection.
	ownHeaders = []string{"Host", "Content-Length", "Content-Type", "Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Idempotency-Key"}
	// requestRoots are the names that expressions of a request see; answerRoots and callbackRoots are those of answers and callbacks.
	requestRoots  = []string{"context", "input", "case", "documents", "callback_url"}
	answerRoots   = []string{"body", "status", "headers", "context", "input", "case"}
	callbackRoots = []string{"body", "headers", "case", "accepted", "agrees"}
)

// written is the document once it has passed its JSON Schema.
type written struct {
	ID       string        `json:"id"`
	Title    any           `json:"title"` // a text, or texts by language
	Mode     string        `json:"mode"`
	Timeout  string        `json:"timeout"`
	Retry    *writtenRetry `json:"retry"`
	Fallback string        `json:"fallback"`

	Breaker *writtenBreaker `json:"breaker"`
	Limit   *writtenLimit   `json:"limit"`
	Cache   *writtenCache   `json:"cache"`
	Price   *Price          `json:"price"`
	Budget  *Budget         `json:"budget"`

	Steps    []writtenStep   `json:"steps"`
	Request  *writtenRequest `json:"request"`
	Response struct {
		Format    string `json:"format"`
		Success   []int  `json:"success"`
		Retryable []int  `json:"retryable"`
		Schema    any    `json:"schema"`
		Result    any    `json:"result"`

		About []writtenConcern `json:"about"`
		Later *writtenLater    `json:"later"`
		Pages *writtenPages    `json:"pages"`
	} `json:"response"`
	Callback *writtenCallback `json:"callback"`
	Result   any              `json:"result"`
	Shape    string           `json:"shape"`
	Cases    []example        `json:"cases"`
}

type writtenRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Query   map[string]any    `json:"query"`
	Body    any               `json:"body"`
	Format  string            `json:"format"`
	Schema  any               `json:"schema"`

	ContentType string `json:"content_type"`

	Auth *writtenAuth    `json:"auth"`
	Sign *writtenSigning `json:"sign"`

	TLS *writtenCertificate `json:"tls"`
}

type writtenRetry struct {
	Attempts    *int     `json:"attempts"`
	Interval    string   `json:"interval"`
	Rate        *float64 `json:"rate"`
	MaxInterval string   `json:"max_interval"`
	Jitter      *bool    `json:"jitter"`
	Errors      []string `json:"errors"`
}

type writtenCallback struct {
	Timeout   string    `json:"timeout"`
	When      string    `json:"when"`
	Signature signature `json:"signature"`
	Schema    any       `json:"schema"`
	Result    any       `json:"result"`

	About     []writtenConcern    `json:"about"`
	Correlate *writtenCorrelation `json:"correlate"`
}

// ParsePlugin compiles a definition. It reports all problems at once; the plugin is nil when one is more than a warning.
func ParsePlugin(file string, text []byte) (*Plugin, problem.Diagnostics) {
	s, value := read(file, text)
	if !s.diagnostics.Failed() {
		s.checkForm(value)
	}
	if s.diagnostics.Failed() {
		s.diagnostics.Sort()
		return nil, s.diagnostics
	}
	var w written
	if err := remarshal(value, &w); err != nil {
		s.report("", "form", "", "The document is not a valid plugin.")
		return nil, s.diagnostics
	}
	p := s.build(w)
	p.digest = digestOf(text)
	s.diagnostics.Sort()
	if s.diagnostics.Failed() {
		return nil, s.diagnostics
	}
	return p, s.diagnostics
}

func remarshal(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// publishedForm is the published schema, as it is written and compiled. Both are only read.
type publishedForm struct {
	document any
	schema   *jsonschema.Schema
}

var form = sync.OnceValues(func() (f publishedForm, err error) {
	if err = json.Unmarshal([]byte(pluginForm), &f.document); err == nil {
		f.schema, err = schemafault.Compile(f.document)
	}
	return f, err
})

// checkForm checks the document against the published schema.
func (s *source) checkForm(value any) {
	published, err := form()
	if err != nil {
		s.report("", "internal", "", "The schema of plugins does not compile.")
		return
	}
	for _, v := range schemafault.Of(published.schema, value) {
		switch v.Code {
		case "additionalProperties":
			s.unknownKeys(v.Pointer, published.document)
			continue
		case "propertyNames":
			s.headerNames()
			continue
		}
		name := dotted(v.Pointer)
		if name == "" {
			name = "The document"
		}
		s.report(v.Pointer, v.Code, "", "%s %s.", name, v.Message)
	}
}

// unknownKeys reports each key below the pointer that the schema does not name.
func (s *source) unknownKeys(pointer string, schema any) {
	known := s.knownKeys(pointer, schema)
	for at, key := range s.keys {
		parent := at[:strings.LastIndexByte(at, '/')]
		if parent == pointer && !slices.Contains(known, key.Value) {
			s.places[at] = key
			s.report(at, "unknown_key", "known are "+strings.Join(known, ", "), "The key %s does not exist here.", key.Value)
		}
	}
}

var (
	headerName = regexp.MustCompile(`^[A-Za-z0-9-]{1,60}$`)

	headerPlace = regexp.MustCompile(`^(/steps/[0-9]+)?/request/(sign/)?headers/`)
)

// headerNames reports the names of headers that are none.
func (s *source) headerNames() {
	for at, key := range s.keys {
		if headerPlace.MatchString(at) && !headerName.MatchString(key.Value) {
			s.places[at] = key
			s.report(at, "name", "", "A header name must consist of letters, digits and dashes.")
		}
	}
}

func (s *source) knownKeys(pointer string, schema any) []string {
	node, root := schema.(map[string]any), schema.(map[string]any)
	for _, part := range strings.Split(pointer, "/")[1:] {
		properties, _ := node["properties"].(map[string]any)
		if items, ok := node["items"].(map[string]any); ok && numeric(part) {
			node = items
		} else {
			node, _ = properties[part].(map[string]any)
		}
		if ref, ok := node["$ref"].(string); ok {
			definitions, _ := root["$defs"].(map[string]any)
			node, _ = definitions[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
	}
	properties, _ := node["properties"].(map[string]any)
	var names []string
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *source) build(w written) *Plugin {
	p := &Plugin{
		ID: w.ID, Callback: w.Mode == "callback",
		Timeout: s.duration("/timeout", w.Timeout, defaultTimeout, time.Millisecond, maxTimeout), Retry: s.retry(w.Retry),
		success: w.Response.Success, retryable: w.Response.Retryable,
	}
	p.Title, p.Titles = s.titles(w)
	p.steps = s.several(p, w.Steps)
	p.callless = w.Request == nil
	if p.callless {
		w.Request = &writtenRequest{}
		s.checkCallless(w)
	} else {
		s.buildRequest(p, *w.Request)
	}
	p.cached = s.cache(w, s.queries)
	p.request = s.schema("/request/schema", w.Request.Schema)
	p.pages = s.pages(w.Response.Pages, w.Response.Result, p)
	p.answer = s.reading("/response", s.paging(p.pages, answerRoots), w.Response.Schema, w.Response.Result)
	p.answer.format = w.Response.Format
	p.about = s.about(w)
	if p.later = s.later(w); p.later.schema == nil {
		p.later.schema, p.later.borrowed = p.answer.schema, p.answer.schema != nil
	}
	p.result = s.schema("/result", w.Result)
	p.resultShape, _ = w.Result.(map[string]any)
	s.shaped(p, w)
	if w.Callback != nil {
		if !p.Callback {
			s.report("/callback", "mode", "set mode: callback", "Only a plugin in callback mode can have callbacks.")
		}
		p.Wait = s.wait(w.Callback.Timeout, p.Callback)
		p.callback = s.callback(w.Callback)
	}
	s.checkCalls(p)
	p.reads = readsOf(s.queries)
	p.needs, p.cases = s.needs, s.located(w.Cases)
	s.checkAnswers(p)
	p.fallback(s, w.Fallback)
	p.breaker = s.breaker(w.Breaker)
	p.limit = s.limit(w.Limit)
	p.Price, p.Budget = w.Price, s.budget(w)
	return p
}

// callback compiles how the vendor calls back.
func (s *source) callback(w *writtenCallback) *callback {
	c := &callback{verifier: s.verifier(w.Signature), correlate: s.correlation(w.Correlate)}
	before := len(s.queries)
	c.about = s.concerns("/callback/about", w.About, messageRoots, []string{"case", "accepted"})
	read := len(s.queries)
	c.reading = s.reading("/callback", callbackRoots, w.Schema, w.Result)
	c.when = s.condition("/callback/when", w.When, callbackRoots)
	c.byCase = slices.ContainsFunc(s.queries[before:], aboutCase)
	c.bound = slices.ContainsFunc(s.queries[read:], boundToCase)
	c.whenOf = w.When != "" && aboutCase(w.When)
	return c
}

// buildRequest compiles what is sent.
func (s *source) buildRequest(p *Plugin, w writtenRequest) {
	p.method = w.Method
	before := len(s.needs)
	c := &compiler{source: s, roots: s.seeing(requestRoots), secrets: true}
	p.url = c.url(w.URL, "/request/url")
	address, _, _ := strings.Cut(w.URL, "?")
	p.endpoint = w.Method + " " + address
	p.headers = c.headers(w.Headers, "/request/headers")
	if w.Query != nil {
		p.query = c.template(w.Query, "/request/query")
	}
	p.body = s.sent(w)
	p.auth, p.signing = s.auth(w.Auth, p.headers), s.signing(w.Sign, p.headers, w.Auth != nil)
	p.certificate = s.certificate(w.TLS)
	p.uses = slices.Clone(s.needs[before:]) // callbacks come after this
	p.named = p.url.secretive() || slices.ContainsFunc(slices.Collect(maps.Values(p.headers)), (*text).secretive) || p.query.secretive() || p.body.secretive() || p.body.value.attaches()
}

func (s *source) reading(pointer string, roots []string, schema, result any) reading {
	r := reading{schema: s.schema(pointer+"/schema", schema)}
	if result != nil {
		r.result = (&compiler{source: s, roots: s.seeing(roots)}).body(result, pointer+"/result")
	}
	return r
}

func (s *source) schema(pointer string, schema any) *jsonschema.Schema {
	if schema == nil {
		return nil
	}
	compiled, err := schemafault.Compile(schema)
	if err != nil {
		for _, v := range schemafault.OfSchema(err) {
			s.report(pointer+v.Pointer, "schema", "", "This is not a valid JSON Schema 2020-12: it %s.", v.Message)
		}
	}
	return compiled
}

// duration reads an ISO 8601 duration between least and most.
func (s *source) duration(pointer, text string, otherwise, least, most time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	written, ok := calendar.ParseDuration(text)
	length, exact := written.Exact()
	if !ok || !exact || length < least || length > most {
		s.report(pointer, "range", "", "This must be an ISO 8601 duration between %v and %v, without years and months.", least, most)
		return otherwise
	}
	return length
}

func (s *source) retry(w *writtenRetry) RetryPolicy {
	policy := RetryPolicy{Attempts: 4, Interval: time.Second, Rate: 2, MaxInterval: time.Minute, Jitter: true, Errors: []string{string(problem.VendorUnavailable), string(problem.Timeout)}}
	if w == nil {
		return policy
	}
	policy.Interval = s.duration("/retry/interval", w.Interval, policy.Interval, time.Second, 24*time.Hour)
	policy.MaxInterval = s.duration("/retry/max_interval", w.MaxInterval, max(policy.MaxInterval, policy.Interval), policy.Interval, 24*time.Hour)
	if w.Attempts != nil {
		policy.Attempts = *w.Attempts
	}
	if w.Rate != nil {
		policy.Rate = *w.Rate
	}
	if w.Jitter != nil {
		policy.Jitter = *w.Jitter
	}
	if w.Errors != nil {
		policy.Errors = w.Errors
	}
	return policy
}

// url compiles the URL and makes sure that no value from a case can choose the host.
func (c *compiler) url(raw, pointer string) *text {
	t := c.text(raw, pointer, true)
	if len(t.parts) == 0 {
		return t
	}
	for _, p := range t.parts[1:] {
		if p.setting != "" {
			c.report(pointer, "setting", "", "{vendor.NAME} is only allowed at the start.")
		}
	}
	if t.parts[0].setting != "" {
		if len(t.parts) > 1 && !strings.HasPrefix(t.parts[1].literal, "/") && !strings.HasPrefix(t.parts[1].literal, "?") {
			c.report(pointer, "host", "add a / after it", "The host of {vendor.NAME} must not be extended.")
		}
		return t
	}
	start, err := url.Parse(t.parts[0].literal)
	_, path, _ := strings.Cut(t.parts[0].literal, "://")
	switch {
	case err != nil || (start.Scheme != "https" && start.Scheme != "http"):
		c.report(pointer, "scheme", "", "The URL must begin with https:// or with {vendor.NAME}.")
	case start.Host == "" || (len(t.parts) > 1 && !strings.ContainsAny(path, "/?")):
		c.report(pointer, "host", "", "The host must be literal, or a {vendor.NAME}.")
	case start.User != nil || start.Fragment != "":
		c.report(pointer, "form", "", "The URL must have neither credentials nor a fragment.")
	}
	return t
}

func (c *compiler) headers(raw map[string]string, place string) map[string]*text {
	headers := map[string]*text{}
	for name, value := range raw {
		pointer := place + "/" + escape(name)
		if slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)) {
			c.report(pointer, "header", "", "This header is set by the client itself.")
			continue
		}
		headers[http.CanonicalHeaderKey(name)] = c.text(value, pointer, true)
	}
	return headers
}
