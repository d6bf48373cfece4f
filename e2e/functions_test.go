package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/store/dynamo/dynamolocal"
)

func checkWalkthrough(t *testing.T, s *server) {
	t.Helper()
	out := runWalkthrough(t, s, walkthrough(t))
	for _, want := range []string{
		`{"status":"active","configuration":["collect"]`, `"configuration":["review"]`, `"fired":["document_expired"]`,
		`{"status":"completed","outcome":"approved"`, `{"signature":"valid","type":"case.completed"}`, "whole",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %s:\n%s", want, out)
		}
	}
}

func TestTheWalkThroughWorksOverDynamoDB(t *testing.T) {
	s := start(t, t.TempDir(), "--dynamodb", dynamolocal.Endpoint(t))
	checkWalkthrough(t, s)
	s.stop()
}

// The functions are the compiled ones, each a process of its own behind the Lambda Runtime API, with AWS's clients for
// DynamoDB, S3 and Step Functions.
func TestTheWalkThroughWorksWithTheCompiledFunctions(t *testing.T) {
	endpoint := dynamolocal.Endpoint(t)
	s := start(t, t.TempDir(), "--dynamodb", endpoint, "--functions", bootstraps(t))
	checkWalkthrough(t, s)
	s.stop()
}

// bootstraps compiles every function for this machine, as `make build` does for Lambda.
func bootstraps(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	mains, err := filepath.Glob("../functions/*/main.go")
	if err != nil || len(mains) < 11 {
		t.Fatalf("found %d functions: %v", len(mains), err)
	}
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(folder, name, "bootstrap"), "./"+filepath.Dir(main))
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return folder
}
