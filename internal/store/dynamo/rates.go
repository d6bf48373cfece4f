package dynamo

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/ratelimit"
)

// Rates is the ratelimit.Store of the tables. A bucket is an item beside the reservations, from which a leading #
// separates it: tenants have names. It holds one number, when the bucket is full again, and expires by itself.
type Rates struct{ *Store }

var _ ratelimit.Store = Rates{}

// Rates returns the tables' ratelimit.Store.
func (s *Store) Rates() Rates { return Rates{s} }

// takes is how often a bucket is tried at which others come first.
const takes = 5

// Take implements ratelimit.Store. What it reads may be old: then the write fails, and returns the present value.
func (s Rates) Take(ctx context.Context, bucket string, limit ratelimit.Limit, n int, now time.Time) (ratelimit.Grant, error) {
	pk := "#rate#" + bucket
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(s.tables.Idempotency), Key: key(pk, "")})
	if err != nil {
		return ratelimit.Grant{}, translate(err)
	}
	there := out.Item
	for range takes {
		after, grant := ratelimit.Spend(fullOf(there), now, limit, n)
		if grant.Taken == 0 {
			return grant, nil
		}
		put := &dynamodb.PutItemInput{
			TableName: aws.String(s.tables.Idempotency), Item: key(pk, ""), ConditionExpression: aws.String(absent),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}
		put.Item["full"], put.Item["ttl"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(after.UnixNano(), 10)}, whole(int(after.Add(time.Hour).Unix()))
		if len(there) > 0 {
			put.ConditionExpression, put.ExpressionAttributeNames, put.ExpressionAttributeValues = aws.String("#full = :seen"), map[string]string{"#full": "full"}, item{":seen": there["full"]}
		}
		_, err = s.client.PutItem(ctx, put)
		var first *types.ConditionalCheckFailedException
		if !errors.As(err, &first) {
			return grant, translate(err)
		}
		there = first.Item
	}
	return ratelimit.Grant{}, problem.New(problem.Conflict, "Others took of the bucket first.")
}

// fullOf is when a bucket is full again; zero of one that is not there, or cannot be read.
func fullOf(there item) time.Time {
	number, _ := there["full"].(*types.AttributeValueMemberN)
	if number == nil {
		return time.Time{}
	}
	at, err := strconv.ParseInt(number.Value, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, at)
}
