package backoffice

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// maxNotices bounds how many notices somebody has: older ones are dropped.
const maxNotices = 50

// ReadMarks are which of their notices somebody has read.
type ReadMarks struct {
	Tenant   string    `json:"tenant"`
	User     string    `json:"user"`
	Until    time.Time `json:"until,omitzero"` // everything up to here
	IDs      []string  `json:"ids,omitempty"`  // and these: ids of notices that are still shown, sorted
	Revision int       `json:"revision"`       // counts writes
	At       time.Time `json:"at"`
}

func (m ReadMarks) read(n cases.Notice) bool {
	return !n.Shown().After(m.Until) || slices.Contains(m.IDs, n.ID())
}

// Notification is a notice as its receiver sees it.
type Notification struct {
	cases.Notice
	Read bool
}

// Notifications are a person's notices, the newest first, and how much of it is unread.
func (s *Service) Notifications(ctx context.Context, p identity.Principal) (list []Notification, unread int, err error) {
	notices, err := s.notices(ctx, p)
	if err != nil || len(notices) == 0 {
		return nil, 0, err
	}
	marks, err := s.marks(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range notices {
		one := Notification{n, marks.read(n)}
		if !one.Read {
			unread++
		}
		list = append(list, one)
	}
	return list, unread, nil
}

// marks are what the person has read. Marks that cannot be read are none, and are written over by the next ones.
func (s *Service) marks(ctx context.Context, p identity.Principal) (ReadMarks, error) {
	marks, err := s.Store.ReadMarks(ctx, p.Tenant, p.ID)
	if s.damaged(ctx, "read marks", err) {
		return ReadMarks{Tenant: p.Tenant, User: p.ID, Revision: marks.Revision}, nil
	}
	return marks, err
}

// notices are those of the person, and those of everybody with a permission that they have.
func (s *Service) notices(ctx context.Context, p identity.Principal) ([]cases.Notice, error) {
	if p.Kind != identity.User {
		return nil, nil
	}
	now := s.Now().UTC()
	all, err := s.Store.Notices(ctx, p.Tenant, p.ID, false, now, maxNotices)
	if err != nil {
		return nil, err
	}
	for _, permission := range cases.SharedPermissions() {
		if !identity.Has(p, permission) {
			continue
		}
		shared, err := s.Store.Notices(ctx, p.Tenant, string(permission), true, now, maxNotices)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(shared, func(n cases.Notice) bool { return n.By.Kind == string(identity.User) && n.By.ID == p.ID })...)
	}
	slices.SortStableFunc(all, func(a, b cases.Notice) int { return b.Shown().Compare(a.Shown()) })
	return all[:min(len(all), maxNotices)], nil
}

// marking bounds how often marks are retried when another window of the person writes first.
const marking = 5

// MarkRead marks notices as read: those named, and all up to a time, of those that are shown. Errors: Conflict.
func (s *Service) MarkRead(ctx context.Context, p identity.Principal, ids []string, until time.Time) error {
	notices, err := s.notices(ctx, p)
	if err != nil || len(notices) == 0 {
		return err
	}
	now := s.Now().UTC()
	if until.After(now) {
		until = now // what is still to come is not read
	}
	for range marking {
		marks, err := s.marks(ctx, p)
		if err != nil {
			return err
		}
		next := marks.with(notices, ids, until)
		if next.Until.Equal(marks.Until) && slices.Equal(next.IDs, marks.IDs) {
			return nil
		}
		next.Revision, next.At = marks.Revision+1, now
		if err := s.Store.PutReadMarks(ctx, next); problem.CodeOf(err) != problem.Conflict {
			return err
		}
	}
	return problem.New(problem.Conflict, "Other marks came first, several times in a row.")
}

// with are the marks after more was read. Ids of notices that are no longer shown are dropped.
func (m ReadMarks) with(notices []cases.Notice, ids []string, until time.Time) ReadMarks {
	if until.After(m.Until) {
		m.Until = until
	}
	before := m.IDs
	m.IDs = nil
	for _, n := range notices {
		if id := n.ID(); n.Shown().After(m.Until) && (slices.Contains(before, id) || slices.Contains(ids, id)) {
			m.IDs = append(m.IDs, id)
		}
	}
	slices.Sort(m.IDs)
	return m
}
