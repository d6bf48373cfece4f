package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	outerPolicy = `id: outer
outcomes: [review, approve]
default: approve
rules:
  - {id: asks, when: {policy: inner, outcome: deny}, outcome: review}
cases:
  - {name: denied, now: 2026-01-01, input: {n: 5}, expect: {outcome: review}}
`
	innerPolicy = `id: inner
outcomes: [deny, allow]
default: allow
rules:
  - {id: large, when: "n > 3", outcome: deny}
cases:
  - {name: large, now: 2026-01-01, input: {n: 5}, expect: {outcome: deny}}
`
)

func TestEvalPrintsTheAnswerAndFindsThePoliciesThatAreCalled(t *testing.T) {
	folder := t.TempDir()
	outer, input := filepath.Join(folder, "outer.yaml"), file(t, "input.json", `{"n": 5}`)
	for path, text := range map[string]string{outer: outerPolicy, filepath.Join(folder, "inner.yaml"): innerPolicy} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := call(t, "", "policy", "eval", outer, "--input", input, "--now", "2026-01-01", "--json")
	var answer struct {
		Outcome string
		Calls   []struct{ Policy, Outcome string }
	}
	if err := json.Unmarshal([]byte(got.out), &answer); err != nil || got.code != 0 || answer.Outcome != "review" || len(answer.Calls) != 1 || answer.Calls[0].Outcome != "deny" {
		t.Errorf("%+v %v", got, err)
	}
	lenient := file(t, "lenient.yaml", strings.Replace(innerPolicy, "n > 3", "n > 30", 1))
	if got := call(t, `{"n": 5}`, "policy", "eval", outer, "--input", "-", "--with", lenient); got.code != 0 || !strings.HasPrefix(got.out, "outer: approve") {
		t.Errorf("%+v", got)
	}
	alone := file(t, "outer.yaml", outerPolicy)
	if got := call(t, "", "policy", "eval", alone, "--input", input); got.code != exitProblems || !strings.Contains(got.errs, "--with") {
		t.Errorf("%+v", got)
	}
}

func TestTestRunsTheCasesOfAllFiles(t *testing.T) {
	outer, inner := file(t, "a.yaml", outerPolicy), file(t, "b.yaml", innerPolicy)
	if got := call(t, "", "policy", "test", outer, inner); got.code != 0 || got.out != "2 passed, 0 failed\n" {
		t.Errorf("%+v", got)
	}
	wrong := file(t, "b.yaml", strings.Replace(innerPolicy, "expect: {outcome: deny}", "expect: {outcome: allow}", 1))
	got := call(t, "", "policy", "test", outer, wrong, "--json")
	if got.code != exitProblems || !strings.Contains(got.errs, "b.yaml:7:1: large: outcome is deny, expected allow") || !strings.Contains(got.out, `"passed":1,"failed":1`) {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "policy", "test", outer); got.code != exitProblems || !strings.Contains(got.errs, "a.yaml:5:31: there is no policy inner") {
		t.Errorf("%+v", got)
	}
}

func TestGoldenOutcomesShowWhatNoCaseExpects(t *testing.T) {
	kept := t.TempDir()
	inner := file(t, "inner.yaml", innerPolicy)
	if got := call(t, "", "policy", "test", inner, "--golden", kept); got.code != exitUsage || !strings.Contains(got.errs, "--update") {
		t.Errorf("%+v", got)
	}
	for _, args := range [][]string{{"--update"}, {}} {
		if got := call(t, "", append([]string{"policy", "test", inner, "--golden", kept}, args...)...); got.code != 0 {
			t.Errorf("%+v", got)
		}
	}
	scored := file(t, "inner.yaml", strings.Replace(innerPolicy, "outcome: deny}\ncases", "outcome: deny, score: {base: 50}}\ncases", 1))
	if got := call(t, "", "policy", "test", scored, "--golden", kept); got.code != exitProblems || !strings.Contains(got.errs, "large: the golden outcome differs at score: was 0, is 50") {
		t.Errorf("%+v", got)
	}
}

func TestSchemasAreJSON(t *testing.T) {
	for _, kind := range []string{"workflow", "policy", "plugin"} {
		got := call(t, "", kind, "schema")
		var schema map[string]any
		if err := json.Unmarshal([]byte(got.out), &schema); err != nil || got.code != 0 || schema["$schema"] == nil {
			t.Errorf("%s: %v %+v", kind, err, schema)
		}
	}
}

func TestAPolicyIsEvaluatedWithFoldersAndNeighbours(t *testing.T) {
	calling := "id: calling\ntitle: Calling\ninputs: {type: object, properties: {age: {type: integer}, who: {type: string}}}\noutcomes: [refer, approve]\ndefault: approve\n" +
		"rules:\n  - {id: asks, when: {policy: own, outcome: refer}, outcome: refer}\n  - {id: listed, outcome: refer, when: {list: blocked, field: who}}\n"
	input := file(t, "input.json", `{"age": 3, "who": "Anna"}`)
	own := folderOf(t, map[string]string{"policies/own.yaml": agePolicy, "lists/blocked.csv": "value\nMallory\n", "workflows/broken.yaml": "id: broken\n"})
	beside := folderOf(t, map[string]string{"calling.yaml": calling, "policies/own.yaml": agePolicy, "lists/blocked.csv": "value\nMallory\n"})
	within := folderOf(t, map[string]string{"policies/calling.yaml": calling, "policies/own.yaml": agePolicy, "lists/blocked.csv": "value\nMallory\n"})
	alone := file(t, "calling.yaml", calling)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"alone":            {[]string{alone}, exitProblems, "own"},
		"with a folder":    {[]string{alone, "--with", own}, 0, "calling: refer"},
		"with files":       {[]string{alone, "--with", filepath.Join(own, "policies/own.yaml"), "--with", filepath.Join(own, "lists/blocked.csv")}, 0, "calling: refer"},
		"beside":           {[]string{filepath.Join(beside, "calling.yaml")}, 0, "calling: refer"},
		"in its folder":    {[]string{filepath.Join(within, "policies/calling.yaml")}, 0, "calling: refer"},
		"without its list": {[]string{alone, "--with", filepath.Join(own, "policies")}, exitProblems, "lists.blocked"},
	} {
		if got := call(t, "", append([]string{"policy", "eval", "--input", input}, c.args...)...); got.code != c.code || !strings.Contains(got.out+got.errs, c.want) || strings.Contains(got.errs, "broken") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
