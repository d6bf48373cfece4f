package dynamo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"ballerine/internal/identity"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/dynamolocal"
)

// dying is a client whose calls of one operation never arrive.
func dying(client *dynamodb.Client, operation string) *dynamodb.Client {
	return dynamodb.New(client.Options(), func(o *dynamodb.Options) {
		o.Retryer = aws.NopRetryer{}
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("dies", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if middleware.GetOperationName(ctx) == operation {
					return middleware.InitializeOutput{}, middleware.Metadata{}, errors.New("the process has ended")
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
}

func TestACrashBetweenTheChunksAndTheListLeavesTheEditionBefore(t *testing.T) {
	ctx := t.Context()
	client := dynamolocal.Client(t)
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(ctx, client, tables); err != nil {
		t.Fatal(err)
	}
	who := identity.Principal{Tenant: "a", Kind: identity.User, ID: "user_1"}
	service := func(operation string) *lists.Service {
		return &lists.Service{Store: dynamo.New(dying(client, operation), tables).Lists(), Now: time.Now}
	}
	whole := service("")
	if _, _, err := whole.Put(ctx, who, lists.Put{ID: "l", Type: lists.Block}); err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Replace(ctx, who, "l", lists.CSV("x", "value\nbefore\n"), 0); err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"PutItem", "TransactWriteItems"} {
		if _, err := service(operation).Replace(ctx, who, "l", lists.CSV("x", "value\nafter\n"), 1); problem.CodeOf(err) != problem.Unavailable {
			t.Fatalf("%s: %v", operation, err)
		}
		list, err := whole.Get(ctx, "a", "l")
		if err != nil || list.Edition != 1 {
			t.Errorf("%s: %+v %v", operation, list, err)
		}
		opened, err := lists.NewOpener(whole.Store).OpenLists(ctx, "a", []string{"l"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if holds, _ := opened["l"].Holds("before", time.Now()); !holds {
			t.Errorf("%s: the edition before is lost", operation)
		}
	}
	up, err := whole.Replace(ctx, who, "l", lists.CSV("x", "value\nafter\n"), 1)
	if err != nil || up.Edition != 2 {
		t.Errorf("it cannot be done again: %+v %v", up, err)
	}

	for _, operation := range []string{"DeleteItem", "PutItem"} {
		if _, err := service(operation).Forget(ctx, "a", "l", 1); problem.CodeOf(err) != problem.Unavailable {
			t.Fatalf("%s: %v", operation, err)
		}
	}
	if _, err := lists.NewOpener(whole.Store).OpenLists(ctx, "a", []string{"l"}, map[string]string{"l": "1"}); problem.CodeOf(err) != problem.UnknownList {
		t.Errorf("half an edition was opened: %v", err)
	}
	if e, err := whole.Forget(ctx, "a", "l", 1); err != nil || !e.Forgotten {
		t.Errorf("it cannot be finished: %+v %v", e, err)
	}
}
