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

// inboxKey is the partition of the notices to somebody, or to everybody with a permission.
func inboxKey(tenant, to string, shared bool) string {
	if shared {
		return join(tenant, "inboxes", to)
	}
	return join(tenant, "inbox", to)
}

func noticeKey(n cases.Notice) string { return join("notice", stamp(n.At), n.ID()) }

// noticeEnd is from when on the table may drop a notice: one that is taken back at once, as every read of the inbox passes over it until then.
func noticeEnd(n cases.Notice, now time.Time) time.Time {
	if n.Gone {
		return now
	}
	return n.Shown().Add(cases.NoticeLife)
}

// Bounds of what one look into an inbox reads, in items: what was taken back stays until the table drops it.
const (
	noticesAtOnce = 250 // in one call
	noticesRead   = 500 // in all
)

// Notices implements backoffice.Store. Notices that no longer hold are skipped: functions may write to the table of cases, but not delete from it.
func (s Review) Notices(ctx context.Context, tenant, to string, shared bool, now time.Time, limit int) (found []cases.Notice, err error) {
	read := 0
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), KeyConditionExpression: aws.String("pk = :pk AND sk BETWEEN :from AND :now"), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(noticesAtOnce),
		ExpressionAttributeValues: item{
			":pk": text(inboxKey(tenant, to, shared)), ":from": text(join("notice", stamp(now.Add(-cases.NoticeLife)))), ":now": text(join("notice", stamp(now)) + "~"),
		},
	}, func(i item) (bool, error) {
		read++
		n, err := decode[cases.Notice](i, "notice")
		if err == nil && !n.Gone { // one that cannot be read hides no other: its case shows the same
			found = append(found, n)
		}
		return len(found) < limit && read < noticesRead, nil
	})
	return found, err
}

// readMarks is the sort key of what somebody has read, beside their notices.
const readMarks = "read"

// ReadMarks implements backoffice.Store.
func (s Review) ReadMarks(ctx context.Context, tenant, user string) (backoffice.ReadMarks, error) {
	i, err := s.get(ctx, s.tables.Cases, inboxKey(tenant, user, false), readMarks, "mark")
	if problem.CodeOf(err) == problem.NotFound {
		return backoffice.ReadMarks{Tenant: tenant, User: user}, nil
	}
	if err != nil {
		return backoffice.ReadMarks{}, err
	}
	marks, err := decode[backoffice.ReadMarks](i, "mark")
	if err != nil {
		marks = backoffice.ReadMarks{Revision: i.int("revision")} // so that they can be written over
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
