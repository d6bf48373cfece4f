package connector

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

const remembered = `id: check
title: Check
cache: {ttl: PT1H}
price: {amount: 0.5, currency: EUR}
request:
  method: POST
  url: "{vendor.base}/checks"
  headers: {X-Key: "{secret.KEY}"}
  body: {name: "{context.given}", scope: "{input.scope}"}
response:
  schema: {type: object, required: [state]}
  result: {state: "{body.state}", of: "{case.id}", key: "{body.echo}", trace: "{headers.\"x-trace\"}"}
result: {type: object, required: [state]}
`

// shelfOfAnswers keeps answers, as a store does.
type shelfOfAnswers struct{ kept map[string]Kept }

func (s *shelfOfAnswers) keep(kept *Kept) {
	if s.kept == nil {
		s.kept = map[string]Kept{}
	}
	if kept != nil && kept.Content != nil {
		s.kept[kept.Key] = *kept
	}
}

func (s *shelfOfAnswers) find(key string) ([]byte, error) { return s.kept[key].Content, nil }

func asked(tenant, id, name string) Call {
	return Call{Tenant: tenant, Case: id, State: "s", Visit: 1, Work: "w", Context: map[string]any{"given": name}, Input: map[string]any{"scope": "all"}}
}

// TestAnAnswerIsUsedAgainForTheSameRequest: it is read again for the requesting case, without the vendor, and without the secrets that it repeated.
func TestAnAnswerIsUsedAgainForTheSameRequest(t *testing.T) {
	v := newTarget(t)
	requests := 0
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("X-Trace", "t-1")
		w.Header().Set("Set-Cookie", "session=private")
		respond(w, 200, "application/json", `{"state":"clear","echo":"s3cr3t value"}`)
	}
	client, p, shelf := v.client(), parse(t, remembered), &shelfOfAnswers{}
	client.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	if _, found, err := client.Recall(t.Context(), p, asked("a", "case_1", "Ada"), shelf.find); found || err != nil {
		t.Fatalf("%v %v", found, err)
	}
	first, err := client.Do(t.Context(), p, asked("a", "case_1", "Ada"))
	if err != nil || first.Kept == nil || first.Kept.Until != client.Now().Add(time.Hour) {
		t.Fatalf("%+v %v", first, err)
	}
	shelf.keep(first.Kept)
	if text := string(first.Kept.Content); strings.Contains(text, "s3cr3t") || strings.Contains(text, "session=private") {
		t.Errorf("kept: %s", text)
	}
	again, found, err := client.Recall(t.Context(), p, asked("a", "case_2", "Ada"), shelf.find)
	if err != nil || !found || requests != 1 {
		t.Fatalf("%v %v after %d requests", found, err, requests)
	}
	result, _ := again.Result.(map[string]any)
	if want := map[string]any{"state": "clear", "of": "case_2", "key": "[secret]", "trace": "t-1"}; !maps.Equal(result, want) {
		t.Errorf("%v", result)
	}
	if again.Trace.Charged || again.Trace.Recalled != client.Now() || again.Trace.Request == "" || p.Cost(again.Trace) != 0 || again.Kept != nil {
		t.Errorf("%+v", again.Trace)
	}
}

