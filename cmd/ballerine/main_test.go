package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/workflow"
	"ballerine/statemachines"
)

// called is what a call of the command line came to.
type called struct {
	code      int
	out, errs string
}

func call(t *testing.T, in string, args ...string) called {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(in), &out, &errs)
	return called{code, out.String(), errs.String()}
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(statemachines.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExitCodesAreThoseThatScriptsDependOn(t *testing.T) {
	good := file(t, "kyc.yaml", shipped(t, "kyc.yaml"))
	bad := file(t, "bad.yaml", "initial: a\nstates: {a: {on: {GO: b}}, c: {type: final}}\n")
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"a good file":          {[]string{"workflow", "validate", good}, 0},
		"a file with problems": {[]string{"workflow", "validate", good, bad}, exitProblems},
		"no file":              {[]string{"workflow", "validate"}, exitUsage},
		"an unknown flag":      {[]string{"workflow", "validate", "--nothing", good}, exitUsage},
		"an unknown command":   {[]string{"workflow", "nothing"}, exitUsage},
		"one file to compare":  {[]string{"workflow", "diff", good}, exitUsage},
		"no data":              {[]string{"case", "incidents", "--endpoint=", "--data", t.TempDir()}, exitUsage},
		"too few to skip":      {[]string{"case", "skip", "case_1"}, exitUsage},
	} {
		if got := call(t, "", c.args...); got.code != c.code {
			t.Errorf("%s: %d, want %d: %s%s", name, got.code, c.code, got.out, got.errs)
		}
	}
	if got := call(t, "", "workflow", "validate", bad); !strings.Contains(got.errs, "bad.yaml:2:23: there is no state b") || !strings.Contains(got.errs, "no transition leads to the state c") {
		t.Errorf("not all problems: %s", got.errs)
	}
}

func TestSimulateShowsItsGuardsWhenAsked(t *testing.T) {
	path := file(t, "kyc.yaml", shipped(t, "kyc.yaml"))
	for _, trace := range []bool{false, true} {
		args := []string{"workflow", "simulate", path, "--json", "--events", "-"}
		if trace {
			args = append(args, "--trace")
		}
		got := call(t, `[{"type":"SUBMIT"}]`, args...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		if got.code != 0 || len(lines) != 2 || strings.Contains(lines[1], `"guard":"documents.all_received"`) != trace {
			t.Errorf("trace %v: %d %s%s", trace, got.code, got.out, got.errs)
		}
	}
}

func TestFlagsTakeJSONAsItStands(t *testing.T) {
	path := file(t, "kyc.yaml", shipped(t, "kyc.yaml"))
	for name, c := range map[string]struct {
		context, events string
		code            int
		output          string
	}{
		"both":              {`{"applicant": {"country": "SE"}}`, ` [{"type": "SUBMIT"}]`, 0, `["collect"]`},
		"a file":            {file(t, "context.json", `{"applicant": {"country": "SE"}}`), `[]`, 0, `"collect"`},
		"cut short":         {"{\"applicant\":\n {\"country\": \"SE\"", `[]`, exitProblems, "(command line):2:"},
		"a member twice":    {`{"applicant": {}, "applicant": {}}`, `[]`, exitProblems, "(command line):1:"},
		"a file that isn't": {"Eriksson.json", `[]`, 1, "no such file"},
	} {
		got := call(t, "", "workflow", "simulate", path, "--context", c.context, "--events", c.events)
		if got.code != c.code || !strings.Contains(got.out+got.errs, c.output) || strings.Contains(got.errs, "SE") {
			t.Errorf("%s: %d %s%s", name, got.code, got.out, got.errs)
		}
	}
}

func TestSimulateRefusesResultsThatNoWorkReturns(t *testing.T) {
	path := file(t, "kyc.yaml", shipped(t, "kyc.yaml"))
	events := `[{"type":"done.invoke.risk","payload":{"outcome":"aprove","score":"secret"}},{"type":"done.invoke.sanctions","payload":{"hits":"secret"}},{"type":"done.invoke.risk","payload":{"outcome":"approve"}}]`
	got := call(t, "", "workflow", "simulate", path, "--events", events)
	for _, want := range []string{"[0].payload.score", "[0].payload.outcome", "did you mean approve?", "[1].payload.hits"} {
		if !strings.Contains(got.errs, want) {
			t.Errorf("no %s in %s", want, got.errs)
		}
	}
	if got.code != exitProblems || strings.Contains(got.errs, "secret") || strings.Contains(got.errs, "[2]") {
		t.Errorf("%d %s%s", got.code, got.out, got.errs)
	}
}

func TestDiffReportsInWordsAndInJSON(t *testing.T) {
	old := shipped(t, "kyc.yaml")
	before, after := file(t, "old.yaml", old), file(t, "new.yaml", strings.Replace(old, "P14D", "P7D", 1))
	if got := call(t, "", "workflow", "diff", before, before); got.code != 0 || !strings.Contains(got.out, "running cases are not affected") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "workflow", "diff", before, after); got.code != 0 || !strings.Contains(got.out, "timer: collect on timer 1: P14D -> P7D") {
		t.Errorf("%+v", got)
	}
	var output struct{ Changes []workflow.Change }
	if got := call(t, "", "workflow", "diff", before, after, "--json"); json.Unmarshal([]byte(got.out), &output) != nil || len(output.Changes) == 0 {
		t.Errorf("%+v", got)
	}
}

