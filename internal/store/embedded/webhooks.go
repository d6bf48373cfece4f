package embedded

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

const (
	bucketSubscriptions = "subscriptions"  // tenant, id -> subscription
	bucketDeliveries    = "deliveries"     // tenant, id -> delivery
	bucketReceived      = "deliveries-of"  // tenant, subscription, id: the delivery log
	bucketPending       = "deliveries-due" // next attempt, tenant, id: pending deliveries
)

// Webhooks is the webhook.Store of the file.
type Webhooks struct{ db *DB }

var _ webhook.Store = Webhooks{}

// Webhooks gives the file's webhook.Store.
func (db *DB) Webhooks() Webhooks { return Webhooks{db} }

// PutSubscription implements webhook.Store.
func (s Webhooks) PutSubscription(ctx context.Context, subscription webhook.Subscription) error {
	text, err := encoded(subscription)
	if err != nil {
		return err
	}
	key := join(subscription.Tenant, subscription.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[webhook.Subscription](tx, bucketSubscriptions, key, "subscription")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Version != subscription.Version-1 {
			return problem.New(problem.Conflict, "Another write to the subscription came first.")
		}
		tx.Put(bucketSubscriptions, key, text)
		return nil
	})
}

// Subscription implements webhook.Store.
func (s Webhooks) Subscription(_ context.Context, tenant, id string) (webhook.Subscription, error) {
	return find[webhook.Subscription](s.db, bucketSubscriptions, join(tenant, id), "subscription")
}

// Subscriptions implements webhook.Store.
func (s Webhooks) Subscriptions(_ context.Context, tenant string) ([]webhook.Subscription, error) {
	return all[webhook.Subscription](s.db, bucketSubscriptions, join(tenant, ""))
}

// DeleteSubscription implements webhook.Store.
func (s Webhooks) DeleteSubscription(ctx context.Context, tenant, id string) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		tx.Delete(bucketSubscriptions, join(tenant, id))
		return nil
	})
}

// CreateDelivery implements webhook.Store.
func (s Webhooks) CreateDelivery(ctx context.Context, delivery webhook.Delivery) (created bool, err error) {
	text, err := encoded(delivery)
	if err != nil {
		return false, err
	}
	key := join(delivery.Tenant, delivery.ID)
	err = s.db.Update(ctx, func(tx *Tx) error {
		if created = tx.Get(bucketDeliveries, key) == nil; !created {
			return nil
		}
		tx.Put(bucketReceived, join(delivery.Tenant, delivery.Subscription, delivery.ID), []byte{})
		putDelivery(tx, delivery, text)
		return nil
	})
	return created, err
}

func putDelivery(tx *Tx, d webhook.Delivery, text []byte) {
	tx.Put(bucketDeliveries, join(d.Tenant, d.ID), text)
	if d.Status == webhook.Pending {
		tx.Put(bucketPending, pendingKey(d), []byte{})
	}
}

func pendingKey(d webhook.Delivery) string { return join(stamp(d.NextAt), d.Tenant, d.ID) }

// UpdateDelivery implements webhook.Store.
func (s Webhooks) UpdateDelivery(ctx context.Context, delivery webhook.Delivery) error {
	text, err := encoded(delivery)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[webhook.Delivery](tx, bucketDeliveries, join(delivery.Tenant, delivery.ID), "delivery")
		if err != nil {
			return err
		}
		if there.Revision != delivery.Revision-1 {
			return problem.New(problem.Conflict, "Another write to the delivery came first.")
		}
		tx.Delete(bucketPending, pendingKey(there))
		putDelivery(tx, delivery, text)
		return nil
	})
}

// Delivery implements webhook.Store.
func (s Webhooks) Delivery(_ context.Context, tenant, id string) (webhook.Delivery, error) {
	return find[webhook.Delivery](s.db, bucketDeliveries, join(tenant, id), "delivery")
}

// Deliveries implements webhook.Store.
func (s Webhooks) Deliveries(_ context.Context, tenant, subscription, after string, limit int) (page []webhook.Delivery, next string, err error) {
	prefix, start := join(tenant, subscription, ""), ""
	if after != "" {
		start = prefix + after
	}
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketReceived, prefix, start, func(key string, _ []byte) bool {
			if len(page) == limit {
				next = page[limit-1].ID
				return false
			}
			var delivery webhook.Delivery
			if delivery, err = read[webhook.Delivery](tx, bucketDeliveries, join(tenant, strings.TrimPrefix(key, prefix)), "delivery"); err != nil {
				return false
			}
			page = append(page, delivery)
			return true
		})
		return err
	})
	return page, next, err
}

// DueDeliveries implements webhook.Store.
func (s Webhooks) DueDeliveries(_ context.Context, before time.Time, limit int) (due []webhook.Delivery, err error) {
	end := stamp(before.Add(time.Millisecond))
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketPending, "", "", func(key string, _ []byte) bool {
			if key[:8] >= end || len(due) == limit {
				return false
			}
			var delivery webhook.Delivery
			if err = json.Unmarshal(tx.Get(bucketDeliveries, key[9:]), &delivery); err != nil {
				return false
			}
			due = append(due, delivery)
			return true
		})
		return err
	})
	return due, err
}
