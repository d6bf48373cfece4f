package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"ballerine/internal/problem"
)

// Store is the connection that the stores of the package share.
type Store struct {
	client *dynamodb.Client
	tables Tables
	shards int
	months sync.Map // of decisions, that are known to be noted
}

// defaultShards spread the indexes over all tenants, so that no partition of one is hot.
const defaultShards = 8

// New connects to the tables.
func New(client *dynamodb.Client, tables Tables) *Store {
	return &Store{client: client, tables: tables, shards: defaultShards}
}

// item is a DynamoDB item in the making.
type item map[string]types.AttributeValue

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func whole(value int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(value)}
}

// newItem holds a value as JSON under doc.
func newItem(pk, sk string, value any) (item, error) {
	doc, err := json.Marshal(value)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "An item could not be encoded.")
	}
	i := item{"pk": text(pk), "doc": text(string(doc))}
	if sk != "" {
		i["sk"] = text(sk)
	}
	return i, nil
}

func (i item) index(name, pk, sk string) { i[name+"_pk"], i[name+"_sk"] = text(pk), text(sk) }

func (i item) string(name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func (i item) int(name string) int {
	if n, ok := i[name].(*types.AttributeValueMemberN); ok {
		value, err := strconv.Atoi(n.Value)
		if err == nil {
			return value
		}
	}
	return 0
}

// decode reads the value of an item. what names it for errors.
func decode[T any](i item, what string) (value T, err error) {
	if err := json.Unmarshal([]byte(i.string("doc")), &value); err != nil {
		return value, fmt.Errorf("decode %s: %w", what, err)
	}
	return value, nil
}

func key(pk, sk string) map[string]types.AttributeValue {
	k := map[string]types.AttributeValue{"pk": text(pk)}
	if sk != "" {
		k["sk"] = text(sk)
	}
	return k
}

// join makes a key of parts. Parts other than the last are ids, so that # cannot be in them.
func join(parts ...string) string { return strings.Join(parts, "#") }

// stamp sorts as its time does, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Store) shard(id string) string { return shardOf(id, s.shards) }

func shardOf(id string, shards int) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails to write
	return strconv.Itoa(int(h.Sum32() % uint32(shards)))
}

// get reads an item consistently. Errors: NotFound with the name of what is missing.
func (s *Store) get(ctx context.Context, table, pk, sk, what string) (item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(table), Key: key(pk, sk), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, translate(err)
	}
	if len(out.Item) == 0 {
		return nil, problem.New(problem.NotFound, "There is no such %s.", what)
	}
	return out.Item, nil
}

// find is get, decoded.
func find[T any](ctx context.Context, s *Store, table, pk, sk, what string) (value T, err error) {
	i, err := s.get(ctx, table, pk, sk, what)
	if err != nil {
		return value, err
	}
	return decode[T](i, what)
}

