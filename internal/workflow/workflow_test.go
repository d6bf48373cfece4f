package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// shelf is a catalog of the shipped plugins and policies.
type shelf struct{}

func (shelf) Plugin(id string) (Plugin, bool) {
	switch id {
	case "identity-check":
		return Plugin{ID: id, Callback: true, Timeout: 10 * time.Second, Retry: RetryPolicy{Attempts: 5, Interval: time.Second, Rate: 2}}, true
	case "media-check":
		return Plugin{ID: id, Result: map[string]any{"type": "object", "properties": map[string]any{
			"hits": map[string]any{"type": "array"}, "status": map[string]any{"type": "string", "enum": []any{"clear", "found"}},
		}}}, true
	}
	return Plugin{}, false
}

func (shelf) Workflow(id string) bool { return id == "kyc" }

func (shelf) Finals(string) []string { return []string{"approved", "rejected"} }

func (shelf) Policy(id string) (PolicyInfo, bool) {
	return PolicyInfo{ID: id, Outcomes: []string{"reject", "review", "approve"}, Severities: []string{"low", "high"}, Evaluate: func(input map[string]any, _ time.Time) (string, error) {
		outcome, _ := input["wanted"].(string)
		return outcome, nil
	}}, id == "kyc-risk"
}

func parse(t testing.TB, text string) *Workflow {
	t.Helper()
	w, found := Parse("w.yaml", []byte(text), shelf{})
	for _, d := range found {
		t.Log(d, "\n"+d.Excerpt)
	}
	if w == nil {
		t.Fatal("the workflow has problems")
	}
	return w
}

func shipped(t testing.TB) *Workflow {
	t.Helper()
	text, err := os.ReadFile("../../statemachines/kyc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func TestTheShippedWorkflowIsSound(t *testing.T) {
	w := shipped(t)
	if w.ID != "kyc" || len(w.Documents) != 3 || w.Flow == nil {
		t.Errorf("read as %s with %d documents", w.ID, len(w.Documents))
	}
	i, ok := w.Invocation("screen", "identity")
	if !ok || !i.Callback || i.Name != "identity-check" || i.Timeout != 10*time.Second || i.Retry.Attempts != 5 {
		t.Errorf("identity is %+v", i)
	}
	if i, _ = w.Invocation("screen", "sanctions"); i.Retry.Attempts != defaultAttempts || i.Timeout != defaultTimeout {
		t.Errorf("sanctions is %+v", i)
	}
}

func TestAWriteThatBreaksTheSchemaNamesThePlaceAndNotTheValue(t *testing.T) {
	w := shipped(t)
	err := w.CheckContext(map[string]any{"applicant": map[string]any{"country": "Utopia!", "date_of_birth": "yesterday!", "shoe": 1.0}})
	if problem.CodeOf(err) != problem.Invalid {
		t.Fatal(err)
	}
	text := err.Error()
	for _, wanted := range []string{"context.applicant.country", "context.applicant.date_of_birth", "context.applicant.shoe"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%s is missing in %s", wanted, text)
		}
	}
	if strings.Contains(text, "Utopia!") || strings.Contains(text, "yesterday!") {
		t.Error("the error shows a value")
	}
}

func TestResultsOfWorkAreNotTheCallersFault(t *testing.T) {
	w := shipped(t)
	context := map[string]any{"risk": map[string]any{"outcome": "approve"}, "applicant": map[string]any{"country": "UT"}}
	if err := w.CheckContext(context); err != nil {
		t.Error(err)
	}
	if err := w.CheckContext(map[string]any{"wrong": 1.0}); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("an unknown field gives %v", err)
	}
	if len(context) != 2 {
		t.Error("the check changed the context")
	}
}

func TestDocumentPropertiesAreCheckedByKind(t *testing.T) {
	passport, _ := shipped(t).Document("passport")
	if err := passport.CheckProperties(map[string]any{"expires": "soon"}); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("expires gives %v", err)
	}
	if err := passport.CheckProperties(nil); err != nil {
		t.Error(err)
	}
}

func simulate(t *testing.T, w *Workflow, events string, context map[string]any) []string {
	t.Helper()
	read, err := ReadEvents([]byte(events))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range Simulate(w, read, context, start) {
		line.Trace = nil // see TestTheTraceShowsWhichGuardsWereLookedAt
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.TrimSpace(b.String()))
	}
	return lines
}

