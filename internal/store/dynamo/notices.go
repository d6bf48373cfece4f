package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// inboxKey is the partition of what somebody is told, or everybody with a permission.
func inboxKey(tenant, to string, shared bool) string {
	if shared {
		return join(tenant, "inboxes", to)
	}
	return join(tenant, "inbox", to)
}

func noticeKey(n cases.Notice) string { return join("notice", stamp(n.At), n.ID()) }

// Notices implements backoffice.Store. What is not so any more is passed over: functions may write the table of cases, and not delete from it.
func (s Review) Notices(ctx context.Context, tenant, to string, shared bool, now time.Time, limit int) (found []cases.Notice, err error) {
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :now"), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit + 10)),
		ExpressionAttributeValues: item{
			":pk": text(inboxKey(tenant, to, shared)), ":from": text(join("notice", stamp(now.Add(-cases.NoticeLife)))), ":now": text(join("notice", stamp(now)) + "~"),
		},
	}, func(i item) (bool, error) {
		n, err := decode[cases.Notice](i, "notice")
		if err == nil && !n.Gone { // one that cannot be read hides no other: its case says the same
			found = append(found, n)
		}
		return len(found) < limit, nil
	})
	return found, err
}

// readMarks is the sort key of what somebody has read, beside what they are told.
const readMarks = "read"

// ReadMarks implements backoffice.Store.
func (s Review) ReadMarks(ctx context.Context, tenant, user string) (backoffice.ReadMarks, error) {
	marks, err := find[backoffice.ReadMarks](ctx, s.Store, s.tables.Cases, inboxKey(tenant, user, false), readMarks, "mark")
	if problem.CodeOf(err) == problem.NotFound {
		return backoffice.ReadMarks{Tenant: tenant, User: user}, nil
	}
	return marks, err
}

// PutReadMarks implements backoffice.Store.
func (s Review) PutReadMarks(ctx context.Context, marks backoffice.ReadMarks) error {
	i, err := newItem(inboxKey(marks.Tenant, marks.User, false), readMarks, marks)
	if err != nil {
		return err
	}
	i["revision"], i["ttl"] = whole(marks.Revision), whole(int(marks.At.Add(2*cases.NoticeLife).Unix()))
	input := &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i, ConditionExpression: aws.String(absent)}
	if marks.Revision > 1 {
		input.ConditionExpression = aws.String("revision = :before")
		input.ExpressionAttributeValues = item{":before": whole(marks.Revision - 1)}
	}
	_, err = s.client.PutItem(ctx, input)
	return translate(err)
}
