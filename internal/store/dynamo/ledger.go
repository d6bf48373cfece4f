package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/policy/ledger"
	"ballerine/internal/problem"
)

// Ledger is the ledger.Store of the tables. Decisions are items of the cases table, whose functions may add and not delete:
//
//	tenant#decisions#<policy>#<month> / <time>#<id>   head as doc, body beside it: lists do not decode bodies
//	tenant#decisions#<policy>         / <month>       which months there are
//	tenant#decision#<policy>#<id>     / decision      where it is
//
// A month of a policy is a partition: it grows for a month and no longer.
type Ledger struct{ *Store }

var _ ledger.Store = Ledger{}

// Ledger returns the tables' ledger.Store.
func (s *Store) Ledger() Ledger { return Ledger{s} }

func month(stamp string) string { return stamp[:len("2026-05")] }

func monthKey(tenant, policy, month string) string { return join(tenant, "decisions", policy, month) }

func pointerKey(tenant, policy, id string) string { return join(tenant, "decision", policy, id) }

const pointer = "decision"

// PutDecision implements ledger.Store.
func (s Ledger) PutDecision(ctx context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	place := d.Place()
	if err := s.keepMonth(ctx, d.Tenant, d.Policy, month(place)); err != nil {
		return d, err
	}
	i, err := newItem(monthKey(d.Tenant, d.Policy, month(place)), place, d.Head)
	if err != nil {
		return d, err
	}
	i["body"] = &types.AttributeValueMemberB{Value: d.Body}
	where := item{"pk": text(pointerKey(d.Tenant, d.Policy, d.ID)), "sk": text(pointer), "place": text(place)}
	err = s.transact(ctx, []types.TransactWriteItem{put(s.tables.Cases, where, absent, nil), put(s.tables.Cases, i, "", nil)})
	if err == nil {
		return d, nil
	}
	if why := reasons(err); len(why) == 2 && aws.ToString(why[0].Code) == "ConditionalCheckFailed" {
		return s.Decision(ctx, d.Tenant, d.Policy, d.ID)
	}
	return d, translate(err)
}

// keepMonth notes that a policy has decided in a month; once for each process is enough.
func (s Ledger) keepMonth(ctx context.Context, tenant, policy, month string) error {
	pk := join(tenant, "decisions", policy)
	if _, known := s.months.Load(join(pk, month)); known {
		return nil
	}
	if _, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: key(pk, month)}); err != nil {
		return translate(err)
	}
	s.months.Store(join(pk, month), true)
	return nil
}

// Decision implements ledger.Store.
func (s Ledger) Decision(ctx context.Context, tenant, policy, id string) (ledger.Sealed, error) {
	where, err := s.get(ctx, s.tables.Cases, pointerKey(tenant, policy, id), pointer, "decision")
	if err != nil {
		return ledger.Sealed{}, err
	}
	place := where.string("place")
	if len(place) < len("2026-05") {
		return ledger.Sealed{}, problem.New(problem.Internal, "A kept decision cannot be read.")
	}
	i, err := s.get(ctx, s.tables.Cases, monthKey(tenant, policy, month(place)), place, "decision")
	if err != nil {
		return ledger.Sealed{}, err
	}
	return sealed(i)
}

func sealed(i item) (d ledger.Sealed, err error) {
	d.Head, err = ledger.ReadHead([]byte(i.string("doc")))
	if body, ok := i["body"].(*types.AttributeValueMemberB); ok {
		d.Body = body.Value
	}
	return d, err
}

// Decisions implements ledger.Store: month by month, the newest first.
func (s Ledger) Decisions(ctx context.Context, tenant, policy string, query ledger.Query) (page []ledger.Sealed, next string, err error) {
	end, start := "~", "" // beyond every time, before every time
	if !query.To.IsZero() {
		end = ledger.Stamp(query.To)
	}
	if query.After != "" {
		end = min(end, query.After)
	}
	if !query.From.IsZero() {
		start = ledger.Stamp(query.From)
	}
	months, err := s.monthsBetween(ctx, tenant, policy, start, end)
	if err != nil {
		return nil, "", err
	}
	looked, last := 0, ""
	for _, m := range months {
		err := s.query(ctx, s.monthInput(monthKey(tenant, policy, m), start, end, query), func(i item) (bool, error) {
			if i.string("sk") == query.After {
				return true, nil
			}
			if len(page) == query.Limit || looked == ledger.Budget {
				next = last
				return false, nil
			}
			looked, last = looked+1, i.string("sk")
			d, err := sealed(i)
			if err != nil {
				d = ledger.UnreadableDecision(tenant, policy, last)
			}
			if query.Matches(d.Head) {
				page = append(page, d)
			}
			return true, nil
		})
		if err != nil || next != "" {
			return page, next, err
		}
	}
	return page, "", nil
}

// monthsBetween are those in which a policy has decided, the newest first.
func (s Ledger) monthsBetween(ctx context.Context, tenant, policy, start, end string) (months []string, err error) {
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: item{":pk": text(join(tenant, "decisions", policy))},
	}, func(i item) (bool, error) {
		m := i.string("sk")
		if (start == "" || m >= month(start)) && m <= end {
			months = append(months, m)
		}
		return true, nil
	})
	return months, err
}

func (s Ledger) monthInput(pk, start, end string, query ledger.Query) *dynamodb.QueryInput {
	input := &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(query.Limit + 1)),
		KeyConditionExpression: aws.String("pk = :pk AND sk < :end"), ExpressionAttributeValues: item{":pk": text(pk), ":end": text(end)},
	}
	if start != "" { // BETWEEN takes its ends along: where the former page ended is passed over
		input.KeyConditionExpression = aws.String("pk = :pk AND sk BETWEEN :start AND :end")
		input.ExpressionAttributeValues = item{":pk": text(pk), ":start": text(start), ":end": text(end)}
	}
	if !query.Bodies {
		input.ProjectionExpression = aws.String("doc, sk")
	}
	return input
}
