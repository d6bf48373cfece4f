package embedded

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/review"
)

const bucketViews = "views" // tenant, id -> view

// Review is the review.Store of the file. Who looks at what is in memory: it is forgotten within seconds anyway.
type Review struct {
	db       *DB
	mutex    sync.Mutex
	presence map[string]map[string]review.Presence // tenant and case -> user
}

var _ review.Store = (*Review)(nil)

// Review gives the file's review.Store.
func (db *DB) Review() *Review {
	return &Review{db: db, presence: map[string]map[string]review.Presence{}}
}

// Views implements review.Store.
func (s *Review) Views(_ context.Context, tenant string) ([]review.View, error) {
	return all[review.View](s.db, bucketViews, join(tenant, ""))
}

// View implements review.Store.
func (s *Review) View(_ context.Context, tenant, id string) (review.View, error) {
	return find[review.View](s.db, bucketViews, join(tenant, id), "view")
}

// PutView implements review.Store.
func (s *Review) PutView(ctx context.Context, view review.View) error {
	text, err := encoded(view)
	if err != nil {
		return err
	}
	key := join(view.Tenant, view.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[review.View](tx, bucketViews, key, "view")
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		if there.Version != view.Version-1 {
			return problem.New(problem.Conflict, "Another write to the view came first.")
		}
		tx.Put(bucketViews, key, text)
		return nil
	})
}

// DeleteView implements review.Store.
func (s *Review) DeleteView(ctx context.Context, tenant, id string) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		tx.Delete(bucketViews, join(tenant, id))
		return nil
	})
}

// PutPresence implements review.Store.
func (s *Review) PutPresence(_ context.Context, p review.Presence) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := join(p.Tenant, p.Case)
	if s.presence[key] == nil {
		s.presence[key] = map[string]review.Presence{}
	}
	s.presence[key][p.User] = p
	return nil
}

// Presences implements review.Store.
func (s *Review) Presences(_ context.Context, tenant, id string, now time.Time) ([]review.Presence, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := join(tenant, id)
	var present []review.Presence
	for user, p := range s.presence[key] {
		if !p.Until.After(now) {
			delete(s.presence[key], user)
			continue
		}
		present = append(present, p)
	}
	if len(s.presence[key]) == 0 {
		delete(s.presence, key)
	}
	slices.SortFunc(present, func(a, b review.Presence) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.User, b.User)
	})
	return present, nil
}
