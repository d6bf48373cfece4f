package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folderOf writes files below a new folder.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const agePolicy = "id: own\ntitle: Own\ninputs: {type: object, properties: {age: {type: integer}}}\noutcomes: [refer, approve]\ndefault: approve\nrules:\n  - {id: young, outcome: refer, when: age < 18, reason: Too young}\n"

func TestOwnDefinitionsAreCheckedAsOneOffline(t *testing.T) {
	chart := strings.Replace(askWorkflow, "onDone: done", "onDone: [{guard: \"own.outcome == 'approve'\", target: done}, {target: failed}]", 1)
	chart = strings.Replace(chart, "{plugin: ask}}", "{plugin: ask}}, {src: rules, id: own, input: {policy: own}}", 1)
	root := folderOf(t, map[string]string{"asking.yaml": chart, "policies/own.yaml": agePolicy, "plugins/ask.yaml": askPlugin, "workflows/same.yaml": strings.Replace(chart, "id: asking", "id: same", 1)})
	alone := file(t, "asking.yaml", chart)
	at := func(name string) string { return filepath.Join(root, name) }
	events := file(t, "events.json", `[]`)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"alone":            {[]string{"validate", alone}, exitProblems, "own"},
		"with a folder":    {[]string{"validate", alone, "--with", root}, 0, "1 of 1 valid"},
		"with files":       {[]string{"validate", alone, "--with", at("policies/own.yaml") + "," + at("plugins/ask.yaml")}, 0, "1 of 1 valid"},
		"with one missing": {[]string{"validate", alone, "--with", at("policies/own.yaml")}, exitProblems, "ask"},
		"neighbours":       {[]string{"validate", at("asking.yaml"), at("workflows/same.yaml")}, 0, "2 of 2 valid"},
		"a simulation":     {[]string{"simulate", at("asking.yaml"), "--events", events}, 0, `"work":"answer"`},
		"a drawing":        {[]string{"graph", at("asking.yaml")}, 0, "ask"},
		"a difference":     {[]string{"diff", at("asking.yaml"), alone, "--with", root}, 0, "running cases are not affected"},
		"what is no file":  {[]string{"validate", alone, "--with", at("nothing")}, exitProblems, "nothing"},
		"what is nothing":  {[]string{"validate", alone, "--with", events}, exitProblems, "neither a workflow"},
	} {
		if got := call(t, "", append([]string{"workflow"}, c.args...)...); got.code != c.code || !strings.Contains(got.out+got.errs, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	broken := folderOf(t, map[string]string{"asking.yaml": chart, "policies/own.yaml": agePolicy, "plugins/ask.yaml": askPlugin, "plugins/other.yaml": "id: other\n"})
	if got := call(t, "", "workflow", "validate", filepath.Join(broken, "asking.yaml")); got.code != 0 || !strings.Contains(got.errs, "other.yaml: has problems itself") {
		t.Errorf("a broken neighbour that nobody names: %+v", got)
	}
	if got := call(t, "", "workflow", "validate", alone, "--with", broken); got.code != exitProblems || !strings.Contains(got.errs, "other.yaml:1:1") {
		t.Errorf("a broken document that was named: %+v", got)
	}
}

const matchPlugin = `id: address-check
title: Address check
request:
  method: POST
  url: "{vendor.acme}/v1?key={secret.ACME_KEY}"
  headers: {Authorization: "Bearer {secret.ACME_KEY}"}
  body: {country: "{context.applicant.country}"}
  schema: {type: object, required: [country]}
response: {schema: {type: object, required: [match]}, result: {matches: "{body.match}"}}
cases:
  - name: a match
    context: {applicant: {country: SE}}
    answer: {body: {match: true}}
    expect: {url: "https://acme.invalid/v1?key=__secret.ACME_KEY__", body: {country: SE}, result: {matches: true}}
  - {name: no country, expect: {error: invalid}}
  - name: garbage
    context: {applicant: {country: SE}}
    answer: {body: {}}
    expect: {error: vendor_garbage}
`

// twoCalls is a plugin that asks twice.
const twoCalls = `id: two-calls
title: Two calls
steps: [{id: first, request: {method: GET, url: "{vendor.acme}/first"}, response: {result: body.id}}]
request: {method: POST, url: "{vendor.acme}/second", body: {id: "{steps.first}"}}
response: {result: {matches: "{body.match}"}}
`

func TestAConnectorWithSeveralCallsTakesAnAnswerToEach(t *testing.T) {
	path := file(t, "two-calls.yaml", twoCalls)
	got := call(t, "", "connector", "try", path, "--answer", `{"id":"c7"}`, "--answer", `{"match":true}`, "--status", "201", "--setting", "acme=https://api.acme.test")
	if got.code != 0 || !strings.Contains(got.out, "GET https://api.acme.test/first\n") || !strings.Contains(got.out, "POST https://api.acme.test/second\n") || !strings.Contains(got.out, `"id": "c7"`) || !strings.Contains(got.out, `"matches": true`) {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "connector", "try", path, "--answer", `{"id":"c7"}`); got.code == 0 || !strings.Contains(got.errs, "There is no answer to call 2, POST https://acme.invalid/second") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "connector", "try", file(t, "address-check.yaml", matchPlugin), "--context", `{"applicant":{"country":"SE"}}`, "--answer", "{}", "--answer", "{}"); got.code != exitProblems || !strings.Contains(got.errs, "makes one call, and there are 2 answers") {
		t.Errorf("%+v", got)
	}
}

