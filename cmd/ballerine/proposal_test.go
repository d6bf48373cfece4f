package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/local"
)

const ownPolicy = "id: own\ntitle: Own\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"age < 18\"} # \u202egninraw\ncases:\n  - {name: young, now: 2026-01-01, input: {age: 3}, expect: {outcome: review}}\n"

func TestFourEyesOnTheCommandLine(t *testing.T) {
	data := t.TempDir()
	stack := startStack(t, data)
	as := func(role string) []string {
		person := slices.IndexFunc(stack.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, role) })
		return []string{"--endpoint", stack.URL, "--api-key", stack.Demo.Users[person].Token}
	}
	// expect runs a command and wants all of the texts on its output, or with a code of 1 on its errors.
	expect := func(at []string, code int, wanted string, args ...string) called {
		t.Helper()
		got := call(t, "", append(args, at...)...)
		for _, want := range strings.Split(wanted, "|") {
			if text := map[bool]string{true: got.out, false: got.errs}[code == 0]; got.code != code || !strings.Contains(text, want) {
				t.Fatalf("%v: want %d and %q: %+v", args, code, want, got)
			}
		}
		return got
	}
	starter := filepath.Join(t.TempDir(), "starter")
	if got := call(t, "", "init", starter); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	policy, asked := file(t, "own.yaml", ownPolicy), file(t, "asked.yaml", firstAsked)
	admin, manager, developer := as("admin"), as("manager"), as("developer")
	expect(developer, 0, "four eyes: off", "tenant", "four-eyes")
	expect(developer, exitProblems, "settings:write", "tenant", "four-eyes", "on")
	expect(admin, 0, "four eyes: on", "tenant", "four-eyes", "on", "--comment", "audit")
	expect(admin, exitUsage, "invalid argument", "tenant", "four-eyes", "maybe")

	var made outcome
	got := expect(developer, 0, `"proposals"`, "policy", "publish", policy, "--comment", "because", "--json")
	if err := json.Unmarshal([]byte(got.out), &made); err != nil || len(made.Data) != 0 || len(made.Proposals) != 1 || made.Proposals[0].Status != "open" {
		t.Fatalf("%s %v", got.out, err)
	}
	id := made.Proposals[0].ID
	expect(developer, 0, ": proposed; another person has to approve it|workflow asked: the first version", "workflow", "publish", asked)
	expect(developer, 0, "asked@1: would be published", "workflow", "publish", asked, "--dry-run")
	got = expect(developer, 0, ": proposed; another person", "publish", starter, "--comment", "a whole project")
	if proposals := strings.Count(got.out, "another person has to approve it"); proposals != 1 {
		t.Errorf("a project is one proposal, not %d: %s", proposals, got.out)
	}
	expect(manager, 0, "a whole project", "proposal", "list", "--status", "open")
	expect(manager, 0, id+"|policy own|because", "proposal", "list", "--status", "open")
	expect(manager, 0, "proposed by user_developer5|policy own: the first version|cases: 1 of 1 pass|@@ -0,0 +1,8 @@|+title: Own|# <U+202E>gninraw", "proposal", "show", id)
	expect(developer, exitProblems, "definitions:approve", "proposal", "approve", id)
	expect(manager, 0, id+": approved|policy own@1", "proposal", "approve", id, "--comment", "agreed")
	expect(manager, 0, `"decided_by":"user_manager1"`, "proposal", "show", id, "--json")
	expect(manager, exitUsage, "--status is one of", "proposal", "list", "--status", "done")
	expect(manager, exitUsage, "--reason", "proposal", "reject", id)
	expect(manager, exitProblems, "already_decided", "proposal", "reject", id, "--reason", "no")
	expect(developer, 0, "policy own@1: unchanged", "policy", "publish", policy)

	got = expect(admin, 0, ": proposed; another person", "tenant", "four-eyes", "off", "--comment", "too slow")
	off, _, _ := strings.Cut(got.out, ":")
	expect(admin, exitProblems, "four eyes require two people", "proposal", "approve", off)
	expect(admin, 0, "four eyes off|too slow", "proposal", "list")
	expect(admin, 0, off+": withdrawn", "proposal", "withdraw", off)
	workspace := file(t, "workspace.json", call(t, "", append([]string{"workspace", "export"}, admin...)...).out)
	if err := stack.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	// At rest nobody has signed in: it must not be a way around.
	rest := []string{"--endpoint=", "--data", data, "--tenant", stack.Demo.Tenant}
	expect(rest, 0, "four eyes: on", "tenant", "four-eyes")
	expect(rest, exitProblems, "Four eyes are required to publish", "tenant", "four-eyes", "off")
	expect(rest, exitProblems, "Four eyes are required to publish", "workflow", "publish", asked)
	expect(rest, exitProblems, "Four eyes are required to publish", "workflow", "copy", "kyc", "kyc-two")
	expect(rest, 0, "asked@1: would be published", "workflow", "publish", asked, "--dry-run")
	expect(rest, 0, "policy own@1: unchanged", "workspace", "import", workspace)
	expect(rest, 0, "user_manager1|approved|withdrawn|open", "proposal", "list")
	expect(rest, 0, "+title: Own", "proposal", "show", id)
	for _, args := range [][]string{{"approve", id}, {"withdraw", id}, {"reject", id, "--reason", "no"}} {
		expect(rest, exitProblems, "where nobody is signed in", append([]string{"proposal"}, args...)...)
	}
	expect([]string{"--endpoint=", "--data", data, "--tenant", "other"}, 0, "asked@1: published", "workflow", "publish", asked)
}
