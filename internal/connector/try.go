package connector

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// Preview is the request that a plugin would send, with secrets masked.
type Preview struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body,omitempty"` // of another format than JSON as one text
}

// masked replaces every secret by its name.
type masked struct{}

// Secret implements Secrets.
func (masked) Secret(_ context.Context, _, name string) (string, error) {
	return maskOf(name), nil
}

func maskOf(secret string) string { return "__secret." + secret + "__" }

// tryCallback is the callback address that a preview shows.
const tryCallback = "https://callback.invalid/v1/hooks/token"

// Preview makes the request of a call, the first one where there are several, and sends nothing. A missing setting is https://NAME.invalid. Errors: Invalid
// when the request cannot be made of this context, Internal.
func (p *Plugin) Preview(ctx context.Context, call Call, settings map[string]string) (Preview, error) {
	call, scope, err := rehearsed(call)
	if err != nil {
		return Preview{}, err
	}
	settings = p.invented(settings)
	if p.Several() {
		if p, scope, err = p.firstCall(scope); err != nil {
			return Preview{}, err
		}
	}
	client := &Client{Secrets: masked{}, Settings: settings, preview: true}
	r, err := client.prepare(ctx, p, call, scope)
	if err != nil {
		return Preview{}, err
	}
	request, err := client.request(ctx, p, r, p.auth.shownToken())
	if err != nil {
		return Preview{}, err
	}
	return previewOf(p, request, r.content)
}

// made is a call with what a case would state about itself.
func made(call Call) Call {
	if call.Case == "" {
		call.Case, call.State, call.Work, call.Visit = "case_example", "state", "work", 1
	}
	if call.CallbackURL == "" {
		call.CallbackURL = tryCallback
	}
	return call
}

func rehearsed(call Call) (Call, map[string]any, error) {
	call = made(call)
	scope, err := plain(scopeOf(call))
	object, ok := scope.(map[string]any)
	if err != nil || !ok {
		return call, nil, problem.New(problem.Invalid, "The case's context is not JSON.")
	}
	return call, object, nil
}

// Answer is what a pretended vendor answers.
type Answer struct {
	Status  int               `json:"status"` // 0: 200
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"` // of plugins that read text: a JSON text, or the text itself
}

// Answered is the outcome of an answer. Errors: as those of Client.Do.
func (p *Plugin) Answered(ctx context.Context, call Call, given Answer) (Outcome, error) {
	if p.Several() {
		outcome, _, err := p.AnsweredBy(ctx, call, nil, []Answer{given})
		return outcome, err
	}
	_, scope, err := rehearsed(call)
	if err != nil {
		return Outcome{}, err
	}
	return (&Client{}).understood(ctx, p, pretended(given, p.answer.format), scope)
}

// CalledBack is the result of a callback with this JSON body and these headers, to a call whose acceptance has left what is accepted;
// its signature is not checked. id is the vendor's, where the plugin correlates callbacks by it. Errors: as Plugin.ReadCallback.
func (p *Plugin) CalledBack(call Call, accepted any, headers map[string]string, body []byte) (result any, id string, err error) {
	if p.callback == nil {
		return nil, "", noCallbacks(p)
	}
	header := asJSON()
	for name, value := range headers {
		header.Set(name, value)
	}
	received := p.received(header, body, nil)
	result, err = received.Result(askedBy(call, accepted))
	return result, received.CorrelationID(), err
}

// askedBy is the work of a call, or of the one that is made up for it.
func askedBy(call Call, accepted any) Asked {
	call = made(call)
	return Asked{Case: call.Case, State: call.State, Visit: call.Visit, Work: call.Work, Accepted: accepted}
}

func asJSON() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// example is an example that is written in a plugin.
type example struct {
	Name      string         `json:"name"`
	Context   map[string]any `json:"context"`
	Input     map[string]any `json:"input"`
	Documents []struct {
		ID          string `json:"id"`
		Kind        string `json:"kind"`
		Side        string `json:"side"`
		ContentType string `json:"content_type"`
		SHA256      string `json:"sha256"`
		Size        int64  `json:"size"`
	} `json:"documents"`
	Answer   *Answer         `json:"answer"`
	Answers  []Answer        `json:"answers"`
	Callback json.RawMessage `json:"callback"`

	CallbackHeaders map[string]string `json:"callback_headers"`

	Expect struct {
		URL  string `json:"url"`
		Body any    `json:"body"`

		Calls []expectedCall `json:"calls"`

		Result      any    `json:"result"`
		Error       string `json:"error"`
		Awaiting    *bool  `json:"awaiting"`
		Accepted    any    `json:"accepted"`
		Correlation string `json:"correlation"`
	} `json:"expect"`

	line int
}

// expectedCall is a request that an example of a plugin with several calls expects.
type expectedCall struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body   any    `json:"body"`
}

