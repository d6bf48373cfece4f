package faulty

import (
	"context"
	"time"

	"ballerine/internal/cases"
)

// Cases is a cases.Store of which one call goes wrong. What is not wrapped here would go wrong nowhere: a test holds its
// methods against those of the interface.
type Cases struct {
	cases.Store
	Plan *Plan
}

var _ cases.Store = Cases{}

// Get implements cases.Store.
func (s Cases) Get(ctx context.Context, tenant, id string) (cases.Record, error) {
	return doValue(ctx, s.Plan, "Get", func(ctx context.Context) (cases.Record, error) { return s.Store.Get(ctx, tenant, id) })
}

// Commit implements cases.Store.
func (s Cases) Commit(ctx context.Context, change cases.Change) error {
	return do(ctx, s.Plan, "Commit", func(ctx context.Context) error { return s.Store.Commit(ctx, change) })
}

// Park implements cases.Store.
func (s Cases) Park(ctx context.Context, tenant, id string, version int, region string, park cases.Park) error {
	return do(ctx, s.Plan, "Park", func(ctx context.Context) error { return s.Store.Park(ctx, tenant, id, version, region, park) })
}

// History implements cases.Store.
func (s Cases) History(ctx context.Context, tenant, id string, after, limit int) ([]cases.Entry, error) {
	return doValue(ctx, s.Plan, "History", func(ctx context.Context) ([]cases.Entry, error) {
		return s.Store.History(ctx, tenant, id, after, limit)
	})
}

// Notes implements cases.Store.
func (s Cases) Notes(ctx context.Context, tenant, id string) ([]cases.Note, error) {
	return doValue(ctx, s.Plan, "Notes", func(ctx context.Context) ([]cases.Note, error) { return s.Store.Notes(ctx, tenant, id) })
}

// TaskRuns implements cases.Store.
func (s Cases) TaskRuns(ctx context.Context, tenant, id string) ([]cases.TaskRun, error) {
	return doValue(ctx, s.Plan, "TaskRuns", func(ctx context.Context) ([]cases.TaskRun, error) { return s.Store.TaskRuns(ctx, tenant, id) })
}

// Results implements cases.Store.
func (s Cases) Results(ctx context.Context, tenant, id string) ([]cases.ChildResult, error) {
	return doValue(ctx, s.Plan, "Results", func(ctx context.Context) ([]cases.ChildResult, error) { return s.Store.Results(ctx, tenant, id) })
}

// PutTaskRun implements cases.Store.
func (s Cases) PutTaskRun(ctx context.Context, tenant, id string, run cases.TaskRun) error {
	return do(ctx, s.Plan, "PutTaskRun", func(ctx context.Context) error { return s.Store.PutTaskRun(ctx, tenant, id, run) })
}

// List implements cases.Store.
func (s Cases) List(ctx context.Context, tenant string, query cases.Query) (cases.Page, error) {
	return doValue(ctx, s.Plan, "List", func(ctx context.Context) (cases.Page, error) { return s.Store.List(ctx, tenant, query) })
}

// Counts implements cases.Store.
func (s Cases) Counts(ctx context.Context, tenant, group string) (map[string]int, error) {
	return doValue(ctx, s.Plan, "Counts", func(ctx context.Context) (map[string]int, error) { return s.Store.Counts(ctx, tenant, group) })
}

// Overdue implements cases.Store.
func (s Cases) Overdue(ctx context.Context, tenant string, now time.Time, limit int) (int, error) {
	return doValue(ctx, s.Plan, "Overdue", func(ctx context.Context) (int, error) { return s.Store.Overdue(ctx, tenant, now, limit) })
}

// FindExternal implements cases.Store.
func (s Cases) FindExternal(ctx context.Context, tenant, workflow, externalID string) (string, error) {
	return doValue(ctx, s.Plan, "FindExternal", func(ctx context.Context) (string, error) {
		return s.Store.FindExternal(ctx, tenant, workflow, externalID)
	})
}

