package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
)

// Deliveries to subscribers are in partitions tenant#events#<shard> of the cases table, by when they are final. Cases
// are spread over the shards, so that a tenant's many commits do not meet in one partition; a reader merges them. It
// reads consistently, and no index: what was committed is seen.

const (
	// commitTime bounds a transaction with publications: one that takes longer has no answer, and is looked for.
	commitTime = 5 * time.Second
	// clocks is how much the clocks of functions may differ, with what a transaction may take on its way after its time.
	clocks = 3 * time.Second
)

// Settled implements cases.Store.
func (s Cases) Settled(now time.Time) time.Time {
	return now.Add(-cases.DraftTime - commitTime - clocks)
}

func (s *Store) publicationsKey(tenant, id string) string { return join(tenant, "events", s.shard(id)) }

func publicationSort(at cases.Place) string {
	return fmt.Sprintf("%s#%s#%010d#%02d", stamp(at.Final), at.Case, at.Version, at.Part)
}

// publications are a commit's writes of the events for subscribers. What is taken back is written over, since functions have no
// right to delete here.
func (s Cases) publications(change cases.Change) (writes []types.TransactWriteItem, err error) {
	for _, publication := range slices.Concat(change.Publications, change.Retracted) {
		i, err := newItem(s.publicationsKey(publication.Tenant, publication.Case), publicationSort(publication.Place()), publication)
		if err != nil {
			return nil, err
		}
		i["ttl"] = whole(int(publication.Expires().Unix()))
		writes = append(writes, put(s.tables.Cases, i, "", nil))
	}
	return writes, nil
}

// inTime bounds a commit whose place in the order readers wait for.
func inTime(ctx context.Context, change cases.Change) (context.Context, context.CancelFunc) {
	if len(change.Publications)+len(change.Retracted) == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, commitTime)
}

// published is what one shard has for a page. last is the last place that was read of it; "" when all were.
type published struct {
	items []item
	last  string
}

// Publications implements cases.Store: all shards at once. The page ends where one of them was not read on.
func (s Cases) Publications(ctx context.Context, tenant string, from cases.Place, until time.Time, limit int) (found []cases.Publication, more bool, err error) {
	shards := make([]published, s.shards)
	each := 2*limit/s.shards + 1
	group, ctx := errgroup.WithContext(ctx)
	for n := range s.shards {
		group.Go(func() (err error) {
			shards[n], err = s.published(ctx, join(tenant, "events", strconv.Itoa(n)), publicationSort(from), stamp(until), each)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, false, err
	}
	var items []item
	end := ""
	for _, shard := range shards {
		items = append(items, shard.items...)
		if shard.last != "" && (end == "" || shard.last < end) {
			end = shard.last
		}
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.string("sk"), b.string("sk")) })
	for _, i := range items {
		if len(found) == limit || end != "" && i.string("sk") > end {
			return found, true, nil
		}
		found = append(found, readPublication(tenant, i))
	}
	return found, end != "", nil
}

// readPublication reads a publication; of one that cannot be decoded it returns what the key states.
func readPublication(tenant string, i item) cases.Publication {
	one, err := decode[cases.Publication](i, "publication")
	if err == nil {
		return one
	}
	var at cases.Place
	if parts := strings.Split(i.string("sk"), "#"); len(parts) == 4 {
		at.Final, _ = time.Parse(time.RFC3339, parts[0]) // a key of ours
		at.Case = parts[1]
		at.Version, _ = strconv.Atoi(parts[2])
		at.Part, _ = strconv.Atoi(parts[3])
	}
	return cases.UnreadablePublication(tenant, at)
}

// published reads up to a number of items of a shard, or as many as one answer has.
func (s Cases) published(ctx context.Context, pk, from, end string, limit int) (read published, err error) {
	if from > end {
		return read, nil
	}
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :from AND :end"),
		ExpressionAttributeValues: item{":pk": text(pk), ":from": text(from), ":end": text(end)},
	})
	if err != nil {
		return read, translate(err)
	}
	for _, i := range out.Items {
		read.items = append(read.items, i)
	}
	if len(out.LastEvaluatedKey) > 0 {
		read.last = item(out.LastEvaluatedKey).string("sk")
	}
	return read, nil
}

// PublicationsAt implements cases.Store.
func (s Cases) PublicationsAt(ctx context.Context, tenant string, places []cases.Place) (found []cases.Publication, err error) {
	first, err := s.publicationsAt(ctx, tenant, places)
	if err != nil {
		return nil, err
	}
	var others []cases.Place
	for _, place := range places {
		parts := first[publicationSort(place)].Parts
		for place.Part = 1; place.Part < parts; place.Part++ {
			others = append(others, place)
		}
	}
	more, err := s.publicationsAt(ctx, tenant, others)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		one, ok := first[publicationSort(place)]
		for ok {
			found = append(found, one)
			place.Part++
			one, ok = more[publicationSort(place)]
		}
	}
	return found, nil
}

// publicationsAt reads publications by their sort keys, side by side.
func (s Cases) publicationsAt(ctx context.Context, tenant string, places []cases.Place) (map[string]cases.Publication, error) {
	found := map[string]cases.Publication{}
	var keys []map[string]types.AttributeValue
	for _, place := range places {
		keys = append(keys, key(s.publicationsKey(tenant, place.Case), publicationSort(place)))
	}
	err := s.sideBySide(ctx, keys, true, func(i item) error {
		found[i.string("sk")] = readPublication(tenant, i)
		return nil
	})
	return found, err
}
