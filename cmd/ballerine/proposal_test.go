package main

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/local"
	"ballerine/statemachines"
)

const ownPolicy = "id: own\ntitle: Own\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: r, outcome: review, when: \"age < 18\"} # \u202egninraw\ncases:\n  - {name: young, now: 2026-01-01, input: {age: 3}, expect: {outcome: review}}\n"

func TestFourEyesOnTheCommandLine(t *testing.T) {
	data := t.TempDir()
	stack, err := local.Start(t.Context(), local.Options{Data: data, Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	as := func(role string) []string {
		person := slices.IndexFunc(stack.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, role) })
		return []string{"--endpoint", stack.URL, "--api-key", stack.Demo.Users[person].Token}
	}
	// says runs a command and wants all of the texts on its output, or with a code of 1 on its errors.
	says := func(at []string, code int, wanted string, args ...string) called {
		t.Helper()
		got := call(t, "", append(args, at...)...)
		for _, want := range strings.Split(wanted, "|") {
			if text := map[bool]string{true: got.out, false: got.errs}[code == 0]; got.code != code || !strings.Contains(text, want) {
				t.Fatalf("%v: want %d and %q: %+v", args, code, want, got)
			}
		}
		return got
	}
	policy, asked := file(t, "own.yaml", ownPolicy), file(t, "asked.yaml", firstAsked)
	admin, manager, developer := as("admin"), as("manager"), as("developer")
	says(developer, 0, "four eyes: off", "tenant", "four-eyes")
	says(developer, exitProblems, "settings:write", "tenant", "four-eyes", "on")
	says(admin, 0, "four eyes: on", "tenant", "four-eyes", "on", "--comment", "audit")
	says(admin, exitUsage, "invalid argument", "tenant", "four-eyes", "maybe")

	var made outcome
	got := says(developer, 0, `"proposals"`, "policy", "publish", policy, "--comment", "because", "--json")
	if err := json.Unmarshal([]byte(got.out), &made); err != nil || len(made.Data) != 0 || len(made.Proposals) != 1 || made.Proposals[0].Status != "open" {
		t.Fatalf("%s %v", got.out, err)
	}
	id := made.Proposals[0].ID
	says(developer, 0, ": proposed; another person has to approve it|workflow asked: the first version", "workflow", "publish", asked)
	says(developer, 0, "asked@1: would be published", "workflow", "publish", asked, "--dry-run")
	says(manager, 0, id+"|policy own|because", "proposal", "list", "--status", "open")
	says(manager, 0, "proposed by user_developer5|policy own: the first version|cases: 1 of 1 come out|@@ -0,0 +1,8 @@|+title: Own|# <U+202E>gninraw", "proposal", "show", id)
	says(developer, exitProblems, "definitions:approve", "proposal", "approve", id)
	says(manager, 0, id+": approved|policy own@1", "proposal", "approve", id, "--comment", "agreed")
	says(manager, 0, `"decided_by":"user_manager1"`, "proposal", "show", id, "--json")
	says(manager, exitUsage, "--status is one of", "proposal", "list", "--status", "done")
	says(manager, exitUsage, "--reason", "proposal", "reject", id)
	says(manager, exitProblems, "already_decided", "proposal", "reject", id, "--reason", "no")
	says(developer, 0, "policy own@1: unchanged", "policy", "publish", policy)

	got = says(admin, 0, ": proposed; another person", "tenant", "four-eyes", "off", "--comment", "too slow")
	off, _, _ := strings.Cut(got.out, ":")
	says(admin, exitProblems, "four eyes are two persons", "proposal", "approve", off)
	says(admin, 0, "four eyes off|too slow", "proposal", "list")
	says(admin, 0, off+": withdrawn", "proposal", "withdraw", off)
	workspace := file(t, "workspace.json", call(t, "", append([]string{"workspace", "export"}, admin...)...).out)
	if err := stack.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	// At rest nobody has signed in: it must not be a way around.
	rest := []string{"--endpoint=", "--data", data, "--tenant", stack.Demo.Tenant}
	says(rest, 0, "four eyes: on", "tenant", "four-eyes")
	says(rest, exitProblems, "nobody publishes alone", "tenant", "four-eyes", "off")
	says(rest, exitProblems, "nobody publishes alone", "workflow", "publish", asked)
	says(rest, exitProblems, "nobody publishes alone", "workflow", "copy", "kyc", "kyc-two")
	says(rest, 0, "asked@1: would be published", "workflow", "publish", asked, "--dry-run")
	says(rest, 0, "policy own@1: unchanged", "workspace", "import", workspace)
	says(rest, 0, "user_manager1|approved|withdrawn|open", "proposal", "list")
	says(rest, 0, "+title: Own", "proposal", "show", id)
	for _, args := range [][]string{{"approve", id}, {"withdraw", id}, {"reject", id, "--reason", "no"}} {
		says(rest, exitProblems, "Nobody has signed in", append([]string{"proposal"}, args...)...)
	}
	says([]string{"--endpoint=", "--data", data, "--tenant", "other"}, 0, "asked@1: published", "workflow", "publish", asked)
}
