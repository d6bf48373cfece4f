package dynamo

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

// Lists is the lists.Store of the tables. Lists have partitions of their own, so that roles can distinguish them:
//
//	tenant#lists       / list#<id>          the list
//	tenant#list#<id>   / edition#<number>   an edition
//	tenant#list#<id>   / chunk#<name>       a part of its entries, compressed
//
// Chunks are written before the list and its edition, which make them count, so that a crash leaves no partly visible edition.
type Lists struct{ *Store }

var _ lists.Store = Lists{}

// Lists returns the tables' lists.Store.
func (s *Store) Lists() Lists { return Lists{s} }

// concurrency is the number of items of a list that are read or written at the same time.
const concurrency = 16

func headsPartition(tenant string) string { return join(tenant, "lists") }

func listPartition(tenant, list string) string { return join(tenant, "list", list) }

func editionKey(number int) string { return join("edition", fmt.Sprintf("%08d", number)) }

// Lists implements lists.Store.
func (s Lists) Lists(ctx context.Context, tenant string) ([]lists.List, error) {
	found, err := readable(ctx, s.Store, s.tables.Registry, headsPartition(tenant), "list#", "", 0, func(id string) lists.List { return lists.UnreadableList(tenant, id) })
	return slices.DeleteFunc(found, func(l lists.List) bool { return l.Deleted }), err
}

// Heads implements lists.Store.
func (s Lists) Heads(ctx context.Context, tenant string, ids []string) (found []lists.List, err error) {
	var mutex sync.Mutex
	err = atSameTime(ctx, ids, func(ctx context.Context, id string) error {
		list, err := find[lists.List](ctx, s.Store, s.tables.Registry, headsPartition(tenant), join("list", id), "list")
		if problem.CodeOf(err) == problem.NotFound {
			return nil
		}
		mutex.Lock()
		defer mutex.Unlock()
		found = append(found, list)
		return err
	})
	return found, err
}

func atSameTime(ctx context.Context, names []string, run func(ctx context.Context, name string) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for _, name := range names {
		group.Go(func() error { return run(ctx, name) })
	}
	return group.Wait()
}

// PutList implements lists.Store.
func (s Lists) PutList(ctx context.Context, list lists.List, edition *lists.Edition, bodies map[string][]byte) error {
	var names []string
	for name := range bodies {
		names = append(names, name)
	}
	partition := listPartition(list.Tenant, list.ID)
	err := atSameTime(ctx, names, func(ctx context.Context, name string) error {
		chunk := item{"pk": text(partition), "sk": text(join("chunk", name)), "body": &types.AttributeValueMemberB{Value: bodies[name]}}
		_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: chunk})
		return translate(err)
	})
	if err != nil {
		return err
	}
	head, err := newItem(headsPartition(list.Tenant), join("list", list.ID), list)
	if err != nil {
		return err
	}
	head["revision"] = whole(list.Revision)
	condition, values := absent, item(nil)
	if list.Revision > 1 {
		condition, values = "revision = :before", item{":before": whole(list.Revision - 1)}
	}
	writes := []types.TransactWriteItem{put(s.tables.Registry, head, condition, values)}
	if edition != nil {
		i, err := newItem(partition, editionKey(edition.Number), edition)
		if err != nil {
			return err
		}
		writes = append(writes, put(s.tables.Registry, i, absent, nil))
	}
	return translate(s.transact(ctx, writes))
}

// Edition implements lists.Store.
func (s Lists) Edition(ctx context.Context, tenant, list string, number int) (lists.Edition, error) {
	return find[lists.Edition](ctx, s.Store, s.tables.Registry, listPartition(tenant, list), editionKey(number), "edition of the list")
}

// Editions implements lists.Store.
func (s Lists) Editions(ctx context.Context, tenant, list string, before, limit int) (page []lists.Edition, err error) {
	if before == 0 {
		before = math.MaxInt32
	}
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Registry), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": text(listPartition(tenant, list)), ":first": text(editionKey(0)), ":last": text(editionKey(before - 1))},
	}
	if limit > 0 {
		input.Limit = aws.Int32(int32(limit))
	}
	err = s.query(ctx, input, func(i item) (bool, error) {
		e, err := decode[lists.Edition](i, "edition")
		if err != nil {
			number, _ := strconv.Atoi(strings.TrimPrefix(i.string("sk"), "edition#")) // a key of ours
			e = lists.UnreadableEdition(tenant, list, number)
		}
		page = append(page, e)
		return limit == 0 || len(page) < limit, nil
	})
	return page, err
}

// Chunks implements lists.Store.
func (s Lists) Chunks(ctx context.Context, tenant, list string, names []string) (map[string][]byte, error) {
	var mutex sync.Mutex
	bodies := make(map[string][]byte, len(names))
	err := atSameTime(ctx, names, func(ctx context.Context, name string) error {
		i, err := s.get(ctx, s.tables.Registry, listPartition(tenant, list), join("chunk", name), "part of the list")
		if err != nil {
			return err
		}
		body, ok := i["body"].(*types.AttributeValueMemberB)
		if !ok {
			return problem.New(problem.Internal, "A kept list cannot be read.")
		}
		mutex.Lock()
		defer mutex.Unlock()
		bodies[name] = body.Value
		return nil
	})
	return bodies, err
}

// Forget implements lists.Store.
func (s Lists) Forget(ctx context.Context, edition lists.Edition, chunks []string) error {
	partition := listPartition(edition.Tenant, edition.List)
	err := atSameTime(ctx, chunks, func(ctx context.Context, name string) error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Registry), Key: key(partition, join("chunk", name))})
		return translate(err)
	})
	if err != nil {
		return err
	}
	i, err := newItem(partition, editionKey(edition.Number), edition)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: i})
	return translate(err)
}