func TestSimulationFollowsACaseToItsEnd(t *testing.T) {
	lines := simulate(t, shipped(t), `[{"type":"SUBMIT"},{"type":"approve"},{"type":"done.invoke.id_check","payload":{}},
		{"type":"error.invoke.identity","payload":{"error":"vendor_unavailable"}},{"type":"done.invoke.sanctions","payload":{"hits":[]}},
		{"type":"done.invoke.risk","payload":{"outcome":"review"}},{"after":"P5D"},{"type":"approve"},{"type":"approve_unanswered"},{"type":"reject"}]`,
		map[string]any{"documents": map[string]any{"all_received": true, "any_rejected": false}})
	wanted := []string{
		`{"event":null,"configuration":["collect"],"status":"active","tags":["collection_flow"],"effects":[],"error":null}`,
		`{"event":"SUBMIT","configuration":["screen"],"status":"active","tags":["pending_process"],"effects":[{"kind":"invoke","state":"screen","visit":2,"work":"id_check"}],"error":null}`,
		`"error":{"code":"event_not_allowed","message":`,
		`"effects":[{"kind":"invoke","state":"screen","visit":2,"work":"identity"}]`,
		`{"event":"error.invoke.identity","configuration":["screen"],"status":"active","tags":["pending_process"],"effects":[{"kind":"invoke","state":"screen","visit":2,"work":"sanctions"}],"error":null}`,
		`"effects":[{"kind":"invoke","state":"screen","visit":2,"work":"risk"}]`,
		`{"event":"done.invoke.risk","configuration":["review"]`,
		`{"event":null,"configuration":["escalated"],"status":"active","tags":["escalated","manual_review"],"effects":[],"error":null}`,
		`{"event":"approve","configuration":["escalated"],"status":"active"`,
		`{"event":"approve_unanswered","configuration":["approved"],"status":"done","tags":["approved"],"effects":[],"error":null}`,
		`"configuration":["approved"],"status":"done","tags":["approved"],"effects":[],"error":{"code":"case_closed"`,
	}
	if len(lines) != len(wanted) {
		t.Fatalf("%d lines: %s", len(lines), strings.Join(lines, "\n"))
	}
	for i := range wanted {
		if !strings.Contains(lines[i], wanted[i]) {
			t.Errorf("line %d is\n%s\nwithout\n%s", i, lines[i], wanted[i])
		}
	}
}

// Who was screened without a match is approved as ever; who was not is screened again, or approved as such.
func TestApprovingNeedsAnswers(t *testing.T) {
	documents := map[string]any{"documents": map[string]any{"all_received": true, "any_rejected": false}}
	screened := `[{"type":"SUBMIT"},{"type":"done.invoke.id_check","payload":{}},{"type":"done.invoke.identity","payload":{"status":"verified"}},
		%s,{"type":"done.invoke.risk","payload":{"outcome":"review"}},{"type":"%s"}]`
	for _, c := range []struct{ sanctions, event, state, status string }{
		{`{"type":"done.invoke.sanctions","payload":{"hits":[]}}`, "approve", "approved", "done"},
		{`{"type":"done.invoke.sanctions","payload":{"hits":[{"list":"x"}]}}`, "approve", "approved", "done"},
		{`{"type":"done.invoke.sanctions","payload":{"hits":[]}}`, "approve_unanswered", "review", "active"},
		{`{"type":"error.invoke.sanctions"}`, "approve", "review", "active"},
		{`{"type":"error.invoke.sanctions"}`, "approve_unanswered", "approved", "done"},
		{`{"type":"error.invoke.sanctions"}`, "screen_again", "screen", "active"},
	} {
		lines := simulate(t, shipped(t), fmt.Sprintf(screened, c.sanctions, c.event), documents)
		if last := lines[len(lines)-1]; !strings.Contains(last, `"configuration":["`+c.state+`"],"status":"`+c.status+`"`) {
			t.Errorf("%s %s: %s", c.sanctions, c.event, last)
		}
	}
}

func TestTheTraceShowsWhichGuardsWereLookedAt(t *testing.T) {
	read, err := ReadEvents([]byte(`[{"type":"SUBMIT"},{"after":"P14D"}]`))
	if err != nil {
		t.Fatal(err)
	}
	lines := Simulate(shipped(t), read, map[string]any{"documents": map[string]any{"all_received": false}}, start)
	if len(lines[0].Trace) != 0 || len(lines[1].Trace) != 1 || lines[1].Trace[0].Outcome != "false" || lines[1].Trace[0].Guard != "documents.all_received" {
		t.Errorf("%+v", lines[1].Trace)
	}
	if len(lines[2].Trace) != 1 || lines[2].Trace[0].Outcome != "taken" || lines[2].Trace[0].Target != "expired" {
		t.Errorf("%+v", lines[2].Trace)
	}
}

func TestTheRulesDecideWhereTheCaseGoes(t *testing.T) {
	for outcome, state := range map[string]string{"approve": "approved", "reject": "rejected", "review": "review"} {
		lines := simulate(t, shipped(t), `[{"type":"SUBMIT"},{"type":"done.invoke.id_check","payload":{}},{"type":"done.invoke.identity","payload":{}},
			{"type":"done.invoke.sanctions","payload":{"hits":[]}},{"type":"done.invoke.risk","payload":{"outcome":"`+outcome+`"}}]`,
			map[string]any{"documents": map[string]any{"all_received": true}})
		if !strings.Contains(lines[5], `"configuration":["`+state+`"]`) {
			t.Errorf("%s leads to %s", outcome, lines[5])
		}
	}
}

