package embedded

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/problem"
)

const bucketViews = "views" // tenant, id -> view

// Review is the backoffice.Store of the file. Who is viewing what is in memory: it expires within seconds anyway.
type Review struct {
	db       *DB
	mutex    sync.Mutex
	presence map[string]map[string]backoffice.Presence // tenant and case -> user
	claims   map[string]backoffice.Claim               // tenant and case
}

var _ backoffice.Store = (*Review)(nil)

// Review returns the file's backoffice.Store.
func (db *DB) Review() *Review {
	return &Review{db: db, presence: map[string]map[string]backoffice.Presence{}, claims: map[string]backoffice.Claim{}}
}

// Views implements backoffice.Store.
func (s *Review) Views(_ context.Context, tenant string) ([]backoffice.View, error) {
	return entries(s.db, bucketViews, join(tenant, ""), func(id string) backoffice.View { return backoffice.UnreadableView(tenant, id) })
}

// View implements backoffice.Store.
func (s *Review) View(_ context.Context, tenant, id string) (backoffice.View, error) {
	return find[backoffice.View](s.db, bucketViews, join(tenant, id), "view")
}

// PutView implements backoffice.Store.
func (s *Review) PutView(ctx context.Context, view backoffice.View) error {
	text, err := encoded(view)
	if err != nil {
		return err
	}
	key := join(view.Tenant, view.ID)
	return s.db.Update(ctx, func(tx *Tx) error {
		there, err := read[backoffice.View](tx, bucketViews, key, "view")
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

// DeleteView implements backoffice.Store.
func (s *Review) DeleteView(ctx context.Context, tenant, id string) error {
	return s.db.Update(ctx, func(tx *Tx) error {
		tx.Delete(bucketViews, join(tenant, id))
		return nil
	})
}

// PutPresence implements backoffice.Store.
func (s *Review) PutPresence(_ context.Context, p backoffice.Presence) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// People who left before this one arrived are dropped, even if nobody views their case again.
	for key, there := range s.presence {
		maps.DeleteFunc(there, func(_ string, other backoffice.Presence) bool { return other.Until.Before(p.Since) })
		if len(there) == 0 {
			delete(s.presence, key)
		}
	}
	key := join(p.Tenant, p.Case)
	if s.presence[key] == nil {
		s.presence[key] = map[string]backoffice.Presence{}
	}
	s.presence[key][p.User] = p
	return nil
}

// Presences implements backoffice.Store.
func (s *Review) Presences(_ context.Context, tenant, id string, now time.Time) ([]backoffice.Presence, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := join(tenant, id)
	var present []backoffice.Presence
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
	slices.SortFunc(present, func(a, b backoffice.Presence) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.User, b.User)
	})
	return present, nil
}

// PutClaim implements backoffice.Store.
func (s *Review) PutClaim(_ context.Context, c backoffice.Claim, now time.Time, over bool) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	maps.DeleteFunc(s.claims, func(_ string, other backoffice.Claim) bool { return !other.Until.After(now) })
	key := join(c.Tenant, c.Case)
	if there, standing := s.claims[key]; standing && there.User != c.User && !over {
		return problem.New(problem.Conflict, "Somebody else has claimed the case.")
	}
	s.claims[key] = c
	return nil
}

// Claim implements backoffice.Store.
func (s *Review) Claim(_ context.Context, tenant, id string, now time.Time) (*backoffice.Claim, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	there, ok := s.claims[join(tenant, id)]
	if !ok || !there.Until.After(now) {
		return nil, nil //nolint:nilnil // nobody is deciding
	}
	return &there, nil
}
