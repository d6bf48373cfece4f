package sqs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"ballerine/internal/problem"
	adapter "ballerine/internal/store/sqs"
	"ballerine/internal/webhook"
)

// queue remembers what it is sent, and refuses messages with some bodies.
type queue struct {
	sent    []types.SendMessageBatchRequestEntry
	calls   int
	refuses string
}

func (q *queue) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	q.calls++
	out, ids := &sqs.SendMessageBatchOutput{}, map[string]bool{}
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return nil, fmt.Errorf("%d entries", len(in.Entries))
	}
	for _, e := range in.Entries {
		if ids[aws.ToString(e.Id)] || e.DelaySeconds > 900 || e.DelaySeconds < 0 || len(aws.ToString(e.MessageGroupId)) > 128 {
			return nil, fmt.Errorf("entry %+v", e)
		}
		ids[aws.ToString(e.Id)] = true
		if aws.ToString(e.MessageBody) == q.refuses {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id})
			continue
		}
		q.sent = append(q.sent, e)
	}
	return out, nil
}

func TestEachAttemptIsAMessageOfItsReceiver(t *testing.T) {
	q := &queue{}
	var attempts []webhook.Queued
	for n := range 23 {
		attempts = append(attempts, webhook.Queued{Tenant: "a", Subscription: fmt.Sprint("whk_", n%2), Delivery: fmt.Sprint("dlv_", n), After: time.Duration(n) * 700 * time.Millisecond})
	}
	if err := (adapter.Deliveries{API: q, URL: "queue"}).Put(t.Context(), attempts); err != nil {
		t.Fatal(err)
	}
	if q.calls != 3 || len(q.sent) != 23 {
		t.Errorf("%d messages in %d calls", len(q.sent), q.calls)
	}
	for n, e := range q.sent {
		if want := fmt.Sprintf(`{"tenant":"a","subscription":"whk_%d","delivery":"dlv_%d"}`, n%2, n); aws.ToString(e.MessageBody) != want {
			t.Errorf("%s, want %s", aws.ToString(e.MessageBody), want)
		}
		if time.Duration(e.DelaySeconds)*time.Second < attempts[n].After || aws.ToString(e.MessageGroupId) != aws.ToString(q.sent[n%2].MessageGroupId) {
			t.Errorf("message %d: delay %d, group %s", n, e.DelaySeconds, aws.ToString(e.MessageGroupId))
		}
	}
	if aws.ToString(q.sent[0].MessageGroupId) == aws.ToString(q.sent[1].MessageGroupId) {
		t.Error("two receivers are one group")
	}
}

func TestWhatAQueueDoesNotTakeIsSaid(t *testing.T) {
	if err := (adapter.Wakes{API: &queue{refuses: "{}"}, URL: "queue"}).Wake(t.Context(), []time.Duration{time.Second}); problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
	q := &queue{}
	if err := (adapter.Wakes{API: q, URL: "queue"}).Wake(t.Context(), []time.Duration{-time.Second, time.Hour}); err != nil || len(q.sent) != 2 {
		t.Errorf("%v %v", q.sent, err)
	}
}