func TestASubmissionWithoutDocumentsStays(t *testing.T) {
	for _, documents := range []map[string]any{nil, {"documents": map[string]any{"all_received": false}}} {
		if line := simulate(t, shipped(t), `[{"type":"SUBMIT"}]`, documents)[1]; !strings.Contains(line, `["collect"]`) {
			t.Error(line)
		}
	}
}

func TestAPolicyGuardAsksThePolicy(t *testing.T) {
	w := parse(t, `
initial: a
states:
  a: {on: {GO: {target: b, guard: {type: policy, options: {policy: kyc-risk, outcome: approve}}}}}
  b: {type: final}`)
	if line := simulate(t, w, `[{"type":"GO"}]`, map[string]any{"wanted": "reject"})[1]; !strings.Contains(line, `["a"]`) {
		t.Error(line)
	}
	if line := simulate(t, w, `[{"type":"GO"}]`, map[string]any{"wanted": "approve"})[1]; !strings.Contains(line, `["b"]`) {
		t.Error(line)
	}
}

func TestAFileThatHoldsOnlyAChartIsAWorkflow(t *testing.T) {
	w, found := Parse("door.json", []byte(`{"initial":"open","states":{"open":{"on":{"CLOSE":"shut"}},"shut":{"type":"final"}}}`), nil)
	if w == nil || w.ID != "door" {
		t.Fatal(found)
	}
}

func TestEventsFilesAreChecked(t *testing.T) {
	for _, text := range []string{`{}`, `[{}]`, `[{"after":"soon"}]`, `[{"typ":"x"}]`, `[] []`} {
		if _, err := ReadEvents([]byte(text)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestGraphsShowEveryStateAndTransition(t *testing.T) {
	w := shipped(t)
	for format, wanted := range map[string][]string{
		"mermaid": {"stateDiagram-v2", "[*] --> collect", "collect --> screen : SUBMIT [documents.all_received]", "review --> escalated : after P5D", "review --> screen : screen_again", "approved --> [*]"},
		"dot":     {`digraph "kyc" {`, `"collect" -> "screen"`, `"approved" [label="approved", peripheries=2];`},
	} {
		text, err := Graph(w, format)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range wanted {
			if !strings.Contains(text, part) {
				t.Errorf("%s without %s:\n%s", format, part, text)
			}
		}
	}
	if _, err := Graph(w, "svg"); problem.CodeOf(err) != problem.Invalid {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("../../statemachines/kyc.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"initial":"a","states":{"a":{"on":{"X":{"guard":{"type":"not"}}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, found := Parse("f.yaml", text, shelf{})
		if (w == nil) != found.Failed() {
			t.Fatal("a workflow and problems exclude each other")
		}
		if w != nil {
			Simulate(w, []SimulatedEvent{{Type: "X"}, {After: "P1D"}}, nil, start)
		}
	})
}

func TestAChartThatNeverComesToRestReportsItAndEnds(t *testing.T) {
	w := parse(t, `
initial: a
states:
  a: {always: {target: b, guard: "n == 1"}}
  b: {always: {target: a, guard: "n == 1"}, on: {END: z}}
  z: {type: final}`)
	lines := simulate(t, w, `[{"type":"END"}]`, map[string]any{"n": 1.0})
	if len(lines) != 1 || !strings.Contains(lines[0], `"error":{"code":"livelock"`) {
		t.Error(lines)
	}
}

func TestAStaleOutcomeChangesNothingAndIsReported(t *testing.T) {
	line := simulate(t, shipped(t), `[{"type":"done.invoke.risk","payload":{"outcome":"approve"}}]`, nil)[1]
	if !strings.Contains(line, `["collect"]`) || !strings.Contains(line, `"code":"stale"`) {
		t.Error(line)
	}
}

func TestAnOwnRetryReplacesThePlugins(t *testing.T) {
	w := parse(t, `
initial: a
states:
  a:
    invoke: {src: vendor, id: v, input: {plugin: identity-check, level: 2, with: {who: applicant.name, gone: nobody.there}}, timeout: PT3S, retry: {attempts: 1, interval: PT7S}}
    onDone: z
  z: {type: final}`)
	i, ok := w.Invocation("a", "v")
	if !ok || i.Timeout != 3*time.Second || i.Retry.Attempts != 1 || i.Retry.Interval != 7*time.Second || len(i.Retry.Errors) != 3 {
		t.Errorf("%+v", i)
	}
	input, missing := i.Resolve(&expr.Env{Scope: expr.Map{"applicant": map[string]any{"name": "N"}}, Now: start})
	if input["who"] != "N" || input["level"] != 2.0 || input["plugin"] != "identity-check" || len(missing) != 1 || missing[0] != "nobody.there" {
		t.Error(input, missing)
	}
}
