package statechart_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

const explained = `
initial: review
states:
  review:
    on:
      bilingual: {target: done, guard: "1 > 2", otherwise: {en: Not yet., de: Noch nicht.}}
      stated: {target: done, guard: "1 > 2", otherwise: Not yet.}
      false: {target: done, guard: "1 > 2"}
      missing: {target: done, guard: "amount > 5"}
      undecidable: {target: done, guard: "name > 5"}
  done: {type: final}
`

func TestReasonsAreCodesWithParameters(t *testing.T) {
	chart, diagnostics := parseAudience(t, explained)
	if chart == nil {
		t.Fatal(diagnostics)
	}
	started, err := chart.Start(map[string]any{"name": "Ada"}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	in := statechart.Input{Context: started.Context, Now: time.Unix(0, 0)}
	want := map[string]statechart.Explanation{
		"bilingual":   {Code: statechart.ReasonStated, Texts: map[string]string{"en": "Not yet.", "de": "Noch nicht."}},
		"stated":      {Code: statechart.ReasonStated},
		"false":       {Code: statechart.ReasonConditionFalse, Guard: "1 > 2"},
		"missing":     {Code: statechart.ReasonDataMissing, Missing: []string{"amount"}},
		"undecidable": {Code: statechart.ReasonUndecidable},
	}
	for _, next := range chart.Next(started.Snapshot, in) {
		got, want := next.Explanation, want[next.Event]
		if got == nil || got.Code != want.Code || got.Guard != want.Guard || !reflect.DeepEqual(got.Missing, want.Missing) || !reflect.DeepEqual(got.Texts, want.Texts) {
			t.Errorf("%s: got %+v, want %+v", next.Event, got, want)
			continue
		}
		if (got.Detail != "") != (got.Code == statechart.ReasonUndecidable) {
			t.Errorf("%s: detail %q", next.Event, got.Detail)
		}
		if *next.Reason == "" || *next.Reason != got.String() {
			t.Errorf("%s: %q beside %q", next.Event, *next.Reason, got)
		}
	}
	in.Event.By = statechart.Applicant
	for _, next := range chart.Next(started.Snapshot, in) {
		if next.Explanation != nil {
			t.Errorf("the applicant reads why %s is not possible", next.Event)
		}
	}
}

func TestARefusedEventHasItsExplanation(t *testing.T) {
	chart, _ := parseAudience(t, strings.Replace(explained, "  review:\n", "  review:\n    by: [applicant, client]\n", 1))
	started, err := chart.Start(map[string]any{}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for by, want := range map[statechart.Audience]any{
		statechart.Client:    statechart.Explanation{Code: statechart.ReasonDataMissing, Missing: []string{"amount"}},
		statechart.Applicant: nil,
	} {
		_, err := chart.Step(started.Snapshot, started.Context, statechart.Event{Type: "missing", By: by}, time.Unix(0, 0))
		if got := problem.As(err).Details["explanation"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, want %+v", by, got, want)
		}
	}
}

func TestOtherwiseByLanguageNeedsEnglish(t *testing.T) {
	for text, want := range map[string]string{
		`{de: Noch nicht.}`:                   "missing",
		`{en: Not yet., german: Noch nicht.}`: "unknown_language",
		`{en: [a]}`:                           "type",
		`{en: Not yet., de: Noch nicht.}`:     "",
	} {
		_, diagnostics := parseAudience(t, `{initial: a, states: {a: {on: {GO: {target: b, guard: "1 > 2", otherwise: `+text+`}}}, b: {type: final}}}`)
		found := ""
		for _, d := range diagnostics {
			if strings.Contains(d.Path, "otherwise") && found == "" {
				found = d.Code
			}
		}
		if found != want {
			t.Errorf("%s: got %q (%v), want %q", text, found, diagnostics, want)
		}
	}
}

const refusing = `
initial: a
states:
  a:
    on:
      submit: {guard: {type: and, guards: ["amount < 10", {type: not, guard: {type: json-logic, options: {rule: {"==": [{var: applicant.name}, ""]}}}}]}, target: b, by: [client]}
      cancel: {target: c, by: [reviewer]}
      known: {guard: "missing.field > 5", target: b}
      risky: {guard: {type: in-state, state: b}, target: b}
      never: null
  b: {on: {approve: {target: c, by: [reviewer]}}}
  c: {type: final}
`

func TestARefusedEventSaysWhoAndWhichValuesAndWhere(t *testing.T) {
	chart, diagnostics := parseAudience(t, refusing)
	if chart == nil {
		t.Fatal(diagnostics)
	}
	started, err := chart.Start(map[string]any{"amount": 50.0, "applicant": map[string]any{"name": "Ada Secret"}}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for sent, want := range map[string]*statechart.Refusal{
		"submit":           {Reason: "the condition does not hold: ", Explanation: &statechart.Explanation{Code: statechart.ReasonConditionFalse}, Reads: []string{"amount", "applicant.name"}, By: []string{"client"}},
		"submit client":    {Reason: "the condition does not hold: ", Explanation: &statechart.Explanation{Code: statechart.ReasonConditionFalse}, Reads: []string{"amount", "applicant.name"}, By: []string{"client"}},
		"submit applicant": {Reason: "only client may send it here", By: []string{"client"}},
		"cancel applicant": {Reason: "only reviewer may send it here", By: []string{"reviewer"}},
		"known client":     {Reason: "not known yet: missing.field", Explanation: &statechart.Explanation{Code: statechart.ReasonDataMissing}, Reads: []string{"missing.field"}, By: []string{"client"}},
		"never client":     {Reason: "it is forbidden in this state", Explanation: &statechart.Explanation{Code: statechart.ReasonForbidden}},
		"approve reviewer": {Reason: "it is not for this state, but for b", In: []string{"b"}},
		"submitt client":   {Reason: "no state of the workflow has it; did you mean submit?"},
		"x client":         {Reason: "no state of the workflow has it"},
		"cancel reviewer":  nil,
		"cancel":           nil,
	} {
		event, by, _ := strings.Cut(sent, " ")
		in := statechart.Input{Context: started.Context, Now: time.Unix(0, 0), Event: statechart.Event{Type: event, By: statechart.AudienceOf(by)}}
		got := chart.Refusal(started.Snapshot, in)
		if (got == nil) != (want == nil) {
			t.Errorf("%s: %+v, want %+v", sent, got, want)
			continue
		}
		if got == nil {
			continue
		}
		if !strings.HasPrefix(got.Reason, want.Reason) || !reflect.DeepEqual(got.Reads, want.Reads) || !reflect.DeepEqual(got.In, want.In) || strings.Join(got.By, " ") != strings.Join(want.By, " ") || strings.Contains(got.Reason, "Secret") {
			t.Errorf("%s: %+v, want %+v", sent, got, want)
		}
		if (got.Explanation == nil) != (want.Explanation == nil) || want.Explanation != nil && got.Explanation.Code != want.Explanation.Code {
			t.Errorf("%s: %+v, want %+v", sent, got.Explanation, want.Explanation)
		}
	}
}
