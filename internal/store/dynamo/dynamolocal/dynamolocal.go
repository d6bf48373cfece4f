// Package dynamolocal runs AWS's DynamoDB Local for tests: on 127.0.0.1 only, ended with the test's process, with a database
// for each test.
package dynamolocal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Region and secret that clients of the server use; the access key chooses the database.
const (
	region = "us-east-1"
	secret = "local"
)

// Endpoint starts the server, once for the process, and returns its URL. Without Java, or without the jars that `make
// setup` fetches, the test is skipped with a prominent message; in CI it fails.
func Endpoint(t testing.TB) string {
	t.Helper()
	url, err := server()
	if err == nil {
		return url
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("DynamoDB Local is needed in CI: %v", err)
	}
	t.Skipf("SKIPPED: DynamoDB is not tested here: %v", err)
	return ""
}

// Client is a client of a database of its own.
func Client(t testing.TB) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: aws.String(Endpoint(t)), Credentials: credentials.NewStaticCredentialsProvider(accessKey(t), secret, ""),
	})
}

// accessKeys numbers the tests of this process, so that no two share a database, whatever their names.
var accessKeys sync.Map

// accessKey names the test's database: letters and digits only, always the same for one test.
func accessKey(t testing.TB) string {
	key, _ := accessKeys.LoadOrStore(t, "test"+strconv.FormatInt(count.Add(1), 10))
	text, _ := key.(string)
	return text
}

var count atomic.Int64

// server keeps the process's server. Its standard input stays open as long as this process lives: the server ends when
// it closes, whatever way that happens.
var server = sync.OnceValues(start)

func start() (string, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("java is not on this machine")
	}
	folder, source := places()
	if jars, _ := filepath.Glob(filepath.Join(folder, "*.jar")); len(jars) == 0 {
		return "", fmt.Errorf("the jars are not in %s: run `make setup`, which needs Maven", folder)
	}
	cmd := exec.CommandContext(context.Background(), java, "-XX:-UsePerfData", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dddb.isolate=true", "-cp", filepath.Join(folder, "*"), source, "0") //nolint:gosec // a test's own server
	cmd.Dir = folder
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "READY "); ok {
			go func() {
				_, _ = io.Copy(io.Discard, out)
				_ = input.Close() // kept until the server has ended: closing it ends the server
			}()
			return "http://" + address, nil
		}
	}
	return "", fmt.Errorf("DynamoDB Local ended before it was ready")
}

// places returns the folder of the jars and the source that starts them.
func places() (folder, source string) {
	root := repository()
	if folder = os.Getenv("BALLERINE_DYNAMODB_LOCAL"); folder == "" {
		folder = filepath.Join(root, ".tools", "dynamodb-local")
		if nested := filepath.Join(folder, "lib"); exists(nested) {
			folder = nested
		}
	}
	return folder, filepath.Join(root, "internal", "store", "dynamo", "dynamolocal", "Loopback.java")
}

// repository is the folder above the test's own that holds go.mod; a build with -trimpath knows no file's folder.
func repository() string {
	folder, _ := os.Getwd()
	for !exists(filepath.Join(folder, "go.mod")) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
	}
	return folder
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }
