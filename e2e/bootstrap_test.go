package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ballerine/internal/local/lambda"
)

// TestEveryBootstrapStartsAndAnswers prints how long each takes from the start of its process to its first answer
// (go test ./e2e -v -run EveryBootstrap). The size of what ships, which is another architecture, is held by CI.
func TestEveryBootstrapStartsAndAnswers(t *testing.T) {
	folder := bootstraps(t)
	environment := []string{
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "DOCUMENTS_BUCKET=documents",
		"CASES_TABLE=cases", "SUBJECTS_TABLE=subjects", "REGISTRY_TABLE=registry", "DELIVERIES_TABLE=deliveries", "IDEMPOTENCY_TABLE=idempotency",
		`SIGNING_KEYS={"keys":["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]}`, `MACHINES={"kyc@1":"arn:aws:states:local:000000000000:stateMachine:kyc:1"}`,
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() { // what the functions have written
			continue
		}
		path := filepath.Join(folder, entry.Name(), "bootstrap")
		times := startTimes(t, lambda.Function{Name: entry.Name(), Bootstrap: path, Env: environment, Timeout: 10 * time.Second, Concurrency: 1})
		t.Logf("%-10s answers after %v (median of %d)", entry.Name(), times[len(times)/2], len(times))
	}
}

// startTimes starts a function's process several times.
func startTimes(t *testing.T, function lambda.Function) []time.Duration {
	t.Helper()
	var times []time.Duration
	for range 5 {
		began := time.Now()
		server, err := lambda.New(lambda.Config{Functions: []lambda.Function{function}})
		if err != nil {
			t.Fatal(err)
		}
		// The payload is none that the function knows: that it answers at all shows that it has started.
		_, _, err = server.Invoke(context.Background(), function.Name, []byte(`{"version":"2.0","rawPath":"/v1/health","requestContext":{"http":{"method":"GET"}}}`))
		times = append(times, time.Since(began))
		if closeErr := server.Close(); err != nil || closeErr != nil {
			t.Fatalf("%s: %v %v", function.Name, err, closeErr)
		}
	}
	slices.Sort(times)
	return times
}
