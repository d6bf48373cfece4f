package webhook

import (
	"context"
	"time"
)

// Subscription is a receiver of events.
type Subscription struct {
	Tenant    string    `json:"tenant"`
	ID        string    `json:"id"` // "whk_" + ULID
	URL       string    `json:"url"`
	Events    []string  `json:"events"`  // exact types, "case.*" for a family, "*" for all
	Secrets   []Secret  `json:"secrets"` // newest first; never shown again after creation or rotation
	Disabled  bool      `json:"disabled,omitempty"`
	Reason    string    `json:"reason,omitempty"` // why it is disabled: "gone" when the receiver answered 410, "by_request"
	Version   int       `json:"version"`          // counts writes, from 1
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Secret signs deliveries while it is valid.
type Secret struct {
	Value     string    `json:"value"` // "whsec_" + base64 of 24 to 64 random bytes
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: until it is replaced
}

// Event is something that happened, to be told to whoever subscribed. Data is thin: ids and states, no personal data.
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

// A delivery is pending until the receiver took it, or until the schedule is used up.
const (
	Pending   Status = "pending"
	Delivered Status = "delivered"
	Failed    Status = "failed"
)

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
	Revision     int       `json:"revision"`              // counts writes, from 1
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Attempt is one try. Nothing of what the receiver answered is kept besides its status.
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
	// Subscriptions returns all of a tenant, by id, ascending.
	Subscriptions(ctx context.Context, tenant string) ([]Subscription, error)
	// DeleteSubscription removes one; its deliveries stay. One that is not there is no error.
	DeleteSubscription(ctx context.Context, tenant, id string) error

	// CreateDelivery writes a delivery at Revision 1 unless its id is there: then nothing happens and created is false.
	CreateDelivery(ctx context.Context, delivery Delivery) (created bool, err error)
	// UpdateDelivery replaces the stored delivery that is at delivery.Revision-1: Revision is already counted up.
	// Errors: Conflict when it is not, NotFound.
	UpdateDelivery(ctx context.Context, delivery Delivery) error
	// Delivery returns one. Errors: NotFound.
	Delivery(ctx context.Context, tenant, id string) (Delivery, error)
	// Deliveries pages through a subscription's deliveries, newest (greatest id) first. after is the next of the page
	// before, "" at first; next is "" on the last page. limit is 1 to 200.
	Deliveries(ctx context.Context, tenant, subscription, after string, limit int) (page []Delivery, next string, err error)
	// DueDeliveries returns at most limit pending deliveries of all tenants with NextAt at or before the time, soonest first.
	DueDeliveries(ctx context.Context, before time.Time, limit int) ([]Delivery, error)
}
