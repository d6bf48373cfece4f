package dynamo_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/backtest"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/ledger"
	"ballerine/internal/lists"
	"ballerine/internal/registry"
	"ballerine/internal/review"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/dynamolocal"
	"ballerine/internal/store/storetest"
	"ballerine/internal/trial"
	"ballerine/internal/webhook"
)

func open(t *testing.T) *dynamo.Store {
	t.Helper()
	client := dynamolocal.Client(t)
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(context.Background(), client, tables); err != nil {
		t.Fatal(err)
	}
	return dynamo.New(client, tables)
}

func TestCases(t *testing.T) {
	storetest.Cases(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestQueues(t *testing.T) {
	storetest.Queues(t, 2, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestReviews(t *testing.T) {
	storetest.Reviews(t, func(t *testing.T) review.Store { return open(t).Review() })
}

func TestRegistry(t *testing.T) {
	storetest.Registry(t, func(t *testing.T) registry.Store { return open(t).Registry() })
}

func TestBacktests(t *testing.T) {
	storetest.Backtests(t, func(t *testing.T) (backtest.Store, ledger.Store) {
		s := open(t)
		return s.Backtests(), s.Ledger()
	})
}

func TestLedger(t *testing.T) {
	storetest.Ledger(t, func(t *testing.T) ledger.Store { return open(t).Ledger() })
}

func TestLists(t *testing.T) {
	storetest.Lists(t, func(t *testing.T) lists.Store { return open(t).Lists() })
}

func TestTrials(t *testing.T) {
	storetest.Trials(t, func(t *testing.T) trial.Store { return open(t).Trials() })
}

func TestKeys(t *testing.T) {
	storetest.Keys(t, func(t *testing.T) identity.Store { return open(t).Keys() })
}

func TestWebhooks(t *testing.T) {
	storetest.Webhooks(t, func(t *testing.T) webhook.Store { return open(t).Webhooks() })
}

func TestIdempotency(t *testing.T) {
	storetest.Idempotency(t, func(t *testing.T) idempotency.Store { return open(t).Idempotency() })
}

func TestTheStreamGivesOnlyNewEffects(t *testing.T) {
	text, err := os.ReadFile("../../../events/dispatch.json")
	if err != nil {
		t.Fatal(err)
	}
	var event events.DynamoDBEvent
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	image := events.NewStringAttribute(`{"tenant":"demo","case":"case_1","version":3,"kind":"publish","type":"case.created"}`)
	event.Records[0].Change.NewImage["doc"] = image
	old := event.Records[0]
	old.EventName = "REMOVE"
	other := event.Records[0]
	other.Change.Keys = map[string]events.DynamoDBAttributeValue{"pk": events.NewStringAttribute("demo#case_1"), "sk": events.NewStringAttribute("record")}
	event.Records = append(event.Records, old, other)
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	effects, err := dynamo.DecodeStream(payload)
	if err != nil || len(effects) != 1 || effects[0].Version != 3 || effects[0].Type != "case.created" {
		t.Errorf("%+v %v", effects, err)
	}
	if _, err := dynamo.DecodeStream(json.RawMessage(`[`)); err == nil {
		t.Error("an event that is none must be refused")
	}
}
