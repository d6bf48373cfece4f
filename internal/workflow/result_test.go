package workflow_test

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

const works = `
id: works
title: Works
context:
  schema:
    type: object
    $defs: {word: {type: string, maxLength: 5}}
    properties: {full_name: {type: string}, owners: {type: array}, lookup: {type: object, required: [word], properties: {word: {$ref: "#/$defs/word"}}}}
initial: check
states:
  check:
    invoke:
      - {src: document, id: papers}
      - {src: vendor, id: lookup, input: {plugin: lookup}}
      - {src: screening, id: sanctions, input: {with: {name: full_name}}}
      - {src: children, id: people, input: {workflow: person, each: owners}}
      - {src: rules, id: risk, input: {policy: p}}
    onDone: done
  done: {type: final}
`

func TestAResultIsOneThatItsWorkCouldReturn(t *testing.T) {
	w, diagnostics := workflow.Parse("works.yaml", []byte(works), nil)
	if w == nil {
		t.Fatal(diagnostics)
	}
	type object = map[string]any
	for name, c := range map[string]struct {
		work   string
		result any
		want   string // places and codes
	}{
		"a policy's answer":           {"risk", object{"outcome": "approve", "score": 3.0}, ""},
		"no outcome":                  {"risk", object{"score": 3.0}, "result.outcome required"},
		"several faults of an answer": {"risk", object{"outcome": 1.0, "skore": "secret"}, "result.outcome type, result.skore unknown"},
		"no object":                   {"risk", "secret", "result type"},
		"nothing":                     {"risk", nil, "result type"},
		"a clean screening":           {"sanctions", object{"hits": []any{}, "more": false}, ""},
		"hits that are no list":       {"sanctions", object{"hits": "secret"}, "result.hits type"},
		"counts of children":          {"people", object{"total": 2.0, "outcomes": object{"approved": 2.0}}, ""},
		"a count that is none":        {"people", object{"total": "secret"}, "result.total type"},
		"a report on documents":       {"papers", object{"passed": true, "expired": nil}, ""},
		"a report of another form":    {"papers", object{"passed": "secret", "ok": true}, "result.ok unknown, result.passed type"},
		"as the schema has it":        {"lookup", object{"word": "short"}, ""},
		"not as the schema has it":    {"lookup", object{"word": "secrets"}, "result.word maxLength"},
	} {
		i, ok := w.Invocation("check", c.work)
		if !ok {
			t.Fatal(c.work)
		}
		err := w.CheckResult(i, c.result)
		var places []string
		if err != nil {
			for _, f := range problem.As(err).Fields {
				places = append(places, f.Location+" "+f.Code)
				if strings.Contains(f.Message, "secret") {
					t.Errorf("%s: %s shows the value", name, f.Message)
				}
			}
		}
		if got := strings.Join(places, ", "); got != c.want || err != nil && problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, err)
		}
	}
}

func TestAResultHasAnOutcomeThatItsPolicyHas(t *testing.T) {
	outcomes := []string{"approve", "review"}
	for outcome, hint := range map[string]string{"aprove": "did you mean approve?", "x": "known: approve, review"} {
		err := workflow.CheckOutcome("kyc", outcomes, map[string]any{"outcome": outcome})
		if err == nil || len(problem.As(err).Fields) != 1 || !strings.Contains(problem.As(err).Fields[0].Message, hint) {
			t.Errorf("%s: %v", outcome, err)
		}
	}
	if err := workflow.CheckOutcome("kyc", outcomes, map[string]any{"outcome": "review"}); err != nil {
		t.Error(err)
	}
}
