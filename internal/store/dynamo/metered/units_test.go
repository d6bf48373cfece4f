package metered_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/store/dynamo/dynamolocal"
	"ballerine/internal/store/dynamo/metered"
)

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }

// row is an item of the test's table; index is "" or the place in both of its indexes.
func row(sk, index, note string, bytes int) map[string]types.AttributeValue {
	i := map[string]types.AttributeValue{"pk": s("p"), "sk": s(sk), "note": s(note), "doc": s(strings.Repeat("x", bytes))}
	if index != "" {
		for _, name := range []string{"all", "keys", "some"} {
			i[name+"_pk"], i[name+"_sk"] = s("i"), s(index)
		}
	}
	return i
}

// TestUnitsAreThoseOfDynamoDBLocal does the same to both, and compares the units that each reports. DynamoDB Local doubles a
// transaction's units once more than the service documents, and those of the indexes twice, which follow after it.
func TestUnitsAreThoseOfDynamoDBLocal(t *testing.T) {
	there, database := dynamolocal.Client(t), metered.New()
	here := database.Client()
	table := aws.String("units")
	for _, client := range []*dynamodb.Client{there, here} {
		if _, err := client.CreateTable(t.Context(), unitsTable("units")); err != nil {
			t.Fatal(err)
		}
	}
	rowKey := func(sk string) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"pk": s("p"), "sk": s(sk)}
	}
	put := func(i map[string]types.AttributeValue) func(*dynamodb.Client) ([]types.ConsumedCapacity, error) {
		return func(c *dynamodb.Client) ([]types.ConsumedCapacity, error) {
			out, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: i, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
			if err != nil {
				return nil, fmt.Errorf("put: %w", err)
			}
			return one(out.ConsumedCapacity), nil
		}
	}
	transact := func(writes ...types.TransactWriteItem) func(*dynamodb.Client) ([]types.ConsumedCapacity, error) {
		return func(c *dynamodb.Client) ([]types.ConsumedCapacity, error) {
			out, err := c.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: writes, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
			if err != nil {
				return nil, fmt.Errorf("transact: %w", err)
			}
			return out.ConsumedCapacity, nil
		}
	}
	query := func(index string, consistent bool) func(*dynamodb.Client) ([]types.ConsumedCapacity, error) {
		return func(c *dynamodb.Client) ([]types.ConsumedCapacity, error) {
			input := &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: map[string]types.AttributeValue{":pk": s("p")}, ConsistentRead: aws.Bool(consistent), ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}
			if index != "" {
				input.IndexName, input.KeyConditionExpression, input.ExpressionAttributeValues = aws.String(index), aws.String(index+"_pk = :pk"), map[string]types.AttributeValue{":pk": s("i")}
			}
			out, err := c.Query(t.Context(), input)
			if err != nil {
				return nil, fmt.Errorf("query: %w", err)
			}
			return one(out.ConsumedCapacity), nil
		}
	}
	get := func(sk string, consistent bool) func(*dynamodb.Client) ([]types.ConsumedCapacity, error) {
		return func(c *dynamodb.Client) ([]types.ConsumedCapacity, error) {
			out, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: rowKey(sk), ConsistentRead: aws.Bool(consistent), ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
			if err != nil {
				return nil, fmt.Errorf("get: %w", err)
			}
			return one(out.ConsumedCapacity), nil
		}
	}
	steps := []struct {
		name        string
		transaction bool
		do          func(*dynamodb.Client) ([]types.ConsumedCapacity, error)
	}{
		{"a new item in no index", false, put(row("a", "", "", 5000))},
		{"a new item in all indexes", false, put(row("b", "1", "n", 2500))},
		{"the same item again", false, put(row("b", "1", "n", 2500))},
		{"an attribute that one index holds is another", false, put(row("b", "1", "n", 2400))},
		{"an attribute that two indexes hold is another", false, put(row("b", "1", "m", 2400))},
		{"larger than before", false, put(row("b", "1", "m", 6400))},
		{"smaller than before", false, put(row("b", "1", "m", 100))},
		{"its place in the indexes is another", false, put(row("b", "2", "m", 3100))},
		{"it leaves the indexes", false, put(row("b", "", "m", 3100))},
		{"it comes back in a transaction", true, transact(types.TransactWriteItem{Put: &types.Put{TableName: table, Item: row("b", "3", "m", 3100)}})},
		{"a transaction of many kinds", true, transact(
			types.TransactWriteItem{Put: &types.Put{TableName: table, Item: row("c", "4", "m", 1500)}},
			types.TransactWriteItem{Update: &types.Update{TableName: table, Key: rowKey("b"), UpdateExpression: aws.String("SET note = :n"), ExpressionAttributeValues: map[string]types.AttributeValue{":n": s("other")}}},
		)},
		{"get", false, get("b", true)},
		{"get at some time", false, get("b", false)},
		{"get what is not there", false, get("z", true)},
		{"query", false, query("", true)},
		{"query an index of all attributes", false, query("all", false)},
		{"query an index of keys", false, query("keys", false)},
		{"delete in a transaction", true, transact(types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: rowKey("c")}})},
	}
	for _, step := range steps {
		said, err := step.do(there)
		if err != nil {
			t.Fatal(step.name, err)
		}
		before := database.Units()
		if _, err := step.do(here); err != nil {
			t.Fatal(step.name, err)
		}
		counted := map[string]float64{}
		for line, units := range database.Units() {
			if used := units.Read + units.Write - before[line].Read - before[line].Write; used > 0 {
				counted[line.Index] += used
			}
		}
		if got, want := fmt.Sprint(counted), fmt.Sprint(unitsOf(said, step.transaction)); got != want {
			t.Errorf("%s: counted %s, DynamoDB Local says %s", step.name, got, want)
		}
	}
}

func one(c *types.ConsumedCapacity) []types.ConsumedCapacity {
	if c == nil {
		return nil
	}
	return []types.ConsumedCapacity{*c}
}

func unitsOf(said []types.ConsumedCapacity, transaction bool) map[string]float64 {
	units := map[string]float64{}
	add := func(name string, c *types.Capacity) {
		if c != nil && aws.ToFloat64(c.CapacityUnits) > 0 {
			used := aws.ToFloat64(c.CapacityUnits)
			if transaction {
				used /= map[bool]float64{true: 2, false: 4}[name == ""]
			}
			units[name] += used
		}
	}
	for _, c := range said {
		add("", c.Table)
		for name, used := range c.GlobalSecondaryIndexes {
			add(name, &used)
		}
	}
	return units
}

func unitsTable(name string) *dynamodb.CreateTableInput {
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	schema := func(prefix string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: aws.String(prefix + "pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String(prefix + "sk"), KeyType: types.KeyTypeRange}}
	}
	input := &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest, KeySchema: schema(""),
		AttributeDefinitions: []types.AttributeDefinition{attribute("pk"), attribute("sk")},
	}
	for index, projection := range map[string]*types.Projection{
		"all": {ProjectionType: types.ProjectionTypeAll}, "keys": {ProjectionType: types.ProjectionTypeKeysOnly},
		"some": {ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}},
	} {
		input.AttributeDefinitions = append(input.AttributeDefinitions, attribute(index+"_pk"), attribute(index+"_sk"))
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: aws.String(index), KeySchema: schema(index + "_"), Projection: projection})
	}
	return input
}
