package httpapi

import (
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Notification is what a person of the back office is notified of.
type Notification struct {
	ID      string           `json:"id"`
	Kind    cases.NoticeKind `json:"kind" enum:"assigned,mentioned,decided,snoozed,sla_breached,incident,proposed,escalated,returned"`
	Case    string           `json:"case"`
	Subject string           `json:"subject" personal:"name" doc:"the name of whom the case is about"`
	Note    string           `json:"note,omitempty" doc:"of a mention: the note's id"`
	By      *cases.Actor     `json:"by" doc:"who has caused it; null: nobody"`
	At      time.Time        `json:"at"`
	Read    bool             `json:"read"`
}

// TransformSchema implements huma.SchemaTransformer.
func (Notification) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "by")
}

// Notifications are the newest of a person.
type Notifications struct {
	Unread int            `json:"unread"`
	Data   []Notification `json:"data" nullable:"false"`
}

func (s *server) registerNotifications(api huma.API) {
	add(s, api, op(Review, "listNotifications", "GET", "/v1/notifications", "List the newest notifications of the current user"), func(c ctx, _ *none) (*noStore[Notifications], error) {
		found, unread, err := s.Reviews.Notifications(c, principalOf(c))
		if err != nil {
			return nil, err
		}
		names, err := s.subjects(c, found)
		if err != nil {
			return nil, err
		}
		return &noStore[Notifications]{"no-store", Notifications{unread, each(found, func(n backoffice.Notification) Notification {
			return notificationShape(n, names[n.Case])
		})}}, nil
	})
	type readIn struct {
		Body struct {
			IDs   []string  `json:"ids,omitempty" maxItems:"100"`
			Until time.Time `json:"until,omitzero" doc:"all up to this time"`
		}
	}
	add(s, api, op(Review, "markNotificationsRead", "PUT", "/v1/notifications/read", "Mark notifications as read"), func(c ctx, in *readIn) (*none, error) {
		return nil, s.Reviews.MarkRead(c, principalOf(c), in.Body.IDs, in.Body.Until)
	})
}

func notificationShape(n backoffice.Notification, subject string) Notification {
	shape := Notification{ID: n.ID(), Kind: n.Kind, Case: n.Case, Subject: subject, At: n.Shown(), Read: n.Read}
	if n.Kind == cases.NoticeMentioned {
		shape.Note = n.Of
	}
	if n.By != (cases.Actor{}) {
		shape.By = &n.By
	}
	return shape
}

// casesAtOnce bounds how many cases are read side by side.
const casesAtOnce = 8

// subjects are whom the cases of notifications are about. One that cannot be read has no name: its case states what is wrong.
func (s *server) subjects(c ctx, found []backoffice.Notification) (map[string]string, error) {
	ids := each(found, func(n backoffice.Notification) string { return n.Case })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	subjects := make([]string, len(ids))
	running, within := errgroup.WithContext(c)
	running.SetLimit(casesAtOnce)
	for i, id := range ids {
		running.Go(func() (err error) {
			subjects[i], err = s.subject(within, id)
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i, id := range ids {
		names[id] = subjects[i]
	}
	return names, nil
}

func (s *server) subject(c ctx, id string) (string, error) {
	record, err := s.Cases.Get(c, principalOf(c), id)
	switch {
	case err == nil:
		return record.Subject.Name, nil
	case c.Err() != nil || problem.CodeOf(err) == problem.Unavailable:
		return "", err
	}
	s.log(c, "listNotifications", err)
	return "", nil
}
