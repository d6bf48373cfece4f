package backoffice

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// View is a saved view of the queue: which cases, in which order, with which columns.
type View struct {
	Tenant    string            `json:"tenant"`
	ID        string            `json:"id"` // "view_…"
	Name      string            `json:"name"`
	Shared    bool              `json:"shared"` // everybody of the tenant sees it
	Owner     string            `json:"owner"`  // user id
	Query     map[string]string `json:"query"`  // filters and order, named as in GET /v1/cases
	Columns   []string          `json:"columns"`
	Version   int               `json:"version"` // counts writes; the ETag
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	// Unreadable marks a view that exists but cannot be decoded: only its id is known.
	Unreadable bool `json:"-"`
}

// UnreadableView represents a view in lists that exists but cannot be decoded.
func UnreadableView(tenant, id string) View { return View{Tenant: tenant, ID: id, Unreadable: true} }

// Limits of views.
const (
	maxViews   = 200 // of a tenant, so that all of them can be read at once
	maxName    = 80  // characters
	maxColumns = 20
)

// filters are what a view can keep.
var filters = []string{
	"workflow", "state", "tag", "status", "assignee", "risk", "subject", "overdue", "incident", "decide", "second_person", "escalated", "snoozed", "outcome",
	"waiting_for", "created_after", "created_before", "q", "sort",
}

// Store stores views, who is viewing what, and people's notices. Every write is one transaction.
type Store interface {
	// Views lists a tenant's views, by id.
	Views(ctx context.Context, tenant string) ([]View, error)
	// View returns one. Errors: NotFound.
	View(ctx context.Context, tenant, id string) (View, error)
	// PutView writes a view over the version before view.Version (1: it must not exist yet). Errors: Conflict.
	PutView(ctx context.Context, view View) error
	// DeleteView removes a view; one that is not there is no error.
	DeleteView(ctx context.Context, tenant, id string) error
	// PutPresence records that somebody is viewing a case; it expires at Presence.Until.
	PutPresence(ctx context.Context, presence Presence) error
	// Presences returns who is viewing a case at a time, the earliest arrival first.
	Presences(ctx context.Context, tenant, id string, now time.Time) ([]Presence, error)
	// PutClaim writes who decides a case, unless somebody else does at that time and it is not to be taken over. Errors: Conflict.
	PutClaim(ctx context.Context, claim Claim, now time.Time, over bool) error
	// Claim returns who decides a case at a time; nil: nobody.
	Claim(ctx context.Context, tenant, id string, now time.Time) (*Claim, error)
	// Notices are those to somebody, or to everybody with a permission, the newest first: at most limit whose time has come and
	// is not over (cases.NoticeLife). They are written by commits of cases: see cases.Change.
	Notices(ctx context.Context, tenant, to string, shared bool, now time.Time, limit int) ([]cases.Notice, error)
	// ReadMarks returns what somebody has read; without a revision where they have read nothing yet.
	ReadMarks(ctx context.Context, tenant, user string) (ReadMarks, error)
	// PutReadMarks writes over the revision before. Errors: Conflict.
	PutReadMarks(ctx context.Context, marks ReadMarks) error
}

// ViewCommand is what somebody wants a view to be.
type ViewCommand struct {
	ID      string // reserved by the caller so that a retry saves nothing twice; "" makes one
	Name    string
	Shared  bool
	Query   map[string]string
	Columns []string
}

