// Package sqs puts attempts at webhooks, and wake-ups of the sweep, into queues of Amazon SQS. A message is a hint: the tables have
// the truth, and what a queue loses is found there.
package sqs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// API is what is used of *sqs.Client.
type API interface {
	SendMessageBatch(ctx context.Context, input *sqs.SendMessageBatchInput, options ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// perCall is how many messages SQS takes at once, and longestDelay how long it can hold one back.
const (
	perCall      = 10
	longestDelay = 15 * time.Minute
)

// Deliveries is the webhook.Queue of a standard queue. Each receiver is a message group: SQS hands the messages of those with few out
// before the backlog of one with many.
type Deliveries struct {
	API API
	URL string
}

var _ webhook.Queue = Deliveries{}

// Put implements webhook.Queue. Errors: Unavailable.
func (q Deliveries) Put(ctx context.Context, attempts []webhook.Queued) error {
	entries := make([]types.SendMessageBatchRequestEntry, 0, len(attempts))
	for _, attempt := range attempts {
		body, err := json.Marshal(attempt)
		if err != nil {
			return problem.Wrap(err, problem.Internal, "A message could not be encoded.")
		}
		entry := message(string(body), attempt.After)
		entry.MessageGroupId = aws.String(group(attempt.Tenant, attempt.Subscription))
		entries = append(entries, entry)
	}
	return send(ctx, q.API, q.URL, entries)
}

// group names a receiver in the characters and the length that SQS allows.
func group(tenant, subscription string) string {
	sum := sha256.Sum256([]byte(tenant + "\n" + subscription))
	return hex.EncodeToString(sum[:16])
}

// Wakes is the task.Waker of a queue whose messages invoke the sweep.
type Wakes struct {
	API API
	URL string
}

// Wake implements task.Waker. Errors: Unavailable.
func (q Wakes) Wake(ctx context.Context, pauses []time.Duration) error {
	entries := make([]types.SendMessageBatchRequestEntry, 0, len(pauses))
	for _, pause := range pauses {
		entries = append(entries, message("{}", pause))
	}
	return send(ctx, q.API, q.URL, entries)
}

// message is delayed in whole seconds, rather a little longer than too short.
func message(body string, after time.Duration) types.SendMessageBatchRequestEntry {
	seconds := (min(max(0, after), longestDelay) + time.Second - 1) / time.Second
	return types.SendMessageBatchRequestEntry{MessageBody: aws.String(body), DelaySeconds: int32(seconds)}
}

// send sends all entries that it can. Some may be sent although there is an error.
func send(ctx context.Context, api API, url string, entries []types.SendMessageBatchRequestEntry) error {
	refused := 0
	for chunk := range slices.Chunk(entries, perCall) {
		for i := range chunk {
			chunk[i].Id = aws.String(strconv.Itoa(i))
		}
		out, err := api.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(url), Entries: chunk})
		if err != nil {
			return problem.Wrap(err, problem.Unavailable, "The queue cannot be reached.")
		}
		refused += len(out.Failed)
	}
	if refused > 0 {
		return problem.Wrap(fmt.Errorf("%d of %d messages", refused, len(entries)), problem.Unavailable, "The queue has not taken all messages.")
	}
	return nil
}
