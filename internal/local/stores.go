package local

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"ballerine/internal/backtest"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/ledger"
	"ballerine/internal/lists"
	"ballerine/internal/local/streams"
	"ballerine/internal/registry"
	"ballerine/internal/review"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/trial"
	"ballerine/internal/webhook"
)

// stores is where the truth is: the file, or a DynamoDB.
type stores struct {
	cases       cases.Store
	keys        identity.Store
	webhooks    webhook.Store
	reviews     review.Store
	idempotency idempotency.Store
	registry    registry.Store
	ledger      ledger.Store
	lists       lists.Store
	trials      trial.Store
	backtests   backtest.Store
	// decode reads the effects of the store's feed, for dispatch.
	decode func(json.RawMessage) ([]cases.Effect, error)
	// follow delivers the effects of commits from now on, and those that were left.
	follow func(ctx, work context.Context, s *Stack, deliver func(context.Context, []cases.Effect) error) error
}

func (s *Stack) openStores(ctx context.Context) (stores, error) {
	if s.options.DynamoDB == "" {
		return stores{s.db.Cases(), s.db.Keys(), s.db.Webhooks(), s.db.Review(), s.db.Idempotency(), s.db.Registry(), s.db.Ledger(), s.db.Lists(), s.db.Trials(), s.db.Backtests(), decodeEffects, followFile}, nil
	}
	provider := credentials.NewStaticCredentialsProvider(s.secrets.AccessKey, s.secrets.ObjectKey, "")
	client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String(s.options.DynamoDB), Credentials: provider})
	if err := dynamo.CreateTables(ctx, client, tables); err != nil {
		return stores{}, err
	}
	d := dynamo.New(client, tables)
	return stores{d.Cases(), d.Keys(), d.Webhooks(), d.Review(), d.Idempotency(), d.Registry(), d.Ledger(), d.Lists(), d.Trials(), d.Backtests(), dynamo.DecodeStream, followStream}, nil
}

// region and tables of a DynamoDB Local.
const region = "us-east-1"

var tables = dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}

// decodeEffects reads what the file's feed would hand to dispatch.
func decodeEffects(payload json.RawMessage) ([]cases.Effect, error) {
	var event struct {
		Effects []cases.Effect `json:"effects"`
	}
	err := json.Unmarshal(payload, &event)
	return event.Effects, err
}

// followFile hears of commits from the file itself.
func followFile(ctx, work context.Context, s *Stack, deliver func(context.Context, []cases.Effect) error) error {
	feed := newFeed(deliver, s.options.Logger)
	s.feed = feed
	watch := feed.watch(work, s.options.Now)
	s.db.OnCommit(watch)
	s.spawn(func() { feed.run(work) })
	s.spawn(func() {
		feed.held(work, s.options.Now, func(before time.Time) ([]cases.Effect, error) {
			return s.stores.cases.Undelivered(work, before.Add(time.Millisecond), 1000)
		})
	})
	missed, err := s.stores.cases.Undelivered(ctx, s.options.Now().Add(cases.MaxUndo+time.Minute), 100000)
	if err != nil {
		return err
	}
	watch(missed)
	return nil
}

// followStream reads the table's stream and invokes dispatch, as Lambda's event source mapping does.
func followStream(ctx, work context.Context, s *Stack, _ func(context.Context, []cases.Effect) error) error {
	provider := credentials.NewStaticCredentialsProvider(s.secrets.AccessKey, s.secrets.ObjectKey, "")
	client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String(s.options.DynamoDB), Credentials: provider})
	table, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(tables.Cases)})
	if err != nil {
		return fmt.Errorf("find the stream of the cases table: %w", err)
	}
	config := streams.Config{
		Client: dynamodbstreams.New(dynamodbstreams.Options{Region: region, BaseEndpoint: aws.String(s.options.DynamoDB), Credentials: provider}),
		Stream: aws.ToString(table.Table.LatestStreamArn), Function: "dispatch", Invoker: s.invoker, Interval: 50 * time.Millisecond, Logger: s.options.Logger,
	}
	s.spawn(func() {
		if err := streams.Run(work, config); err != nil {
			s.options.Logger.Error("the stream of the cases table is not followed any more", "error", err.Error())
		}
	})
	return nil
}
