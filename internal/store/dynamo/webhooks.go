package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// deliveryLife is how long the delivery log is kept.
const deliveryLife = 30 * 24 * time.Hour

// Webhooks is the webhook.Store of the tables.
type Webhooks struct{ *Store }

var _ webhook.Store = Webhooks{}

// Webhooks returns the tables' webhook.Store.
func (s *Store) Webhooks() Webhooks { return Webhooks{s} }

// PutSubscription implements webhook.Store.
func (s Webhooks) PutSubscription(ctx context.Context, subscription webhook.Subscription) error {
	i, err := newItem(subscription.Tenant, join("subscription", subscription.ID), subscription)
	if err != nil {
		return err
	}
	i["version"] = whole(subscription.Version)
	input := &dynamodb.PutItemInput{TableName: aws.String(s.tables.Registry), Item: i, ConditionExpression: aws.String(absent)}
	if subscription.Version > 1 {
		input.ConditionExpression = aws.String("version = :before")
		input.ExpressionAttributeValues = item{":before": whole(subscription.Version - 1)}
	}
	_, err = s.client.PutItem(ctx, input)
	return translate(err)
}

// Subscription implements webhook.Store.
func (s Webhooks) Subscription(ctx context.Context, tenant, id string) (webhook.Subscription, error) {
	i, err := s.get(ctx, s.tables.Registry, tenant, join("subscription", id), "subscription")
	if err != nil {
		return webhook.Subscription{}, err
	}
	subscription, err := decode[webhook.Subscription](i, "subscription")
	if err != nil {
		return subscription, fmt.Errorf("%w: %w", webhook.ErrUnreadable, err)
	}
	return subscription, nil
}

// Subscriptions implements webhook.Store.
func (s Webhooks) Subscriptions(ctx context.Context, tenant string) ([]webhook.Subscription, error) {
	return readable(ctx, s.Store, s.tables.Registry, tenant, "subscription#", "", 0, func(id string) webhook.Subscription {
		return webhook.UnreadableSubscription(tenant, id)
	})
}

// DeleteSubscription implements webhook.Store.
func (s Webhooks) DeleteSubscription(ctx context.Context, tenant, id string) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(s.tables.Registry), Key: key(tenant, join("subscription", id))})
	return translate(err)
}

// deliveryItem belongs to its subscription's partition; pending and failed ones are in the due index.
func (s Webhooks) deliveryItem(d webhook.Delivery) (item, error) {
	i, err := newItem(join(d.Tenant, d.Subscription), d.ID, d)
	if err != nil {
		return nil, err
	}
	i["revision"], i["ttl"] = whole(d.Revision), whole(int(d.CreatedAt.Add(deliveryLife).Unix()))
	if d.Status == webhook.Pending {
		i.index("due", join("pending", s.shard(d.ID)), join(d.Tenant, d.Subscription, stamp(d.NextAt), d.ID))
	}
	if d.Status == webhook.Failed { // in partitions of their own: readers of what is due do not see them
		i.index("due", join("failed", d.Tenant, d.Subscription), join(d.Subject(), d.ID))
	}
	return i, nil
}

// CreateDelivery implements webhook.Store: the delivery, and a pointer by which it is found without its subscription.
func (s Webhooks) CreateDelivery(ctx context.Context, d webhook.Delivery) (bool, error) {
	i, err := s.deliveryItem(d)
	if err != nil {
		return false, err
	}
	pointer := item{"pk": text(join(d.Tenant, "delivery", d.ID)), "sk": text("pointer"), "subscription": text(d.Subscription), "ttl": i["ttl"]}
	err = s.transact(ctx, []types.TransactWriteItem{put(s.tables.Deliveries, i, absent, nil), put(s.tables.Deliveries, pointer, "", nil)})
	for _, reason := range reasons(err) {
		if aws.ToString(reason.Code) == "ConditionalCheckFailed" {
			return false, nil
		}
	}
	return err == nil, translate(err)
}

