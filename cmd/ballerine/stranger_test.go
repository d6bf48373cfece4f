package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFolderThatIsNamedIsMeantWhateverTheEnvironmentSays(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close() // connections are refused
	t.Setenv("BALLERINE_ENDPOINT", server.URL)
	t.Setenv("BALLERINE_API_KEY", "blr_x")
	empty := t.TempDir()
	for _, args := range [][]string{{"case", "list"}, {"outbox", "discard", "--all", "--reason", "a copy"}, {"workflow", "list"}, {"event", "list"}, {"publish", folderOf(t, map[string]string{"policies/own.yaml": agePolicy})}} {
		if got := call(t, "", append(args, "--data", empty)...); got.code != exitUsage || !strings.Contains(got.errs, "there is no data in "+empty) {
			t.Errorf("%v --data: %+v", args, got)
		}
		if got := call(t, "", append(args, "--data", empty, "--endpoint", server.URL)...); got.code != exitUsage || !strings.Contains(got.errs, "either --data or --endpoint") {
			t.Errorf("%v with both: %+v", args, got)
		}
		if got := call(t, "", args...); got.code != exitUnreachable || !strings.Contains(got.errs, server.URL+" does not respond") {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := call(t, "", "case", "start", "kyc", "--data", empty); got.code != exitUsage || !strings.Contains(got.errs, "without --data") {
		t.Errorf("a command that needs a system: %+v", got)
	}
}

func TestARefusedPublicationIsNotCalledAProposal(t *testing.T) {
	root := folderOf(t, map[string]string{"policies/own.yaml": agePolicy})
	for _, args := range [][]string{{"publish", root}, {"policy", "publish", filepath.Join(root, "policies", "own.yaml")}} {
		if got := call(t, "", append(args, as(shared(t), "auditor")...)...); got.code != exitProblems || got.out != "" || !strings.Contains(got.errs, "definitions:publish") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestDoctorTakesAKeyThatMayNotDoEverything(t *testing.T) {
	stack := shared(t)
	if got := call(t, "", "doctor", "--endpoint", stack.URL, "--api-key", stack.Demo.APIKey); !strings.Contains(got.out, "accepts the credential              a key") {
		t.Errorf("the client's key: %+v", got)
	}
	if got := call(t, "", "doctor", "--endpoint", stack.URL, "--api-key", "blr_invented"); got.code != exitProblems || !strings.Contains(got.out, "accepts the credential              /v1/me returns 401") {
		t.Errorf("a key that nobody knows: %+v", got)
	}
}

func TestTwoFilesOfOneIDAreAProblem(t *testing.T) {
	root := started(t, "")
	text, err := os.ReadFile(filepath.Join(root, "policies", "account-risk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "policies", "copy.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"test", root}, {"publish", root, "--data", t.TempDir()}} {
		if got := call(t, "", args...); got.code != exitProblems || !strings.Contains(got.errs, "copy.yaml:2:1: the id account-risk is that of the policy in ") || strings.Contains(got.out, "published") {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := call(t, "", "workflow", "validate", filepath.Join(root, "workflows", "account-opening.yaml")); got.code != 0 || !strings.Contains(got.errs, "copy.yaml: has problems itself") {
		t.Errorf("neighbours: %+v", got)
	}
}

func TestATestFileMayShareItsParts(t *testing.T) {
	root := started(t, "tests/account-opening.yaml", "context: {applicant: {country: SE, income: 3000}}", "context: &known {applicant: {country: SE, income: 3000}}")
	if got := call(t, "", "test", root); got.code != 0 {
		t.Errorf("an anchor: %+v", got)
	}
}

func TestAWordThatIsNoCommandIsNeverTakenForOne(t *testing.T) {
	for line, want := range map[string]string{
		"help cse":               "there is no command ballerine cse (did you mean case?)",
		"help case lst":          "there is no command ballerine case lst (did you mean list?)",
		"completion fsh":         "there is no command ballerine completion fsh (did you mean fish?)",
		"completion bash please": "please",
	} {
		if got := call(t, "", strings.Fields(line)...); got.code != exitUsage || got.out != "" || !strings.Contains(got.errs, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
	for line, want := range map[string]string{"help": "Available Commands", "help case list": "List cases", "completion bash": "complete", "--help": "Available Commands", "completion": "fish"} {
		if got := call(t, "", strings.Fields(line)...); got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestADocumentOfAnotherKindIsCalledWhatItIs(t *testing.T) {
	root := started(t, "")
	chart, policy, plugin := filepath.Join(root, "workflows", "account-opening.yaml"), filepath.Join(root, "policies", "account-risk.yaml"), filepath.Join(root, "plugins", "address-check.yaml")
	for line, want := range map[string]string{
		"workflow validate " + plugin:                                           "is a plugin, and not a workflow",
		"workflow graph " + policy:                                              "is a policy, and not a workflow",
		"policy test " + chart:                                                  "is a workflow, and not a policy",
		"connector test " + policy:                                              "is a policy, and not a plugin",
		"connector validate " + chart:                                           "is a workflow, and not a plugin",
		"plugin publish " + chart + " --data " + t.TempDir():                    "there is no data",
		"plugin publish " + chart + " --endpoint x --api-key y":                 "is a workflow, and not a plugin",
		"workflow publish " + policy + " --endpoint x --api-key y":              "is a policy, and not a workflow",
		"restore " + filepath.Join(root, "none.zip") + " --data " + t.TempDir(): "There is no file",
	} {
		if got := call(t, "", strings.Fields(line)...); got.code == 0 || got.out != "" || strings.Count(got.errs, "\n") != 1 || !strings.Contains(got.errs, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestAVersionThatIsNotThereIsNamedBesideTheNewest(t *testing.T) {
	stack := shared(t)
	for line, want := range map[string]string{
		"workflow migrate kyc --from 1 --to 9":    "There is no version 9 of this workflow. (unknown_workflow)\n  body.workflow: the newest version is ",
		"workflow migrate nobody --from 1 --to 2": "No such workflow is published.",
	} {
		if got := call(t, "", append(strings.Fields(line), as(stack, "admin")...)...); got.code != exitProblems || !strings.Contains(got.errs, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestANewProjectKeepsItsDataOutOfItsRepository(t *testing.T) {
	ignored := func(root string) string {
		text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := ignored(started(t, "")); !strings.Contains(text, "\n.ballerine/\n") {
		t.Errorf("the file that is made: %s", text)
	}
	own := folderOf(t, map[string]string{".gitignore": "mine\n"})
	if got := call(t, "", "init", own); got.code != 0 || ignored(own) != "mine\n" || !strings.Contains(got.errs, ".ballerine/, which will hold secrets") {
		t.Errorf("one that is there: %+v", got)
	}
}

func TestTheDemosEnvironmentHasATokenOfEachPerson(t *testing.T) {
	stack := shared(t)
	text, err := os.ReadFile(filepath.Join(common.data, "demo.env"))
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]int{"ADMIN": 0, "MANAGER": 1, "REVIEWER": 2, "REVIEWER2": 3, "AUDITOR": 4, "DEVELOPER": 5} {
		if !strings.Contains(string(text), "\nexport "+name+"="+stack.Demo.Users[at].Token+"\n") {
			t.Errorf("no %s", name)
		}
	}
}

func TestAnInputOutOfItsSchemaIsPointedOut(t *testing.T) {
	source := strings.NewReplacer("{type: integer}", "{type: integer, minimum: 0}, other: {type: integer}", "reason: Too", "missing: refer, reason: Too").Replace(agePolicy)
	refusing, deciding := file(t, "own.yaml", source), file(t, "deciding.yaml", strings.Replace(source, "rules:", "invalid: refer\nrules:", 1))
	for input, want := range map[string]string{`{"age": -1}`: "age must be at least 0", `{"age": "ten"}`: "age must be of type integer", `{"age": 20}`: "", `{}`: ""} {
		got := call(t, "", "policy", "eval", refusing, "--input", input)
		if refused := strings.Replace(want, " must", ": must", 1); (got.code == 0) != (want == "") || !strings.Contains(got.errs, refused) || strings.Contains(got.errs, "ten") {
			t.Errorf("%s: %+v", input, got)
		}
		got = call(t, "", "policy", "eval", deciding, "--input", input)
		if got.code != 0 || got.errs != "" || want != "" && !strings.HasPrefix(got.out, "own: refer") || !strings.Contains(got.out, want) || strings.Contains(got.out, "ten") {
			t.Errorf("%s, with an outcome: %+v", input, got)
		}
	}
	if got := call(t, "", "policy", "eval", refusing, "--input", `{"age": 20, "other": "x"}`); got.code != 0 || !strings.Contains(got.errs, "(command line):1:1: other: must be of type integer") || !strings.Contains(got.errs, "no rule reads it") {
		t.Errorf("what no rule reads: %+v", got)
	}
	if strict := call(t, "", "policy", "eval", refusing, "--input", `{"age": 20, "other": "x"}`, "--strict"); strict.code == 0 {
		t.Errorf("strictly: %+v", strict)
	}
}

func TestARefusalOffLineSaysWhyAndWhereToLook(t *testing.T) {
	lost := file(t, "lost.yaml", "id: w\ninitial: a\nstates:\n  a: {invoke: {src: rules, id: risk, input: {policy: no-such-policy}}, onDone: b}\n  b: {invoke: {src: vendor, id: ask, input: {plugin: no-such-plugin}}, onDone: c}\n  c: {type: final}\n")
	got := call(t, "", "workflow", "diff", lost, lost)
	for _, want := range []string{"no policy no-such-policy (name its file or folder by --with, or put it into policies/", "no plugin no-such-plugin (name its file or folder by --with, or put it into plugins/"} {
		if got.code != exitProblems || !strings.Contains(got.errs, want) {
			t.Errorf("no %q in %+v", want, got)
		}
	}
	guarded := file(t, "guarded.yaml", "id: w\ninitial: a\nstates:\n  a: {on: {submit: {guard: \"amount < 10\", target: b, by: [client]}}}\n  b: {type: final}\n")
	for event, want := range map[string]string{
		`{"type":"submit","as":"client"}`:   `"why":{"reason":"the condition does not hold: amount < 10","explanation":{"code":"condition_false","guard":"amount < 10"},"reads":["amount"],"by":["client"]}`,
		`{"type":"submit"}`:                 `"error":null,"why":{"reason":"the condition does not hold: amount < 10"`,
		`{"type":"submit","as":"reviewer"}`: `"why":{"reason":"only client may send it here","by":["client"]}`,
		`{"type":"sumbit","as":"client"}`:   `did you mean submit?`,
	} {
		got := call(t, "", "workflow", "simulate", guarded, "--context", `{"amount": 50}`, "--events", "["+event+"]")
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("%s: no %q in %+v", event, want, got)
		}
	}
}
