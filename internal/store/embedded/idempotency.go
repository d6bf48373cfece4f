package embedded

import (
	"context"
	"sync"
	"time"

	"ballerine/internal/idempotency"
	"ballerine/internal/problem"
)

const bucketReservations = "idempotency" // key -> reservation

// Idempotency is the idempotency.Store of the file.
type Idempotency struct{ db *DB }

var _ idempotency.Store = Idempotency{}

// Idempotency returns the file's idempotency.Store.
func (db *DB) Idempotency() Idempotency { return Idempotency{db} }

// Reserve implements idempotency.Store. It need not wait for the disk: what the call writes next reaches the disk after
// the reservation, so a durable creation proves a durable reservation.
func (s Idempotency) Reserve(ctx context.Context, r idempotency.Reservation, takeOver time.Time) (there idempotency.Reservation, reserved bool, err error) {
	text, err := encoded(r)
	if err != nil {
		return there, false, err
	}
	err = s.db.UpdateInOrder(ctx, func(tx *Tx) error {
		found, err := read[idempotency.Reservation](tx, bucketReservations, r.Key, "reservation")
		switch {
		case problem.CodeOf(err) == problem.NotFound:
		case err != nil:
			return err
		case !found.ExpiresAt.After(r.StartedAt):
		case found.Answer == nil && found.Hash == r.Hash && (s.started(found).Before(takeOver) || found.Holder == r.Holder):
		default:
			found.StartedAt = s.started(found)
			there, reserved = found, false
			return nil
		}
		reserved = true
		s.db.calls.begin(r.Holder)
		tx.Put(bucketReservations, r.Key, text)
		return nil
	})
	return there, reserved, err
}

// started is when a call in flight has begun; zero when it was in flight in a process that has ended: only this one has the
// file open.
func (s Idempotency) started(r idempotency.Reservation) time.Time {
	if r.Answer == nil && !s.db.calls.has(r.Holder) {
		return time.Time{}
	}
	return r.StartedAt
}

// Complete implements idempotency.Store. It does not wait for the disk: an answer that is lost in a crash is taken over
// when the call is repeated, which creates nothing twice.
func (s Idempotency) Complete(ctx context.Context, key, holder string, answer idempotency.Answer) error {
	return s.db.UpdateLater(ctx, func(tx *Tx) error {
		defer s.db.calls.end(holder)
		found, err := read[idempotency.Reservation](tx, bucketReservations, key, "reservation")
		if problem.CodeOf(err) == problem.NotFound || (err == nil && found.Holder != holder) {
			return nil
		}
		if err != nil {
			return err
		}
		found.Answer = &answer
		text, err := encoded(found)
		if err != nil {
			return err
		}
		tx.Put(bucketReservations, key, text)
		return nil
	})
}

// Release implements idempotency.Store.
func (s Idempotency) Release(ctx context.Context, key, holder string) error {
	defer s.db.calls.end(holder)
	return s.db.Update(ctx, func(tx *Tx) error {
		found, err := read[idempotency.Reservation](tx, bucketReservations, key, "reservation")
		if problem.CodeOf(err) == problem.NotFound || (err == nil && (found.Holder != holder || found.Answer != nil)) {
			return nil
		}
		if err != nil {
			return err
		}
		tx.Delete(bucketReservations, key)
		return nil
	})
}

// Abandon implements idempotency.Store. It need not write: a reservation whose call is not in flight in this process has
// died.
func (s Idempotency) Abandon(_ context.Context, _, holder string) error {
	s.db.calls.end(holder)
	return nil
}

// calls are the holders of what is in flight in this process.
type calls struct {
	mutex   sync.Mutex
	holders map[string]struct{}
}

func (c *calls) begin(holder string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.holders == nil {
		c.holders = map[string]struct{}{}
	}
	c.holders[holder] = struct{}{}
}

func (c *calls) end(holder string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.holders, holder)
}

func (c *calls) has(holder string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, there := c.holders[holder]
	return there
}
