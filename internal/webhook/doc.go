// Package webhook notifies a tenant's systems of events of its cases.
//
// A Subscription names a URL and event types. Publish creates one Delivery of an Event for each matching subscription; it is
// idempotent, because the id of a delivery derives from the event and the subscription. A delivery is signed according to
// Standard Webhooks (headers webhook-id, webhook-timestamp, webhook-signature) and retried on the schedule of Schedule until
// the receiver responds with 2xx. Its log has every attempt.
//
// Delivery is at least once: the receiver recognises a repeated message by its webhook-id, which is the id of the event.
// Order is not guaranteed; the time of the event and the version of the case in its data show which came first.
package webhook
