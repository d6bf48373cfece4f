package main

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/httpapi"
	"ballerine/internal/webhook"
)

// closing is a workflow whose cases end when the client requests it.
const closing = "id: closing\ntitle: Closing\ninitial: open\nsubject: individual\nstates:\n  open: {on: {CLOSE: closed}}\n  closed: {type: final}\n"

func TestEventsAreListedOfARunningAndAStoppedSystem(t *testing.T) {
	data := t.TempDir()
	stack := startStack(t, data)
	client, admin := as(stack, "client"), as(stack, "admin")
	calls(t, admin, "", "workflow", "publish", file(t, "closing.yaml", closing))
	start := func() string {
		return object[httpapi.Case](t, calls(t, client, "", "case", "start", "closing", "--subject-set", "type=individual", "--json")).ID
	}
	first, second := start(), start()
	calls(t, client, "", "case", "send", first, "CLOSE")
	list := func(at []string, args ...string) (types []string, page httpapi.EventList) {
		page = object[httpapi.EventList](t, calls(t, at, "", append([]string{"event", "list", "--json"}, args...)...))
		for _, e := range page.Data {
			types = append(types, e.Type)
		}
		return types, page
	}
	var all httpapi.EventList
	eventually(t, "the events of both cases", func() bool {
		_, all = list(client, "--limit", "0")
		return slices.ContainsFunc(all.Data, func(e webhook.Envelope) bool { return e.Type == "case.completed" && e.Subject == first })
	})
	stopped := []string{"--endpoint=", "--data", data}
	check := func(at []string) {
		if got, page := list(at, "--limit", "0"); len(got) != len(all.Data) || page.CompleteUntil.IsZero() {
			t.Errorf("%v: %d events of %d", at, len(got), len(all.Data))
		}
		if got, _ := list(at, "--case", first, "--type", "case.created", "--type", "case.completed"); !slices.Equal(got, []string{"case.created", "case.completed"}) {
			t.Errorf("%v: two types of one case: %v", at, got)
		}
		if got, page := list(at, "--after", all.Data[0].ID, "--limit", "1"); len(got) != 1 || page.Data[0].ID != all.Data[1].ID {
			t.Errorf("%v: after the first: %+v", at, page)
		}
		if got, _ := list(at, "--created-after", "2999-01-01T00:00:00Z"); len(got) != 0 {
			t.Errorf("%v: of the future: %v", at, got)
		}
		if got, _ := list(at, "--case", second, "--created-before", "2999-01-01T00:00:00Z", "--type", "case.created"); len(got) != 1 {
			t.Errorf("%v: of the past: %v", at, got)
		}
		text := calls(t, at, "", "event", "list", "--limit", "1")
		if want := "There are more events: continue with --after " + all.Data[0].ID; !strings.HasPrefix(text, "TIME ") || !strings.Contains(text, "case.created") || !strings.HasSuffix(text, want+"\n") {
			t.Errorf("%v: %s", at, text)
		}
		refused(t, at, exitProblems, "did you mean case.completed?", "event", "list", "--type", "case.complete")
		refused(t, at, exitUsage, "--created-after must be a time", "event", "list", "--created-after", "today")
		refused(t, at, exitUsage, "--limit", "event", "list", "--limit", "-1")
	}
	check(client)
	if err := stack.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(stopped)
}
