package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
)

const (
	firstAsked  = "id: asked\ntitle: Asked\ninitial: first\nstates:\n  first: {on: {GO: second}}\n  second: {on: {GO: done}}\n  done: {type: final}\n"
	secondAsked = "id: asked\ntitle: Asked less\ninitial: first\nstates:\n  first: {on: {GO: done}}\n  done: {type: final}\n"
)

// places are where definitions and cases can be: a running system, and the data of the same one when it has stopped.
func places(t *testing.T, prepare func(at []string, stack *local.Stack), use func(name string, at []string)) {
	t.Helper()
	data := t.TempDir()
	stack := startStack(t, data)
	person := slices.IndexFunc(stack.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, "admin") })
	running := []string{"--endpoint", stack.URL, "--api-key", stack.Demo.Users[person].Token}
	prepare(running, stack)
	use("running", running)
	if err := stack.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	use("stopped", []string{"--endpoint=", "--data", data, "--tenant", stack.Demo.Tenant})
}

func TestWhatIsPublishedIsTheSameRunningAndStopped(t *testing.T) {
	first, second := file(t, "asked.yaml", firstAsked), file(t, "asked.yaml", secondAsked)
	exported := map[string]string{}
	places(t, func(at []string, _ *local.Stack) {
		for path, want := range map[string]string{first: "workflow asked@1: published"} {
			if got := call(t, "", append([]string{"workflow", "publish", path, "--comment", "the first"}, at...)...); got.code != 0 || !strings.Contains(got.out, want) {
				t.Fatalf("%+v", got)
			}
		}
		if got := call(t, "", append([]string{"workflow", "publish", second, "--dry-run"}, at...)...); got.code != 0 || !strings.Contains(got.out, "asked@2: would be published") || !strings.Contains(got.out, "! state removed: second") {
			t.Errorf("%+v", got)
		}
		if got := call(t, "", append([]string{"workflow", "publish", second}, at...)...); got.code != 0 || !strings.Contains(got.out, "asked@2: published") {
			t.Errorf("%+v", got)
		}
	}, func(name string, at []string) {
		for want, args := range map[string][]string{
			"workflow asked@2: unchanged": {"workflow", "publish", second},
			"the first":                   {"workflow", "versions", "asked"},
			"Asked less":                  {"workflow", "list"},
			firstAsked:                    {"workflow", "show", "asked@1"},
			"application-score":           {"policy", "list"},
			"identity-check":              {"plugin", "list"},
		} {
			if got := call(t, "", append(args, at...)...); got.code != 0 || !strings.Contains(got.out, want) {
				t.Errorf("%s: %v: %+v", name, args, got)
			}
		}
		bad := file(t, "asked.yaml", strings.Replace(firstAsked, "GO: second", "GO: secnd", 1))
		if got := call(t, "", append([]string{"workflow", "publish", bad}, at...)...); got.code != exitProblems || !strings.Contains(got.errs, "asked.yaml:5:20: there is no state secnd (did you mean second?)") || !strings.Contains(got.errs, "^^^^^") {
			t.Errorf("%s: %+v", name, got)
		}
		exported[name] = call(t, "", append([]string{"workspace", "export"}, at...)...).out
	})
	if exported["running"] != exported["stopped"] || !strings.Contains(exported["stopped"], `"id": "asked"`) {
		t.Errorf("exported %v", exported)
	}
	workspace := file(t, "workspace.json", exported["stopped"])
	places(t, func([]string, *local.Stack) {}, func(name string, at []string) {
		want := map[string]string{"running": "workflow asked@1: published", "stopped": "workflow asked@1: unchanged"}[name]
		if got := call(t, "", append([]string{"workspace", "import", workspace}, at...)...); got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%s: %+v", name, got)
		}
	})
}

