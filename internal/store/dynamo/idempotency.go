package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/idempotency"
	"ballerine/internal/problem"
)

// Idempotency is the idempotency.Store of the tables.
type Idempotency struct{ *Store }

var _ idempotency.Store = Idempotency{}

// Idempotency returns the tables' idempotency.Store.
func (s *Store) Idempotency() Idempotency { return Idempotency{s} }

func reservation(r idempotency.Reservation) (item, error) {
	i, err := newItem(r.Key, "", r)
	if err != nil {
		return nil, err
	}
	i["hash"], i["holder"], i["started"], i["expires"] = text(r.Hash), text(r.Holder), text(stamp(r.StartedAt)), text(stamp(r.ExpiresAt))
	i["answered"] = &types.AttributeValueMemberBOOL{Value: r.Answer != nil}
	i["ttl"] = whole(int(r.ExpiresAt.Unix()))
	return i, nil
}

// Reserve implements idempotency.Store.
func (s Idempotency) Reserve(ctx context.Context, r idempotency.Reservation, takeOver time.Time) (idempotency.Reservation, bool, error) {
	i, err := reservation(r)
	if err != nil {
		return idempotency.Reservation{}, false, err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(s.tables.Idempotency), Item: i,
		ConditionExpression:      aws.String(absent + " OR expires <= :now OR (answered = :no AND #hash = :hash AND started < :takeover)"),
		ExpressionAttributeNames: map[string]string{"#hash": "hash"},
		ExpressionAttributeValues: item{
			":now": text(stamp(r.StartedAt)), ":no": &types.AttributeValueMemberBOOL{}, ":hash": text(r.Hash), ":takeover": text(stamp(takeOver)),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		there, err := decode[idempotency.Reservation](failed.Item, "reservation")
		if err == nil && there.Holder == r.Holder && there.Answer == nil {
			return idempotency.Reservation{}, true, nil // our own: the client has repeated a write whose answer was lost
		}
		return there, false, err
	}
	return idempotency.Reservation{}, err == nil, translate(err)
}

// Complete implements idempotency.Store.
func (s Idempotency) Complete(ctx context.Context, key, holder string, answer idempotency.Answer) error {
	return s.change(ctx, key, holder, func(r *idempotency.Reservation) { r.Answer = &answer })
}

// Abandon implements idempotency.Store.
func (s Idempotency) Abandon(ctx context.Context, key, holder string) error {
	return s.change(ctx, key, holder, func(r *idempotency.Reservation) { r.StartedAt = time.Time{} })
}

// change writes a reservation that the holder still holds and that has no answer.
func (s Idempotency) change(ctx context.Context, key, holder string, edit func(*idempotency.Reservation)) error {
	r, err := find[idempotency.Reservation](ctx, s.Store, s.tables.Idempotency, key, "", "reservation")
	if problem.CodeOf(err) == problem.NotFound || (err == nil && (r.Holder != holder || r.Answer != nil)) {
		return nil
	}
	if err != nil {
		return err
	}
	edit(&r)
	i, err := reservation(r)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(s.tables.Idempotency), Item: i, ConditionExpression: aws.String("holder = :holder"), ExpressionAttributeValues: item{":holder": text(holder)},
	})
	return unlessLost(err)
}

// Release implements idempotency.Store.
func (s Idempotency) Release(ctx context.Context, k, holder string) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: aws.String(s.tables.Idempotency), Key: key(k, ""), ConditionExpression: aws.String("holder = :holder AND answered = :no"),
		ExpressionAttributeValues: item{":holder": text(holder), ":no": &types.AttributeValueMemberBOOL{}},
	})
	return unlessLost(err)
}

// unlessLost ignores the error that the holder no longer holds the reservation: another call has taken over.
func unlessLost(err error) error {
	if err = translate(err); problem.CodeOf(err) == problem.Conflict {
		return nil
	}
	return err
}