// CaseResult is the result of an example.
type CaseResult struct {
	Name     string   `json:"name"`
	Line     int      `json:"line"`
	Passed   bool     `json:"passed"`
	Problems []string `json:"problems,omitempty"`
}

// located sets the lines of examples.
func (s *source) located(written []example) []example {
	for i := range written {
		written[i].line = s.at("/cases/"+strconv.Itoa(i), 0, "", "", "").Line
	}
	return written
}

// sentence is an error's message and places.
func sentence(e *problem.Error) string {
	text := strings.TrimSuffix(e.Message, ".")
	for _, f := range e.Fields {
		text += "; " + f.Location + ": " + f.Message
	}
	return text
}

// RunCases runs every example of the plugin, in the order of the document. Nothing is sent.
func (p *Plugin) RunCases(ctx context.Context) []CaseResult {
	results := make([]CaseResult, len(p.cases))
	for i, c := range p.cases {
		problems := p.runCase(ctx, c)
		results[i] = CaseResult{c.Name, c.line, len(problems) == 0, problems}
	}
	return results
}

func (p *Plugin) runCase(ctx context.Context, c example) (problems []string) {
	call := c.call()
	outcome, request, problems, err := p.runRequest(ctx, c)
	id := outcome.Correlation
	if err == nil && c.Callback != nil {
		outcome.Result, id, err = p.CalledBack(call, outcome.Accepted, c.CallbackHeaders, c.Callback)
	}
	if code := codeOf(err); code != c.Expect.Error {
		if err == nil {
			return []string{"the attempt succeeds, expected " + c.Expect.Error}
		}
		return []string{"the attempt fails with " + code + ": " + sentence(problem.As(err))}
	}
	if c.Expect.URL != "" && request.URL != c.Expect.URL {
		problems = append(problems, "url is "+request.URL+", expected "+c.Expect.URL)
	}
	body, err := request.value()
	if err != nil {
		problems = append(problems, "body is not JSON")
	}
	problems = append(problems, Differences("body", body, c.Expect.Body)...)
	problems = append(problems, Differences("result", outcome.Result, c.Expect.Result)...)
	problems = append(problems, Differences("accepted", outcome.Accepted, c.Expect.Accepted)...)
	problems = append(problems, p.correlationProblems(c, outcome.Correlation, id)...)
	if c.Expect.Awaiting != nil && outcome.Awaiting != *c.Expect.Awaiting {
		problems = append(problems, fmt.Sprintf("awaiting is %v, expected %v", outcome.Awaiting, *c.Expect.Awaiting))
	}
	return problems
}

// runRequest makes the requests of an example.
func (p *Plugin) runRequest(ctx context.Context, c example) (outcome Outcome, request Preview, problems []string, err error) {
	if p.Several() {
		return p.runSeveral(ctx, c)
	}
	request, err = p.Preview(ctx, c.call(), nil)
	if err == nil && c.Answer != nil {
		outcome, err = p.Answered(ctx, c.call(), *c.Answer)
	}
	return outcome, request, nil, err
}

// correlationProblems are what is wrong with the vendor's id in an example's answer and in its callback.
func (p *Plugin) correlationProblems(c example, inAnswer, inCallback string) (problems []string) {
	if !p.Correlates() {
		return nil
	}
	if c.Callback != nil && inCallback == "" {
		problems = append(problems, "the callback has no id: see callback.correlate.callback")
	}
	if c.Callback != nil && c.Answer != nil && inAnswer != "" && inCallback != inAnswer {
		problems = append(problems, "the id in the callback is not the one in the answer")
	}
	if c.Expect.Correlation != "" && inCallback != c.Expect.Correlation {
		problems = append(problems, "correlation is "+inCallback+", expected "+c.Expect.Correlation)
	}
	return problems
}

// call is the example's.
func (c example) call() Call {
	call := Call{Context: c.Context, Input: c.Input}
	for _, d := range c.Documents {
		call.Documents = append(call.Documents, Document{d.ID, d.Kind, d.Side, d.ContentType, d.SHA256, d.Size})
	}
	return call
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return string(problem.CodeOf(err))
}

// Differences between a JSON value and what is expected of it, by place: objects have the members that are named and may have
// others, everything else is the same. Nothing is expected where want is nil.
func Differences(place string, got, want any) (found []string) {
	if want == nil {
		return nil
	}
	members, ok := want.(map[string]any)
	object, isObject := got.(map[string]any)
	if ok && isObject {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if members[name] == nil {
				if object[name] != nil {
					found = append(found, fmt.Sprintf("%s.%s is %s, expected null", place, name, compact(object[name])))
				}
				continue
			}
			found = append(found, Differences(place+"."+name, object[name], members[name])...)
		}
		return found
	}
	if !reflect.DeepEqual(got, want) {
		found = append(found, fmt.Sprintf("%s is %s, expected %s", place, compact(got), compact(want)))
	}
	return found
}

func compact(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "no JSON"
	}
	return string(text)
}