// VendorAnswer implements cases.Store.
func (s Cases) VendorAnswer(ctx context.Context, tenant, key string, now time.Time) ([]byte, error) {
	return doValue(ctx, s.Plan, "VendorAnswer", func(ctx context.Context) ([]byte, error) { return s.Store.VendorAnswer(ctx, tenant, key, now) })
}

// KeepVendorAnswer implements cases.Store.
func (s Cases) KeepVendorAnswer(ctx context.Context, answer cases.VendorAnswer, now time.Time) error {
	return do(ctx, s.Plan, "KeepVendorAnswer", func(ctx context.Context) error { return s.Store.KeepVendorAnswer(ctx, answer, now) })
}

// Correlated implements cases.Store.
func (s Cases) Correlated(ctx context.Context, tenant, plugin, hash string) (cases.Correlation, error) {
	return doValue(ctx, s.Plan, "Correlated", func(ctx context.Context) (cases.Correlation, error) {
		return s.Store.Correlated(ctx, tenant, plugin, hash)
	})
}

// Subject implements cases.Store.
func (s Cases) Subject(ctx context.Context, tenant, kind, externalID string) (cases.Subject, error) {
	return doValue(ctx, s.Plan, "Subject", func(ctx context.Context) (cases.Subject, error) {
		return s.Store.Subject(ctx, tenant, kind, externalID)
	})
}

// Undelivered implements cases.Store.
func (s Cases) Undelivered(ctx context.Context, before time.Time, limit int) ([]cases.Effect, error) {
	return doValue(ctx, s.Plan, "Undelivered", func(ctx context.Context) ([]cases.Effect, error) { return s.Store.Undelivered(ctx, before, limit) })
}

// Delivered implements cases.Store.
func (s Cases) Delivered(ctx context.Context, effects ...cases.Effect) error {
	return do(ctx, s.Plan, "Delivered", func(ctx context.Context) error { return s.Store.Delivered(ctx, effects...) })
}

// Due implements cases.Store.
func (s Cases) Due(ctx context.Context, before time.Time, limit int) ([]cases.Ref, error) {
	return doValue(ctx, s.Plan, "Due", func(ctx context.Context) ([]cases.Ref, error) { return s.Store.Due(ctx, before, limit) })
}

// Open implements cases.Store.
func (s Cases) Open(ctx context.Context, before time.Time, after string, limit int) (refs []cases.Ref, next string, err error) {
	type page struct {
		refs []cases.Ref
		next string
	}
	p, err := doValue(ctx, s.Plan, "Open", func(ctx context.Context) (p page, err error) {
		p.refs, p.next, err = s.Store.Open(ctx, before, after, limit)
		return p, err
	})
	return p.refs, p.next, err
}

// Bookmarks implements cases.Store.
func (s Cases) Bookmarks(ctx context.Context) (cases.Bookmarks, error) {
	return doValue(ctx, s.Plan, "Bookmarks", s.Store.Bookmarks)
}

// PutBookmarks implements cases.Store.
func (s Cases) PutBookmarks(ctx context.Context, marks cases.Bookmarks) error {
	return do(ctx, s.Plan, "PutBookmarks", func(ctx context.Context) error { return s.Store.PutBookmarks(ctx, marks) })
}

// Publications implements cases.Store.
func (s Cases) Publications(ctx context.Context, tenant string, from cases.Place, until time.Time, limit int) (found []cases.Publication, more bool, err error) {
	err = do(ctx, s.Plan, "Publications", func(ctx context.Context) error {
		found, more, err = s.Store.Publications(ctx, tenant, from, until, limit)
		return err
	})
	return found, more, err
}

// PublicationsAt implements cases.Store.
func (s Cases) PublicationsAt(ctx context.Context, tenant string, places []cases.Place) ([]cases.Publication, error) {
	return doValue(ctx, s.Plan, "PublicationsAt", func(ctx context.Context) ([]cases.Publication, error) {
		return s.Store.PublicationsAt(ctx, tenant, places)
	})
}

// Settled implements cases.Store: it makes no call.
func (s Cases) Settled(now time.Time) time.Time { return s.Store.Settled(now) }