// onceVendor is a plugin of a vendor that is tried twice, and asks is a workflow that asks it.
const (
	onceVendor = "id: once\ntitle: Once\nretry: {attempts: 2, interval: PT1S, rate: 1}\nrequest: {method: POST, url: \"http://127.0.0.1:1/\", body: {}}\n" +
		"response: {result: {passed: \"{body.passed}\"}}\nresult: {type: object, required: [passed], properties: {passed: {type: boolean}}}\n"
	asks = "id: asks\ntitle: Asks\ninitial: ask\nsubject: individual\nstates:\n  ask:\n    invoke: [{src: vendor, id: once, input: {plugin: once}, onDone: done}]\n  done: {type: final}\n"
)

func TestIncidentsAreListedAndResolvedInTheDataOfAStoppedSystem(t *testing.T) {
	data := t.TempDir()
	stack := startStack(t, data)
	admin, client := as(stack, "admin"), as(stack, "client")
	calls(t, admin, "", "plugin", "publish", file(t, "once.yaml", onceVendor))
	calls(t, admin, "", "workflow", "publish", file(t, "asks.yaml", asks))
	calls(t, client, "", "case", "start", "asks", "--subject-set", "type=individual")
	eventually(t, "the incident", func() bool {
		return !strings.Contains(calls(t, client, "", "case", "list", "--incident", "--json"), `"data":[]`)
	})
	if err := stack.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	here := []string{"--endpoint=", "--data", data}
	var found struct{ Data []cases.OpenIncident }
	listed := call(t, "", append([]string{"case", "incidents", "--json"}, here...)...)
	if listed.code != 0 || json.Unmarshal([]byte(listed.out), &found) != nil || len(found.Data) != 1 || found.Data[0].Attempts < 2 {
		t.Fatalf("%+v", listed)
	}
	id, incident := found.Data[0].Case, found.Data[0].ID
	if named := call(t, "", append([]string{"case", "incidents", id}, here...)...); named.code != 0 || !strings.Contains(named.out, incident) {
		t.Errorf("of one case: %+v", named)
	}
	wrong := call(t, `{"once": {"passed": true}}`, append([]string{"case", "retry", id, incident, "--context", "-"}, here...)...)
	if wrong.code != exitProblems || !strings.Contains(wrong.errs, "body.context.once") {
		t.Errorf("a result was put in by a patch: %+v", wrong)
	}
	if skipped := call(t, `{"passed": true}`, append([]string{"case", "skip", id, incident, "--comment", "looked at by hand"}, here...)...); skipped.code != 0 || !strings.Contains(skipped.out, id) {
		t.Errorf("%+v", skipped)
	}
	if again := call(t, `{}`, append([]string{"case", "retry", id, incident}, here...)...); again.code != exitProblems {
		t.Errorf("resolved, and retried: %+v", again)
	}
	if left := call(t, "", append([]string{"case", "list", "--incident", "--json"}, here...)...); left.code != 0 || !strings.Contains(left.out, `"data":[]`) {
		t.Errorf("%+v", left)
	}
	if verified := call(t, "", append([]string{"case", "verify", id}, here...)...); verified.code != 0 || !strings.Contains(verified.out, "whole") {
		t.Errorf("%+v", verified)
	}
	if history := calls(t, here, "", "case", "history", id); !strings.Contains(history, "incident_resolved") || !strings.Contains(history, "ask   done") {
		t.Errorf("%s", history)
	}
}

func TestHelpShowsNoSecretOfTheEnvironment(t *testing.T) {
	t.Setenv("BALLERINE_API_KEY", "blr_hidden")
	t.Setenv("BALLERINE_SECRET_ACME", "blr_hidden")
	t.Setenv("BALLERINE_ENDPOINT", "https://blr_hidden.example.com")
	t.Setenv("BALLERINE_WEBHOOK_SECRET", "whsec_blr_hidden")
	var visit func(path []string, cmd *cobra.Command)
	visit = func(path []string, cmd *cobra.Command) {
		if got := call(t, "", append(path, "--help")...); strings.Contains(got.out+got.errs, "blr_hidden") {
			t.Errorf("%v shows a secret", path)
		}
		for _, child := range cmd.Commands() {
			visit(append(path[:len(path):len(path)], child.Name()), child)
		}
	}
	visit(nil, newRoot())
	if got := call(t, "", "case", "list", "--endpoint", "http://127.0.0.1:1"); got.code != exitUnreachable {
		t.Errorf("the key of the environment is not used: %+v", got)
	}
}