// UpdateDelivery implements webhook.Store.
func (s Webhooks) UpdateDelivery(ctx context.Context, d webhook.Delivery) error {
	i, err := s.deliveryItem(d)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(s.tables.Deliveries), Item: i, ConditionExpression: aws.String("revision = :before"),
		ExpressionAttributeValues: item{":before": whole(d.Revision - 1)},
	})
	if problem.CodeOf(translate(err)) != problem.Conflict {
		return translate(err)
	}
	if _, err := s.get(ctx, s.tables.Deliveries, join(d.Tenant, d.Subscription), d.ID, "delivery"); err != nil {
		return err
	}
	return translate(err)
}

// Delivery implements webhook.Store.
func (s Webhooks) Delivery(ctx context.Context, tenant, id string) (webhook.Delivery, error) {
	pointer, err := s.get(ctx, s.tables.Deliveries, join(tenant, "delivery", id), "pointer", "delivery")
	if err != nil {
		return webhook.Delivery{}, err
	}
	return find[webhook.Delivery](ctx, s.Store, s.tables.Deliveries, join(tenant, pointer.string("subscription")), id, "delivery")
}

// Deliveries implements webhook.Store.
func (s Webhooks) Deliveries(ctx context.Context, tenant, subscription, after string, limit int) (page []webhook.Delivery, next string, err error) {
	condition, values := "pk = :pk", item{":pk": text(join(tenant, subscription))}
	if after != "" {
		condition += " AND sk < :after"
		values[":after"] = text(after)
	}
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Deliveries), ScanIndexForward: aws.Bool(false), ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit + 1)),
		KeyConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
	}, func(i item) (bool, error) {
		if len(page) == limit {
			next = page[limit-1].ID
			return false, nil
		}
		delivery, err := decode[webhook.Delivery](i, "delivery")
		if err != nil {
			delivery = webhook.UnreadableDelivery(tenant, subscription, i.string("sk"))
		}
		page = append(page, delivery)
		return true, nil
	})
	return page, next, err
}

// FailedDeliveries implements webhook.Store.
func (s Webhooks) FailedDeliveries(ctx context.Context, tenant, subscription, subject, after string, limit int) (page []webhook.Delivery, next string, err error) {
	from, to := " ", "\uffff" // every key begins with an id, or with #
	if subject != "" {
		from, to = join(subject, " "), join(subject, "\uffff")
	}
	if after != "" {
		to = after
	}
	last := ""
	err = s.query(ctx, &dynamodb.QueryInput{
		TableName: aws.String(s.tables.Deliveries), IndexName: aws.String("due"), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit + 2)),
		KeyConditionExpression:    aws.String("due_pk = :pk AND due_sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":pk": text(join("failed", tenant, subscription)), ":from": text(from), ":to": text(to)},
	}, func(i item) (bool, error) {
		if i.string("due_sk") == after {
			return true, nil
		}
		if len(page) == limit {
			next = last
			return false, nil
		}
		delivery, err := decode[webhook.Delivery](i, "delivery")
		if err != nil {
			return true, nil //nolint:nilerr // it is in the list of all deliveries
		}
		page, last = append(page, delivery), i.string("due_sk")
		return true, nil
	})
	return page, next, err
}

// DueDeliveries implements webhook.Store. Pending deliveries are indexed by subscription, then by when they are due; those
// from before that begin with their time, and each is a receiver of its own to a reader.
func (s Webhooks) DueDeliveries(ctx context.Context, page webhook.DuePage) ([]webhook.Delivery, string, error) {
	return skim[webhook.Delivery]{
		table: s.tables.Deliveries, partition: "pending", parts: 2, after: page.After, each: page.Each, limit: page.Limit,
		read: func(i item) (webhook.Delivery, error) {
			delivery, err := decode[webhook.Delivery](i, "delivery")
			if err != nil {
				return webhook.UnreadableDelivery("", "", i.string("sk")), nil //nolint:nilerr // one that is passed over
			}
			return delivery, nil
		},
		due:     func(d webhook.Delivery) bool { return !d.NextAt.After(page.Before) },
		takes:   func(d webhook.Delivery) bool { return d.Status != webhook.Unreadable }, // it is in the list of all deliveries
		compare: func(a, b webhook.Delivery) int { return a.NextAt.Compare(b.NextAt) },
	}.run(ctx, s.Store)
}
