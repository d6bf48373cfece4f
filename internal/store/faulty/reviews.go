package faulty

import (
	"context"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
)

// Reviews is a backoffice.Store of which one call goes wrong.
type Reviews struct {
	backoffice.Store
	Plan *Plan
}

var _ backoffice.Store = Reviews{}

// Views implements backoffice.Store.
func (s Reviews) Views(ctx context.Context, tenant string) ([]backoffice.View, error) {
	return doValue(ctx, s.Plan, "Reviews.Views", func(ctx context.Context) ([]backoffice.View, error) { return s.Store.Views(ctx, tenant) })
}

// View implements backoffice.Store.
func (s Reviews) View(ctx context.Context, tenant, id string) (backoffice.View, error) {
	return doValue(ctx, s.Plan, "Reviews.View", func(ctx context.Context) (backoffice.View, error) { return s.Store.View(ctx, tenant, id) })
}

// PutView implements backoffice.Store.
func (s Reviews) PutView(ctx context.Context, view backoffice.View) error {
	return do(ctx, s.Plan, "Reviews.PutView", func(ctx context.Context) error { return s.Store.PutView(ctx, view) })
}

// DeleteView implements backoffice.Store.
func (s Reviews) DeleteView(ctx context.Context, tenant, id string) error {
	return do(ctx, s.Plan, "Reviews.DeleteView", func(ctx context.Context) error { return s.Store.DeleteView(ctx, tenant, id) })
}

// PutPresence implements backoffice.Store.
func (s Reviews) PutPresence(ctx context.Context, presence backoffice.Presence) error {
	return do(ctx, s.Plan, "Reviews.PutPresence", func(ctx context.Context) error { return s.Store.PutPresence(ctx, presence) })
}

// Presences implements backoffice.Store.
func (s Reviews) Presences(ctx context.Context, tenant, id string, now time.Time) ([]backoffice.Presence, error) {
	return doValue(ctx, s.Plan, "Reviews.Presences", func(ctx context.Context) ([]backoffice.Presence, error) {
		return s.Store.Presences(ctx, tenant, id, now)
	})
}

// Notices implements backoffice.Store.
func (s Reviews) Notices(ctx context.Context, tenant, to string, shared bool, now time.Time, limit int) ([]cases.Notice, error) {
	return doValue(ctx, s.Plan, "Reviews.Notices", func(ctx context.Context) ([]cases.Notice, error) {
		return s.Store.Notices(ctx, tenant, to, shared, now, limit)
	})
}

// ReadMarks implements backoffice.Store.
func (s Reviews) ReadMarks(ctx context.Context, tenant, user string) (backoffice.ReadMarks, error) {
	return doValue(ctx, s.Plan, "Reviews.ReadMarks", func(ctx context.Context) (backoffice.ReadMarks, error) {
		return s.Store.ReadMarks(ctx, tenant, user)
	})
}

// PutReadMarks implements backoffice.Store.
func (s Reviews) PutReadMarks(ctx context.Context, marks backoffice.ReadMarks) error {
	return do(ctx, s.Plan, "Reviews.PutReadMarks", func(ctx context.Context) error { return s.Store.PutReadMarks(ctx, marks) })
}

// PutClaim implements backoffice.Store.
func (s Reviews) PutClaim(ctx context.Context, claim backoffice.Claim, now time.Time, over bool) error {
	return do(ctx, s.Plan, "Reviews.PutClaim", func(ctx context.Context) error { return s.Store.PutClaim(ctx, claim, now, over) })
}

// Claim implements backoffice.Store.
func (s Reviews) Claim(ctx context.Context, tenant, id string, now time.Time) (*backoffice.Claim, error) {
	return doValue(ctx, s.Plan, "Reviews.Claim", func(ctx context.Context) (*backoffice.Claim, error) { return s.Store.Claim(ctx, tenant, id, now) })
}
