package dynamo_test

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/idempotency"
	"ballerine/internal/identity"
	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/lists"
	"ballerine/internal/policy/trial"
	"ballerine/internal/ratelimit"
	"ballerine/internal/registry"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/dynamolocal"
	"ballerine/internal/store/storetest"
	"ballerine/internal/watched"
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

func TestLimits(t *testing.T) {
	storetest.Limits(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestQueues(t *testing.T) {
	storetest.Queues(t, 2, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestOutbox(t *testing.T) {
	storetest.Outbox(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestPublications(t *testing.T) {
	storetest.Publications(t, func(t *testing.T) cases.Store { return open(t).Cases() })
}

func TestReviews(t *testing.T) {
	storetest.Reviews(t, func(t *testing.T) backoffice.Store { return open(t).Review() })
}

func TestNotices(t *testing.T) {
	storetest.Notices(t, func(t *testing.T) (cases.Store, backoffice.Store) {
		s := open(t)
		return s.Cases(), s.Review()
	})
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

func TestWatched(t *testing.T) {
	storetest.Watched(t, func(t *testing.T) watched.Store { return open(t).Watched() })
}

func TestTrials(t *testing.T) {
	storetest.Trials(t, func(t *testing.T) trial.Store { return open(t).Trials() })
}

func TestKeys(t *testing.T) {
	storetest.Keys(t, func(t *testing.T) identity.Store { return open(t).Keys() })
}

func TestUnreadableWebhooks(t *testing.T) {
	storetest.UnreadableWebhooks(t, func(t *testing.T) (webhook.Store, storetest.Spoil) {
		client := dynamolocal.Client(t)
		tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
		if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
			t.Fatal(err)
		}
		return dynamo.New(client, tables).Webhooks(), func(t *testing.T, subscription, delivery string) {
			table, pk, sk := tables.Deliveries, "a#"+subscription, delivery
			if delivery == "" {
				table, pk, sk = tables.Registry, "a", "subscription#"+subscription
			}
			_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String(table), UpdateExpression: aws.String("SET doc = :doc"),
				Key:                       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}},
				ConditionExpression:       aws.String("attribute_exists(pk)"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":doc": &types.AttributeValueMemberS{Value: "{"}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUnreadableReadMarks(t *testing.T) {
	storetest.UnreadableMarks(t, func(t *testing.T) (backoffice.Store, func(t *testing.T)) {
		client, tables, s := opened(t)
		return s.Review(), func(t *testing.T) {
			if _, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String(tables.Cases), UpdateExpression: aws.String("SET doc = :doc"), ConditionExpression: aws.String("attribute_exists(pk)"),
				Key:                       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "a#inbox#user_1"}, "sk": &types.AttributeValueMemberS{Value: "read"}},
				ExpressionAttributeValues: map[string]types.AttributeValue{":doc": &types.AttributeValueMemberS{Value: "{"}},
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNoticesThatAreTakenBackMayBeDroppedAtOnce(t *testing.T) {
	client, tables, s := opened(t)
	at := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	notice := func(of string, gone bool) cases.Notice {
		return cases.Notice{Tenant: "a", To: "user_1", Case: "case_1", Kind: cases.NoticeReturned, Of: of, At: at.Add(time.Hour), Gone: gone}
	}
	err := s.Cases().Commit(t.Context(), cases.Change{
		Next:  cases.Record{Tenant: "a", ID: "case_1", Status: cases.StatusActive, Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at},
		Entry: cases.Entry{Version: 1, At: at, Cause: cases.CauseStarted}, Notices: []cases.Notice{notice("gone", true), notice("stays", false)},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(tables.Cases), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: "a#inbox#user_1"}},
	})
	if err != nil || len(out.Items) != 2 {
		t.Fatal(len(out.Items), err)
	}
	for _, i := range out.Items {
		want := at.Add(time.Hour + cases.NoticeLife)
		if strings.HasSuffix(i["sk"].(*types.AttributeValueMemberS).Value, "gone") {
			want = at
		}
		if got := i["ttl"].(*types.AttributeValueMemberN).Value; got != strconv.FormatInt(want.Unix(), 10) {
			t.Errorf("%v is kept until %s, want %d", i["sk"], got, want.Unix())
		}
	}
}

// opened is open with what is beneath.
func opened(t *testing.T) (*dynamodb.Client, dynamo.Tables, *dynamo.Store) {
	t.Helper()
	client := dynamolocal.Client(t)
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
		t.Fatal(err)
	}
	return client, tables, dynamo.New(client, tables)
}

func TestUnreadableEntries(t *testing.T) {
	storetest.UnreadableEntries(t, func(t *testing.T) (storetest.Stores, storetest.SpoilEntry) {
		client, tables, s := opened(t)
		places := map[string][3]string{
			"decision": {tables.Cases, "a#decisions#p#2026-05", "2026-05-04T08:00:02.000000000Z#dec_2"},
			"key":      {tables.Registry, "a", "key#key_2"}, "user": {tables.Registry, "a", "user#user_2"}, "view": {tables.Registry, "a", "view#view_2"},
			"proposal": {tables.Registry, "a", "proposal#prop_2"}, "version": {tables.Registry, "a", "definition#policy#p#00000002"},
			"list": {tables.Registry, "a#lists", "list#list-2"}, "edition": {tables.Registry, "a#list#l", "edition#00000002"}, "trial": {tables.Registry, "a", "trial#p#trial_2"},
			"backtest": {tables.Cases, "a#backtests#p", "backtest_2"}, "part": {tables.Cases, "a#backtest#p#backtest_1", "part#000002"},
		}
		stores := storetest.Stores{
			Ledger: s.Ledger(), Keys: s.Keys(), Reviews: s.Review(), Registry: s.Registry(), Lists: s.Lists(), Trials: s.Trials(), Backtests: s.Backtests(),
		}
		spoil := func(t *testing.T, kind string) {
			t.Helper()
			place, known := places[kind]
			if !known {
				t.Fatalf("where is a %s?", kind)
			}
			_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String(place[0]), UpdateExpression: aws.String("SET doc = :doc"),
				Key:                       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: place[1]}, "sk": &types.AttributeValueMemberS{Value: place[2]}},
				ConditionExpression:       aws.String("attribute_exists(pk)"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":doc": &types.AttributeValueMemberS{Value: "{"}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return stores, spoil
	})
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

func TestRates(t *testing.T) {
	storetest.Rates(t, func(t *testing.T) ratelimit.Store { return open(t).Rates() })
}
