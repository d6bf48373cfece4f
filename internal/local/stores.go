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

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/local/streams"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/watched"
	"ballerine/internal/webhook"
)

// stores is where the truth is: the file, or a DynamoDB.
type stores struct {
	cases       cases.Store
	keys        identity.Store
	webhooks    webhook.Store
	reviews     backoffice.Store
	idempotency idempotency.Store
	registry    registry.Store
	ledger      ledger.Store
	lists       lists.Store
	trials      trial.Store
	watched     watched.Store
	backtests   backtest.Store
	rates       ratelimit.Store
	// decode reads the effects of the store's feed, for dispatch.
	decode func(json.RawMessage) ([]cases.Effect, error)
	// follow delivers the effects of commits from now on. The outbox's own loop delivers those that were left.
	follow func(ctx, work context.Context, s *Stack) error
}

func (s *Stack) openStores(ctx context.Context) (stores, error) {
	if simulated := s.options.Simulation; simulated != nil && simulated.Meter != nil {
		return s.openTables(ctx, simulated.Meter.Tables.Client(), followMeter)
	}
	if s.options.DynamoDB == "" {
		return stores{s.db.Cases(), s.db.Keys(), s.db.Webhooks(), s.db.Review(), s.db.Idempotency(), s.db.Registry(), s.db.Ledger(), s.db.Lists(), s.db.Trials(), s.db.Watched(), s.db.Backtests(), s.db.Rates(), decodeEffects, followFile}, nil
	}
	provider := credentials.NewStaticCredentialsProvider(s.secrets.AccessKey, s.secrets.ObjectKey, "")
	client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String(s.options.DynamoDB), Credentials: provider})
	return s.openTables(ctx, client, followStream)
}

func (s *Stack) openTables(ctx context.Context, client *dynamodb.Client, follow func(ctx, work context.Context, s *Stack) error) (stores, error) {
	if err := dynamo.CreateTables(ctx, client, tables); err != nil {
		return stores{}, err
	}
	d := dynamo.New(client, tables)
	return stores{d.Cases(), d.Keys(), d.Webhooks(), d.Review(), d.Idempotency(), d.Registry(), d.Ledger(), d.Lists(), d.Trials(), d.Watched(), d.Backtests(), d.Rates(), dynamo.DecodeStream, follow}, nil
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

// followFile learns of commits from the file itself.
func followFile(_, work context.Context, s *Stack) error {
	outbox := s.Core.Outbox()
	s.db.OnCommit(func(effects []cases.Effect) { outbox.Take(work, effects) })
	return nil
}

// followStream reads the table's stream and invokes dispatch, as Lambda's event source mapping does.
func followStream(ctx, work context.Context, s *Stack) error {
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
			s.options.Logger.Error("the stream of the cases table is no longer followed", "error", err.Error())
		}
	})
	return nil
}
