// Package streams feeds a table's stream to a function, as Lambda's event source mapping does on AWS. It serves the
// local stack when its tables are in a DynamoDB endpoint (DynamoDB Local) instead of the embedded file.
package streams

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Invoker calls a function with an event.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Config of a feed.
type Config struct {
	Client   *dynamodbstreams.Client
	Stream   string // ARN
	Function string
	Invoker  Invoker
	Interval time.Duration // between two looks at a quiet shard
	Logger   *slog.Logger
}

// Run feeds every shard from its oldest record until ctx ends. A batch that fails is tried again, as on AWS; the
// function's work is idempotent.
func Run(ctx context.Context, config Config) error {
	seen := map[string]bool{}
	for {
		out, err := config.Client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(config.Stream)})
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the end was asked for
			}
			return err
		}
		for _, shard := range out.StreamDescription.Shards {
			if id := aws.ToString(shard.ShardId); !seen[id] {
				seen[id] = true
				go config.shard(ctx, id)
			}
		}
		if !pause(ctx, 20*config.Interval) {
			return nil
		}
	}
}

func (c Config) shard(ctx context.Context, id string) {
	it, err := c.Client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: aws.String(c.Stream), ShardId: aws.String(id), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		c.report(ctx, "get shard iterator", err)
		return
	}
	next := it.ShardIterator
	for next != nil {
		out, err := c.Client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: next, Limit: aws.Int32(100)})
		if err != nil {
			c.report(ctx, "get records", err)
			if !pause(ctx, c.Interval) {
				return
			}
			continue
		}
		for !c.deliver(ctx, out.Records) {
			if !pause(ctx, c.Interval) {
				return
			}
		}
		next = out.NextShardIterator
		if len(out.Records) == 0 && !pause(ctx, c.Interval) {
			return
		}
	}
}

// deliver invokes the function with the batch; false: try again.
func (c Config) deliver(ctx context.Context, records []types.Record) bool {
	if len(records) == 0 {
		return true
	}
	event := events.DynamoDBEvent{}
	for _, record := range records {
		event.Records = append(event.Records, convert(record, c.Stream))
	}
	payload, err := json.Marshal(event)
	if err != nil {
		c.report(ctx, "encode stream event", err)
		return true
	}
	if _, err := c.Invoker.Invoke(ctx, c.Function, payload); err != nil {
		c.report(ctx, "deliver stream event", err)
		return false
	}
	return true
}

func (c Config) report(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		c.Logger.WarnContext(ctx, what, "stream", c.Stream, "error", err.Error())
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
