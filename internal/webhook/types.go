package webhook

import (
	"context"
	"errors"
	"time"
)

// Subscription is a receiver of events.
type Subscription struct {
	Tenant       string    `json:"tenant"`
	ID           string    `json:"id"` // "whk_" + ULID
	URL          string    `json:"url"`
	Events       []string  `json:"events"`  // exact types, "case.*" for a family, "*" for all
	Secrets      []Secret  `json:"secrets"` // newest first; never shown again after creation or rotation
	Disabled     bool      `json:"disabled,omitempty"`
	Reason       string    `json:"reason,omitempty"`       // why it is disabled: "gone" when the receiver answered 410, "failing" when it took nothing for days, "by_request", "unreadable"
	FailingSince time.Time `json:"failing_since,omitzero"` // a delivery has failed again and again, and none was taken since
	Version      int       `json:"version"`                // counts writes, from 1
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Secret signs deliveries while it is valid.
type Secret struct {
	Value     string    `json:"value"` // "whsec_" + base64 of 24 to 64 random bytes
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: until it is replaced
	Call      string    `json:"call,omitempty"`      // the call that has made it, where that has a name
}

// Event is something that happened, which subscribers are notified of. Data is thin: ids and states, no personal data.
type Event struct {
	Tenant  string         `json:"tenant"`  // set by Publish
	ID      string         `json:"id"`      // unique and stable; characters A-Z a-z 0-9 _ - / only
	Type    string         `json:"type"`    // "case.completed"
	Subject string         `json:"subject"` // what it is about: the case id
	Time    time.Time      `json:"time"`
	Data    map[string]any `json:"data"`
}

// Status of a delivery.
type Status string

// A delivery is pending until the receiver has accepted it, or until the schedule is used up: then it has failed, and
// waits for a person who replays or discards it.
const (
	Pending   Status = "pending"
	Delivered Status = "delivered"
	Failed    Status = "failed"
	Discarded Status = "discarded"

	Unreadable Status = "unreadable" // it exists but cannot be decoded: a person has to check it. Never stored
)

// UnreadableDelivery represents a delivery that exists but cannot be decoded.
func UnreadableDelivery(tenant, subscription, id string) Delivery {
	return Delivery{Tenant: tenant, Subscription: subscription, ID: id, Status: Unreadable}
}

// reasonUnreadable is why deliveries to a subscription that cannot be decoded are not sent.
const reasonUnreadable = "unreadable"

// ErrUnreadable is the error for a subscription that exists but cannot be decoded. Stores wrap it.
var ErrUnreadable = errors.New("the stored subscription cannot be read")

// UnreadableSubscription represents a subscription that exists but cannot be decoded: it gets no deliveries.
func UnreadableSubscription(tenant, id string) Subscription {
	return Subscription{Tenant: tenant, ID: id, Events: []string{}, Disabled: true, Reason: reasonUnreadable}
}

// Delivery is one event on its way to one subscription.
type Delivery struct {
	Tenant       string    `json:"tenant"`
	ID           string    `json:"id"` // "dlv_" + ULID made of the event's time and of the hash of event and subscription
	Subscription string    `json:"subscription"`
	EventID      string    `json:"event_id"`
	Type         string    `json:"type"`
	Body         []byte    `json:"body"` // the exact JSON that is signed and sent
	Status       Status    `json:"status"`
	Attempts     []Attempt `json:"attempts,omitempty"`    // oldest first
	Round        int       `json:"round"`                 // index in Attempts where the current round began: redelivery starts a new one
	NextAt       time.Time `json:"next_at,omitzero"`      // pending only: not before; a running attempt holds it at its lease's end
	LeasedUntil  time.Time `json:"leased_until,omitzero"` // an attempt is running, until then at most
	Redelivered  string    `json:"redelivered,omitempty"` // the call that has begun the current round, where that has a name
	Settled      *Settled  `json:"settled,omitempty"`     // what a person has last done about it when it had failed
	Revision     int       `json:"revision"`              // counts writes, from 1
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Settled is who has replayed or discarded a dead letter, and why.
type Settled struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`
	Discard bool      `json:"discard,omitempty"`
	Call    string    `json:"call,omitempty"` // its name, where it has one
}

// Attempt is one attempt. Of the receiver's answer only the status is stored.
type Attempt struct {
	At       time.Time     `json:"at"`
	Status   int           `json:"status,omitempty"` // HTTP status; 0 when there was no answer
	Duration time.Duration `json:"duration"`         // nanoseconds
	Error    string        `json:"error,omitempty"`  // "timeout", "refused_address", "tls", "connection", "redirect", "status"; empty when taken
}

// Store keeps subscriptions and deliveries. The tenant is part of every key. Errors are *problem.Error with the codes
// named; anything else is Unavailable or Internal. The behaviour is defined by internal/store/storetest.
type Store interface {
	// PutSubscription writes subscription, whose Version is already counted up: 1 creates it, a higher one replaces the
	// stored one that is at Version-1. Errors: Conflict when it is not.
	PutSubscription(ctx context.Context, subscription Subscription) error
	// Subscription returns one. Errors: NotFound.
	Subscription(ctx context.Context, tenant, id string) (Subscription, error)
	// Subscriptions returns all of a tenant, by id, ascending; one that cannot be decoded as an UnreadableSubscription.
	Subscriptions(ctx context.Context, tenant string) ([]Subscription, error)
	// DeleteSubscription removes one; its deliveries stay. One that is not there is no error.
	DeleteSubscription(ctx context.Context, tenant, id string) error

	// CreateDelivery writes a delivery at Revision 1 unless its id exists: then it has no effect and created is false.
	CreateDelivery(ctx context.Context, delivery Delivery) (created bool, err error)
	// UpdateDelivery replaces the stored delivery that is at delivery.Revision-1: Revision is already counted up.
	// Errors: Conflict when it is not, NotFound.
	UpdateDelivery(ctx context.Context, delivery Delivery) error
	// Delivery returns one. Errors: NotFound.
	Delivery(ctx context.Context, tenant, id string) (Delivery, error)
	// Deliveries pages through a subscription's deliveries, newest (greatest id) first. after is the next of the page
	// before, "" at first; next is "" on the last page. limit is 1 to 200. One that cannot be decoded is an UnreadableDelivery;
	// FailedDeliveries and DueDeliveries pass over it.
	Deliveries(ctx context.Context, tenant, subscription, after string, limit int) (page []Delivery, next string, err error)
	// FailedDeliveries pages through those of a subscription's deliveries that have failed, and no others are read: by what
	// they are about, then by id, both descending. subject leaves those about something else out; "" none. What was written a
	// moment ago may be missing, or be shown as it was before. after, next and limit are as those of Deliveries.
	FailedDeliveries(ctx context.Context, tenant, subscription, subject, after string, limit int) (page []Delivery, next string, err error)
	// DueDeliveries reads a page of the pending deliveries of all tenants that are due: see DuePage. next is the After of
	// the page behind it, "" at the end.
	DueDeliveries(ctx context.Context, page DuePage) (due []Delivery, next string, err error)
}

// DuePage is a reader's query of pending deliveries: receiver after receiver, so that one with many does not delay the
// others. What is due later is not read.
type DuePage struct {
	Before time.Time // deliveries with NextAt at or before it
	After  string    // opaque: next of the page before; "" at first
	Each   int       // deliveries of one subscription, at most: those that are due the longest
	Limit  int       // deliveries, at most
}
