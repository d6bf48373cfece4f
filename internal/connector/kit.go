package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// kit is the conformance kit of a plugin: a vendor that behaves in every way in which vendors do, and the required results. It starts
// from the first example whose answer is a good one.
type kit struct {
	plugin *Plugin
	call   Call
	answer Answer // of the call that the vendor behaves in some way at
	line   int

	unit   *Plugin            // the part of the plugin that makes this call
	step   *step              // whose part it is; nil: the plugin itself
	script []Answer           // to all calls of an attempt, where there may be several
	at     int                // which of them it is
	firsts map[*Plugin]Answer // to the first call of each part
}

// scenario is one behaviour of a vendor; run returns what is wrong with the result.
type scenario struct {
	name string
	run  func(ctx context.Context) []string
}

// slowAnswer is how long the kit waits for a vendor that does not answer.
const slowAnswer = 20 * time.Millisecond

// Conform runs the conformance kit, for answers and for callbacks. Without an example that has a good answer, or
// callback, it has no results for them. Nothing is sent.
func (p *Plugin) Conform(ctx context.Context) (results []CaseResult) {
	for _, k := range p.kits(ctx) {
		results = append(results, ran(ctx, k.line, k.scenarios())...)
	}
	if k, ok := p.callbackKit(ctx); ok {
		results = append(results, ran(ctx, k.line, k.scenarios())...)
	}
	return results
}

func ran(ctx context.Context, line int, all []scenario) (results []CaseResult) {
	for _, s := range all {
		problems := s.run(ctx)
		results = append(results, CaseResult{Name: s.name, Line: line, Passed: len(problems) == 0, Problems: problems})
	}
	return results
}

// kits finds what to start from: one for each part of the plugin that makes calls.
func (p *Plugin) kits(ctx context.Context) []*kit {
	for _, c := range p.cases {
		if len(c.answered()) == 0 || c.Expect.Error != "" || len(p.runCase(ctx, c)) > 0 {
			continue
		}
		call, _, err := rehearsed(c.call())
		if err != nil {
			continue
		}
		if p.Several() {
			if all := p.kitsOfCalls(ctx, c, call); len(all) > 0 {
				return all
			}
			continue
		}
		return []*kit{{plugin: p, call: call, answer: *c.Answer, line: c.line, unit: p}}
	}
	return nil
}

func (k *kit) scenarios() []scenario {
	all := k.behaviours()
	for i := range all {
		if k.step != nil {
			all[i].name = "step " + k.step.name + ": " + all[i].name
		}
	}
	return all
}

func (k *kit) behaviours() []scenario {
	all := []scenario{
		{"success", k.success},
		{"the same request again", k.again},
		{"error", func(ctx context.Context) []string {
			return k.fails(ctx, http.StatusInternalServerError, nil, problem.VendorUnavailable)
		}},
		{"busy", k.busy},
		{"refusal", k.refusal},
		{"slow", k.slow},
		{"broken off", k.brokenOff},
		{"secrets repeated", k.repeated},
	}
	if k.reads() {
		all = append(all, scenario{"garbage", k.garbage}, scenario{"too large", k.large})
	}
	if k.unit.pages != nil {
		all = append(all, scenario{"endless pages", k.endless})
	}
	if k.reads() && k.unit.answer.format != textFormat {
		all = append(all, scenario{"partial", k.partial}, scenario{"another shape", k.shape})
	}
	if len(k.unit.about) > 0 && !k.plugin.Several() {
		all = append(all, scenario{"answer about another person", k.somebodyElse})
	}
	if k.unit.certificate != nil {
		all = append(all, scenario{"certificate", k.certificate})
	}
	if k.unit.auth.oauth != nil {
		all = append(all, scenario{"token withdrawn", k.withdrawn})
	}
	return all
}

// reads reports whether the plugin reads the body of the answer at all.
func (k *kit) reads() bool {
	p := k.unit
	if p.answer.format == noFormat {
		return false
	}
	accepts := p.Callback && (p.later.status == nil || p.later.names(k.status()))
	return !accepts || p.later.when != nil || p.later.keep != nil || p.Correlates()
}