// query reads items until visit returns false.
func (s *Store) query(ctx context.Context, input *dynamodb.QueryInput, visit func(item) (bool, error)) error {
	pages := dynamodb.NewQueryPaginator(s.client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return translate(err)
		}
		for _, found := range page.Items {
			if more, err := visit(found); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// within reads the items of a partition whose sort keys begin with a prefix and follow a key, ascending.
func (s *Store) within(ctx context.Context, table, pk, prefix, after string, limit int, visit func(item) (bool, error)) error {
	condition, values := "pk = :pk AND begins_with(sk, :prefix)", item{":pk": text(pk), ":prefix": text(prefix)}
	if after != "" {
		condition = "pk = :pk AND sk BETWEEN :after AND :end"
		values = item{":pk": text(pk), ":after": text(after + "\x00"), ":end": text(prefix + "\uffff")}
	}
	input := &dynamodb.QueryInput{TableName: aws.String(table), KeyConditionExpression: aws.String(condition), ExpressionAttributeValues: values, ConsistentRead: aws.Bool(true)}
	if limit > 0 {
		input.Limit = aws.Int32(int32(limit))
	}
	return s.query(ctx, input, visit)
}

// readable is all, with what unreadable makes of the rest of the sort key of what cannot be decoded.
func readable[T any](ctx context.Context, s *Store, table, pk, prefix, after string, limit int, unreadable func(key string) T) (found []T, err error) {
	err = s.within(ctx, table, pk, prefix, after, limit, func(i item) (bool, error) {
		value, err := decode[T](i, prefix)
		if err != nil {
			value = unreadable(strings.TrimPrefix(i.string("sk"), prefix))
		}
		found = append(found, value)
		return limit == 0 || len(found) < limit, nil
	})
	return found, err
}

// timeAndID reads the end of a sort key: a stamp and an id.
func timeAndID(key string) (time.Time, string) {
	at, id, _ := strings.Cut(key, "#")
	t, _ := time.Parse(time.RFC3339, at) // a key of ours
	return t, id
}

// all decodes everything within a prefix. It fails when something cannot be decoded: it is for what is of no use in part.
func all[T any](ctx context.Context, s *Store, table, pk, prefix, after string, limit int) (found []T, err error) {
	err = s.within(ctx, table, pk, prefix, after, limit, func(i item) (bool, error) {
		value, err := decode[T](i, prefix)
		found = append(found, value)
		return limit == 0 || len(found) < limit, err
	})
	return found, err
}

// upTo reads, from every shard of an index, the sort keys that are at most end, and returns the first of each.
func upTo(ctx context.Context, s *Store, table, index, partition, end string, limit int) (found []string, err error) {
	for shard := range s.shards {
		count := 0
		err := s.query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(table), IndexName: aws.String(index), Limit: aws.Int32(int32(min(limit, 1000))),
			KeyConditionExpression:    aws.String(index + "_pk = :pk AND " + index + "_sk <= :end"),
			ExpressionAttributeValues: item{":pk": text(join(partition, strconv.Itoa(shard))), ":end": text(end)},
		}, func(i item) (bool, error) {
			found = append(found, i.string(index+"_sk"))
			count++
			return count < limit, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// transact writes all or nothing. Its errors are those of the cancellation: see reasons.
func (s *Store) transact(ctx context.Context, writes []types.TransactWriteItem) error {
	if err := fits(writes); err != nil {
		return err
	}
	_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	return err
}

// reasons of a cancelled transaction, by item; nil for any other error.
func reasons(err error) []types.CancellationReason {
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		return cancelled.CancellationReasons
	}
	return nil
}

// translate maps errors of the table service to our codes: collisions of transactions are conflicts, items that are too
// large are TooLarge, others may be temporary.
func translate(err error) error {
	var known *problem.Error
	if err == nil || errors.As(err, &known) { // it has its code already
		return err
	}
	for _, reason := range reasons(err) {
		switch aws.ToString(reason.Code) {
		case "TransactionConflict", "ConditionalCheckFailed":
			return problem.Wrap(err, problem.Conflict, "Another write came first.")
		case "ItemCollectionSizeLimitExceeded", "ValidationError":
			return problem.Wrap(err, problem.TooLarge, "The change is too large for one transaction.")
		}
	}
	var conflict *types.TransactionConflictException
	var condition *types.ConditionalCheckFailedException
	if errors.As(err, &conflict) || errors.As(err, &condition) {
		return problem.Wrap(err, problem.Conflict, "Another write came first.")
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationException" && strings.Contains(api.ErrorMessage(), "size") {
		return problem.Wrap(err, problem.TooLarge, "The change is too large for one transaction.")
	}
	return problem.Wrap(err, problem.Unavailable, "The table did not respond.")
}

func put(table string, i item, condition string, values item) types.TransactWriteItem {
	p := &types.Put{TableName: aws.String(table), Item: i}
	if condition != "" {
		p.ConditionExpression = aws.String(condition)
		p.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	if len(values) > 0 {
		p.ExpressionAttributeValues = values
	}
	return types.TransactWriteItem{Put: p}
}

const absent = "attribute_not_exists(pk)"
