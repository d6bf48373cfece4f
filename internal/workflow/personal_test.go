package workflow_test

import (
	"os"
	"strings"
	"testing"

	"ballerine/internal/workflow"
)

const telling = `id: telling
title: Telling
subject: individual
context:
  schema:
    type: object
    $defs: {mail: {type: string, personal: true}}
    properties:
      applicant: {type: object, properties: {email: {$ref: "#/$defs/mail"}, born: {type: string, format: date, personal: true}, country: {type: string}}}
      shown: {}
initial: a
states:
  a: {on: {GO: {target: b, actions: [ACTION]}}}
  b: {type: final}
`

func TestEventsHoldNoPersonalData(t *testing.T) {
	for action, want := range map[string]string{
		`{type: emit, event: told, payload: {v: applicant.country}}`:                          "",
		`{type: emit, event: told, payload: {v: "exists(applicant.email)"}}`:                  "",
		`{type: emit, event: told, payload: {v: "age(applicant.born)"}}`:                      "",
		`{type: emit, event: told, payload: {v: applicant.email}}`:                            "error states.a.on.GO.actions[0].payload.v",
		`{type: emit, event: told, payload: {v: applicant}}`:                                  "error states.a.on.GO.actions[0].payload.v",
		`{type: emit, event: told, payload: {v: "lower(applicant.email)"}}`:                   "error states.a.on.GO.actions[0].payload.v",
		`{type: emit, event: told, payload: {v: "exists(shown) ? applicant.email : 'none'"}}`: "error states.a.on.GO.actions[0].payload.v",
		`{type: emit, event: told, payload: {v: "applicant.country + applicant.born"}}`:       "error states.a.on.GO.actions[0].payload.v",
		`{type: assign, values: {shown: applicant.email}}`:                                    "warning states.a.on.GO.actions[0].values.shown",
		`{type: merge, values: {shown: applicant}}`:                                           "warning states.a.on.GO.actions[0].values.shown",
		`{type: assign, values: {shown: applicant.country}}`:                                  "",
		`{type: assign, values: {applicant.email: applicant.email}}`:                          "",
		`{type: raise, event: GO, payload: {v: applicant.email}}`:                             "",
	} {
		text := []byte(strings.Replace(telling, "ACTION", action, 1))
		w, found := workflow.Parse("telling.yaml", text, nil)
		got := ""
		for _, d := range found {
			if d.Code == "personal_data" {
				if got = d.Severity.String() + " " + d.Path; d.Hint == "" || d.Line == 0 {
					t.Errorf("%s: %+v", action, d)
				}
			}
		}
		if got != want || (w == nil) != strings.HasPrefix(want, "error") {
			t.Errorf("%s: %q, want %q: %v", action, got, want, found)
		}
		if w, found := workflow.Reread("telling.yaml", text, nil); w == nil {
			t.Errorf("%s: what was published stops: %v", action, found)
		}
	}
}

func TestASchemaDeclaresWhatIsPersonalInWaysThatAreFollowed(t *testing.T) {
	text := []byte(strings.Replace(strings.Replace(telling, "ACTION", "{type: log, message: x}", 1), `{$ref: "#/$defs/mail"}`, `{$ref: "#mail"}`, 1))
	text = []byte(strings.Replace(string(text), "{type: string, personal: true}", "{$anchor: mail, type: string, personal: true}", 1))
	w, found := workflow.Parse("telling.yaml", text, nil)
	if w != nil || len(found) != 1 || found[0].Code != "personal_data" || found[0].Path != "context.schema.properties.applicant.properties.email.$ref" || found[0].Line != 9 {
		t.Errorf("%v", found)
	}
	w, found = workflow.Reread("telling.yaml", text, nil)
	if w == nil {
		t.Fatalf("what was published stops: %v", found)
	}
	shown, _ := w.Shape().Disclosed(map[string]any{"applicant": map[string]any{"email": "x", "country": "FR"}}, "")
	if applicant := shown.(map[string]any)["applicant"].(map[string]any); applicant["email"] != nil || applicant["country"] != "FR" {
		t.Errorf("%v", shown)
	}
}

// TestWhatOverwritesResultsStopsNoPublishedCase: what is refused today was taken once, and cases follow it.
func TestWhatOverwritesResultsStopsNoPublishedCase(t *testing.T) {
	text, err := os.ReadFile("testdata/bad/overwritten.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if w, found := workflow.Reread("overwritten.yaml", text, nil); w == nil || found.Failed() || len(found) < 6 {
		t.Errorf("what was published stops: %v", found)
	}
}
