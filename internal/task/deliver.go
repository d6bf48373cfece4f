package task

import (
	"context"
	"encoding/json"

	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// messages are a batch of a queue, as Lambda hands it over.
type messages struct {
	Records []struct {
		ID   string `json:"messageId"`
		Body string `json:"body"`
	} `json:"Records"`
}

// unmade are the messages of a batch that have to come again; the others are done.
type unmade struct {
	Failures []unmadeItem `json:"batchItemFailures"`
}

type unmadeItem struct {
	ID string `json:"itemIdentifier"`
}

// NewDeliver handles the queue of attempts at webhooks. A receiver's failure is recorded with the delivery; a message is
// redelivered only if our own side fails, and in the end the sweep finds its delivery.
func NewDeliver(webhooks *webhook.Service) Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var batch messages
		if err := json.Unmarshal(payload, &batch); err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The event is not one of the queue of deliveries.")
		}
		answer := unmade{Failures: []unmadeItem{}}
		var ids []string
		var attempts []webhook.Queued
		for _, record := range batch.Records {
			var attempt webhook.Queued
			if json.Unmarshal([]byte(record.Body), &attempt) != nil || attempt.Tenant == "" || attempt.Delivery == "" {
				answer.Failures = append(answer.Failures, unmadeItem{record.ID}) // a person finds it in the end
				continue
			}
			ids, attempts = append(ids, record.ID), append(attempts, attempt)
		}
		for i, err := range webhooks.AttemptQueued(ctx, attempts) {
			if err != nil {
				answer.Failures = append(answer.Failures, unmadeItem{ids[i]})
			}
		}
		return json.Marshal(answer)
	}
}
