package faulty

import (
	"context"

	"ballerine/internal/webhook"
)

// Webhooks is a webhook.Store of which one call goes wrong.
type Webhooks struct {
	webhook.Store
	Plan *Plan
}

var _ webhook.Store = Webhooks{}

// PutSubscription implements webhook.Store.
func (s Webhooks) PutSubscription(ctx context.Context, subscription webhook.Subscription) error {
	return do(ctx, s.Plan, "Webhooks.PutSubscription", func(ctx context.Context) error { return s.Store.PutSubscription(ctx, subscription) })
}

// Subscription implements webhook.Store.
func (s Webhooks) Subscription(ctx context.Context, tenant, id string) (webhook.Subscription, error) {
	return doValue(ctx, s.Plan, "Webhooks.Subscription", func(ctx context.Context) (webhook.Subscription, error) { return s.Store.Subscription(ctx, tenant, id) })
}

// Subscriptions implements webhook.Store.
func (s Webhooks) Subscriptions(ctx context.Context, tenant string) ([]webhook.Subscription, error) {
	return doValue(ctx, s.Plan, "Webhooks.Subscriptions", func(ctx context.Context) ([]webhook.Subscription, error) { return s.Store.Subscriptions(ctx, tenant) })
}

// DeleteSubscription implements webhook.Store.
func (s Webhooks) DeleteSubscription(ctx context.Context, tenant, id string) error {
	return do(ctx, s.Plan, "Webhooks.DeleteSubscription", func(ctx context.Context) error { return s.Store.DeleteSubscription(ctx, tenant, id) })
}

// CreateDelivery implements webhook.Store.
func (s Webhooks) CreateDelivery(ctx context.Context, delivery webhook.Delivery) (bool, error) {
	return doValue(ctx, s.Plan, "Webhooks.CreateDelivery", func(ctx context.Context) (bool, error) { return s.Store.CreateDelivery(ctx, delivery) })
}

// UpdateDelivery implements webhook.Store.
func (s Webhooks) UpdateDelivery(ctx context.Context, delivery webhook.Delivery) error {
	return do(ctx, s.Plan, "Webhooks.UpdateDelivery", func(ctx context.Context) error { return s.Store.UpdateDelivery(ctx, delivery) })
}

// Delivery implements webhook.Store.
func (s Webhooks) Delivery(ctx context.Context, tenant, id string) (webhook.Delivery, error) {
	return doValue(ctx, s.Plan, "Webhooks.Delivery", func(ctx context.Context) (webhook.Delivery, error) { return s.Store.Delivery(ctx, tenant, id) })
}

// Deliveries implements webhook.Store.
func (s Webhooks) Deliveries(ctx context.Context, tenant, subscription, after string, limit int) ([]webhook.Delivery, string, error) {
	return two(ctx, s.Plan, "Webhooks.Deliveries", func(ctx context.Context) ([]webhook.Delivery, string, error) {
		return s.Store.Deliveries(ctx, tenant, subscription, after, limit)
	})
}

// FailedDeliveries implements webhook.Store.
func (s Webhooks) FailedDeliveries(ctx context.Context, tenant, subscription, subject, after string, limit int) ([]webhook.Delivery, string, error) {
	return two(ctx, s.Plan, "Webhooks.FailedDeliveries", func(ctx context.Context) ([]webhook.Delivery, string, error) {
		return s.Store.FailedDeliveries(ctx, tenant, subscription, subject, after, limit)
	})
}

// DueDeliveries implements webhook.Store.
func (s Webhooks) DueDeliveries(ctx context.Context, page webhook.DuePage) ([]webhook.Delivery, string, error) {
	return two(ctx, s.Plan, "Webhooks.DueDeliveries", func(ctx context.Context) ([]webhook.Delivery, string, error) { return s.Store.DueDeliveries(ctx, page) })
}
