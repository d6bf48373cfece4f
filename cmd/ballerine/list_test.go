package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/local"
)

const asksBlocked = `id: asks
inputs: {type: object, properties: {who: {type: string}, account: {type: number}}}
outcomes: [reject, approve]
default: approve
rules:
  - {id: blocked, when: {list: blocked, field: who}, outcome: reject}
cases:
  - {name: nobody, now: 2026-01-01, input: {who: Anna}, expect: {outcome: approve}}
`

func TestListsAreTheSameRunningAndStopped(t *testing.T) {
	csv := file(t, "blocked.csv", "value;expires_at;note\r\nMallory;;first\r\nEve;2027-01-01;\r\n")
	policy := file(t, "asks.yaml", asksBlocked)
	exports := map[string]string{}
	places(t, func(at []string, _ *local.Stack) {
		with := func(args ...string) []string { return append(args, at...) }
		for _, c := range []struct {
			args []string
			want string
		}{
			{with("list", "upload", "blocked", csv, "--type", "block", "--title", "Blocked", "--matching", "ignoring_case"), "list blocked@1: a new edition, 2 entries"},
			{with("list", "upload", "blocked", csv), "list blocked@1: unchanged, 2 entries"},
			{with("list", "upload", "blocked", csv, "--matching", "exact", "--edition", "1"), "list blocked@2: unchanged, 2 entries"},
			{with("list", "upload", "blocked", csv, "--matching", "ignoring_case", "--title", "Blocked people"), "list blocked@3: unchanged, 2 entries"},
			{with("list", "add", "blocked", "Trudy", "eve", "--expires", "2028-01-01", "--note", "second"), "list blocked@4: 1 added, 1 replaced, 0 removed, 0 not found; 3 entries"},
			{with("list", "remove", "blocked", "MALLORY", "Nobody"), "list blocked@5: 0 added, 0 replaced, 1 removed, 1 not found; 2 entries"},
			{with("list", "forget", "blocked", "1"), ""},
			{with("policy", "publish", policy), "policy asks@1: published"},
		} {
			if got := call(t, "", c.args...); got.code != 0 || !strings.Contains(got.out, c.want) {
				t.Fatalf("%v: %+v", c.args, got)
			}
		}
	}, func(name string, at []string) {
		with := func(args ...string) []string { return append(args, at...) }
		out := filepath.Join(t.TempDir(), "out.csv")
		if got := call(t, "", with("list", "export", "blocked", "-o", out)...); got.code != 0 {
			t.Fatalf("%s: %+v", name, got)
		}
		text, err := os.ReadFile(out)
		if exports[name] = string(text); err != nil || exports[name] != "value,expires_at,note\nEve,2028-01-01T00:00:00Z,second\nTrudy,2028-01-01T00:00:00Z,second\n" {
			t.Errorf("%s: %q %v", name, text, err)
		}
		for want, args := range map[string][]string{
			"Blocked people":            {"list", "list"},
			`"entries": 2`:              {"list", "show", "blocked"},
			"forgotten":                 {"list", "editions", "blocked"},
			"Mallory,,first":            {"list", "export", "blocked", "--edition", "3"},
			"list blocked@5: unchanged": {"list", "upload", "blocked", out},
			`"added":0,"replaced":0`:    {"list", "add", "blocked", "Trudy", "--expires", "2028-01-01", "--note", "second", "--json"},
		} {
			if got := call(t, "", with(args...)...); got.code != 0 || !strings.Contains(got.out, want) {
				t.Errorf("%s: %v: %+v", name, args, got)
			}
		}
		bad := file(t, "bad.csv", "value,expires_at\nMallory,soon\n,\nMallory,\"x\n")
		for _, c := range []struct {
			args []string
			code int
			want string
		}{
			{with("list", "upload", "blocked", bad), exitProblems, "bad.csv:2:9: this is not a time"},
			{with("list", "upload", "blocked", csv, "--edition", "4"), exitProblems, "(stale)"},
			{with("list", "add", "blocked", "x", "--edition", "4"), exitProblems, "(stale)"},
			{with("list", "export", "blocked", "--edition", "1"), exitProblems, "(not_found)"},
			{with("list", "show", "none"), exitProblems, "(not_found)"},
			{with("list", "delete", "blocked"), exitProblems, "(precondition_required)"},
			{with("list", "forget", "blocked", "x"), exitUsage, "is not an edition number"},
			{with("policy", "publish", file(t, "asks.yaml", strings.Replace(asksBlocked, "list: blocked", "list: blokced", 1))), exitProblems, "did you mean blocked?"},
		} {
			if got := call(t, "", c.args...); got.code != c.code || !strings.Contains(got.errs, c.want) || strings.Contains(got.errs, "Mallory") {
				t.Errorf("%s: %v: %+v", name, c.args, got)
			}
		}
		if name == "stopped" {
			if got := call(t, "", with("list", "delete", "blocked", "--edition", "5")...); got.code != 0 {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestPoliciesOfFilesAskListsOfFiles(t *testing.T) {
	policy, csv := file(t, "asks.yaml", asksBlocked), file(t, "blocked.csv", "value,expires_at\nMallory,2027-01-01\n")
	input := file(t, "input.json", `{"who": "MALLORY"}`)
	decisions := file(t, "decisions.ndjson", `{"id":"dec_1","policy":"asks","version":1,"at":"2026-01-01T00:00:00Z","outcome":"approve","fired":[],"editions":{"blocked":"7"},"input":{"who":"Mallory"},"answer":{"outcome":"approve"}}`+"\n")
	ignoring := csv + ",matching=ignoring_case"
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"policy", "eval", policy, "--input", input, "--now", "2026-01-01", "--list", "blocked=" + ignoring}, 0, "asks: reject"},
		{[]string{"policy", "eval", policy, "--input", input, "--now", "2027-01-01", "--list", "blocked=" + ignoring}, 0, "asks: approve"},
		{[]string{"policy", "eval", policy, "--input", input, "--now", "2026-01-01", "--list", "blocked=" + csv}, 0, "asks: approve"},
		{[]string{"policy", "eval", policy, "--input", input, "--now", "2026-01-01", "--list", "blocked=" + csv + ",holds=number"}, exitProblems, "blocked.csv:2:1: this is not a number"},
		{[]string{"policy", "eval", policy, "--input", input}, exitProblems, "--list blocked=FILE.csv"},
		{[]string{"policy", "eval", policy, "--input", input, "--list", "blocked"}, exitUsage, "NAME=FILE"},
		{[]string{"policy", "eval", policy, "--input", input, "--list", "blocked=" + csv + ",holds=people"}, exitUsage, "NAME=FILE"},
		{[]string{"policy", "test", policy}, 0, "1 passed"},
		{[]string{"policy", "test", policy, "--list", "blocked=" + csv}, 0, "1 passed"},
		{[]string{"policy", "test", policy, "--list", "bloked=" + csv}, exitProblems, "did you mean bloked?"},
		{[]string{"policy", "backtest", policy, "--decisions", decisions, "--list", "blocked=" + csv}, 0, "approve -> reject: 1"},
		{[]string{"policy", "backtest", policy, "--list", "blocked=" + csv}, exitUsage, "--list requires --decisions"},
	} {
		if got := call(t, "", c.args...); got.code != c.code || !strings.Contains(got.out+got.errs, c.want) {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
}
