package embedded

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

const (
	bucketSubscriptions = "subscriptions"   // tenant, id -> subscription
	bucketDeliveries    = "deliveries"      // tenant, id -> delivery
	bucketReceived      = "deliveries-of"   // tenant, subscription, id: the delivery log
	bucketPending       = "deliveries-wait" // tenant, subscription, next attempt, id: pending deliveries
	bucketFailed        = "deliveries-dead" // tenant, subscription, what it is about, id: failed deliveries

	// bucketPendingByTime is where a former version of the program kept what is in bucketPending: next attempt, tenant, id.
	bucketPendingByTime = "deliveries-due"
)

// Webhooks is the webhook.Store of the file.
type Webhooks struct{ db *DB }

var _ webhook.Store = Webhooks{}

// Webhooks returns the file's webhook.Store.
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
func (s Webhooks) Subscription(_ context.Context, tenant, id string) (found webhook.Subscription, err error) {
	err = s.db.View(func(tx *Tx) error {
		text := tx.Get(bucketSubscriptions, join(tenant, id))
		if text == nil {
			return problem.New(problem.NotFound, "There is no such subscription.")
		}
		if !decodes(text, &found) {
			return webhook.ErrUnreadable
		}
		return nil
	})
	return found, err
}

// Subscriptions implements webhook.Store.
func (s Webhooks) Subscriptions(_ context.Context, tenant string) (found []webhook.Subscription, err error) {
	prefix := join(tenant, "")
	err = s.db.View(func(tx *Tx) error {
		tx.Scan(bucketSubscriptions, prefix, "", func(key string, text []byte) bool {
			var one webhook.Subscription
			if json.Unmarshal(text, &one) != nil {
				one = webhook.UnreadableSubscription(tenant, key[len(prefix):])
			}
			found = append(found, one)
			return true
		})
		return nil
	})
	return found, err
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
	if d.Status == webhook.Failed {
		tx.Put(bucketFailed, failedKey(d), []byte{})
	}
}

func failedKey(d webhook.Delivery) string { return join(d.Tenant, d.Subscription, d.Subject(), d.ID) }

func pendingKey(d webhook.Delivery) string {
	return join(d.Tenant, d.Subscription, stamp(d.NextAt), d.ID)
}

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
		if there.Status == webhook.Failed {
			tx.Delete(bucketFailed, failedKey(there))
		}
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
			id := strings.TrimPrefix(key, prefix)
			delivery, err := read[webhook.Delivery](tx, bucketDeliveries, join(tenant, id), "delivery")
			if err != nil {
				delivery = webhook.UnreadableDelivery(tenant, subscription, id)
			}
			page = append(page, delivery)
			return true
		})
		return nil
	})
	return page, next, err
}

// FailedDeliveries implements webhook.Store.
func (s Webhooks) FailedDeliveries(_ context.Context, tenant, subscription, subject, after string, limit int) (page []webhook.Delivery, next string, err error) {
	of := join(tenant, subscription, "")
	prefix, start := of, ""
	if subject != "" {
		prefix = join(tenant, subscription, subject, "")
	}
	if about, id, ok := strings.Cut(after, "#"); ok {
		start = of + join(about, id)
	}
	last := ""
	err = s.db.View(func(tx *Tx) error {
		tx.ScanBack(bucketFailed, prefix, start, func(key string, _ []byte) bool {
			if len(page) == limit {
				next = last
				return false
			}
			about, id, _ := strings.Cut(strings.TrimPrefix(key, of), "\x00")
			delivery, err := read[webhook.Delivery](tx, bucketDeliveries, join(tenant, id), "delivery")
			if err != nil {
				return true // it is in the list of all deliveries
			}
			page, last = append(page, delivery), about+"#"+id
			return true
		})
		return err
	})
	return page, next, err
}

// DueDeliveries implements webhook.Store.
func (s Webhooks) DueDeliveries(_ context.Context, page webhook.DuePage) (due []webhook.Delivery, next string, err error) {
	end, receiver, had := stamp(page.Before.Add(time.Millisecond)), "", 0
	err = s.db.View(func(tx *Tx) error {
		tx.leap(bucketPending, behind(page.After), func(key string, _ []byte) (string, bool) {
			tenant, rest, _ := strings.Cut(key, "\x00")
			subscription, rest, _ := strings.Cut(rest, "\x00")
			if of := join(tenant, subscription); of != receiver {
				receiver, had = of, 0
			}
			if rest[:8] >= end || had == page.Each {
				return behind(receiver), true
			}
			if len(due) == page.Limit {
				next = join(due[len(due)-1].Tenant, due[len(due)-1].Subscription)
				return "", false
			}
			delivery, err := read[webhook.Delivery](tx, bucketDeliveries, join(tenant, rest[9:]), "delivery")
			if err != nil {
				return "", true // it holds up no other, and is in the list of all deliveries
			}
			due = append(due, delivery)
			had++
			return "", true
		})
		return err
	})
	return due, next, err
}

// indexFailed finds the failed deliveries of a file that a former version has written, which kept no index of them.
func indexFailed(bolt *bbolt.DB) error {
	return bolt.Update(func(tx *bbolt.Tx) error {
		deliveries := tx.Bucket([]byte(bucketDeliveries))
		if deliveries == nil || tx.Bucket([]byte(bucketFailed)) != nil {
			return nil
		}
		failed, err := tx.CreateBucket([]byte(bucketFailed))
		if err != nil {
			return err
		}
		passed := 0
		err = deliveries.ForEach(func(_, text []byte) error {
			var delivery webhook.Delivery
			switch {
			case !decodes(text, &delivery):
				passed++
				return nil
			case delivery.Status != webhook.Failed:
				return nil
			}
			return failed.Put([]byte(failedKey(delivery)), []byte{})
		})
		passedOver(bucketDeliveries, passed)
		return err
	})
}

// movePending brings the pending deliveries of a file that a former version has written to their present place.
func movePending(bolt *bbolt.DB) error {
	return bolt.Update(func(tx *bbolt.Tx) error {
		old, deliveries := tx.Bucket([]byte(bucketPendingByTime)), tx.Bucket([]byte(bucketDeliveries))
		if old == nil || deliveries == nil {
			return nil
		}
		pending, err := tx.CreateBucketIfNotExists([]byte(bucketPending))
		if err != nil {
			return err
		}
		passed := 0
		err = old.ForEach(func(key, _ []byte) error {
			var delivery webhook.Delivery
			if len(key) < 9 || !decodes(deliveries.Get(key[9:]), &delivery) {
				passed++
				return nil
			}
			return pending.Put([]byte(pendingKey(delivery)), []byte{})
		})
		if err != nil {
			return err
		}
		passedOver(bucketDeliveries, passed)
		return tx.DeleteBucket([]byte(bucketPendingByTime))
	})
}
