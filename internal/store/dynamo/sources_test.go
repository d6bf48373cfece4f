package dynamo_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/dynamolocal"
)

func TestSourcesOfOldItemsAndBrokenOnes(t *testing.T) {
	client := dynamolocal.Client(t)
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
		t.Fatal(err)
	}
	s := dynamo.New(client, tables).Registry()
	old := strings.Repeat("# kept whole\n", 23_000)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("registry"), Item: map[string]types.AttributeValue{
		"pk": text("a"), "sk": text("definition#policy#old#00000001"), "doc": text(`{"tenant":"a","kind":"policy","id":"old","version":1}`), "source": text(old),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.Definition(t.Context(), "a", registry.Policy, "old", 0); err != nil || d.Source != old {
		t.Errorf("a source from before parts: %v, %d bytes", err, len(d.Source))
	}
	long := registry.Definition{Tenant: "a", Kind: registry.Policy, ID: "long", Version: 1, Source: strings.Repeat("0123456789abcdef", 10_000)}
	if err := s.PutDefinition(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	found, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("registry")})
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	for _, i := range found.Items {
		if sk, ok := i["sk"].(*types.AttributeValueMemberS); ok && strings.HasPrefix(sk.Value, "source#policy#long#") {
			parts++
			if _, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("registry"), Key: map[string]types.AttributeValue{"pk": i["pk"], "sk": i["sk"]}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Definition(t.Context(), "a", registry.Policy, "long", 1); parts == 0 || problem.CodeOf(err) != problem.Internal {
		t.Errorf("%d parts lost: %v", parts, err)
	}
}
