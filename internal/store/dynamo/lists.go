package dynamo

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/cases"
)

// budget is how many cases a page of a list looks at, so that filters which hardly anything passes answer soon, too.
const budget = 1000

// deadlineKey sorts open cases by their deadline, those without one last.
func deadlineKey(r cases.Record) string {
	due := "9999"
	if !r.Deadline().IsZero() {
		due = stamp(r.Deadline())
	}
	return due + "#" + r.ID
}

func createdKey(r cases.Record) string { return stamp(r.CreatedAt) + "#" + r.ID }

// List implements cases.Store. The cursor is the sort key of the last case that was looked at.
func (s Cases) List(ctx context.Context, tenant string, query cases.Query) (cases.Page, error) {
	p := &paging{query: query}
	if len(query.Terms) > 0 {
		err := s.search(ctx, tenant, p)
		return p.page, err
	}
	index, pk := "external", join(tenant, "cases")
	switch {
	case query.ByDeadline():
		index, pk = "open", join(tenant, "open")
	case query.Subject != "":
		index, pk = "subject", join(tenant, query.Subject)
	case query.Assignee != "" && query.Assignee != "none" && query.Status == cases.StatusActive:
		index, pk = "assignee", join(tenant, query.Assignee)
	}
	err := s.query(ctx, s.listInput(index, index+"_pk", index+"_sk", pk, query), func(i item) (bool, error) {
		record, err := readRecord(i)
		return err == nil && p.take(record, i.string(index+"_sk")), err
	})
	return p.page, err
}

// listInput reads a partition in the query's order, from where the former page ended.
func (s Cases) listInput(index, pkName, skName, pk string, query cases.Query) *dynamodb.QueryInput {
	forward := query.Order == cases.OldestFirst || query.ByDeadline()
	condition, values := pkName+" = :pk", item{":pk": text(pk)}
	if query.After != "" {
		condition += " AND " + skName + map[bool]string{false: " < :after", true: " > :after"}[forward]
		values[":after"] = text(query.After)
	}
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), ScanIndexForward: aws.Bool(forward), KeyConditionExpression: aws.String(condition),
		ExpressionAttributeValues: values, Limit: aws.Int32(int32(query.Limit + 1)),
	}
	if index != "" {
		input.IndexName = aws.String(index)
	}
	return input
}

// paging fills a page within its budget.
type paging struct {
	query  cases.Query
	page   cases.Page
	last   string
	looked int
}

// take looks at the next case of the list; false when the page is complete.
func (p *paging) take(record cases.Record, at string) bool {
	if len(p.page.Records) == p.query.Limit || p.looked == budget {
		p.page.Next = p.last
		return false
	}
	p.last, p.looked = at, p.looked+1
	if p.query.Matches(record) {
		p.page.Records = append(p.page.Records, record)
	}
	return true
}

// search goes through the cases that have the query's first word.
func (s Cases) search(ctx context.Context, tenant string, p *paging) error {
	pk := termKey(tenant, p.query.Terms[0])
	query := p.query
	for {
		var ids, at []string
		more := false
		err := s.query(ctx, s.listInput("", "pk", "sk", pk, query), func(i item) (bool, error) {
			if len(ids) > query.Limit {
				more = true
				return false, nil
			}
			ids, at = append(ids, i.string("case")), append(at, i.string("sk"))
			return true, nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		records, err := s.records(ctx, tenant, ids)
		if err != nil {
			return err
		}
		for n, id := range ids {
			if record, ok := records[id]; ok && !p.take(record, at[n]) {
				return nil
			}
		}
		if !more {
			return nil
		}
		query.After = at[len(at)-1]
	}
}

// atOnce is how many items a BatchGetItem takes.
const atOnce = 100

// records reads cases side by side.
func (s Cases) records(ctx context.Context, tenant string, ids []string) (map[string]cases.Record, error) {
	found := map[string]cases.Record{}
	for part := range slices.Chunk(ids, atOnce) {
		var keys []map[string]types.AttributeValue
		for _, id := range part {
			keys = append(keys, key(join(tenant, id), "record"))
		}
		ask := map[string]types.KeysAndAttributes{s.tables.Cases: {Keys: keys, ConsistentRead: aws.Bool(true)}}
		for len(ask) > 0 {
			out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
			if err != nil {
				return nil, translate(err)
			}
			for _, i := range out.Responses[s.tables.Cases] {
				record, err := readRecord(i)
				if err != nil {
					return nil, err
				}
				found[record.ID] = record
			}
			ask = out.UnprocessedKeys
		}
	}
	return found, nil
}

func termKey(tenant, hash string) string { return join(tenant, "term", hash) }

// terms are the writes of the search's items that a change adds. Those that the record no longer has stay: whoever finds
// a case by one looks at the record, and functions have no right to delete here.
func (s Cases) terms(change cases.Change) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	before, after := change.Before.Terms, change.Next.Terms
	for _, hash := range after {
		if _, was := slices.BinarySearch(before, hash); !was {
			i := item{"pk": text(termKey(change.Next.Tenant, hash)), "sk": text(createdKey(change.Next)), "case": text(change.Next.ID)}
			writes = append(writes, put(s.tables.Cases, i, "", nil))
		}
	}
	return writes
}

// counterShards spread a tenant's counters, so that commits of many cases at once do not meet at one item.
const counterShards = 16

func countersKey(tenant, group string) string { return join(tenant, "counts", group) }

// counters are the writes that add to the tenant's counters: one item for a group and shard, an attribute for a name.
func (s Cases) counters(r cases.Record, counts cases.Counts) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	for _, group := range slices.Sorted(maps.Keys(counts)) {
		if len(counts[group]) == 0 {
			continue
		}
		expression, names, values := "ADD ", map[string]string{}, item{}
		for n, name := range slices.Sorted(maps.Keys(counts[group])) {
			if n > 0 {
				expression += ", "
			}
			number := strconv.Itoa(n)
			expression += "#n" + number + " :n" + number
			names["#n"+number], values[":n"+number] = "n/"+name, whole(counts[group][name])
		}
		writes = append(writes, types.TransactWriteItem{Update: &types.Update{
			TableName: aws.String(s.tables.Cases), Key: key(countersKey(r.Tenant, group), "shard#"+shardOf(r.ID, counterShards)),
			UpdateExpression: aws.String(expression), ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}})
	}
	return writes
}

// Counts implements cases.Store.
func (s Cases) Counts(ctx context.Context, tenant, group string) (map[string]int, error) {
	counts := map[string]int{}
	err := s.within(ctx, s.tables.Cases, countersKey(tenant, group), "shard#", "", 0, func(i item) (bool, error) {
		for name := range i {
			if len(name) > 2 && name[:2] == "n/" {
				counts[name[2:]] += i.int(name)
			}
		}
		return true, nil
	})
	maps.DeleteFunc(counts, func(_ string, number int) bool { return number == 0 })
	return counts, err
}

// Overdue implements cases.Store.
func (s Cases) Overdue(ctx context.Context, tenant string, now time.Time, limit int) (number int, err error) {
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), IndexName: aws.String("open"), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("open_pk = :pk AND open_sk <= :now"),
		ExpressionAttributeValues: item{":pk": text(join(tenant, "open")), ":now": text(stamp(now) + "~")},
	}, func(i item) (bool, error) {
		record, err := readRecord(i)
		if err == nil && slices.Contains(record.Tags, cases.TagReview) {
			number++
		}
		return number < limit, err
	})
	return number, err
}