func TestMigrateIsAskedForTwice(t *testing.T) {
	first, second := file(t, "asked.yaml", firstAsked), file(t, "asked.yaml", secondAsked)
	var id string
	places(t, func(at []string, stack *local.Stack) {
		if got := call(t, "", append([]string{"workflow", "publish", first}, at...)...); got.code != 0 {
			t.Fatalf("%+v", got)
		}
		client := identity.Principal{Tenant: stack.Demo.Tenant, Kind: identity.Client, ID: "key_1"}
		r, err := stack.Core.Cases.Start(t.Context(), client, cases.StartCommand{Workflow: "asked", Subject: cases.SubjectInput{Type: "individual"}})
		if err == nil {
			id = r.ID
			_, err = stack.Core.Cases.Send(t.Context(), client, id, cases.SendCommand{Type: "GO"})
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := call(t, "", append([]string{"workflow", "publish", second}, at...)...); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}, func(name string, at []string) {
		args := append([]string{"workflow", "migrate", "asked", "--from", "1", "--to", "2"}, at...)
		mapped := append(slices.Clone(args), "--map", "second=first")
		if name == "stopped" { // it was moved while the system ran
			if got := call(t, "", append(mapped, "--case", id, "--apply")...); got.code != 0 || !strings.Contains(got.out, "1 unchanged") {
				t.Errorf("%+v", got)
			}
			return
		}
		if got := call(t, "", args...); got.code != exitProblems || !strings.Contains(got.out, "states.second: the new version does not have this state") {
			t.Errorf("%+v", got)
		}
		for range 2 { // asking changes nothing
			if got := call(t, "", mapped...); got.code != 0 || !strings.Contains(got.out, id+" would_move: second -> first") {
				t.Errorf("%+v", got)
			}
		}
		var page struct{ Counts map[string]int }
		got := call(t, "", append(mapped, "--apply", "--json")...)
		if err := json.Unmarshal([]byte(got.out), &page); err != nil || page.Counts["moved"] != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	for _, wrong := range [][]string{{"--from", "1"}, {"--from", "1", "--to", "2", "--map", "second"}} {
		if got := call(t, "", append([]string{"workflow", "migrate", "asked", "--endpoint=", "--data", t.TempDir()}, wrong...)...); got.code != exitUsage {
			t.Errorf("%v: %+v", wrong, got)
		}
	}
}

func TestWhatAnImportWroteIsTestedAsAProject(t *testing.T) {
	const definitions = "../../internal/workflow/importing/testdata/"
	folder := t.TempDir() + "/"
	call(t, "", "workflow", "import", definitions+"ballerine-kyc.json", "-o", folder)
	if got := call(t, "", "test", folder); !strings.Contains(got.out, "2 definitions, ") {
		t.Errorf("the imported workflow is not tested: %+v", got)
	}
	call(t, "", "workflow", "import", definitions+"refused-ballerine-kyc.json", "-o", folder)
	for _, command := range [][]string{{"test", folder}, {"publish", folder, "--endpoint", "http://127.0.0.1:1"}} {
		if got := call(t, "", command...); got.code != exitProblems || !strings.Contains(got.errs, "this was not imported") {
			t.Errorf("%s takes a refused import: %+v", command[0], got)
		}
	}
}

func TestImportWritesAWorkflowAndWhatItCalls(t *testing.T) {
	const definition = "../../internal/workflow/importing/testdata/ballerine-kyc.json"
	folder := t.TempDir() + "/"
	got := call(t, "", "workflow", "import", definition, "-o", folder)
	if got.code != 0 || !strings.Contains(got.errs, "ballerine-kyc.json:118:5: language belongs to the pages") {
		t.Fatalf("%+v", got)
	}
	for _, name := range []string{"kyc_basic.yaml", "plugins/kyc-session.yaml"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	var answer struct {
		Workflow string
		Plugins  map[string]string
		Notes    []struct{ Line int }
	}
	if got = call(t, "", "workflow", "import", definition, "--json"); json.Unmarshal([]byte(got.out), &answer) != nil || !strings.HasPrefix(answer.Workflow, "id: kyc_basic") || len(answer.Plugins) != 1 || len(answer.Notes) == 0 {
		t.Errorf("%+v", got)
	}
	if got = call(t, `{"initial": "a", "states": {"a": {"on": {"GO": "b"}}}}`, "workflow", "import", "-"); got.code != exitProblems || !strings.Contains(got.errs, "there is no state b") {
		t.Errorf("%+v", got)
	}
}

func TestCompileExpressReportsWhatWaits(t *testing.T) {
	if got := call(t, "", "workflow", "compile", "--express", file(t, "kyc.yaml", shipped(t, "kyc.yaml"))); got.code != exitProblems || !strings.Contains(got.errs, "states.collect: the state waits") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "workflow", "compile", "--express", file(t, "application.yaml", shipped(t, "application.yaml"))); got.code != 0 || got.out != shipped(t, "application.express.asl.json") {
		t.Errorf("%+v", got)
	}
}
