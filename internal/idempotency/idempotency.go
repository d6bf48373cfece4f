// Package idempotency stores the responses of creating calls, so that a repeated call does not create twice.
package idempotency

import (
	"context"
	"time"
)

// Reservation is a call under an Idempotency-Key: in flight until Answer is set.
type Reservation struct {
	Key       string    `json:"key"`    // tenant#route#key
	Hash      string    `json:"hash"`   // of the request
	Holder    string    `json:"holder"` // the call that is in flight
	StartedAt time.Time `json:"started_at"`
	FirstAt   time.Time `json:"first_at"`   // when the first call with this key arrived; a takeover keeps it
	ExpiresAt time.Time `json:"expires_at"` // stores may forget it then
	Answer    *Answer   `json:"answer,omitempty"`

	// Again marks a call whose predecessor has failed, or died: it may have done its work.
	Again bool `json:"-"`
}

// Answer is what a repeated call gets again.
type Answer struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}

// Store keeps reservations. Every write is one transaction.
type Store interface {
	// Reserve stores the reservation and returns true if the key has none, an expired one (ExpiresAt not after r.StartedAt),
	// or one of the same hash in flight that started before takeOver. Otherwise it returns the existing one, and false: with
	// a zero StartedAt if the store knows that its call has died, whenever it began. It can be taken over at once.
	Reserve(ctx context.Context, r Reservation, takeOver time.Time) (there Reservation, reserved bool, err error)
	// Complete sets the answer if the holder still holds the reservation; otherwise it has no effect.
	Complete(ctx context.Context, key, holder string, answer Answer) error
	// Release forgets the reservation if the holder still holds it and it has no answer.
	Release(ctx context.Context, key, holder string) error
	// Abandon states that the holder's call has ended without an answer, if it still holds the reservation and that has none: it
	// stays, and Reserve returns it with a zero StartedAt.
	Abandon(ctx context.Context, key, holder string) error
}
