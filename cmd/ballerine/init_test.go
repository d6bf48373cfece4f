package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ballerine/internal/local"
)

// started is a project as init makes it, with texts replaced in one of its files.
func started(t *testing.T, name string, replace ...string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "project")
	if got := call(t, "", "init", root); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if name != "" {
		path := filepath.Join(root, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.NewReplacer(replace...).Replace(string(text))
		if changed == string(text) {
			t.Fatalf("%s has no %q", name, replace[0])
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestANewProjectPassesItsOwnTests(t *testing.T) {
	root := started(t, "")
	if got := call(t, "", "test", root); got.code != 0 || got.errs != "" || got.out != "3 definitions, 0 problems; 11 cases passed, 0 failed\n" {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(filepath.Join(root, ".github", "workflows", "ballerine.yml")); err != nil {
		t.Error(err)
	}
	if got := call(t, "", "init", root); got.code != exitProblems || !strings.Contains(got.errs, "README.md: already exists") {
		t.Errorf("made twice: %+v", got)
	}
}

// TestANewProjectsPipelineNamesItsActionsAsOurs checks the pins of the template against those of this repository.
func TestANewProjectsPipelineNamesItsActionsAsOurs(t *testing.T) {
	text, err := starter.ReadFile("starter/ci/ballerine.yml")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile("../../.github/workflows/ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	uses := regexp.MustCompile(`uses: (\S+)`).FindAllStringSubmatch(string(text), -1)
	for _, one := range uses {
		if !regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`).MatchString(one[1]) || !strings.Contains(string(ours), one[1]+" ") {
			t.Errorf("%s is not pinned as in ci.yml", one[1])
		}
	}
	if len(uses) == 0 {
		t.Error("the pipeline uses nothing")
	}
}

func TestSettingsOfAProjectAreCheckedAgainstItsPlugins(t *testing.T) {
	plugin := "plugins/address-check.yaml"
	for name, c := range map[string]struct {
		root, want string
	}{
		"missing":      {started(t, "settings.yaml", "address:", "place:"), "address-check.yaml:7:10: The setting vendor.address is not configured. (specify it in "},
		"no address":   {started(t, "settings.yaml", "https://api.example.com", "api.example.com"), "is not a base address"},
		"another name": {started(t, plugin, "{vendor.address}", "{vendor.place}"), "The setting vendor.place is not configured"},
	} {
		if got := call(t, "", "test", c.root); got.code != exitProblems || !strings.Contains(got.errs, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	root := started(t, "")
	context := file(t, "context.json", `{"applicant":{"country":"SE","street":"Storgatan 1"}}`)
	for want, more := range map[string][]string{"POST https://api.example.com/v1/checks": nil, "POST https://other.example.com/v1/checks": {"--setting", "address=https://other.example.com"}} {
		if got := call(t, "", append([]string{"connector", "try", filepath.Join(root, plugin), "--context", context}, more...)...); got.code != 0 || !strings.HasPrefix(got.out, want) {
			t.Errorf("%+v", got)
		}
	}
	if settingsOf(t.TempDir()) != "" || settingsOf(root) == "" {
		t.Error("settings belong to a project")
	}
}

func TestPretendedVendorsAreAskedAboutTheDocumentsOfTheCase(t *testing.T) {
	chart := "id: scan\ntitle: Scan\nsubject: individual\ninitial: collect\ndocuments:\n  - {kind: passport, required: true}\nstates:\n" +
		"  collect:\n    tags: [collection_flow]\n    on: {SUBMIT: {target: ask, guard: documents.all_received}}\n" +
		"  ask:\n    invoke: [{src: vendor, id: scan, input: {plugin: scan}, onDone: done, onError: failed}]\n  done: {type: final}\n  failed: {type: final}\n"
	plugin := "id: scan\ntitle: Scan\nrequest:\n  method: POST\n  url: https://scan.example.com/\n  body: {digest: \"{documents[0].sha256}\", kind: \"{documents[0].kind}\"}\n" +
		"  schema: {type: object, required: [digest, kind], properties: {digest: {type: string, minLength: 64}}}\nresponse: {schema: {type: object}, result: {seen: \"{body.seen}\"}}\n"
	tests := "workflow: scan\ncases:\n  - name: a passport\n    documents: [{kind: passport}]\n    answers: {scan: {body: {seen: true}}}\n    events: [{type: SUBMIT, as: client}]\n    expect: {state: done}\n" +
		"  - name: no passport\n    events: [{type: SUBMIT, as: client}]\n    expect: {state: collect, error: event_not_allowed}\n"
	root := folderOf(t, map[string]string{"workflows/scan.yaml": chart, "plugins/scan.yaml": plugin, "tests/scan.yaml": tests})
	if got := call(t, "", "test", root); !strings.Contains(got.out, "2 cases passed, 0 failed") {
		t.Errorf("%+v", got)
	}
	root = folderOf(t, map[string]string{"workflows/scan.yaml": chart, "plugins/scan.yaml": plugin, "tests/scan.yaml": strings.Replace(tests, "kind: passport", "kind: pasport", 1)})
	if got := call(t, "", "test", root); got.code != exitProblems || !strings.Contains(got.errs, "documents[0].kind is not one that the workflow collects (did you mean passport?)") {
		t.Errorf("%+v", got)
	}
}

func TestAProjectsTestsReportEverythingThatFails(t *testing.T) {
	policy := "policies/account-risk.yaml"
	for name, c := range map[string]struct {
		root string
		want []string
	}{
		"a case of a policy":     {started(t, policy, "< 100", "< 5000"), []string{"account-risk.yaml:35:1: whoever has an income", "account-opening.yaml:4:1: a known address"}},
		"a case of a plugin":     {started(t, "plugins/address-check.yaml", "street: \"{context", "road: \"{context"), []string{"address-check.yaml:20:1: an address that matches: body.street is null"}},
		"a workflow":             {started(t, "workflows/account-opening.yaml", "after: {P14D: expired}", "after: {P14D: expire}"), []string{"account-opening.yaml:27:", "did you mean expired?"}},
		"advice":                 {started(t, policy, "!coalesce(address.matches, false)", "address.matches == false"), []string{"can be null or absent"}},
		"a vendor not told":      {started(t, "tests/account-opening.yaml", "answers: {address: {status: 503}}", "answers: {}"), []string{"answers.address is missing"}},
		"work that nobody told":  {started(t, "workflows/account-opening.yaml", "src: vendor, id: address, input: {plugin: address-check}", "src: document, id: address"), []string{"answers.address needs result or error; for example {address: {result: {…}}}"}},
		"an answer of no kind":   {started(t, "tests/account-opening.yaml", "{address: {body: {match: true}}}", "{address: {result: {matches: secretly}}, account_risk: {result: {outcome: aprove}}}"), []string{"answers.address.result.matches: must be boolean"}},
		"a refused event":        {started(t, "tests/account-opening.yaml", "type: reject, as: reviewer", "type: reject, as: applicant"), []string{"events[1] is refused"}},
		"an unknown member":      {started(t, "tests/account-opening.yaml", "expect:", "expects:"), []string{"account-opening.yaml:8:5: there is no key expects (did you mean expect?)"}},
		"a member of an answer":  {started(t, "tests/account-opening.yaml", "{body: {match: true}}", "{bdy: {match: true}}"), []string{"account-opening.yaml:6:25: there is no key bdy (did you mean body?)"}},
		"nobody who sends":       {started(t, "tests/account-opening.yaml", "as: client", "as: cleint"), []string{"events[0].as: this must be one of applicant, client, reviewer, approver"}},
		"a time that is none":    {started(t, "tests/account-opening.yaml", "P15D", "15 days"), []string{"events[0].after: this must be an ISO 8601 duration, such as P7D"}},
		"a misspelt plugin":      {started(t, "workflows/account-opening.yaml", "address-check}", "adddress-check}"), []string{"there is no plugin adddress-check (did you mean address-check?)"}},
		"a misspelt policy":      {started(t, "workflows/account-opening.yaml", "account-risk}", "acount-risk}"), []string{"there is no policy acount-risk (did you mean account-risk?)"}},
		"a misspelt workflow":    {started(t, "tests/account-opening.yaml", "workflow: account-opening", "workflow: acount-opening"), []string{"account-opening.yaml:2:1: the project has no workflow acount-opening (did you mean account-opening?)"}},
		"a wrong state":          {started(t, "tests/account-opening.yaml", "state: expired", "state: opened"), []string{"state is expired, expected opened"}},
		"a workflow not there":   {started(t, "tests/account-opening.yaml", "workflow: account-opening", "workflow: closing"), []string{"no workflow closing"}},
		"a policy with no cases": {started(t, policy, "outcome: decline", "outcome: reject"), []string{"account-risk.yaml", "the policy account-risk has problems itself", "the workflow account-opening has problems itself"}},
	} {
		got := call(t, "", "test", c.root)
		for _, want := range c.want {
			if got.code != exitProblems || !strings.Contains(got.errs, want) {
				t.Errorf("%s: no %q in %+v", name, want, got)
			}
		}
		var report projectReport
		if got := call(t, "", "test", c.root, "--json"); got.code != exitProblems || json.Unmarshal([]byte(got.out), &report) != nil || report.Failed+len(report.Diagnostics) == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, root := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nothing")} {
		if got := call(t, "", "test", root); got.code != exitUsage {
			t.Errorf("no project: %+v", got)
		}
	}
}

func TestAProjectIsPublishedWhenItHasNoProblems(t *testing.T) {
	root, bad := started(t, ""), started(t, "workflows/account-opening.yaml", "expired}", "expire}")
	places(t, func(at []string, _ *local.Stack) {
		if got := call(t, "", append([]string{"publish", bad}, at...)...); got.code != exitProblems || got.out != "" {
			t.Errorf("with problems: %+v", got)
		}
		would := call(t, "", append([]string{"publish", root, "--dry-run"}, at...)...)
		if would.code != 0 || !strings.Contains(would.out, "workflow account-opening@1: would be published") {
			t.Errorf("the first publication is tried: %+v", would)
		}
		got := call(t, "", append([]string{"publish", root, "--comment", "the first"}, at...)...)
		if got.code != 0 || !strings.Contains(got.errs, "plugins/address-check.yaml:8:37: The secret ADDRESS_KEY is not configured") {
			t.Errorf("%+v", got)
		}
		for _, want := range []string{"policy account-risk@1: published", "plugin address-check@1: published", "workflow account-opening@1: published"} {
			if !strings.Contains(got.out, want) {
				t.Errorf("no %q in %+v", want, got)
			}
		}
	}, func(name string, at []string) {
		if got := call(t, "", append([]string{"publish", root}, at...)...); got.code != 0 || strings.Count(got.out, "unchanged") != 3 {
			t.Errorf("%s: %+v", name, got)
		}
	})
}
