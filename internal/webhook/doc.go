// Package webhook tells a tenant's systems what happened to its cases.
//
// A Subscription names a URL and the event types it wants. Publish turns an Event into one Delivery for each matching
// subscription; both are idempotent, because a delivery's id derives from the event and the subscription. A delivery is
// signed as the Standard Webhooks specification says (headers webhook-id, webhook-timestamp, webhook-signature) and tried
// again on the schedule of Schedule until the receiver answers 2xx. Every attempt is logged in its delivery.
//
// Delivery is at least once: the receiver recognises a repeated message by its webhook-id, which is the event's id.
// Order is not promised; the event's time and the case version in its data tell what came first.
package webhook
