package cases

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// NotifiedEvent is an event as it was sent to subscribers.
type NotifiedEvent struct {
	ID   string
	Type string
	Case string
	Time time.Time // when it happened
	Data map[string]any
}

// EventQuery is a page of a tenant's events; empty members do not filter.
type EventQuery struct {
	Wants  func(kind string) bool // nil: events of all types
	Case   string
	After  string    // the id of an event: those that come after it in the order
	Since  time.Time // final at this time or later
	Before time.Time // only events that became final before this time
	Limit  int       // 1 to 200
	Cursor string    // Next of the page before
}

// EventPage is a page of events, in the order in which they were final.
type EventPage struct {
	Events []NotifiedEvent
	Next   string    // "" at the end
	Until  time.Time // no event that was final before it can still be added: what a reader at the end has everything up to
	// Unreadable are the places of changes whose events exist but cannot be decoded: they are missing from the page.
	Unreadable []Place
}

const (
	eventBudget = 2000    // events that one page examines
	eventBytes  = 3 << 20 // of data on one page
	eventChunk  = 100     // publications, or entries of a history, that are read at once
)

// Events pages through what subscribers of the tenant are notified of, whether or not there are any, for PublicationLife. Whatever
// may still be undone, or may still get an event in before it, is not among it yet. Errors: Invalid.
func (s *Service) Events(ctx context.Context, p identity.Principal, query EventQuery) (EventPage, error) {
	now := s.Now()
	r := &eventReader{service: s, tenant: p.Tenant, query: query, limit: max(1, min(query.Limit, 200)), since: now.Add(-PublicationLife)}
	r.until = s.Store.Settled(now).UTC().Truncate(time.Millisecond)
	if !query.Before.IsZero() && query.Before.Before(r.until) {
		r.until = query.Before
	}
	r.page.Until = r.until
	if bound(p) {
		return r.page, nil
	}
	if query.Since.After(r.since) {
		r.since = query.Since
	}
	if err := r.begin(ctx); err != nil {
		return EventPage{}, err
	}
	read := r.all
	if query.Case != "" {
		read = r.ofCase
	}
	err := read(ctx)
	return r.page, err
}

// eventReader fills a page. at is the last event that was examined.
type eventReader struct {
	service      *Service
	tenant       string
	query        EventQuery
	limit        int
	since, until time.Time
	at           eventPlace
	looked       int
	bytes        int
	page         EventPage
}

// eventPlace is where an event stands: its commit's place, then its numbers in that commit.
type eventPlace struct {
	final              time.Time
	id                 string
	version, number, n int
}

func (p eventPlace) String() string {
	return strings.Join([]string{strconv.FormatInt(p.final.UnixMilli(), 10), p.id, strconv.Itoa(p.version), strconv.Itoa(p.number), strconv.Itoa(p.n)}, "/")
}

// covers reports whether the event with these numbers in the commit is not behind the place.
func (p eventPlace) covers(pub Publication, number, n int) bool {
	if !pub.Final.Equal(p.final) || pub.Case != p.id || pub.Version != p.version {
		return false
	}
	return number < p.number || number == p.number && n <= p.n
}

// parseEvent reads an event's id: the case, the commit's version, the effect's number, and the event's in it.
func parseEvent(id string) (place eventPlace, ok bool) {
	parts := strings.Split(id, "/")
	if len(parts) != 3 && len(parts) != 4 || parts[0] == "" {
		return place, false
	}
	numbers := [3]int{}
	for i, part := range parts[1:] {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return place, false
		}
		numbers[i] = n
	}
	return eventPlace{id: parts[0], version: numbers[0], number: numbers[1], n: numbers[2]}, numbers[0] > 0
}

