package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"ballerine/internal/problem"
)

// script is a simulated vendor that answers the calls of attempts one after the other. Nothing leaves the process.
type script struct {
	answers  []Answer
	requests []Preview
	units    []*Plugin
	missing  bool // a call was made for which there is no answer
}

var errNoAnswer = errors.New("there is no answer to this call")

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var content []byte
	if r.Body != nil {
		var err error
		if content, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
	}
	unit, _ := r.Context().Value(unitKey{}).(*Plugin)
	shown, err := previewOf(unit, r, content)
	if err != nil {
		return nil, err
	}
	number := len(s.requests)
	s.requests, s.units = append(s.requests, shown), append(s.units, unit)
	if number >= len(s.answers) {
		s.missing = true
		return nil, errNoAnswer
	}
	a := pretended(s.answers[number], unit.answer.format)
	return response(a.status, a.header, a.body), nil
}

// pretended is a scripted answer as it would be received.
func pretended(given Answer, format string) answer {
	a := answer{status: given.Status, header: asJSON(), body: given.Body}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	for name, value := range given.Headers {
		a.header.Set(name, value)
	}
	if text := ""; format == textFormat && json.Unmarshal(given.Body, &text) == nil {
		a.body = []byte(text)
	}
	return a
}

// previewOf shows a request.
func previewOf(unit *Plugin, request *http.Request, content []byte) (Preview, error) {
	shown := Preview{Method: request.Method, URL: request.URL.String(), Headers: map[string]string{}}
	for name := range request.Header {
		shown.Headers[name] = request.Header.Get(name)
	}
	if content == nil {
		return shown, nil
	}
	if shown.Body = content; unit.body.format != jsonFormat {
		text, err := json.Marshal(string(content))
		if err != nil {
			return Preview{}, fmt.Errorf("show the request: %w", err)
		}
		shown.Body = text
	}
	return shown, nil
}

// invented are settings with placeholders for missing ones.
func (p *Plugin) invented(settings map[string]string) map[string]string {
	given := map[string]string{}
	for _, n := range p.needs {
		if !n.secret {
			given[n.name] = "https://" + n.name + ".invalid"
		}
	}
	maps.Copy(given, settings)
	return given
}

// AnsweredBy is the outcome of answers to the calls of an attempt, in the order in which they are made, and those calls,
// with secrets masked. Nothing is sent. A missing setting is https://NAME.invalid. Errors: as those of Client.Do;
// NotFound if there are fewer answers than calls.
func (p *Plugin) AnsweredBy(ctx context.Context, call Call, settings map[string]string, answers []Answer) (Outcome, []Preview, error) {
	outcome, played, err := p.play(ctx, call, settings, answers)
	return outcome, played.requests, err
}

func (p *Plugin) play(ctx context.Context, call Call, settings map[string]string, answers []Answer) (Outcome, *script, error) {
	s := &script{answers: answers}
	client := &Client{HTTP: &http.Client{Transport: s, CheckRedirect: noRedirect}, Secrets: masked{}, Settings: p.invented(settings), preview: true, inOrder: true}
	whole := *p
	whole.limit, whole.breaker = nil, nil
	outcome, err := client.Do(ctx, &whole, made(call))
	if s.missing {
		last := s.requests[len(s.requests)-1]
		return Outcome{}, s, problem.New(problem.NotFound, "There is no answer to call %d, %s %s.", len(s.requests), last.Method, last.URL)
	}
	return outcome, s, err
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// firstCall is the part of a plugin with several calls that makes the first one, and what its expressions see. Errors: Invalid if there is none.
func (p *Plugin) firstCall(scope map[string]any) (*Plugin, map[string]any, error) {
	values := map[string]any{}
	scope["steps"] = values
	for _, s := range p.steps {
		if s.when != nil {
			if holds, err := s.when.value(scope); err != nil || holds != true {
				values[s.name] = nil
				continue
			}
		}
		if s.each == nil {
			return s.unit, scope, nil
		}
		given, err := s.each.value(scope)
		if list, ok := given.([]any); err == nil && ok && len(list) > 0 {
			scope["item"], scope["index"] = list[0], 0.0
			return s.unit, scope, nil
		}
		values[s.name] = map[string]any{"results": []any{}, "errors": []any{}, "omitted": 0.0, "complete": true}
	}
	if p.callless {
		return nil, nil, problem.New(problem.Invalid, "No call of %s is made for this case.", p.ID)
	}
	return p, scope, nil
}

// answered are the answers of an example.
func (c example) answered() []Answer {
	if c.Answer != nil {
		return []Answer{*c.Answer}
	}
	return c.Answers
}

// runSeveral makes the calls of an example, and compares them with what it expects.
func (p *Plugin) runSeveral(ctx context.Context, c example) (outcome Outcome, first Preview, problems []string, err error) {
	if len(c.answered()) == 0 {
		first, err = p.Preview(ctx, c.call(), nil)
		return outcome, first, nil, err
	}
	outcome, played, err := p.play(ctx, c.call(), nil, c.answered())
	if len(played.requests) > 0 {
		first = played.requests[0]
	}
	if made, given := len(played.requests), len(c.answered()); made < given {
		problems = append(problems, fmt.Sprintf("%d calls are made, and there are %d answers", made, given))
	}
	return outcome, first, append(problems, callProblems(played.requests, c.Expect.Calls)...), err
}

// callProblems are the differences between the calls that were made and those that an example expects.
func callProblems(made []Preview, expected []expectedCall) (problems []string) {
	if expected == nil {
		return nil
	}
	if len(made) != len(expected) {
		problems = append(problems, fmt.Sprintf("%d calls are made, expected %d", len(made), len(expected)))
	}
	for i := range min(len(made), len(expected)) {
		place, want := fmt.Sprintf("calls[%d]", i), expected[i]
		if want.Method != "" && made[i].Method != want.Method {
			problems = append(problems, place+".method is "+made[i].Method+", expected "+want.Method)
		}
		if want.URL != "" && made[i].URL != want.URL {
			problems = append(problems, place+".url is "+made[i].URL+", expected "+want.URL)
		}
		body, err := made[i].value()
		if err != nil {
			problems = append(problems, place+".body is not JSON")
		}
		problems = append(problems, Differences(place+".body", body, want.Body)...)
	}
	return problems
}

// value is the body that a preview shows; nil without.
func (p Preview) value() (body any, err error) {
	if len(p.Body) == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	err = json.NewDecoder(bytes.NewReader(p.Body)).Decode(&body)
	return body, err
}
