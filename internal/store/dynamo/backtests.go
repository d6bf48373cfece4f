package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

// Backtests is the backtest.Store of the tables. Runs are items of the cases table:
//
//	tenant#backtests#<policy>      / <id>              the run
//	tenant#backtest#<policy>#<id>  / part#<number>     a part as it stands
//	tenant#backtest#<policy>#<id>  / tally#<number>    what was counted in it, or the name of the body that holds it
//	tenant#backtest#<policy>#<id>  / body#<name>#<n>   a piece of a body; the first one, written last, states how many there are
type Backtests struct{ *Store }

var _ backtest.Store = Backtests{}

// Backtests returns the tables' backtest.Store.
func (s *Store) Backtests() Backtests { return Backtests{s} }

func backtestsKey(tenant, policy string) string { return join(tenant, "backtests", policy) }

func backtestKey(ref backtest.Ref) string { return join(ref.Tenant, "backtest", ref.Policy, ref.ID) }

// maxPiece bounds a piece of a body, in bytes: an item has 400 KB.
const maxPiece = 350 << 10

// atRevision is the condition of a write over an item that is still at a revision; 0: that is not there.
func atRevision(prev int) (condition string, values item) {
	if prev == 0 {
		return absent, nil
	}
	return "revision = :revision", item{":revision": whole(prev)}
}

// PutRun implements backtest.Store.
func (s Backtests) PutRun(ctx context.Context, prev int, run backtest.Run) error {
	i, err := newItem(backtestsKey(run.Tenant, run.Policy), run.ID, run)
	if err != nil {
		return err
	}
	i["revision"] = whole(run.Revision)
	condition, values := atRevision(prev)
	return translate(s.transact(ctx, []types.TransactWriteItem{put(s.tables.Cases, i, condition, values)}))
}

// Run implements backtest.Store.
func (s Backtests) Run(ctx context.Context, ref backtest.Ref) (backtest.Run, error) {
	return find[backtest.Run](ctx, s.Store, s.tables.Cases, backtestsKey(ref.Tenant, ref.Policy), ref.ID, "backtest")
}

// Runs implements backtest.Store.
func (s Backtests) Runs(ctx context.Context, tenant, policy, after string, limit int) (page []backtest.Run, next string, err error) {
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit + 1)),
		KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: item{":pk": text(backtestsKey(tenant, policy))},
	}
	if after != "" {
		input.KeyConditionExpression = aws.String("pk = :pk AND sk < :after")
		input.ExpressionAttributeValues[":after"] = text(after)
	}
	err = s.query(ctx, input, func(i item) (bool, error) {
		if len(page) == limit {
			next = page[limit-1].ID
			return false, nil
		}
		run, err := decode[backtest.Run](i, "backtest")
		if err != nil {
			run = backtest.UnreadableRun(backtest.Ref{Tenant: tenant, Policy: policy, ID: i.string("sk")})
		}
		page = append(page, run)
		return true, nil
	})
	return page, next, err
}

func bodyKey(name string, n int) string { return join("body", name, fmt.Sprintf("%06d", n)) }

// PutBody implements backtest.Store.
func (s Backtests) PutBody(ctx context.Context, ref backtest.Ref, name string, body []byte) error {
	pieces := slices.Collect(slices.Chunk(body, maxPiece))
	if len(pieces) == 0 {
		pieces = [][]byte{{}}
	}
	for n := len(pieces) - 1; n >= 0; n-- {
		i := item{
			"pk": text(backtestKey(ref)), "sk": text(bodyKey(name, n)), "body": &types.AttributeValueMemberB{Value: pieces[n]}, "pieces": whole(len(pieces)),
		}
		if _, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i}); err != nil {
			return translate(err)
		}
	}
	return nil
}

// Body implements backtest.Store.
func (s Backtests) Body(ctx context.Context, ref backtest.Ref, name string) ([]byte, error) {
	body, pieces := []byte{}, 1
	for n := 0; n < pieces; n++ {
		i, err := s.get(ctx, s.tables.Cases, backtestKey(ref), bodyKey(name, n), name+" of the backtest")
		if err != nil {
			return nil, err
		}
		pieces, body = i.int("pieces"), append(body, i.bytes("body")...)
	}
	return body, nil
}

