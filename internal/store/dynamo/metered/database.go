package metered

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

type item = map[string]types.AttributeValue

// Database holds tables in memory. It is safe for concurrent use.
type Database struct {
	mutex    sync.Mutex
	tables   map[string]*table
	units    map[Line]Units
	Writes   map[Partition]Units // the write units that were used until now; to be read when no call is under way
	inserted func(table string, images []map[string]types.AttributeValue)
}

// Line is what units are counted by.
type Line struct {
	Table string
	Index string // "": the table itself
	Kind  string // of item: the first part of its sort key
}

// Units of capacity, as they are charged on demand: a transaction's are double.
type Units struct{ Read, Write float64 }

// Partition holds the items with one hash key: its throughput per second is limited.
type Partition struct{ Table, Index, Key string }

// New returns a database without tables: CreateTable makes them, as it does in DynamoDB.
func New() *Database {
	return &Database{tables: map[string]*table{}, units: map[Line]Units{}, Writes: map[Partition]Units{}}
}

// OnInsert is called, after the write, with the items that were not there before it: what a stream of new images is read for.
func (d *Database) OnInsert(do func(table string, images []map[string]types.AttributeValue)) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.inserted = do
}

// Units are the units that were used until now.
func (d *Database) Units() map[Line]Units {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return maps.Clone(d.units)
}

// Client returns a client of the database. It never uses a network.
func (d *Database) Client() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("memory", "memory", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("metered", func(ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
				if err = ctx.Err(); err == nil {
					out.Result, err = d.answer(in.Parameters)
				}
				return out, metadata, err
			}), middleware.Before)
		}},
	})
}

func (d *Database) answer(input any) (any, error) {
	d.mutex.Lock()
	w := &writing{database: d}
	result, err := d.do(w, input)
	do := d.inserted
	d.mutex.Unlock()
	if do == nil || err != nil {
		return result, err
	}
	for _, name := range slices.Sorted(maps.Keys(w.inserted)) {
		do(name, w.inserted[name])
	}
	return result, nil
}

func (d *Database) do(w *writing, input any) (any, error) {
	switch in := input.(type) {
	case *dynamodb.CreateTableInput:
		return d.createTable(in)
	case *dynamodb.GetItemInput:
		found, err := d.read(aws.ToString(in.TableName), in.Key, aws.ToBool(in.ConsistentRead), 1)
		return &dynamodb.GetItemOutput{Item: found}, err
	case *dynamodb.BatchGetItemInput:
		return d.batchGet(in)
	case *dynamodb.TransactGetItemsInput:
		return d.transactGet(in)
	case *dynamodb.QueryInput:
		return d.query(in)
	case *dynamodb.PutItemInput:
		return &dynamodb.PutItemOutput{}, single(w, types.TransactWriteItem{Put: &types.Put{
			TableName: in.TableName, Item: in.Item, ConditionExpression: in.ConditionExpression, ExpressionAttributeNames: in.ExpressionAttributeNames,
			ExpressionAttributeValues: in.ExpressionAttributeValues, ReturnValuesOnConditionCheckFailure: in.ReturnValuesOnConditionCheckFailure,
		}})
	case *dynamodb.UpdateItemInput:
		return &dynamodb.UpdateItemOutput{}, single(w, types.TransactWriteItem{Update: &types.Update{
			TableName: in.TableName, Key: in.Key, UpdateExpression: in.UpdateExpression, ConditionExpression: in.ConditionExpression,
			ExpressionAttributeNames: in.ExpressionAttributeNames, ExpressionAttributeValues: in.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: in.ReturnValuesOnConditionCheckFailure,
		}})
	case *dynamodb.DeleteItemInput:
		return &dynamodb.DeleteItemOutput{}, single(w, types.TransactWriteItem{Delete: &types.Delete{
			TableName: in.TableName, Key: in.Key, ConditionExpression: in.ConditionExpression, ExpressionAttributeNames: in.ExpressionAttributeNames,
			ExpressionAttributeValues: in.ExpressionAttributeValues, ReturnValuesOnConditionCheckFailure: in.ReturnValuesOnConditionCheckFailure,
		}})
	case *dynamodb.TransactWriteItemsInput:
		return &dynamodb.TransactWriteItemsOutput{}, w.transaction(in.TransactItems)
	}
	return nil, fmt.Errorf("the database in memory does not know %T", input)
}

func invalid(format string, values ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, values...)}
}

func (d *Database) table(name string) (*table, error) {
	if t := d.tables[name]; t != nil {
		return t, nil
	}
	return nil, &types.ResourceNotFoundException{Message: aws.String("there is no table " + name)}
}

func (d *Database) count(line Line, read, write float64) {
	u := d.units[line]
	u.Read, u.Write = u.Read+read, u.Write+write
	d.units[line] = u
}

func (d *Database) createTable(in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	name := aws.ToString(in.TableName)
	if d.tables[name] != nil {
		return nil, &types.ResourceInUseException{Message: aws.String("the table is there")}
	}
	t := &table{name: name, items: newTree(in.KeySchema)}
	for _, gsi := range in.GlobalSecondaryIndexes {
		t.indexes = append(t.indexes, &index{name: aws.ToString(gsi.IndexName), projection: gsi.Projection, tree: newTree(gsi.KeySchema)})
	}
	d.tables[name] = t
	return &dynamodb.CreateTableOutput{}, nil
}

// read reads an item and counts it. times is 2 in a transaction.
func (d *Database) read(name string, key item, consistent bool, times float64) (item, error) {
	t, err := d.table(name)
	if err != nil {
		return nil, err
	}
	found := t.get(key)
	units := blocks(size(found), 4<<10)
	if !consistent {
		units /= 2
	}
	d.count(Line{Table: name, Kind: kindOf(key)}, units*times, 0)
	return maps.Clone(found), nil
}

func (d *Database) batchGet(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for name, request := range in.RequestItems {
		if len(request.Keys) > 100 {
			return nil, invalid("too many keys")
		}
		for _, key := range request.Keys {
			found, err := d.read(name, key, aws.ToBool(request.ConsistentRead), 1)
			if err != nil {
				return nil, err
			}
			if found != nil {
				out.Responses[name] = append(out.Responses[name], found)
			}
		}
	}
	return out, nil
}

func (d *Database) transactGet(in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	out := &dynamodb.TransactGetItemsOutput{}
	for _, one := range in.TransactItems {
		found, err := d.read(aws.ToString(one.Get.TableName), one.Get.Key, true, 2)
		if err != nil {
			return nil, err
		}
		out.Responses = append(out.Responses, types.ItemResponse{Item: found})
	}
	return out, nil
}