func (k *kit) status() int {
	if k.answer.Status == 0 {
		return http.StatusOK
	}
	return k.answer.Status
}

// body is the answer as it is received.
func (k *kit) body() []byte {
	return pretended(k.answer, k.unit.answer.format).body
}

func (k *kit) header() http.Header {
	return pretended(k.answer, k.unit.answer.format).header
}

// vendor answers always in the same way.
func (k *kit) vendor(status int, header http.Header, body []byte) *pretendedVendor {
	return &pretendedVendor{answer: func(*http.Request, []byte, int) (*http.Response, error) {
		return response(status, header.Clone(), body), nil
	}}
}

// do makes one attempt at a vendor.
func (k *kit) do(ctx context.Context, vendor *pretendedVendor) (Outcome, error) {
	vendor.begin(k)
	return k.client(vendor).Do(ctx, k.plugin, k.call)
}

func (k *kit) client(vendor *pretendedVendor) *Client {
	secrets, settings := MapSecrets{}, k.plugin.invented(nil)
	for _, n := range k.plugin.needs {
		if n.secret {
			secrets[n.name] = k.plugin.kitSecret(n.name)
		}
	}
	for _, unit := range k.plugin.units() {
		if o := unit.auth.oauth; o != nil {
			vendor.tokenURLs = append(vendor.tokenURLs, o.url.render(nil, &values{settings: settings}, nil))
		}
	}
	return &Client{HTTP: &http.Client{Transport: vendor, CheckRedirect: noRedirect}, Secrets: secrets, Files: kitFiles{}, Settings: settings, inOrder: true}
}

func (k *kit) success(ctx context.Context) []string {
	if _, err := k.do(ctx, k.vendor(k.status(), k.header(), k.body())); err != nil {
		return []string{"the example's own answer fails: " + sentence(problem.As(err))}
	}
	return nil
}

// again makes sure that a second attempt is the same request: a vendor may have done the work for the first.
func (k *kit) again(ctx context.Context) []string {
	vendor := k.vendor(k.status(), k.header(), k.body())
	for attempt := range 2 {
		k.call.Attempt = attempt
		if _, err := k.do(ctx, vendor); err != nil {
			return []string{"attempt " + fmt.Sprint(attempt+1) + " fails: " + sentence(problem.As(err))}
		}
	}
	if first, second := vendor.keys[:len(vendor.keys)/2], vendor.keys[len(vendor.keys)/2:]; slices.Contains(first, "") || !slices.Equal(first, second) {
		return []string{"two attempts have different Idempotency-Keys"}
	}
	return nil
}

// fails expects a code of an answer.
func (k *kit) fails(ctx context.Context, status int, header http.Header, want problem.Code) []string {
	if slices.Contains(k.unit.success, status) {
		return nil // it is an answer to this plugin
	}
	if header == nil {
		header = asJSON()
	}
	outcome, err := k.do(ctx, k.vendor(status, header, []byte(`{}`)))
	return k.expected(ctx, fmt.Sprintf("status %d", status), outcome, err, want)
}

// expected names an outcome that should have been an error. One element of a list may fail if the step allows it: then the result has to show it.
func (k *kit) expected(ctx context.Context, what string, outcome Outcome, err error, want problem.Code) []string {
	if k.step == nil || err != nil || !k.step.tolerates(problem.New(want, "")) {
		return expected(what, outcome, err, want)
	}
	whole, err := k.do(ctx, k.vendor(k.status(), k.header(), k.body()))
	if err == nil && reflect.DeepEqual(whole.Result, outcome.Result) {
		return []string{what + ": an element that fails cannot be seen in the result: read steps." + k.step.name + ".complete or .errors"}
	}
	return nil
}

