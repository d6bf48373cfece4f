package embedded

import (
	"context"
	"time"

	"ballerine/internal/identity/issuer"
	"ballerine/internal/problem"
)

const bucketGrants = "grants" // key -> grant of the sign-in

// Grants is what the sign-in of one machine remembers, in the file, so that people stay signed in after a restart.
type Grants struct{ db *DB }

var _ issuer.Grants = Grants{}

// Grants returns the file's issuer.Grants.
func (db *DB) Grants() Grants { return Grants{db} }

// Change implements issuer.Grants.
func (s Grants) Change(ctx context.Context, key string, change func(*issuer.Grant) (*issuer.Grant, error)) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		var there *issuer.Grant
		found, err := read[issuer.Grant](tx, bucketGrants, key, "grant")
		if err == nil {
			there = &found
		} else if problem.CodeOf(err) != problem.NotFound {
			return err
		}
		next, err := change(there)
		switch {
		case err != nil || next == there:
			return err
		case next == nil:
			tx.Delete(bucketGrants, key)
			return nil
		}
		text, err := encoded(next)
		if err != nil {
			return err
		}
		tx.Put(bucketGrants, key, text)
		return nil
	})
}

// Forget removes the grants that have ended.
func (s Grants) Forget(ctx context.Context, now time.Time) error {
	var ended []string
	err := s.db.View(func(tx *Tx) error {
		tx.Scan(bucketGrants, "", "", func(key string, _ []byte) bool {
			grant, err := read[issuer.Grant](tx, bucketGrants, key, "grant")
			if err == nil && !now.Before(grant.Expires) { // one that cannot be read admits nobody, and must not block the others
				ended = append(ended, key)
			}
			return true
		})
		return nil
	})
	if err != nil || len(ended) == 0 {
		return err
	}
	return s.db.UpdateLater(ctx, func(tx *Tx) error {
		for _, key := range ended {
			tx.Delete(bucketGrants, key)
		}
		return nil
	})
}