// TestNobodyIsAnsweredByWhatAnotherWasAsked: another tenant, request, scope, definition or setting, and a person who wants a new answer.
func TestNobodyIsAnsweredByWhatAnotherWasAsked(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", `{"state":"clear"}`) }
	client, p, shelf := v.client(), parse(t, remembered), &shelfOfAnswers{}
	kept, err := client.Do(t.Context(), p, asked("a", "case_1", "Ada"))
	if err != nil {
		t.Fatal(err)
	}
	shelf.keep(kept.Kept)
	anew, scoped := asked("a", "case_1", "Ada"), asked("a", "case_1", "Ada")
	anew.Anew, scoped.Input = true, map[string]any{"scope": "some"}
	elsewhere := v.client()
	elsewhere.Settings = map[string]string{"base": "https://elsewhere.example"}
	for what, c := range map[string]struct {
		client *Client
		plugin *Plugin
		call   Call
		found  bool
	}{
		"the same":         {client, p, asked("a", "case_9", "Ada"), true},
		"another tenant":   {client, p, asked("b", "case_1", "Ada"), false},
		"another person":   {client, p, asked("a", "case_1", "Eve"), false},
		"another scope":    {client, p, scoped, false},
		"anew":             {client, p, anew, false},
		"another server":   {elsewhere, p, asked("a", "case_1", "Ada"), false},
		"changed":          {client, parse(t, strings.Replace(remembered, "state: \"{body.state}\"", "state: \"{body.state || 'x'}\"", 1)), asked("a", "case_1", "Ada"), false},
		"not cached":       {client, parse(t, strings.Replace(remembered, "cache: {ttl: PT1H}\n", "", 1)), asked("a", "case_1", "Ada"), false},
		"no request of it": {client, p, Call{Tenant: "a", Case: "case_1"}, false},
	} {
		if _, found, err := c.client.Recall(t.Context(), c.plugin, c.call, shelf.find); found != c.found || err != nil {
			t.Errorf("%s: %v %v", what, found, err)
		}
	}
	broken := errors.New("the store is away")
	if _, found, err := client.Recall(t.Context(), p, asked("a", "case_1", "Ada"), func(string) ([]byte, error) { return nil, broken }); found || !errors.Is(err, broken) {
		t.Errorf("%v %v", found, err)
	}
	for _, damaged := range []string{"", "{", `{"answers":{}}`, "null"} {
		if _, found, err := client.Recall(t.Context(), p, asked("a", "case_1", "Ada"), func(string) ([]byte, error) { return []byte(damaged), nil }); found || err != nil {
			t.Errorf("%q: %v %v", damaged, found, err)
		}
	}
}

func TestOnlyWholeSuccessfulAnswersAreKept(t *testing.T) {
	for what, c := range map[string]struct {
		answer http.HandlerFunc
		kept   bool
		sized  bool // it is kept, and has no content
	}{
		"good":      {func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", `{"state":"clear"}`) }, true, false},
		"refusal":   {func(w http.ResponseWriter, _ *http.Request) { respond(w, 404, "application/json", `{"state":"clear"}`) }, false, false},
		"outage":    {func(w http.ResponseWriter, _ *http.Request) { respond(w, 503, "application/json", `{"state":"clear"}`) }, false, false},
		"no schema": {func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", `{}`) }, false, false},
		"garbage":   {func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "text/html", `<p>`) }, false, false},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 200, "application/json", `{"state":"clear","x":"`+strings.Repeat("x", maxKept)+`"}`)
		}, true, true},
	} {
		v := newTarget(t)
		v.answer = c.answer
		outcome, _ := v.client().Do(t.Context(), parse(t, remembered), asked("a", "case_1", "Ada"))
		if (outcome.Kept != nil) != c.kept || outcome.Kept != nil && (outcome.Kept.Content == nil) != c.sized {
			t.Errorf("%s: %+v", what, outcome.Kept)
		}
	}
}