// expected names an outcome that should have been an error.
func expected(what string, outcome Outcome, err error, want problem.Code) []string {
	switch code := problem.CodeOf(err); {
	case code == want:
		return nil
	case err == nil && outcome.Awaiting:
		return []string{what + ": is taken for an acceptance, expected " + string(want)}
	case err == nil:
		return []string{what + ": is accepted as a result, expected " + string(want)}
	default:
		return []string{what + ": fails with " + string(code) + ", expected " + string(want)}
	}
}

func (k *kit) busy(ctx context.Context) []string {
	if slices.Contains(k.unit.success, http.StatusTooManyRequests) {
		return nil // it is an answer to this plugin
	}
	header := asJSON()
	header.Set("Retry-After", "30")
	outcome, err := k.do(ctx, k.vendor(http.StatusTooManyRequests, header, []byte(`{}`)))
	if err == nil {
		return k.expected(ctx, "status 429", outcome, err, problem.VendorUnavailable)
	}
	if problem.CodeOf(err) != problem.VendorUnavailable || problem.As(err).Details["retry_after_seconds"] != 30 {
		return []string{"status 429 with Retry-After: 30 is not put off by 30 seconds"}
	}
	return nil
}

// refusal is a status that asking again cannot help with.
func (k *kit) refusal(ctx context.Context) []string {
	p := k.unit
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusConflict, http.StatusGone} {
		if !slices.Contains(p.success, status) && !slices.Contains(p.retryable, status) {
			return k.fails(ctx, status, nil, problem.VendorRejected)
		}
	}
	return nil // each of them is something else to this plugin
}

func (k *kit) slow(ctx context.Context) []string {
	hasty := *k.plugin
	hasty.Timeout = slowAnswer
	slow := *k
	slow.plugin = &hasty
	outcome, err := slow.do(ctx, &pretendedVendor{answer: func(r *http.Request, _ []byte, _ int) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}})
	return k.expected(ctx, "a vendor that does not answer", outcome, err, problem.Timeout)
}

func (k *kit) brokenOff(ctx context.Context) []string {
	outcome, err := k.do(ctx, &pretendedVendor{answer: func(*http.Request, []byte, int) (*http.Response, error) {
		a := response(k.status(), k.header(), nil)
		body := k.body()
		a.Body = io.NopCloser(brokenOff{bytes.NewReader(body[:len(body)/2])})
		return a, nil
	}})
	if !k.reads() && err == nil && outcome.Result == nil {
		return nil // the body is irrelevant to this plugin
	}
	return k.expected(ctx, "an answer whose connection is lost", outcome, err, problem.VendorUnavailable)
}

// repeated makes sure that no secrets of a request are returned from a vendor that repeats the whole request.
func (k *kit) repeated(ctx context.Context) (problems []string) {
	for _, status := range []int{k.status(), http.StatusBadRequest, http.StatusBadGateway} {
		vendor := &pretendedVendor{answer: func(r *http.Request, body []byte, _ int) (*http.Response, error) {
			shown, err := json.Marshal(map[string]any{"url": r.URL.String(), "header": r.Header, "body": string(body)})
			if err != nil {
				return nil, fmt.Errorf("repeat the request: %w", err)
			}
			var object map[string]any
			if json.Unmarshal(k.answer.Body, &object) == nil {
				object["kit_repeats"] = json.RawMessage(shown)
				if shown, err = json.Marshal(object); err != nil {
					return nil, fmt.Errorf("repeat the request: %w", err)
				}
			}
			return response(status, k.header(), shown), nil
		}}
		outcome, err := k.do(ctx, vendor)
		text := fmt.Sprint(outcome.Result, outcome.Accepted, err)
		if found := problem.As(err); err != nil {
			text += fmt.Sprint(found.Fields, found.Details)
		}
		for _, n := range k.plugin.needs {
			if n.secret && strings.Contains(text, k.plugin.kitSecret(n.name)) {
				problems = append(problems, fmt.Sprintf("status %d: the secret %s is in the result of an answer that repeats it", status, n.name))
			}
		}
		if strings.Contains(text, kitToken) {
			problems = append(problems, fmt.Sprintf("status %d: the access token is in the result of an answer that repeats it", status))
		}
	}
	return problems
}