// begin finds where the page begins.
func (r *eventReader) begin(ctx context.Context) error {
	if r.query.Cursor != "" {
		stamp, rest, _ := strings.Cut(r.query.Cursor, "/")
		at, ok := parseEvent(rest)
		millis, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || !ok {
			return problem.New(problem.Invalid, "The cursor does not belong to this list.")
		}
		at.final = time.UnixMilli(millis).UTC()
		r.at = at
		return nil
	}
	if r.query.After == "" {
		return nil
	}
	wrong := func(code, message string) error {
		return problem.New(problem.Invalid, "The events after this one cannot be listed.").With("query.after", code, "%s", message)
	}
	at, ok := parseEvent(r.query.After)
	if !ok {
		return wrong("format", "an event id has the form case_01J…/3/0: use it unchanged")
	}
	if r.query.Case != "" && r.query.Case != at.id {
		return wrong("case", "this event does not belong to the case in query.case")
	}
	entries, err := r.service.Store.History(ctx, r.tenant, at.id, at.version-1, 1)
	switch {
	case err != nil:
		return err
	case len(entries) == 0 || entries[0].Version != at.version:
		return wrong("unknown", "there is no such event")
	}
	if at.final = entries[0].final(); at.final.Before(r.service.Now().Add(-PublicationLife)) {
		return wrong("expired", "events are kept for 30 days, and this one is older: later ones may have been deleted. Start with created_after, or with neither")
	}
	r.at = at
	return nil
}

// final is when the change could no longer be undone.
func (e Entry) final() time.Time {
	if e.FinalAt.IsZero() {
		return e.At
	}
	return e.FinalAt
}

// all reads the tenant's events in their order.
func (r *eventReader) all(ctx context.Context) error {
	from := Place{Final: r.since}
	if place := (Place{Final: r.at.final, Case: r.at.id, Version: r.at.version}); place.Compare(from) > 0 {
		from = place
	}
	for {
		found, more, err := r.service.Store.Publications(ctx, r.tenant, from, r.until, eventChunk)
		if err != nil {
			return err
		}
		for _, publication := range found {
			if !r.take(publication) {
				return nil
			}
			from = publication.Place()
			from.Part++
		}
		if !more {
			return nil
		}
	}
}

// ofCase reads the events of one case: its history states where they are.
func (r *eventReader) ofCase(ctx context.Context) error {
	for after := max(0, r.at.version-1); ; {
		entries, err := r.service.Store.History(ctx, r.tenant, r.query.Case, after, eventChunk)
		if err != nil || len(entries) == 0 {
			return err
		}
		var places []Place
		open := false
		for _, entry := range entries {
			after = entry.Version
			if open = !entry.final().Before(r.until); open {
				break // later ones come later, too, so that none is passed over
			}
			if !entry.final().Before(r.since) {
				places = append(places, Place{Final: entry.final(), Case: r.query.Case, Version: entry.Version})
			}
		}
		found, err := r.service.Store.PublicationsAt(ctx, r.tenant, places)
		if err != nil {
			return err
		}
		for _, publication := range found {
			if !r.take(publication) {
				return nil
			}
		}
		if open || len(entries) < eventChunk {
			return nil
		}
		if r.looked += len(entries); r.looked >= eventBudget {
			r.page.Next = eventPlace{final: entries[len(entries)-1].final(), id: r.query.Case, version: after, number: math.MaxInt32}.String()
			return nil
		}
	}
}

// take examines the events of a publication; false when the page is complete.
func (r *eventReader) take(publication Publication) bool {
	if publication.Unreadable {
		r.service.Metrics.Count("event_unreadable_total")
		r.page.Unreadable = append(r.page.Unreadable, publication.Place())
	}
	if len(publication.Events) == 0 {
		if r.looked++; r.looked >= eventBudget {
			r.page.Next = eventPlace{final: publication.Final, id: publication.Case, version: publication.Version, number: math.MaxInt32}.String()
			return false
		}
	}
	for _, event := range publication.Events {
		here, _ := parseEvent(event.ID) // our own: it can be read
		if r.at.covers(publication, here.number, here.n) {
			continue
		}
		if len(r.page.Events) == r.limit || r.looked >= eventBudget || r.bytes >= eventBytes {
			r.page.Next = r.at.String()
			return false
		}
		here.final, here.id, here.version = publication.Final, publication.Case, publication.Version
		r.at = here
		r.looked++
		if r.query.Wants != nil && !r.query.Wants(event.Type) {
			continue
		}
		r.bytes += roughly(event.Data)
		r.page.Events = append(r.page.Events, NotifiedEvent{ID: event.ID, Type: event.Type, Case: publication.Case, Time: publication.At, Data: event.Data})
	}
	return true
}
