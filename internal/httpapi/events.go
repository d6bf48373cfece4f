package httpapi

import (
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// EventList is a page of events.
type EventList struct {
	Data          []webhook.Envelope `json:"data" nullable:"false"`
	NextCursor    *string            `json:"next_cursor"`
	CompleteUntil time.Time          `json:"complete_until" doc:"all events that became final before this time are included: at the end of the list, continue with created_after set to it"`
	Unreadable    []string           `json:"unreadable,omitempty" doc:"changes of cases, with case and version, whose events exist but cannot be read: an operator has to examine them; absent: none"`
}

func (s *server) registerEvents(api huma.API) {
	type Filters struct {
		Types []string  `query:"type,explode" nullable:"false" maxItems:"50" doc:"only events of these types, or of a family such as case.*; repeatable"`
		Case  string    `query:"case" maxLength:"100" doc:"only events of this case"`
		After string    `query:"after" maxLength:"200" doc:"id of an event: only events after it"`
		Since time.Time `query:"created_after" doc:"only events that became final at or after this time"`
		Until time.Time `query:"created_before" doc:"only events that became final before this time"`
	}
	type listIn struct {
		Filters
		Paging
	}
	add(s, api, op(Client, "listEvents", "GET", "/v1/events", "List events, oldest first, as webhooks deliver them"), func(c ctx, in *listIn) (*body[EventList], error) {
		p := principalOf(c)
		scope := []any{"events", p.Tenant, in.Filters}
		cursor, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		wants, err := s.Webhooks.Wanted("query.type", in.Types)
		if err != nil {
			return nil, err
		}
		if !in.Since.IsZero() && !in.Until.IsZero() && !in.Since.Before(in.Until) {
			return nil, problem.New(problem.Invalid, "The period is empty.").With("query.created_before", "range", "created_before is later than created_after")
		}
		page, err := s.Cases.Events(c, p, cases.EventQuery{
			Wants: wants, Case: in.Case, After: in.After, Since: in.Since, Before: in.Until, Limit: in.Limit, Cursor: cursor,
		})
		if err != nil {
			return nil, err
		}
		lost := each(page.Unreadable, func(at cases.Place) string { return fmt.Sprintf("%s/%d", at.Case, at.Version) })
		s.unreadable(c, "listEvents", lost)
		return &body[EventList]{EventList{Envelopes(s.Webhooks, page), s.cursors.sign(scope, page.Next), page.Until, lost}}, nil
	})
}

// Envelopes returns events as they are sent to subscribers.
func Envelopes(webhooks *webhook.Service, page cases.EventPage) []webhook.Envelope {
	envelopes := make([]webhook.Envelope, len(page.Events))
	for i, e := range page.Events {
		envelopes[i] = webhooks.Envelope(webhook.Event{ID: e.ID, Type: e.Type, Subject: e.Case, Time: e.Time, Data: e.Data})
	}
	return envelopes
}
