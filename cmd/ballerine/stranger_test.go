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
	server.Close() // whoever asks it is told that nobody is there
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