func (k *kit) garbage(ctx context.Context) (problems []string) {
	html := http.Header{"Content-Type": {"text/html"}}
	bodies := map[string]struct {
		header http.Header
		body   string
	}{"an HTML page": {html, "<html>down</html>"}, "JSON that is cut": {asJSON(), `{"a":`}, "two members of one name": {asJSON(), `{"a":1,"a":2}`}, "a text that is no UTF-8": {asJSON(), "\"\xff\""}}
	if k.unit.answer.format == textFormat {
		maps.DeleteFunc(bodies, func(name string, _ struct {
			header http.Header
			body   string
		},
		) bool {
			return name != "a text that is no UTF-8"
		})
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		outcome, err := k.do(ctx, k.vendor(k.status(), bodies[name].header, []byte(bodies[name].body)))
		problems = append(problems, k.expected(ctx, name, outcome, err, problem.VendorGarbage)...)
	}
	return problems
}

func (k *kit) large(ctx context.Context) []string {
	outcome, err := k.do(ctx, k.vendor(k.status(), k.header(), []byte(`{"a":"`+strings.Repeat("a", maxAnswer)+`"}`)))
	return k.expected(ctx, "an answer of more than a megabyte", outcome, err, problem.VendorGarbage)
}

// partial takes each member of the answer away: a result that differs then must at least have been checked.
func (k *kit) partial(ctx context.Context) (problems []string) {
	var object map[string]any
	if json.Unmarshal(k.answer.Body, &object) != nil {
		return nil
	}
	whole, err := k.do(ctx, k.vendor(k.status(), k.header(), k.body()))
	if err != nil {
		return nil // success names it
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		outcome, err := k.do(ctx, k.vendor(k.status(), k.header(), without(object, name)))
		if err == nil && k.plugin.result == nil && !outcome.Awaiting && !reflect.DeepEqual(outcome.Result, whole.Result) {
			problems = append(problems, "an answer without "+shownName(name)+" is accepted without a check: write it as required in response.schema, or a schema as result")
		}
		if err != nil && problem.CodeOf(err) != problem.VendorGarbage {
			problems = append(problems, "an answer without "+shownName(name)+" fails with "+codeOf(err)+", expected "+string(problem.VendorGarbage))
		}
	}
	return problems
}

// shape sends JSON of other shapes than the answer's.
func (k *kit) shape(ctx context.Context) (problems []string) {
	for _, body := range []string{`[]`, `"kit"`, `7`, `{}`} {
		outcome, err := k.do(ctx, k.vendor(k.status(), k.header(), []byte(body)))
		if err == nil && k.plugin.result == nil && !outcome.Awaiting {
			problems = append(problems, "the answer "+body+" is accepted without a check: write response.schema, or a schema as result")
		}
	}
	return problems
}

// certificate makes sure that the vendor's server is shown one.
func (k *kit) certificate(ctx context.Context) []string {
	vendor := k.vendor(k.status(), k.header(), k.body())
	if _, err := k.do(ctx, vendor); err != nil || !vendor.certified {
		return []string{"no certificate is shown"}
	}
	return nil
}

func (k *kit) withdrawn(ctx context.Context) []string {
	vendor := &pretendedVendor{answer: func(_ *http.Request, _ []byte, number int) (*http.Response, error) {
		if number == 1 {
			return response(http.StatusUnauthorized, asJSON(), []byte(`{}`)), nil
		}
		return response(k.status(), k.header(), k.body()), nil
	}}
	if _, err := k.do(ctx, vendor); err != nil || vendor.tokens != 2 {
		return []string{fmt.Sprintf("a token that the vendor refuses is not replaced: %d tokens were requested", vendor.tokens)}
	}
	return nil
}

// shownName is a member's name, where it is not one that may itself be data.
func shownName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "*"
}
