package dynamo

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// A tenant's lists are divided into shards by case, so that no partition of an index has more writes than it can take. A
// reader queries all shards concurrently and merges them. Indexes follow their table with a delay and hold keys, or keys
// and outlines: the record, which is read from the table, is authoritative.
const (
	// listShards are those of the lists that a case moves in some times in its life.
	listShards = 8
	// changeShards are those of the list by the newest change, in which every commit moves its case.
	changeShards = 16
	// outline is the attribute of what lists are filtered by.
	outline = "outline"
	// sidesAtOnce is how many shards are read at the same time.
	sidesAtOnce = 16
)

func listShard(id string) string { return shardOf(id, listShards) }

// outline adds to a record's item what lists are filtered by.
func (i item) outline(r cases.Record) error {
	doc, err := json.Marshal(r.Outline())
	if err != nil {
		return problem.Wrap(err, problem.Internal, "A case could not be encoded.")
	}
	i[outline] = text(string(doc))
	return nil
}

// changedKey sorts a tenant's cases by their newest change.
func changedKey(r cases.Record) string { return stamp(r.UpdatedAt) + "#" + r.ID }

// list is an index and its partitions, all of which are merged.
type list struct {
	index      string
	partitions []string
}

func sharded(index, partition string, shards int) list {
	l := list{index: index}
	for n := range shards {
		l.partitions = append(l.partitions, join(partition, strconv.Itoa(n)))
	}
	return l
}

// listed is an entry of a list.
type listed struct {
	at, id string
	may    bool // it can pass the query, as far as the index knows
}

// page goes through a list in its order: entries of all partitions, merged, then the records of those that can pass.
func (s Cases) page(ctx context.Context, tenant string, l list, p *paging) error {
	query := p.query
	for {
		entries, more, err := s.merged(ctx, l, query)
		if err != nil || len(entries) == 0 {
			return err
		}
		entries, cut := p.chunk(entries)
		var ids []string
		for _, e := range entries {
			if e.may {
				ids = append(ids, e.id)
			}
		}
		read, err := s.records(ctx, tenant, ids, false)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.may && !p.next(e.id, e.at, read) || !e.may && !p.pass(e.at) {
				return nil
			}
		}
		if !more && !cut {
			return nil
		}
		query.After = entries[len(entries)-1].at
	}
}

// chunk is as many of the entries as the page can hold, and one more.
func (p *paging) chunk(entries []*listed) (chunk []*listed, cut bool) {
	room := p.query.Limit - len(p.page.Records) + 1
	for n, e := range entries {
		if e.may {
			if room--; room == 0 {
				return entries[:n+1], n+1 < len(entries)
			}
		}
	}
	return entries, false
}

// pass counts an entry that cannot pass the query; false when the page is complete.
func (p *paging) pass(at string) bool {
	if p.full() || p.query.OverAt(timeOf(at)) {
		return false
	}
	p.last, p.looked = at, p.looked+1
	return true
}

func timeOf(key string) time.Time {
	at, _ := timeAndID(key)
	return at
}

// shardPage is what one partition has for a page. more states that it continues.
type shardPage struct {
	entries []*listed
	more    bool
}

// merged reads the next entries of all partitions, in the query's order. Where one of them has more, no entry behind what was
// read of it is among them.
func (s Cases) merged(ctx context.Context, l list, query cases.Query) (entries []*listed, more bool, err error) {
	shards := make([]shardPage, len(l.partitions))
	each := query.Limit + 1
	if len(shards) > 1 {
		each = 2*query.Limit/len(shards) + 2
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(sidesAtOnce)
	for n, partition := range l.partitions {
		group.Go(func() (err error) {
			shards[n], err = s.readShard(within, l.index, partition, query, each)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, false, err
	}
	order := strings.Compare
	if !forward(query) {
		order = func(a, b string) int { return strings.Compare(b, a) }
	}
	end := ""
	for _, shard := range shards {
		entries = append(entries, shard.entries...)
		if shard.more {
			if last := shard.entries[len(shard.entries)-1].at; end == "" || order(last, end) < 0 {
				end = last
			}
		}
	}
	slices.SortFunc(entries, func(a, b *listed) int { return order(a.at, b.at) })
	if end == "" {
		return entries, false, nil
	}
	at, _ := slices.BinarySearchFunc(entries, end, func(e *listed, end string) int { return order(e.at, end) })
	return entries[:at+1], true, nil
}

// readShard reads some entries of a partition in one call, or more if that returned none.
func (s Cases) readShard(ctx context.Context, index, partition string, query cases.Query, each int) (page shardPage, err error) {
	input := s.listInput(index, index+"_pk", index+"_sk", partition, query)
	input.Limit = aws.Int32(int32(each))
	out, err := s.client.Query(ctx, input)
	if err != nil {
		return page, translate(err)
	}
	for _, found := range out.Items {
		i := item(found)
		e := &listed{at: i.string(index + "_sk"), id: caseOf(i), may: true}
		if doc := i.string(outline); doc != "" {
			var o cases.Outline
			e.may = json.Unmarshal([]byte(doc), &o) != nil || query.MayMatch(o) // the record is authoritative
		}
		page.entries = append(page.entries, e)
	}
	page.more = len(out.LastEvaluatedKey) > 0 && len(page.entries) > 0
	return page, nil
}

// overdue counts, in one partition, the open cases of people to decide whose deadline has passed.
func (s Cases) overdue(ctx context.Context, partition, now string, limit int) (number int, err error) {
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), IndexName: aws.String("open"), Limit: aws.Int32(int32(min(limit, 1000))),
		KeyConditionExpression:    aws.String("open_pk = :pk AND open_sk <= :now"),
		ExpressionAttributeValues: item{":pk": text(partition), ":now": text(now)},
	}, func(i item) (bool, error) {
		var o cases.Outline
		if json.Unmarshal([]byte(i.string(outline)), &o) == nil && slices.Contains(o.Tags, cases.TagReview) {
			number++
		}
		return number < limit, nil // one that cannot be read does not block others
	})
	return number, err
}
