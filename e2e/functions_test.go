package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"ballerine/internal/store/dynamo/dynamolocal"
)

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

// recordingsName is the file beside the functions to which they write what they ask of AWS.
const recordingsName = "calls.jsonl"

// functionsBuilt reports whether there is a folder to remove.
var functionsBuilt atomic.Bool

// compiled are all functions, compiled once for all tests as `make build` does for Lambda, but for this machine, and with what writes
// down their calls (see internal/app/onaws).
var compiled = sync.OnceValues(func() (string, error) {
	functionsBuilt.Store(true)
	folder, err := os.MkdirTemp("", "ballerine-functions-")
	if err != nil {
		return "", err
	}
	mains, err := filepath.Glob("../functions/*/main.go")
	if err != nil || len(mains) < 11 {
		return folder, fmt.Errorf("found %d functions: %w", len(mains), err)
	}
	// In one go, and with what everything else is compiled of; `make build` also leaves out inlining, for their size.
	build := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2,recorded", "-trimpath",
		"-ldflags=-s -w -X ballerine/internal/app/onaws.recordings="+filepath.Join(folder, recordingsName), "-o", folder+string(filepath.Separator), "../functions/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return folder, fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	for _, main := range mains {
		built := filepath.Join(folder, filepath.Base(filepath.Dir(main)))
		if err := errors.Join(os.Rename(built, built+".built"), os.Mkdir(built, 0o750), os.Rename(built+".built", filepath.Join(built, "bootstrap"))); err != nil {
			return folder, err
		}
	}
	return folder, nil
})

func bootstraps(t *testing.T) string {
	t.Helper()
	folder, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}
