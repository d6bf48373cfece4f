package dynamo

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"
)

// skim reads what is due from the shards of an index whose sort keys begin with a group (a tenant, or a tenant's
// receiver) and go on with the time when an item is due. Of every group it takes its share only, then leaps to the next,
// so that neither a group with very many items nor what is due later is in the way of the others.
type skim[T any] struct {
	table, partition string // the index is "due"; its partitions are <partition>#<shard>
	parts            int    // of the sort key that make the group
	after            string // the last group of the page before
	each, limit      int    // items of a group, and of the page

	read    func(item) (T, error)
	due     func(T) bool // false: so is everything behind it in its group
	takes   func(T) bool // whether an item that is due is one for the page
	compare func(a, b T) int
}

// passedOver bounds how many items that do not belong on the page a reader skips, for each that may.
const passedOver = 16

// run reads all shards at once. A page ends with the last group that every shard has been read for.
func (k skim[T]) run(ctx context.Context, s *Store) ([]T, string, error) {
	shards := make([]skimmed[T], s.shards)
	group, within := errgroup.WithContext(ctx)
	for n := range s.shards {
		group.Go(func() (err error) {
			shards[n], err = k.shard(within, s, n)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, "", err
	}
	found, next := k.merge(shards)
	return found, next, nil
}

// skimmed is what one shard has for a page.
type skimmed[T any] struct {
	groups map[string][]T
	until  string // the last group that was read; "" when all were
}

func (k skim[T]) groupOf(sk string) string {
	parts := strings.SplitN(sk, "#", k.parts+1)
	return join(parts[:min(k.parts, len(parts))]...)
}

// behind is where the sort keys of the next group begin: "$" follows "#".
func behind(group string) string {
	if group == "" {
		return ""
	}
	return group + "$"
}

func (k skim[T]) shard(ctx context.Context, s *Store, shard int) (skimmed[T], error) {
	found, from, group := skimmed[T]{groups: map[string][]T{}}, behind(k.after), ""
	count, passed := 0, 0
	for {
		leap := ""
		err := s.query(ctx, k.query(shard, from), func(i item) (bool, error) {
			if of := k.groupOf(i.string("due_sk")); of != group {
				if count >= k.limit {
					found.until = group
					return false, nil
				}
				group, passed = of, 0
			}
			value, err := k.read(i)
			if err != nil {
				return false, err
			}
			if passed++; !k.due(value) || len(found.groups[group]) == k.each || passed > passedOver*k.each {
				leap = behind(group)
				return false, nil
			}
			if k.takes(value) {
				found.groups[group] = append(found.groups[group], value)
				count++
			}
			return true, nil
		})
		if err != nil || leap == "" {
			return found, err
		}
		from = leap
	}
}

func (k skim[T]) query(shard int, from string) *dynamodb.QueryInput {
	condition, values := "due_pk = :pk", item{":pk": text(join(k.partition, strconv.Itoa(shard)))}
	if from != "" {
		condition += " AND due_sk >= :from"
		values[":from"] = text(from)
	}
	return &dynamodb.QueryInput{
		TableName: aws.String(k.table), IndexName: aws.String("due"), Limit: aws.Int32(int32(min(k.each+1, 200))),
		KeyConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
	}
}

// merge makes one page of what the shards have.
func (k skim[T]) merge(shards []skimmed[T]) (page []T, next string) {
	groups, until := map[string][]T{}, ""
	for _, shard := range shards {
		if shard.until != "" && (until == "" || shard.until < until) {
			until = shard.until
		}
		for group, found := range shard.groups {
			groups[group] = append(groups[group], found...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if until != "" && name > until {
			break
		}
		if len(page) >= k.limit {
			return page, next
		}
		found := groups[name]
		slices.SortFunc(found, k.compare)
		page = append(page, found[:min(len(found), k.each, k.limit-len(page))]...)
		next = name
	}
	if len(page) < k.limit {
		next = until
	}
	return page, next
}
