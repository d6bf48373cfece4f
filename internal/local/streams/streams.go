// Package streams sends the stream of a table to a function, as Lambda's event source mapping does on AWS. The local stack
// uses it when its tables are in a DynamoDB endpoint (DynamoDB Local) instead of the embedded file.
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
	Interval time.Duration // between two reads of a quiet shard
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

// shard reads a shard to its end. An iterator that has become useless (expired, trimmed) is replaced by one after the
// last record that was delivered.
func (c Config) shard(ctx context.Context, id string) {
	var last *string // sequence number
	for ctx.Err() == nil {
		next, err := c.iterator(ctx, id, last)
		for err == nil && next != nil {
			next, last, err = c.read(ctx, next, last)
		}
		if err == nil {
			return // the shard is closed and read
		}
		if !useless(err) {
			c.report(ctx, "read stream", err)
		}
		pause(ctx, c.Interval)
	}
}

func (c Config) iterator(ctx context.Context, shard string, last *string) (*string, error) {
	input := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: aws.String(c.Stream), ShardId: aws.String(shard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	if last != nil {
		input.ShardIteratorType, input.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, last
	}
	out, err := c.Client.GetShardIterator(ctx, input)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

// read delivers the next batch and returns the iterator after it and the last record's sequence number.
func (c Config) read(ctx context.Context, iterator, last *string) (next, newest *string, err error) {
	out, err := c.Client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(100)})
	if err != nil {
		return nil, last, err
	}
	for !c.deliver(ctx, out.Records) {
		if !pause(ctx, c.Interval) {
			return nil, last, ctx.Err()
		}
	}
	if n := len(out.Records); n > 0 {
		last = out.Records[n-1].Dynamodb.SequenceNumber
	} else if !pause(ctx, c.Interval) {
		return nil, last, ctx.Err()
	}
	return out.NextShardIterator, last, nil
}

// useless states that an iterator has to be replaced.
func useless(err error) bool {
	var trimmed *types.TrimmedDataAccessException
	var expired *types.ExpiredIteratorException
	return errors.As(err, &trimmed) || errors.As(err, &expired)
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
