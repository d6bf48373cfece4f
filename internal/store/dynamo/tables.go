package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Tables names the tables of an installation.
type Tables struct {
	Cases, Subjects, Registry, Deliveries, Idempotency string
}

// TableDefinition is what a table needs: infra/data.yaml declares the same, and a test compares them.
type TableDefinition struct {
	Name    string // as in Tables: "Cases", …
	SortKey bool   // sk beside pk
	Indexes []string
	Holds   map[string][]string // attributes that an index holds beside the keys; of one that is not here: all
	TTL     bool
	Stream  bool
}

// TableDefinitions lists the tables. An index x has the keys x_pk and x_sk.
func TableDefinitions() []TableDefinition {
	return []TableDefinition{
		{Name: "Cases", SortKey: true, Indexes: []string{"queue", "assignee", "subject", "due", "created", "open", "waiting", "updated"}, Holds: caseIndexes, TTL: true, Stream: true},
		{Name: "Subjects", SortKey: true, Stream: true},
		{Name: "Registry", SortKey: true, Indexes: []string{"lookup"}},
		{Name: "Deliveries", SortKey: true, Indexes: []string{"due"}, TTL: true},
		{Name: "Idempotency", TTL: true},
	}
}

// caseIndexes state what each index of the cases table holds. A commit is charged for an index only if its entry
// changes, by the size of the entry: lists that are filtered hold the outline, the others the keys.
var caseIndexes = map[string][]string{
	"created": {outline}, "open": {outline}, "waiting": {outline}, "assignee": {}, "subject": {}, "updated": {}, "queue": {},
	"due": {"doc", "claimed"}, // effects; records have no doc
}

func (t Tables) name(definition string) string {
	return map[string]string{"Cases": t.Cases, "Subjects": t.Subjects, "Registry": t.Registry, "Deliveries": t.Deliveries, "Idempotency": t.Idempotency}[definition]
}

// CreateTables makes the tables that are not there yet: for tests and for a local DynamoDB. On AWS the templates do.
func CreateTables(ctx context.Context, client *dynamodb.Client, tables Tables) error {
	for _, definition := range TableDefinitions() {
		_, err := client.CreateTable(ctx, createTable(definition, tables.name(definition.Name)))
		var exists *types.ResourceInUseException
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("create table %s: %w", definition.Name, err)
		}
	}
	return nil
}

func createTable(definition TableDefinition, name string) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest}
	add := func(attribute string, kind types.KeyType, schema *[]types.KeySchemaElement) {
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String(attribute), AttributeType: types.ScalarAttributeTypeS})
		*schema = append(*schema, types.KeySchemaElement{AttributeName: aws.String(attribute), KeyType: kind})
	}
	add("pk", types.KeyTypeHash, &input.KeySchema)
	if definition.SortKey {
		add("sk", types.KeyTypeRange, &input.KeySchema)
	}
	for _, index := range definition.Indexes {
		gsi := types.GlobalSecondaryIndex{IndexName: aws.String(index), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll}}
		if held, some := definition.Holds[index]; some && len(held) == 0 {
			gsi.Projection.ProjectionType = types.ProjectionTypeKeysOnly
		} else if some {
			gsi.Projection.ProjectionType, gsi.Projection.NonKeyAttributes = types.ProjectionTypeInclude, held
		}
		add(index+"_pk", types.KeyTypeHash, &gsi.KeySchema)
		add(index+"_sk", types.KeyTypeRange, &gsi.KeySchema)
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, gsi)
	}
	if definition.Stream {
		input.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}
	}
	return input
}
