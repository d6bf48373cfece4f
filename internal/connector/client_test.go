package connector

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/outbound"
	"ballerine/internal/problem"
)

// target is a vendor that answers as a test defines, and keeps the last request.
type target struct {
	*httptest.Server
	answer  http.HandlerFunc
	request *http.Request
	body    []byte
	calls   int
}

func newTarget(t *testing.T) *target {
	t.Helper()
	v := &target{answer: func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", `{"ok":true}`) }}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.calls++
		v.request = r
		v.body, _ = io.ReadAll(r.Body)
		v.answer(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

func respond(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (v *target) client() *Client {
	return &Client{
		HTTP:     outbound.NewClient(outbound.Options{AllowLoopback: true, Timeout: time.Minute}),
		Secrets:  MapSecrets{"KEY": "s3cr3t value", "HOOK": "first second"},
		Settings: map[string]string{"base": v.URL},
		Now:      func() time.Time { return time.Unix(1_700_000_000, 0) },
	}
}

var call = Call{
	Tenant: "demo", Case: "case_1", State: "screen.id", Visit: 3, Work: "id_check", Attempt: 2, CallbackURL: "https://hooks.example.com/x",
	Context: map[string]any{
		"name": "Anna/b/?x=1&y", "age": 51, "yes": true, "gone": nil, "list": []map[string]any{{"a": 1}, {"a": 2}}, "up": "...", "split": "a\r\nX-Evil: 1",
		"nested": map[string]any{"secret": "private-value"},
	},
	Input: map[string]any{"level": "basic"},
}

const base = `id: check
title: Check
request:
  url: "{vendor.base}/checks"
`

func TestARequestIsMadeAsThePluginDefines(t *testing.T) {
	v := newTarget(t)
	p := parse(t, strings.Replace(base, "/checks", "/p/{context.name}/{context.up}?k={secret.KEY}&n={context.name}", 1)+`
  method: PUT
  headers: {authorization: "Bearer {secret.KEY}", X-Level: "{input.level} {{{case.visit}}}"}
  query: {age: "{context.age}", gone: "{context.gone}", fixed: 7}
  body:
    name: "{context.name}"
    text: "{context.age} years, {context.yes}"
    age: "{context.age}"
    gone: "{context.gone}"
    written: null
    sums: {total: "{sum(context.list[].a)}", all: "{context.list[].{v: a}}"}
    list: ["{case.id}", 1.5, "{{plain}}"]
    back: "{callback_url}"
`)
	if _, err := v.client().Do(t.Context(), p, call); err != nil {
		t.Fatal(err)
	}
	r := v.request
	if r.Method != http.MethodPut || r.URL.EscapedPath() != "/p/Anna%2Fb%2F%3Fx=1&y/..." {
		t.Errorf("%s %s", r.Method, r.URL.EscapedPath())
	}
	if q := r.URL.Query(); q.Get("k") != "s3cr3t value" || q.Get("n") != "Anna/b/?x=1&y" || q.Get("age") != "51" || q.Get("fixed") != "7" || q.Has("gone") || q.Has("y") {
		t.Errorf("%v", q)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer s3cr3t value", "X-Level": "basic {3}", "Content-Type": "application/json", "Accept": "application/json",
	} {
		if key := r.Header.Get("Idempotency-Key"); !strings.HasPrefix(key, "case_1/screen.id/3/id_check/0-") {
			t.Errorf("Idempotency-Key: %q", key)
		}
		if r.Header.Get(name) != want {
			t.Errorf("%s: %q", name, r.Header.Get(name))
		}
	}
	want := `{"age":51,"back":"https://hooks.example.com/x","list":["case_1",1.5,"{plain}"],"name":"Anna/b/?x=1\u0026y","sums":{"all":[{"v":1},{"v":2}],"total":3},"text":"51 years, true","written":null}`
	if string(v.body) != want {
		t.Errorf("body\n%s\nwant\n%s", v.body, want)
	}
}

func TestABodyMayBeOneExpression(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: POST\n  body: \"{n: context.name, l: context.list[0].a}\"\n")
	if _, err := v.client().Do(t.Context(), p, call); err != nil || string(v.body) != `{"l":1,"n":"Anna/b/?x=1\u0026y"}` {
		t.Errorf("%s %v", v.body, err)
	}
}

func TestEveryAttemptAtTheSameRequestCarriesTheSameIdempotencyKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := Call{Case: "case_" + rapid.StringMatching(`[a-z]{3}`).Draw(t, "case"), State: rapid.StringMatching(`[a-z.]{1,5}`).Draw(t, "state"), Visit: rapid.IntRange(1, 9).Draw(t, "visit"), Work: rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "work")}
		again := one
		again.Attempt, again.Context = 7, map[string]any{"x": 1}
		key := func(c Call, body string) string {
			return c.key(digestRequest("check", "POST", "https://v.example/x", http.Header{"X-A": {"1"}}, []byte(body)))
		}
		visited, retried := one, one
		visited.Visit++
		retried.Round++
		if key(one, "{}") != key(again, "{}") {
			t.Fatal("another attempt at the same request has another key")
		}
		for what, other := range map[string]string{
			"visit": key(visited, "{}"), "retry by a person": key(retried, "{}"), "changed request": key(one, `{"a":1}`),
			"another plugin": one.key(digestRequest("other", "POST", "https://v.example/x", http.Header{"X-A": {"1"}}, []byte("{}"))), "another header": one.key(digestRequest("check", "POST", "https://v.example/x", http.Header{"X-A": {"2"}}, []byte("{}"))),
		} {
			if other == key(one, "{}") {
				t.Fatalf("%s: the same key", what)
			}
		}
	})
}

