package cases

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"ballerine/internal/calendar"
	"ballerine/internal/identity"
)

// QueueCounts is how many open cases there are.
type QueueCounts struct {
	Counts  map[string]int // of GroupOpen
	Mine    int            // assigned to the caller and not snoozed
	Overdue int
	Capped  bool // there are more overdue ones than were counted
}

// maxOverdue bounds how many overdue cases are counted.
const maxOverdue = 1000

// Queue counts the tenant's open cases. It costs the same however many there are.
func (s *Service) Queue(ctx context.Context, p identity.Principal) (QueueCounts, error) {
	counts, err := s.Store.Counts(ctx, p.Tenant, GroupOpen)
	if err != nil {
		return QueueCounts{}, err
	}
	asleep := 0
	if counts["snoozed/"+p.ID] > 0 {
		if asleep, err = s.asleep(ctx, p); err != nil {
			return QueueCounts{}, err
		}
	}
	overdue, err := s.Store.Overdue(ctx, p.Tenant, s.Now(), maxOverdue)
	return QueueCounts{Counts: counts, Mine: max(0, counts["assignee/"+p.ID]-asleep), Overdue: overdue, Capped: overdue == maxOverdue}, err
}

// maxAsleep bounds how many of somebody's snoozed cases are read to count them.
const maxAsleep = 1000

// asleep counts the caller's cases that are snoozed now: the time of others has come, and they are back without a change.
func (s *Service) asleep(ctx context.Context, p identity.Principal) (int, error) {
	query, found := Query{Assignee: p.ID, Status: StatusActive, Snoozed: s.Now(), Limit: 200}, 0
	for {
		page, err := s.Store.List(ctx, p.Tenant, query)
		if err != nil {
			return 0, err
		}
		if found += len(page.Records); page.Next == "" || found >= maxAsleep {
			return found, nil
		}
		query.After = page.Next
	}
}

// Day is what was counted on a day in UTC.
type Day struct {
	Date   string         // "2026-11-23"
	Counts map[string]int // of GroupDay
}

// Days returns the counters of the last days, the oldest first, today last.
func (s *Service) Days(ctx context.Context, p identity.Principal, number int) ([]Day, error) {
	today := s.Now().UTC()
	days := make([]Day, max(1, number))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range days {
		group.Go(func() (err error) {
			at := calendar.AddDays(today, i+1-len(days))
			days[i].Date = at.Format(time.DateOnly)
			days[i].Counts, err = s.Store.Counts(ctx, p.Tenant, GroupDay(at))
			return err
		})
	}
	return days, group.Wait()
}