func (i item) bytes(name string) []byte {
	if b, ok := i[name].(*types.AttributeValueMemberB); ok {
		return b.Value
	}
	return nil
}

func partKey(kind string, number int) string { return join(kind, fmt.Sprintf("%06d", number)) }

// PutPart implements backtest.Store. A tally that is too large for an item is a body of its own, under a unique name.
func (s Backtests) PutPart(ctx context.Context, ref backtest.Ref, prev int, part backtest.Part, tally []byte) error {
	i, err := newItem(backtestKey(ref), partKey("part", part.Number), part)
	if err != nil {
		return err
	}
	i["revision"] = whole(part.Revision)
	counted := item{"pk": i["pk"], "sk": text(partKey("tally", part.Number)), "body": &types.AttributeValueMemberB{Value: append([]byte{}, tally...)}}
	if len(tally) > maxPiece {
		name := partKey("tally", part.Number) + "-" + rand.Text()
		if err := s.PutBody(ctx, ref, name, tally); err != nil {
			return err
		}
		delete(counted, "body")
		counted["name"] = text(name)
	}
	condition, values := atRevision(prev)
	return translate(s.transact(ctx, []types.TransactWriteItem{put(s.tables.Cases, i, condition, values), put(s.tables.Cases, counted, "", nil)}))
}

// Part implements backtest.Store. Both items are read at once: they are written so.
func (s Backtests) Part(ctx context.Context, ref backtest.Ref, number int) (part backtest.Part, tally []byte, err error) {
	get := func(kind string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: aws.String(s.tables.Cases), Key: key(backtestKey(ref), partKey(kind, number))}}
	}
	out, err := s.client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get("part"), get("tally")}})
	if err != nil {
		return part, nil, translate(err)
	}
	if len(out.Responses) < 2 || len(out.Responses[0].Item) == 0 {
		return part, nil, problem.New(problem.NotFound, "There is no such part.")
	}
	counted := item(out.Responses[1].Item)
	if part, err = decode[backtest.Part](out.Responses[0].Item, "part"); err != nil {
		return part, nil, err
	}
	if name := counted.string("name"); name != "" {
		tally, err = s.Body(ctx, ref, name)
		return part, tally, err
	}
	return part, counted.bytes("body"), nil
}

// Parts implements backtest.Store.
func (s Backtests) Parts(ctx context.Context, ref backtest.Ref) ([]backtest.Part, error) {
	return readable(ctx, s.Store, s.tables.Cases, backtestKey(ref), "part#", "", 0, func(key string) backtest.Part {
		number, _ := strconv.Atoi(key) // a key of ours
		return backtest.UnreadablePart(number)
	})
}

// Spans implements backtest.Store: one for each month in which there are decisions, with two reads each.
func (s Backtests) Spans(ctx context.Context, tenant, policy string, from, to time.Time) (spans []backtest.Window, err error) {
	start, end := " ", "~" // before every time, beyond every time
	if !from.IsZero() {
		start = ledger.Stamp(from)
	}
	if !to.IsZero() {
		end = ledger.Stamp(to)
	}
	oldest := ""
	if !from.IsZero() {
		oldest = start
	}
	months, err := s.Ledger().monthsBetween(ctx, tenant, policy, oldest, end)
	if err != nil {
		return nil, err
	}
	slices.Reverse(months)
	for _, m := range months {
		var ends [2]string
		for i, forward := range []bool{true, false} {
			err := s.query(ctx, &dynamodb.QueryInput{
				TableName: aws.String(s.tables.Cases), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(forward), Limit: aws.Int32(1), ProjectionExpression: aws.String("sk"),
				KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :start AND :end"),
				ExpressionAttributeValues: item{":pk": text(monthKey(tenant, policy, m)), ":start": text(start), ":end": text(end)},
			}, func(found item) (bool, error) {
				ends[i] = found.string("sk")
				return false, nil
			})
			if err != nil {
				return nil, err
			}
		}
		if ends[0] == "" {
			continue
		}
		span, err := backtest.Span(ends[0], ends[1])
		if err != nil {
			return nil, err
		}
		spans = append(spans, span)
	}
	return spans, nil
}