func (c ViewCommand) check() error {
	e := problem.New(problem.Invalid, "The view cannot be saved.")
	if n := utf8.RuneCountInString(strings.TrimSpace(c.Name)); n < 1 || n > maxName {
		e.With("body.name", "length", "the name of a view must have 1 to %d characters", maxName)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Query)) {
		if !slices.Contains(filters, name) {
			e.With("body.query", "unknown", "a view stores: %s", strings.Join(filters, ", "))
		} else if len(c.Query[name]) > 200 {
			e.With("body.query."+name, "length", "a filter must have at most 200 bytes")
		}
	}
	if len(c.Columns) > maxColumns {
		e.With("body.columns", "too_many", "a view can have at most %d columns", maxColumns)
	}
	for i, column := range c.Columns {
		if column == "" || len(column) > 40 {
			e.With(fmt.Sprintf("body.columns[%d]", i), "length", "a column name must have 1 to 40 bytes")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Config of a Service.
type Config struct {
	Store Store
	Now   func() time.Time
	NewID func(prefix string) string
	// Logger logs stored data that cannot be read. nil: it is not logged.
	Logger *slog.Logger
}

// Service is the shared side of the back office. It is safe for concurrent use.
type Service struct{ Config }

// New makes a Service.
func New(config Config) *Service { return &Service{config} }

// damaged reports whether stored data cannot be decoded, and logs it. It is for data that only informs people: nothing
// depends on it that would have to fail.
func (s *Service) damaged(ctx context.Context, what string, err error) bool {
	if err == nil || problem.CodeOf(err) != problem.Internal || ctx.Err() != nil {
		return false
	}
	if s.Logger != nil {
		s.Logger.ErrorContext(ctx, "stored entry cannot be read", "entry", what, "error", err.Error())
	}
	return true
}

// Views are those that the person sees: their own and the shared ones, by name, and those that cannot be read: whose they are is not known.
func (s *Service) Views(ctx context.Context, p identity.Principal) ([]View, error) {
	all, err := s.Store.Views(ctx, p.Tenant)
	if err != nil {
		return nil, err
	}
	seen := slices.DeleteFunc(all, func(v View) bool { return !v.Shared && v.Owner != p.ID && !v.Unreadable })
	slices.SortStableFunc(seen, func(a, b View) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return seen, nil
}

// Create saves a new view. Errors: Invalid, TooLarge (too many views), Conflict.
func (s *Service) Create(ctx context.Context, p identity.Principal, cmd ViewCommand) (View, error) {
	if err := cmd.check(); err != nil {
		return View{}, err
	}
	all, err := s.Store.Views(ctx, p.Tenant)
	if err != nil {
		return View{}, err
	}
	if at := slices.IndexFunc(all, func(v View) bool { return v.ID == cmd.ID && v.Owner == p.ID }); at >= 0 {
		return all[at], nil // the call is a repetition
	}
	if len(all) >= maxViews {
		return View{}, problem.New(problem.TooLarge, "There are already %d saved views: delete one first.", maxViews)
	}
	now := s.Now().UTC()
	if cmd.ID == "" {
		cmd.ID = s.NewID("view")
	}
	view := View{
		Tenant: p.Tenant, ID: cmd.ID, Name: strings.TrimSpace(cmd.Name), Shared: cmd.Shared, Owner: p.ID,
		Query: cmd.Query, Columns: cmd.Columns, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	return view, s.Store.PutView(ctx, view)
}

// Update changes a view on the version that was seen. Errors: Invalid, NotFound, Forbidden, PreconditionRequired, Stale.
func (s *Service) Update(ctx context.Context, p identity.Principal, id string, seen int, cmd ViewCommand) (View, error) {
	if err := cmd.check(); err != nil {
		return View{}, err
	}
	view, err := s.changeable(ctx, p, id)
	if err != nil {
		return View{}, err
	}
	if seen == 0 {
		return View{}, problem.New(problem.PreconditionRequired, "Send the version of the view that the change is based on.").With("header.If-Match", "required", "send the ETag of the view as If-Match")
	}
	stale := problem.New(problem.Stale, "The view has changed since it was read.").With("header.If-Match", "stale", "another user has changed it")
	if view.Version != seen {
		return View{}, stale
	}
	view.Name, view.Shared, view.Query, view.Columns = strings.TrimSpace(cmd.Name), cmd.Shared, cmd.Query, cmd.Columns
	view.Version, view.UpdatedAt = view.Version+1, s.Now().UTC()
	if err := s.Store.PutView(ctx, view); err != nil {
		if problem.CodeOf(err) == problem.Conflict {
			return View{}, stale
		}
		return View{}, err
	}
	return view, nil
}

// Delete removes a view. Errors: NotFound, Forbidden.
func (s *Service) Delete(ctx context.Context, p identity.Principal, id string) error {
	if _, err := s.changeable(ctx, p, id); err != nil {
		return err
	}
	return s.Store.DeleteView(ctx, p.Tenant, id)
}

// changeable reads a view that the person may change: their own, or a shared one when they lead the team.
func (s *Service) changeable(ctx context.Context, p identity.Principal, id string) (View, error) {
	view, err := s.Store.View(ctx, p.Tenant, id)
	if err != nil {
		return View{}, err
	}
	switch {
	case view.Owner == p.ID:
		return view, nil
	case !view.Shared:
		return View{}, problem.New(problem.NotFound, "There is no such view.")
	case p.HasRole("admin") || p.HasRole("manager"):
		return view, nil
	}
	return View{}, problem.New(problem.Forbidden, "A shared view can only be changed by the user who saved it, a manager or an admin.")
}