func TestARequestThatCannotBeMadeIsNotSent(t *testing.T) {
	v := newTarget(t)
	for name, c := range map[string]struct{ plugin, locations string }{
		"missing and of the wrong kind": {
			strings.Replace(base, "/checks", "/{context.gone}", 1) + "  method: POST\n  headers: {X-A: \"{context.list}\"}\n  body: {t: \"x {context.none}\"}\n",
			"request.url required, request.headers.X-A type, request.body.t required",
		},
		"header injection": {base + "  method: GET\n  headers: {X-A: \"{context.split}\"}\n", "request.headers.X-A format"},
		"breaks its schema": {
			base + "  method: POST\n  body: {age: \"{context.name}\", x: 1, deep: [{a: \"{context.nested.secret}\"}]}\n  schema: {required: [name], additionalProperties: false, properties: {age: {type: integer}, deep: {items: {properties: {a: {enum: [b]}}}}}}\n",
			"request.body additionalProperties, request.body required, request.body.age type, request.body.deep[0].a enum",
		},
		"query breaks its schema": {base + "  method: GET\n  query: {q: \"{context.name}\"}\n  schema: {properties: {q: {maxLength: 3}}}\n", "request.query.q maxLength"},
		"does not evaluate":       {base + "  method: POST\n  body: {a: \"{sum(context.name)}\"}\n", "request.body.a expression"},
	} {
		_, err := v.client().Do(t.Context(), parse(t, c.plugin), call)
		var got []string
		for _, f := range problem.As(err).Fields {
			got = append(got, f.Location+" "+f.Code)
		}
		if problem.CodeOf(err) != problem.Invalid || strings.Join(got, ", ") != c.locations {
			t.Errorf("%s: %v", name, err)
		}
		for _, private := range []string{"Anna", "private-value", "X-Evil", "s3cr3t"} {
			if strings.Contains(err.Error(), private) {
				t.Errorf("%s: the error shows %s: %v", name, private, err)
			}
		}
	}
	if v.calls != 0 {
		t.Errorf("%d requests were sent", v.calls)
	}
}