// TestAllCallsOfAnAttemptAreUsedAgainOrNone: steps, pages and elements. A list that is not complete is asked for again.
func TestAllCallsOfAnAttemptAreUsedAgainOrNone(t *testing.T) {
	p := parse(t, strings.Replace(people, "title: People\n", "title: People\ncache: {ttl: P1D}\n", 1))
	call := Call{Tenant: "a", Case: "case_1", State: "s", Work: "w", Visit: 1, Context: map[string]any{"number": "7"}}
	g, shelf := newRegister(t, 3), &shelfOfAnswers{}
	client := g.client()
	first, err := client.Do(t.Context(), p, call)
	if err != nil || first.Kept == nil {
		t.Fatalf("%+v %v", first, err)
	}
	shelf.keep(first.Kept)
	made := len(g.asked)
	call.Case = "case_2"
	again, found, err := client.Recall(t.Context(), p, call, shelf.find)
	if err != nil || !found || len(g.asked) != made || compact(again.Result) != compact(first.Result) || len(again.Trace.Calls) != made || p.Cost(again.Trace) != 0 {
		t.Errorf("%v %v: %d of %d calls, %v", found, err, len(again.Trace.Calls), made, again.Result)
	}
	var tape keptTape
	if err := json.Unmarshal(first.Kept.Content, &tape); err != nil || len(tape.Answers) != made {
		t.Fatalf("%d answers of %d calls, %v", len(tape.Answers), made, err)
	}
	for digest := range tape.Answers {
		less := keptTape{At: tape.At, Answers: maps.Clone(tape.Answers)}
		delete(less.Answers, digest)
		content, _ := json.Marshal(less)
		if _, found, err := client.Recall(t.Context(), p, call, func(string) ([]byte, error) { return content, nil }); found || err != nil {
			t.Errorf("without one of its answers: %v %v", found, err)
		}
	}
	one := 0
	g.say = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method != http.MethodPost {
			return false
		}
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if one++; one > 1 {
			return false
		}
		respond(w, 404, "application/json", `{}`)
		return true
	}
	if partial, err := client.Do(t.Context(), p, call); err != nil || partial.Kept != nil {
		t.Errorf("a list with an element that has failed: %+v %v", partial.Kept, err)
	}
	cut := newRegister(t, 9) // of which three pages of two are read
	if partial, err := cut.client().Do(t.Context(), p, call); err != nil || partial.Kept != nil {
		t.Errorf("a list that is cut off: %+v %v", partial.Kept, err)
	}
}

func TestAVendorThatRestsIsNotNeededForWhatIsKept(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, "application/json", `{"state":"clear"}`) }
	p := parse(t, strings.Replace(remembered, "price:", "breaker: {failures: 1}\nlimit: {rate: 1/h}\nprice:", 1))
	client, shelf := v.client(), &shelfOfAnswers{}
	first, err := client.Do(t.Context(), p, asked("a", "case_1", "Ada"))
	if err != nil {
		t.Fatal(err)
	}
	shelf.keep(first.Kept)
	if _, err := client.Do(t.Context(), p, asked("a", "case_2", "Eve")); !Limited(err) {
		t.Fatalf("%v", err)
	}
	for range 3 {
		if _, found, err := client.Recall(context.Background(), p, asked("a", "case_3", "Ada"), shelf.find); !found || err != nil {
			t.Errorf("%v %v", found, err)
		}
	}
}

func TestWhatMustNotBeUsedAgainIsNotCached(t *testing.T) {
	for what, c := range map[string]struct{ text, code string }{
		"a callback":          {strings.Replace(remembered, "title: Check\n", "title: Check\nmode: callback\n", 1) + "callback: {timeout: P1D, signature: {secret: KEY}}\n", "mode"},
		"too long":            {strings.Replace(remembered, "PT1H", "P31D", 1), "range"},
		"too short":           {strings.Replace(remembered, "PT1H", "PT59S", 1), "range"},
		"no ttl":              {strings.Replace(remembered, "{ttl: PT1H}", "{}", 1), "required"},
		"a message":           {strings.Replace(remembered, "result: {type: object, required: [state]}", "shape: message/1", 1), "shape"},
		"one that is its own": {strings.Replace(remembered, "scope: \"{input.scope}\"", "scope: \"{case.id}\"", 1), "never_found"},
	} {
		_, found := ParsePlugin("x.yaml", []byte(c.text))
		named := false
		for _, d := range found {
			named = named || d.Code == c.code && strings.HasPrefix(d.Path, "cache") && (d.Severity == problem.SeverityWarning) == (c.code == "never_found")
		}
		if !named {
			t.Errorf("%s: %v", what, found)
		}
	}
}
