package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/problem"
)

func TestErrorsAreProblemDocumentsUnderJSON(t *testing.T) {
	stack := shared(t)
	bad := file(t, "bad.yaml", "initial: a\nstates: {a: {on: {GO: b}}, c: {type: final}}\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer server.Close()
	for name, c := range map[string]struct {
		args       []string
		code       int
		problem    string
		place      string // of an error, or of a diagnostic
		detailHas  string
		httpStatus int
	}{
		"an answer of the interface":  {append([]string{"case", "start", "kcy"}, as(stack, "client")...), exitProblems, "unknown_workflow", "body.workflow", "", 422},
		"problems of a file":          {[]string{"workflow", "compile", bad}, exitProblems, "invalid", "there is no state b", "", 0},
		"a flag that is not there":    {[]string{"case", "list", "--statsu", "active"}, exitUsage, "usage", "", "(did you mean --status?)", 0},
		"a command that is not there": {[]string{"case", "lst"}, exitUsage, "usage", "", "there is no command ballerine case lst (did you mean list?)", 0},
		"a word that is none of some": {[]string{"case", "list", "--status", "activ"}, exitUsage, "usage", "", "(did you mean active?)", 0},
		"nobody there":                {[]string{"case", "list", "--endpoint", "http://127.0.0.1:1", "--api-key", "k"}, exitUnreachable, "unavailable", "", "", 503},
		"a gateway without a system":  {[]string{"case", "list", "--endpoint", server.URL, "--api-key", "k"}, exitUnreachable, "unavailable", "", "status 502", 503},
		"a file that is not there":    {[]string{"workflow", "compile", "no-such-file.yaml"}, exitProblems, "failed", "", "no-such-file.yaml", 0},
	} {
		got := call(t, "", append(c.args, "--json")...)
		printed := object[problemDocument](t, got.errs)
		places := ""
		for _, e := range printed.Errors {
			places += e.Location + "\n"
		}
		for _, d := range printed.Diagnostics {
			places += d.Message + "\n"
		}
		if got.code != c.code || printed.ExitCode != c.code || printed.Code != c.problem || printed.Type != "urn:ballerine:problem:"+c.problem || printed.Status != c.httpStatus || printed.Title == "" ||
			!strings.Contains(places, c.place) || !strings.Contains(printed.Detail, c.detailHas) {
			t.Errorf("%s: %d %s", name, got.code, got.errs)
		}
		if plain := call(t, "", c.args...); plain.code != c.code || strings.HasPrefix(plain.errs, "{") {
			t.Errorf("%s, for people: %+v", name, plain)
		}
	}
}

func TestWarningsAreObjectsUnderJSON(t *testing.T) {
	got := call(t, "", "workflow", "compile", file(t, "advised.yaml", advised), "--json")
	lines := strings.Split(strings.TrimSpace(got.errs), "\n")
	if first := object[problem.Diagnostic](t, lines[0]); got.code != 0 || len(lines) != 2 || first.Line != 6 || first.Severity != problem.SeverityWarning {
		t.Errorf("%+v", got)
	}
}