func TestAnswersAreJudgedByTheirStatus(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: POST\n")
	narrow := parse(t, base+"  method: POST\nresponse: {success: [200, 404], retryable: [409]}\n")
	for status, want := range map[int]problem.Code{
		200: "", 201: "", 202: "", 204: "", 301: problem.VendorRejected, 302: problem.VendorRejected, 400: problem.VendorRejected, 401: problem.VendorRejected, 404: problem.VendorRejected,
		408: problem.VendorUnavailable, 409: problem.VendorRejected, 422: problem.VendorRejected, 425: problem.VendorUnavailable, 429: problem.VendorUnavailable, 500: problem.VendorUnavailable, 503: problem.VendorUnavailable,
	} {
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/other")
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(status)
		}
		outcome, err := v.client().Do(t.Context(), p, call)
		if problem.CodeOf(err) != want || outcome.Status != status || outcome.Awaiting {
			t.Errorf("%d: %+v %v", status, outcome, err)
		}
		if want == problem.VendorUnavailable && (problem.As(err).Details["retry_after_seconds"] != 17 || problem.As(err).Details["status"] != status) {
			t.Errorf("%d: %v", status, problem.As(err).Details)
		}
		_, err = v.client().Do(t.Context(), narrow, call)
		if ok := status == 200 || status == 404; (err == nil) != ok || (status == 409) != (problem.CodeOf(err) == problem.VendorUnavailable) && status < 425 && status != 408 {
			t.Errorf("%d with success and retryable named: %v", status, err)
		}
	}
}

func TestAVendorPutsItsNextAttemptOffByADayAtMost(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: POST\n")
	for asked, want := range map[string]struct {
		seconds any
		cut     bool
	}{"86400": {86400, false}, "86401": {86400, true}, "999999999999": {86400, true}, "Fri, 31 Dec 9999 23:59:59 GMT": {86400, true}, "-5": {nil, false}, "soon": {nil, false}} {
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", asked)
			w.WriteHeader(http.StatusTooManyRequests)
		}
		_, err := v.client().Do(t.Context(), p, call)
		got := problem.As(err)
		if got.Details["retry_after_seconds"] != want.seconds || strings.Contains(got.Message, "It is called again after a day.") != want.cut {
			t.Errorf("%s: %v %s", asked, got.Details, got.Message)
		}
	}
}

func TestAnAnswerIsCheckedAndMapped(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+`  method: POST
response:
  schema: {type: object, required: [person], properties: {person: {type: object, additionalProperties: {type: integer}}}}
  result: {total: "{sum(values(body.person))}", code: "{status}", level: "{input.level}", none: "{body.none}"}
result: {properties: {total: {maximum: 10}}}
`)
	for name, c := range map[string]struct{ contentType, body, places string }{
		"good":             {"application/json; charset=utf-8", `{"person":{"a":1,"b":2}}`, ""},
		"a vendor's type":  {"application/vnd.x+json", `{"person":{"a":3}}`, ""},
		"html":             {"text/html", `<html>private-value`, "response.body content_type"},
		"no type":          {"", `{}`, "response.body content_type"},
		"no json":          {"application/json", `{"person": private-value`, "response.body json"},
		"bad utf-8":        {"application/json", "{\"person\":\"\xff\"}", "response.body encoding"},
		"two values":       {"application/json", `{} {}`, "response.body json"},
		"empty":            {"application/json", ``, "response.body type"},
		"too large":        {"application/json", `{"x":"` + strings.Repeat("y", maxAnswer) + `"}`, "response.body too_large"},
		"breaks its shape": {"application/json", `{"person":{"Anna Private":"private-value","ok":"x"}}`, "response.body.person.* type, response.body.person.ok type"},
		"result too large": {"application/json", `{"person":{"a":11}}`, "result.total maximum"},
		"lacks a member":   {"application/json", `{"persons":{}}`, "response.body required"},
	} {
		v.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{c.contentType}
			_, _ = io.WriteString(w, c.body)
		}
		outcome, err := v.client().Do(t.Context(), p, call)
		if c.places == "" {
			if result, ok := outcome.Result.(map[string]any); err != nil || !ok || !reflect.DeepEqual(result, map[string]any{"total": 3.0, "code": 200.0, "level": "basic"}) {
				t.Errorf("%s: %v %v", name, outcome.Result, err)
			}
			continue
		}
		var got []string
		for _, f := range problem.As(err).Fields {
			got = append(got, f.Location+" "+f.Code)
		}
		if problem.CodeOf(err) != problem.VendorGarbage || strings.Join(got, ", ") != c.places || outcome.Result != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "private") {
			t.Errorf("%s: the error shows a value: %v", name, err)
		}
	}
}