func TestAConnectorIsTriedWithoutItsVendorAndSecrets(t *testing.T) {
	t.Setenv("BALLERINE_SECRET_ACME_KEY", "hidden")
	path, context := file(t, "address-check.yaml", matchPlugin), file(t, "context.json", `{"applicant":{"country":"SE"}}`)
	got := call(t, `{"match":true}`, "connector", "try", path, "--context", context, "--answer", "-", "--setting", "acme=https://api.acme.test", "--json")
	var shown struct {
		Request struct {
			Method, URL string
			Headers     map[string]string
			Body        map[string]string
		}
		Result map[string]bool
	}
	if err := json.Unmarshal([]byte(got.out), &shown); err != nil || got.code != 0 || shown.Request.URL != "https://api.acme.test/v1?key=__secret.ACME_KEY__" ||
		shown.Request.Headers["Authorization"] != "Bearer __secret.ACME_KEY__" || shown.Request.Body["country"] != "SE" || !shown.Result["matches"] || strings.Contains(got.out, "hidden") {
		t.Errorf("%+v %+v", got, shown)
	}
	for name, args := range map[string][]string{"vendor_unavailable": {"--status", "503"}, "vendor_rejected": {"--status", "404"}, "vendor_garbage": {"--answer", file(t, "a.json", "{}")}} {
		if got := call(t, "", append([]string{"connector", "try", path, "--context", context}, args...)...); got.code != exitProblems || !strings.Contains(got.errs, "("+name+")") || !strings.HasPrefix(got.out, "POST https://acme.invalid/v1") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	sends := file(t, "sends.yaml", "id: sends\ntitle: Sends\nrequest: {method: POST, url: \"https://api.acme.test\", format: form, body: {d: {$document: \"{documents[0].id}\"}}}\n")
	if got := call(t, "", "connector", "try", sends, "--documents", `[{"id":"doc_1","sha256":"0a"}]`); got.code != 0 || !strings.Contains(got.out, "\nd=__base64.sha256.0a__\n") {
		t.Errorf("with a document: %+v", got)
	}
	if got := call(t, "", "connector", "try", sends, "--documents", `{}`); got.code != exitProblems || !strings.Contains(got.errs, "not a JSON list of documents") {
		t.Errorf("with something else: %+v", got)
	}
	if got := call(t, "", "connector", "try", path); got.code != exitProblems || !strings.Contains(got.errs, "request.body") {
		t.Errorf("no context: %+v", got)
	}
}

func TestCasesOfConnectorsAreRunAsThoseOfPolicies(t *testing.T) {
	good := file(t, "address-check.yaml", matchPlugin)
	bad := file(t, "bad.yaml", strings.Replace(strings.Replace(matchPlugin, "{matches: true}", "{matches: false}", 1), "error: invalid", "error: timeout", 1))
	if got := call(t, "", "connector", "test", "--cases-only", good); got.code != 0 || got.out != "3 passed, 0 failed\n" {
		t.Errorf("%+v", got)
	}
	got := call(t, "", "connector", "test", "--cases-only", good, bad, "--json")
	var report connectorReport
	if got.code != exitProblems || json.Unmarshal([]byte(got.out), &report) != nil || report.Passed != 4 || report.Failed != 2 ||
		!strings.Contains(got.errs, "bad.yaml:11:5: a match: result.matches is true, expected false") && !strings.Contains(got.errs, "bad.yaml:11:1: a match: result.matches is true, expected false") {
		t.Errorf("%+v", got)
	}
	whole := call(t, "", "connector", "test", good, "--json")
	if whole.code != 0 || json.Unmarshal([]byte(whole.out), &report) != nil || report.Failed != 0 || len(report.Plugins) != 1 || len(report.Plugins[0].Kit) < 10 || report.Passed != 3+len(report.Plugins[0].Kit) {
		t.Errorf("with the kit: %+v", whole)
	}
	lax := file(t, "lax.yaml", strings.Replace(matchPlugin, "required: [match]", "required: []", 1))
	if got := call(t, "", "connector", "test", lax); got.code != exitProblems || !strings.Contains(got.errs, "lax.yaml:11:5: kit: partial: an answer without match is accepted without a check") && !strings.Contains(got.errs, "lax.yaml:11:1: kit: partial: an answer without match is accepted without a check") {
		t.Errorf("a plugin that checks nothing: %+v", got)
	}
	if got := call(t, "", "connector", "test", file(t, "none.yaml", strings.Split(matchPlugin, "cases:")[0])); got.code != 0 || !strings.Contains(got.errs, "the conformance kit did not run") {
		t.Errorf("a plugin without cases: %+v", got)
	}
	if got := call(t, "", "connector", "validate", good, file(t, "none.yaml", "id: none\n")); got.code != exitProblems || !strings.Contains(got.errs, "none.yaml:1:1") {
		t.Errorf("%+v", got)
	}
}
