package e2e

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/s3"
	"ballerine/internal/store/sqs"
	"ballerine/internal/store/stepfunctions"
	"ballerine/internal/webhook"
	"ballerine/statemachines"
)

// moto starts a server that imitates AWS and that others have written, and returns its URL. Without the Python environment that
// `make setup` makes, the test is skipped with a warning; in CI it fails.
func moto(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../.tools/asl-venv/bin/moto_server")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		const message = "moto is not in .tools/asl-venv: run `make setup`, which needs Python 3"
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip("SKIPPED, NOT TESTED HERE: " + message)
	}
	cmd := exec.CommandContext(t.Context(), path, "-H", "127.0.0.1", "-p", "0")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), "Running on "); ok {
			go func() { // what it logs of each request
				for lines.Scan() {
				}
			}()
			return strings.TrimSpace(address)
		}
	}
	t.Fatal("moto ended before it was ready")
	return ""
}

var motoCredentials = credentials.NewStaticCredentialsProvider("test", "test", "")

// Tables, transactions and conditions of the compiled functions are read by a second implementation beside DynamoDB Local.
func TestTheCompiledFunctionsWorkOverMotosTables(t *testing.T) {
	s := start(t, t.TempDir(), "--dynamodb", moto(t), "--functions", bootstraps(t))
	checkWalkthrough(t, s)
	s.stop()
}

func TestDocumentsAreKeptInMotosBucket(t *testing.T) {
	ctx := t.Context()
	client := awss3.New(awss3.Options{Region: "eu-central-1", BaseEndpoint: aws.String(moto(t)), UsePathStyle: true, Credentials: motoCredentials})
	_, err := client.CreateBucket(ctx, &awss3.CreateBucketInput{
		Bucket: aws.String("documents"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	objects := s3.New(client, "documents", time.Now)
	content := []byte("a picture")
	sum := sha256.Sum256(content)
	upload, err := objects.PresignPut(ctx, "quarantine/a/passport", "image/jpeg", int64(len(content)), hex.EncodeToString(sum[:]), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status := send(t, upload, content); status != http.StatusOK {
		t.Fatalf("upload: %d", status)
	}
	info, err := objects.Head(ctx, "quarantine/a/passport")
	if err != nil || info.Size != int64(len(content)) || info.ContentType != "image/jpeg" { // moto returns no checksum
		t.Errorf("%+v %v", info, err)
	}
	if err := objects.Copy(ctx, "quarantine/a/passport", "documents/a/passport"); err != nil {
		t.Fatal(err)
	}
	if err := objects.Delete(ctx, "quarantine/a/passport"); err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Head(ctx, "quarantine/a/passport"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("the upload is still in quarantine: %v", err)
	}
	link, err := objects.PresignGet(ctx, "documents/a/passport", "", "image/jpeg", "passport.jpg", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, cases.Upload{Method: http.MethodGet, URL: link}, nil); got != http.StatusOK {
		t.Errorf("link: %d", got)
	}
	if read, err := objects.Read(ctx, "documents/a/passport", 100); err != nil || !bytes.Equal(read, content) {
		t.Errorf("%q %v", read, err)
	}
}

func send(t *testing.T, upload cases.Upload, content []byte) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), upload.Method, upload.URL, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestMachinesArePublishedAndRunInMotosStepFunctions(t *testing.T) {
	ctx := t.Context()
	client := sfn.New(sfn.Options{Region: "eu-central-1", BaseEndpoint: aws.String(moto(t)), Credentials: motoCredentials})
	settings := stepfunctions.MachineSettings{
		Prefix: "arn:aws:states:eu-central-1:123456789012:stateMachine:stack-", Role: "arn:aws:iam::123456789012:role/executions", Functions: map[string]string{},
	}
	definition, err := statemachines.Files.ReadFile("kyc.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Step", "Rules", "Vendor", "Document", "Children", "Screening"} {
		settings.Functions[name+"FunctionArn"] = "arn:aws:lambda:eu-central-1:123456789012:function:" + name
	}
	publishing := stepfunctions.NewPublishing(client, settings)
	arn, err := publishing.Publish(ctx, registry.MachineVersion{Tenant: "a", Workflow: "kyc", Version: 1, Definition: definition})
	if err != nil {
		t.Fatal(err)
	}
	ref := cases.Machine{Tenant: "a", Workflow: cases.WorkflowRef{ID: "kyc", Version: 1}}
	machine, version, versioned := cutLast(arn, ":")
	if !versioned || version != "1" {
		t.Fatalf("published as %s", arn)
	}
	executions := stepfunctions.New(client, stepfunctions.Machines{"kyc@1": machine}, nil) // moto starts no versions of machines
	for range 2 {                                                                          // the second call is the same execution
		if err := executions.Start(ctx, ref, "case_1-1", cases.ExecutionInput{Case: "case_1", Tenant: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if running, err := executions.Running(ctx, ref, "case_2-1"); running || err != nil {
		t.Errorf("an execution that nobody has started: %v %v", running, err)
	}
	if running, err := executions.Running(ctx, ref, "case_1-1"); !running || err != nil {
		t.Errorf("once it was started: %v %v", running, err)
	}
	if err := executions.Stop(ctx, ref, "case_1-1", "cancelled"); err != nil {
		t.Error(err)
	}
	if running, err := executions.Running(ctx, ref, "case_1-1"); running || err != nil {
		t.Errorf("after it was stopped: %v %v", running, err)
	}
}

func TestAttemptsAtWebhooksWaitInMotosQueue(t *testing.T) {
	ctx := t.Context()
	client := awssqs.New(awssqs.Options{Region: "eu-central-1", BaseEndpoint: aws.String(moto(t)), Credentials: motoCredentials})
	made, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: aws.String("deliveries")})
	if err != nil {
		t.Fatal(err)
	}
	var attempts []webhook.Queued
	for n := range 12 { // more than one call takes
		attempts = append(attempts, webhook.Queued{Tenant: "a", Subscription: "whk_1", Delivery: fmt.Sprint("dlv_", n)})
	}
	if err := (sqs.Deliveries{API: client, URL: *made.QueueUrl}).Put(ctx, attempts); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for range 5 {
		received, err := client.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range received.Messages {
			var one webhook.Queued
			if err := json.Unmarshal([]byte(*message.Body), &one); err != nil {
				t.Error(err)
			}
			found[one.Delivery] = true
		}
	}
	if len(found) != len(attempts) {
		t.Errorf("%d of %d attempts: %v", len(found), len(attempts), found)
	}
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