func TestNoAnswerIsNamedWithoutTheURL(t *testing.T) {
	v := newTarget(t)
	release := make(chan struct{})
	defer close(release)
	slow := parse(t, strings.Replace(base, "/checks", "/checks?k={secret.KEY}", 1)+"  method: POST\ntimeout: PT0.05S\n")
	v.answer = func(http.ResponseWriter, *http.Request) { <-release }
	strict := v.client()
	strict.HTTP = outbound.NewClient(outbound.Options{})
	away := v.client()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	away.Settings = map[string]string{"base": closed.URL}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		client *Client
		want   problem.Code
	}{
		"slow": {t.Context(), v.client(), problem.Timeout}, "refused": {t.Context(), strict, problem.VendorRejected}, "away": {t.Context(), away, problem.VendorUnavailable},
		"cancelled": {cancelled, v.client(), problem.Unavailable},
	} {
		_, err := c.client.Do(c.ctx, slow, call)
		if problem.CodeOf(err) != c.want || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABodyThatBreaksOffIsUnavailable(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":`)
	}
	if _, err := v.client().Do(t.Context(), parse(t, base+"  method: GET\n"), call); problem.CodeOf(err) != problem.VendorUnavailable {
		t.Error(err)
	}
}

type brokenSecrets struct{}

func (brokenSecrets) Secret(context.Context, string, string) (string, error) {
	return "", errors.New("throttled, with details")
}

func TestMissingConfigurationIsOurOwnFault(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: GET\n  headers: {A: \"{secret.KEY}\"}\n")
	for name, c := range map[string]struct {
		change func(*Client)
		want   problem.Code
	}{
		"no setting":     {func(c *Client) { c.Settings = nil }, problem.Internal},
		"no secret":      {func(c *Client) { c.Secrets = MapSecrets{} }, problem.Internal},
		"secrets away":   {func(c *Client) { c.Secrets = brokenSecrets{} }, problem.Unavailable},
		"no usable base": {func(c *Client) { c.Settings = map[string]string{"base": "nowhere"} }, problem.Internal},
	} {
		client := v.client()
		c.change(client)
		if _, err := client.Do(t.Context(), p, call); problem.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	back := parse(t, base+"  method: GET\nmode: callback\ncallback: {signature: {secret: HOOK}}\n")
	without := call
	without.CallbackURL = ""
	if _, err := v.client().Do(t.Context(), back, without); problem.CodeOf(err) != problem.Internal {
		t.Errorf("no callback URL: %v", err)
	}
	if v.calls != 0 {
		t.Errorf("%d requests were sent", v.calls)
	}
}

func TestACallbackIsReadOnlyWithAGoodSignature(t *testing.T) {
	plugin := func(signature string) *Plugin {
		return parse(t, base+"  method: POST\nmode: callback\ncallback:\n  signature: {secret: HOOK, "+signature+"}\n  schema: {required: [status]}\n  result: \"{s: body.status}\"\nresult: {properties: {s: {enum: [done]}}}\n")
	}
	now := time.Unix(1_700_000_000, 0)
	body := []byte(`{"status":"done"}`)
	for name, p := range map[string]*Plugin{
		"hex": plugin("scheme: timestamp-body, prefix: v1="), "base64": plugin("scheme: timestamp-body, encoding: base64, timestamp_header: X-Time, signature_header: X-Sign"),
	} {
		sig := p.callback.verifier
		sign := func(secret, stamp string, body []byte) http.Header {
			h := http.Header{"Content-Type": {"application/json"}}
			h.Set(sig.TimestampHeader, stamp)
			h.Set(sig.SignatureHeader, sig.Prefix+signedWith(sig, secret, stamp+"."+string(body)))
			return h
		}
		for what, c := range map[string]struct {
			header http.Header
			body   []byte
			want   problem.Code
		}{
			"good":              {sign("first", "1700000000", body), body, ""},
			"the other secret":  {sign("second", "1700000000", body), body, ""},
			"just in time":      {sign("first", "1699999700", body), body, ""},
			"an unknown secret": {sign("third", "1700000000", body), body, problem.InvalidCredentials},
			"another body":      {sign("first", "1700000000", []byte("{}")), body, problem.InvalidCredentials},
			"too old":           {sign("first", "1699999699", body), body, problem.InvalidCredentials},
			"too new":           {sign("first", "1700000301", body), body, problem.InvalidCredentials},
			"no timestamp":      {http.Header{}, body, problem.InvalidCredentials},
			"odd timestamp":     {sign("first", "+1700000000", body), body, problem.InvalidCredentials},
			"breaks its schema": {sign("first", "1700000000", []byte(`{}`)), []byte(`{}`), problem.VendorGarbage},
			"breaks its result": {sign("first", "1700000000", []byte(`{"status":"x"}`)), []byte(`{"status":"x"}`), problem.VendorGarbage},
		} {
			result, err := p.ReadCallback(c.header, c.body, "first second", now)
			if problem.CodeOf(err) != c.want || err == nil && !reflect.DeepEqual(result, map[string]any{"s": "done"}) {
				t.Errorf("%s, %s: %v %v", name, what, result, err)
			}
		}
		if _, err := p.ReadCallback(sign("", "1700000000", body), body, "", now); problem.CodeOf(err) != problem.InvalidCredentials {
			t.Errorf("%s: an empty secret verifies", name)
		}
	}
	standard := plugin("scheme: standard-webhooks")
	header := http.Header{"Webhook-Id": {"a"}, "Webhook-Timestamp": {"1700000000"}, "Webhook-Signature": {"v1,"}}
	for _, secret := range []string{"", "whsec_", "not base64!", "whsec_AAAA"} {
		if _, err := standard.ReadCallback(header, body, secret, now); err == nil || problem.CodeOf(err) != problem.Internal && problem.CodeOf(err) != problem.InvalidCredentials {
			t.Errorf("%q verifies: %v", secret, err)
		}
	}
}

func TestSecretsComeFromWhereTheyAre(t *testing.T) {
	t.Setenv("BALLERINE_SECRET_FROM_ENV", "env")
	all := inOrder(envSecrets{"BALLERINE_SECRET_"}, fileSecrets{fstest.MapFS{
		"SHARED": {Data: []byte("shared\n")}, "demo/OWN": {Data: []byte("own")}, "demo/SHARED": {Data: []byte("demo's")}, "other/THEIRS": {Data: []byte("theirs")},
	}}, MapSecrets{"LAST": "map"})
	for name, want := range map[string]string{"from_env": "env", "SHARED": "demo's", "OWN": "own", "LAST": "map", "THEIRS": "", "../other/THEIRS": "", "NONE": ""} {
		got, err := all.Secret(t.Context(), "demo", name)
		if got != want || (want == "") != (problem.CodeOf(err) == problem.NotFound) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

// Whatever a case holds, the body is valid JSON with the value unchanged, and the path has one segment for it.
// climbing is a text with a segment that would climb the path, also once servers have decoded it.
var climbing = regexp.MustCompile(`(^|[/\\])\.\.?([/\\;]|$)`)

func TestAnyTextOfACaseArrivesUnchanged(t *testing.T) {
	v := newTarget(t)
	p := parse(t, strings.Replace(base, "/checks", "/a/{context.v}/b?q={context.v}", 1)+"  method: POST\n  body: {v: \"{context.v}\", w: \"<{context.v}>\"}\n")
	client := v.client()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(1, 30, -1).Filter(func(text string) bool { return !climbing.MatchString(text) }).Draw(t, "text") // these are refused
		if _, err := client.Do(context.Background(), p, Call{Context: map[string]any{"v": text}}); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(v.body, &got); err != nil || got["v"] != text || got["w"] != "<"+text+">" {
			t.Fatalf("%q: %q %v", text, got, err)
		}
		if v.request.URL.Query().Get("q") != text || v.request.URL.Path != "/a/"+text+"/b" || strings.Count(v.request.URL.EscapedPath(), "/") != 3 {
			t.Fatalf("%q: %s", text, v.request.URL)
		}
	})
}
