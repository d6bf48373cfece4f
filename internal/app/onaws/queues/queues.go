// Package queues opens the queues of SQS for the functions that use them.
package queues

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"ballerine/internal/store/sqs"
	"ballerine/internal/task"
	"ballerine/internal/webhook"
)

// Open is an onaws.Open.
func Open(config aws.Config, endpoint *string, env func(name string) string) (deliveries webhook.Queue, wakes task.Waker) {
	client := awssqs.NewFromConfig(config, func(o *awssqs.Options) { o.BaseEndpoint = endpoint })
	if url := env("DELIVERIES_QUEUE"); url != "" {
		deliveries = sqs.Deliveries{API: client, URL: url}
	}
	if url := env("WAKES_QUEUE"); url != "" {
		wakes = sqs.Wakes{API: client, URL: url}
	}
	return deliveries, wakes
}
