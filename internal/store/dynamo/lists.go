package dynamo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/store/limits"
)

// budget is how many cases a page of a list examines, so that filters with few matches answer quickly, too.
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

// List implements cases.Store. The cursor is the sort key of the last case that was examined: it is the same for all shards.
func (s Cases) List(ctx context.Context, tenant string, query cases.Query) (cases.Page, error) {
	p := &paging{query: query}
	if len(query.Terms) > 0 {
		err := s.search(ctx, tenant, p)
		return p.page, err
	}
	l := sharded("created", join(tenant, "cases"), listShards)
	switch {
	case query.ByChange():
		l = sharded("updated", join(tenant, "updated"), changeShards)
	case query.ByWaiting() && query.WaitingFor == "":
		l.partitions = nil
		for _, party := range cases.WaitsFor {
			l.partitions = append(l.partitions, sharded("", waitingKey(tenant, party), listShards).partitions...)
		}
		l.index = "waiting"
	case query.ByWaiting():
		l = sharded("waiting", waitingKey(tenant, query.WaitingFor), listShards)
	case query.ByDeadline():
		l = sharded("open", join(tenant, "open"), listShards)
	case query.Subject != "":
		l = list{"subject", []string{join(tenant, query.Subject)}}
	case query.Assignee != "" && query.Assignee != "none" && query.Status == cases.StatusActive:
		l = list{"assignee", []string{join(tenant, query.Assignee)}}
	}
	err := s.page(ctx, tenant, l, p)
	return p.page, err
}

func waitingKey(tenant, party string) string { return join(tenant, "waiting", party) }

// forward reports whether an index is read from its beginning.
func forward(query cases.Query) bool {
	return query.Order == cases.OldestFirst || query.Order == cases.StalestFirst || query.ByDeadline() || query.ByWaiting()
}

// listInput reads a partition in the query's order, from where the former page ended.
func (s Cases) listInput(index, pkName, skName, pk string, query cases.Query) *dynamodb.QueryInput {
	forward := forward(query)
	condition, values := pkName+" = :pk", item{":pk": text(pk)}
	if from := query.From(); query.After == "" && !from.IsZero() {
		query.After = stamp(from) // without a case's id it sorts before those of the same time
	}
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
	bytes  int // of the cases on the page
}

// recordBytes is about how large a case is, by its item.
func recordBytes(i item) int {
	if i.int("parts") > 0 {
		return i.int("parts") * limits.Part
	}
	body, _ := i[recordBody].(*types.AttributeValueMemberB)
	return packing * len(body.Value)
}

// packing is by how much a record is smaller when it is compressed, about.
const packing = 4

// full reports whether the page is complete, and where the next one continues.
func (p *paging) full() bool {
	if len(p.page.Records) == p.query.Limit || p.looked == budget || p.bytes >= limits.Page {
		p.page.Next = p.last
		return true
	}
	return false
}

// skip passes over a case that cannot be read; false when the page is complete.
func (p *paging) skip(id, at string) bool {
	if p.full() {
		return false
	}
	p.last, p.looked = at, p.looked+1
	p.page.Unreadable = append(p.page.Unreadable, id)
	return true
}

// next takes or skips a case by its id, of those that were read side by side.
func (p *paging) next(id, at string, read sideBySide) bool {
	if read.unreadable[id] {
		return p.skip(id, at)
	}
	record, ok := read.records[id]
	return !ok || p.take(record, at, read.sizes[id])
}

// take examines the next case of the list; false when the page is complete.
func (p *paging) take(record cases.Record, at string, bytes int) bool {
	if p.full() {
		return false
	}
	if p.query.Over(record) {
		return false
	}
	p.last, p.looked = at, p.looked+1
	if p.query.Matches(record) {
		p.page.Records = append(p.page.Records, record)
		p.bytes += bytes
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
		read, err := s.records(ctx, tenant, ids, true)
		if err != nil {
			return err
		}
		for n, id := range ids {
			if !p.next(id, at[n], read) {
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

// sideBySide reads items of the table of cases by their keys. A call that leaves keys for the next one has read at least one
// (it reads up to 16 MB), so that there are at most as many calls as keys.
func (s Cases) sideBySide(ctx context.Context, keys []map[string]types.AttributeValue, consistent bool, visit func(item) error) error {
	for part := range slices.Chunk(keys, atOnce) {
		request := map[string]types.KeysAndAttributes{s.tables.Cases: {Keys: part, ConsistentRead: aws.Bool(consistent)}}
		for len(request) > 0 {
			out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: request})
			if err != nil {
				return translate(err)
			}
			for _, i := range out.Responses[s.tables.Cases] {
				if err := visit(i); err != nil {
					return err
				}
			}
			request = out.UnprocessedKeys
		}
	}
	return nil
}

// sideBySide are cases that were read together, by id.
type sideBySide struct {
	records    map[string]cases.Record
	sizes      map[string]int
	unreadable map[string]bool
}

// records reads cases side by side.
func (s Cases) records(ctx context.Context, tenant string, ids []string, consistent bool) (sideBySide, error) {
	read := sideBySide{map[string]cases.Record{}, map[string]int{}, map[string]bool{}}
	var keys []map[string]types.AttributeValue
	for _, id := range ids {
		keys = append(keys, key(join(tenant, id), "record"))
	}
	err := s.sideBySide(ctx, keys, consistent, func(i item) error {
		record, err := s.readRecord(ctx, i)
		if errors.Is(err, cases.ErrUnreadable) {
			read.unreadable[caseOf(i)] = true
			return nil
		}
		if err != nil {
			return err
		}
		read.records[record.ID], read.sizes[record.ID] = record, recordBytes(i)
		return nil
	})
	return read, err
}

func termKey(tenant, hash string) string { return join(tenant, "term", hash) }

// terms are the writes of the search's items that a change adds. Those of words that the record no longer has stay: a
// search that finds a case by one checks the record, and functions have no right to delete here. Those of traits that it
// no longer has get an expiry instead.
func (s Cases) terms(change cases.Change) []types.TransactWriteItem {
	var writes []types.TransactWriteItem
	term := func(hash string) item {
		return item{"pk": text(termKey(change.Next.Tenant, hash)), "sk": text(createdKey(change.Next)), "case": text(change.Next.ID)}
	}
	for _, hash := range cases.NewTerms(change) {
		writes = append(writes, put(s.tables.Cases, term(hash), "", nil))
	}
	for _, hash := range cases.LostTraits(change) {
		ended := term(hash)
		ended["ttl"] = whole(int(change.Next.UpdatedAt.Unix()))
		writes = append(writes, put(s.tables.Cases, ended, "", nil))
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
	var sum atomic.Int64
	group, within := errgroup.WithContext(ctx)
	for _, partition := range sharded("open", join(tenant, "open"), listShards).partitions {
		group.Go(func() error {
			number, err := s.overdue(within, partition, stamp(now)+"~", limit)
			sum.Add(int64(number))
			return err
		})
	}
	err = group.Wait()
	return min(limit, int(sum.Load())), err
}
