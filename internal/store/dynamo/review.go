package dynamo

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"ballerine/internal/backoffice"
	"ballerine/internal/problem"
)

// Review is the backoffice.Store of the tables.
type Review struct{ *Store }

var _ backoffice.Store = Review{}

// Review returns the tables' backoffice.Store.
func (s *Store) Review() Review { return Review{s} }

// Views implements backoffice.Store.
func (s Review) Views(ctx context.Context, tenant string) ([]backoffice.View, error) {
	return readable(ctx, s.Store, s.tables.Registry, tenant, "view#", "", 0, func(id string) backoffice.View { return backoffice.UnreadableView(tenant, id) })
}

// View implements backoffice.Store.
func (s Review) View(ctx context.Context, tenant, id string) (backoffice.View, error) {
	return find[backoffice.View](ctx, s.Store, s.tables.Registry, tenant, join("view", id), "view")
}

// PutView implements backoffice.Store.
func (s Review) PutView(ctx context.Context, view backoffice.View) error {
	i, err := newItem(view.Tenant, join("view", view.ID), view)
	if err != nil {
		return err
	}
	i["version"] = whole(view.Version)
	input := &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: i, ConditionExpression: aws.String(absent)}
	if view.Version > 1 {
		input.ConditionExpression = aws.String("version = :before")
		input.ExpressionAttributeValues = item{":before": whole(view.Version - 1)}
	}
	_, err = s.client.PutItem(ctx, input)
	return translate(err)
}

// DeleteView implements backoffice.Store.
func (s Review) DeleteView(ctx context.Context, tenant, id string) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Registry), Key: key(tenant, join("view", id))})
	return translate(err)
}

// presenceKept is how much longer than it is valid a presence stays in the table, whose own clean-up takes its time.
const presenceKept = time.Minute

// PutPresence implements backoffice.Store.
func (s Review) PutPresence(ctx context.Context, p backoffice.Presence) error {
	i, err := newItem(join(p.Tenant, "presence", p.Case), p.User, p)
	if err != nil {
		return err
	}
	i["ttl"] = whole(int(p.Until.Add(presenceKept).Unix()))
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i})
	return translate(err)
}

// Presences implements backoffice.Store.
func (s Review) Presences(ctx context.Context, tenant, id string, now time.Time) ([]backoffice.Presence, error) {
	var present []backoffice.Presence
	err := s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Cases), KeyConditionExpression: aws.String("pk = :pk"), ConsistentRead: aws.Bool(true),
		ExpressionAttributeValues: item{":pk": text(join(tenant, "presence", id))},
	}, func(i item) (bool, error) {
		p, err := decode[backoffice.Presence](i, "presence")
		if err == nil && p.Until.After(now) { // one that cannot be read is gone within a minute
			present = append(present, p)
		}
		return true, nil
	})
	slices.SortStableFunc(present, func(a, b backoffice.Presence) int { return a.Since.Compare(b.Since) })
	return present, err
}

// PutClaim implements backoffice.Store.
func (s Review) PutClaim(ctx context.Context, c backoffice.Claim, now time.Time, over bool) error {
	i, err := newItem(join(c.Tenant, "claim", c.Case), "claim", c)
	if err != nil {
		return err
	}
	i["holder"], i["until"], i["ttl"] = text(c.User), whole(int(c.Until.UnixMilli())), whole(int(c.Until.Add(presenceKept).Unix()))
	input := &dynamodb.PutItemInput{TableName: aws.String(s.tables.Cases), Item: i}
	if !over {
		input.ConditionExpression = aws.String(absent + " OR holder = :holder OR #until <= :now")
		input.ExpressionAttributeNames = map[string]string{"#until": "until"}
		input.ExpressionAttributeValues = item{":holder": i["holder"], ":now": whole(int(now.UnixMilli()))}
	}
	_, err = s.client.PutItem(ctx, input)
	return translate(err)
}

// Claim implements backoffice.Store.
func (s Review) Claim(ctx context.Context, tenant, id string, now time.Time) (*backoffice.Claim, error) {
	c, err := find[backoffice.Claim](ctx, s.Store, s.tables.Cases, join(tenant, "claim", id), "claim", "claim")
	if problem.CodeOf(err) == problem.NotFound || err == nil && !c.Until.After(now) {
		return nil, nil //nolint:nilnil // nobody is deciding
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}
