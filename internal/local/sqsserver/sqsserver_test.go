package sqsserver_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"ballerine/internal/local/sqsserver"
	"ballerine/internal/problem"
	"ballerine/internal/store/sqs"
	"ballerine/internal/webhook"
)

// calls are those of functions.
type calls chan string

func (c calls) Invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	c <- function + " " + string(payload)
	if function == "sweep" {
		return nil, errors.New("it is handed over again later")
	}
	return []byte(`{"batchItemFailures":[]}`), nil
}

// The client is AWS's, with its own checks of what the server answers.
func TestMessagesInvokeTheFunctionBehindTheirQueue(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	invoked := make(calls, 10)
	queues := sqsserver.New(ctx, sqsserver.Config{Functions: map[string]string{"deliveries": "deliver", "wakes": "sweep"}, Invoker: invoked, Logger: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(queues)
	defer func() { server.Close(); stop(); queues.Wait() }()
	client := awssqs.New(awssqs.Options{Region: "us-east-1", BaseEndpoint: aws.String(server.URL + "/queues/"), Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})

	attempts := []webhook.Queued{{Tenant: "a", Subscription: "whk_1", Delivery: "dlv_1"}}
	if err := (sqs.Deliveries{API: client, URL: server.URL + "/queues/deliveries"}).Put(t.Context(), attempts); err != nil {
		t.Fatal(err)
	}
	if got := <-invoked; !strings.HasPrefix(got, "deliver ") || !strings.Contains(got, `"body":"{\"tenant\":\"a\",\"subscription\":\"whk_1\",\"delivery\":\"dlv_1\"}"`) {
		t.Error(got)
	}
	if err := (sqs.Wakes{API: client, URL: server.URL + "/queues/wakes"}).Wake(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := (sqs.Deliveries{API: client, URL: server.URL + "/queues/others"}).Put(t.Context(), attempts); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("a queue that is not there: %v", err)
	}
}
