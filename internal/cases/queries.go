package cases

import (
	"context"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/statechart"
)

// Get returns a case. Errors: NotFound, also for a case of another tenant, or another case than the applicant's own.
func (s *Service) Get(ctx context.Context, p identity.Principal, id string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.read(ctx, p.Tenant, id)
}

// List pages through the tenant's cases, newest first. Applicants and vendors have no list.
func (s *Service) List(ctx context.Context, p identity.Principal, query Query) (Page, error) {
	if bound(p) {
		return Page{}, nil
	}
	query.Limit = max(1, min(query.Limit, 200))
	if query.Text != "" {
		if query.Terms = lookUp(s.SearchKey, p.Tenant, query.Text); len(query.Terms) == 0 {
			return Page{}, nil // it contains no term that a case could be found by
		}
	}
	if query.ExternalID != "" && len(s.SearchKey) > 0 {
		query.Terms = append(query.Terms, externalTerm(s.SearchKey, p.Tenant, query.ExternalID))
	}
	if len(query.Terms) > 0 && (query.ofOpen() || query.byRisk() || query.ByChange()) {
		query.Order = NewestFirst // what is found by words is ordered by age
	}
	if query.ofOpen() || query.byRisk() || query.SecondPerson || query.Escalated || !query.Snoozed.IsZero() || query.WaitingFor != "" || !query.WaitingBefore.IsZero() {
		query.Status = StatusActive // others have no deadline, and do not wait for anybody
	}
	if query.Assignee == "me" {
		query.Assignee = p.ID
	}
	list := s.Store.List
	if query.byRisk() {
		list = s.listByRisk
	}
	page, err := list(ctx, p.Tenant, query)
	for range page.Unreadable {
		s.Metrics.Count("case_unreadable_total")
	}
	return page, err
}

// History returns entries after a version, ascending. Errors: NotFound.
func (s *Service) History(ctx context.Context, p identity.Principal, id string, after, limit int) ([]Entry, error) {
	if _, err := s.Get(ctx, p, id); err != nil {
		return nil, err
	}
	return s.Store.History(ctx, p.Tenant, id, after, max(1, min(limit, 200)))
}

// HistoryQuery is a page of a history.
type HistoryQuery struct {
	NewestFirst bool
	Causes      []Cause // none: all
	Bound       int     // where the former page ended: after this version, or newest first before it; 0: at the beginning
	Limit       int     // 1 to 200
}

// historyBudget is how many entries one page of a filtered history examines.
const historyBudget = 2000

// HistoryPage returns a page of a case's history, and the bound of the next one: 0 at the end. Entries are numbered
// without gaps, so that a page from the end is as near as one from the beginning. Errors: NotFound.
func (s *Service) HistoryPage(ctx context.Context, p identity.Principal, id string, query HistoryQuery) ([]Entry, int, error) {
	record, err := s.Get(ctx, p, id)
	if err != nil {
		return nil, 0, err
	}
	limit := max(1, min(query.Limit, 200))
	found := []Entry{}
	bound := query.Bound
	if query.NewestFirst && bound == 0 {
		bound = record.Version + 1
	}
	for looked := 0; looked < historyBudget; looked += limit {
		entries, err := s.historyPart(ctx, p.Tenant, id, query.NewestFirst, bound, limit)
		if err != nil || len(entries) == 0 {
			return found, 0, err
		}
		for _, e := range entries {
			bound = e.Version
			if e.Unreadable {
				s.Metrics.Count("history_unreadable_total")
			}
			if len(query.Causes) == 0 || e.Unreadable || slices.Contains(query.Causes, e.Cause) { // what it was is not known
				found = append(found, e)
			}
			if len(found) == limit {
				break
			}
		}
		if query.NewestFirst && bound == 1 || !query.NewestFirst && bound >= record.Version {
			return found, 0, nil
		}
		if len(found) == limit {
			break
		}
	}
	return found, bound, nil
}

// historyPart reads the next entries in the page's direction.
func (s *Service) historyPart(ctx context.Context, tenant, id string, newestFirst bool, bound, limit int) ([]Entry, error) {
	if !newestFirst {
		return s.Store.History(ctx, tenant, id, bound, limit)
	}
	after := max(0, bound-1-limit)
	entries, err := s.Store.History(ctx, tenant, id, after, min(limit, bound-1-after))
	slices.Reverse(entries)
	return entries, err
}

// TaskRuns returns the attempts at a case's work, oldest first. Errors: NotFound.
func (s *Service) TaskRuns(ctx context.Context, p identity.Principal, id string) ([]TaskRun, error) {
	if _, err := s.Get(ctx, p, id); err != nil {
		return nil, err
	}
	return s.Store.TaskRuns(ctx, p.Tenant, id)
}

// Notes returns a case's notes, oldest first. Errors: NotFound.
func (s *Service) Notes(ctx context.Context, p identity.Principal, id string) ([]Note, error) {
	if _, err := s.Get(ctx, p, id); err != nil {
		return nil, err
	}
	return s.Store.Notes(ctx, p.Tenant, id)
}

// View is a case with what follows from its workflow.
type View struct {
	Record
	Configuration []string
	Next          []statechart.Next
	At            time.Time         // when it was read
	Reasons       []string          // of the rules that fired, in their order
	Titles        map[string]string // of the kinds of documents
	Waiting       *Waiting          // for whom the case waits; nil when it has ended
	Checks        []Check           // that a decision relies on
	Needs         *Needs            // what a decision in favour of the case requires; nil if no decision is pending
}

// View adds where the case is and what the caller can do next. Errors: Unavailable.
func (s *Service) View(ctx context.Context, p identity.Principal, record Record) (View, error) {
	wf, err := s.follows(ctx, record)
	if err != nil {
		return View{}, err
	}
	v := View{
		Record: record, Configuration: wf.Chart.Configuration(record.Snapshot), Next: []statechart.Next{}, At: s.Now(), Reasons: reasonsOf(record),
		Titles: map[string]string{},
	}
	for _, kind := range wf.Documents {
		v.Titles[kind.Kind] = kind.Title
	}
	v.Checks, v.Waiting = checksOf(wf, record), record.Waiting
	if v.Waiting == nil { // written before records had it
		v.Waiting = waitingOf(wf, record)
	}
	if record.Status == StatusActive && (slices.Contains(record.Tags, TagReview) || wf.Chart.Turn(record.Snapshot)&statechart.People != 0) {
		needs := needsOf(wf, record)
		needs.Supplied = p.Kind == identity.User && slices.Contains(record.Suppliers, p.ID)
		v.Needs = &needs
	}
	if record.Status == StatusActive {
		v.Next = wf.Chart.Next(record.Snapshot, statechart.Input{Context: record.Context, Extra: extraOf(wf, record, s.Now()), Event: statechart.Event{By: actingAt(wf, record.Snapshot, p)}, Now: s.Now()})
	}
	return v, nil
}

// deadline is what a case's due date is in lists: the SLA's, else the chart's.
func deadline(r Record) time.Time {
	if r.SLA != nil {
		return r.SLA.DueAt
	}
	return r.DueAt
}

// overdue reports whether a person should have decided by now.
func (r Record) overdue(now time.Time) bool {
	return r.Status == StatusActive && slices.Contains(r.Tags, TagReview) && !deadline(r).IsZero() && !now.Before(deadline(r))
}

// severityOf a case: "none" when no policy has rated it yet.
func severityOf(r Record) string {
	if r.Risk == nil || r.Risk.Severity == "" {
		return "none"
	}
	return r.Risk.Severity
}

// hasAll reports whether a sorted list has all of others.
func hasAll(sorted, others []string) bool {
	for _, other := range others {
		if _, ok := slices.BinarySearch(sorted, other); !ok {
			return false
		}
	}
	return true
}

// stepInvalid is the step of a policy's trace that states which values violate its inputs.
const stepInvalid = "invalid"

// reasonsOf are the sentences of the rules that have fired in the policy's answer that the risk is of.
func reasonsOf(record Record) []string {
	if record.Risk == nil {
		return nil
	}
	answer, _ := record.Context[record.Risk.Work].(map[string]any)
	trace, _ := answer["trace"].([]any)
	var reasons []string
	for _, one := range trace {
		step, _ := one.(map[string]any)
		fired, _ := answer["fired"].([]any)
		reason, _ := step["reason"].(string)
		if reason != "" && (slices.Contains(fired, step["rule"]) || step["rule"] == stepInvalid && step["status"] == "passed") {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// nextOf lists the next events of a draft's record that an audience may send.
func nextOf(d *draft, by statechart.Audience) []statechart.Next {
	return d.workflow.Chart.Next(d.record.Snapshot, statechart.Input{Context: d.record.Context, Extra: d.extra(), Event: statechart.Event{By: by}, Now: d.now})
}

// waits reports whether a record waits for the audience that the query names, or for anybody.
func (q Query) waits(r Record) bool {
	if q.WaitingFor == "" && q.WaitingBefore.IsZero() && q.Order != LongestFirst {
		return true
	}
	return r.Waiting != nil && (q.WaitingFor == "" || q.WaitingFor == r.Waiting.For) && (q.WaitingWork == "" || q.WaitingWork == r.Waiting.Work) &&
		(q.WaitingBefore.IsZero() || r.Waiting.Since.Before(q.WaitingBefore))
}

// Over reports whether no case after this one in the list can pass the query: by when they were created, or changed.
func (q Query) Over(r Record) bool {
	switch q.Order {
	case OldestFirst:
		return !q.CreatedBefore.IsZero() && !r.CreatedAt.Before(q.CreatedBefore)
	case NewestFirst, "":
		return r.CreatedAt.Before(q.CreatedAfter)
	case LatestFirst:
		return r.UpdatedAt.Before(q.UpdatedAfter)
	default:
		return false
	}
}

// OverAt is Over for a time of the list's order that is truncated to the millisecond.
func (q Query) OverAt(t time.Time) bool {
	if q.Order != OldestFirst {
		t = t.Add(time.Millisecond)
	}
	return q.Over(Record{CreatedAt: t, UpdatedAt: t})
}

// From is where a list that is ordered by age, or by the newest change, begins, for the first page; zero: at its end, or its beginning.
func (q Query) From() time.Time {
	switch q.Order {
	case OldestFirst:
		return q.CreatedAfter
	case StalestFirst:
		return q.UpdatedAfter
	case NewestFirst, "":
		if q.CreatedBefore.IsZero() {
			return time.Time{}
		}
		return q.CreatedBefore.Add(time.Millisecond - 1).Truncate(time.Millisecond) // stores keep milliseconds
	default:
		return time.Time{}
	}
}

// Matches reports whether a record passes the query's filters. Stores use it where an index has not filtered already.
func (q Query) Matches(r Record) bool {
	return (q.Workflow == "" || q.Workflow == r.Workflow.ID) &&
		(q.Status == "" || q.Status == r.Status) &&
		!slices.ContainsFunc(q.Tags, func(tag string) bool { return !slices.Contains(r.Tags, tag) }) &&
		(q.State == "" || slices.ContainsFunc(r.Snapshot.Active, func(a statechart.Activation) bool { return a.State == q.State })) &&
		(q.Assignee == "" || q.Assignee == r.Assignee || (q.Assignee == "none" && r.Assignee == "")) &&
		(q.Subject == "" || q.Subject == r.Subject.ID) &&
		(q.Parent == "" || r.Parent != nil && q.Parent == r.Parent.Case) &&
		(len(q.Severities) == 0 || slices.Contains(q.Severities, severityOf(r))) &&
		(q.Outcome == "" || q.Outcome == r.Outcome) &&
		(!q.SecondPerson || r.Status == StatusActive && r.Proposed != nil) &&
		q.waits(r) &&
		(q.ExternalID == "" || q.ExternalID == r.ExternalID) &&
		!r.CreatedAt.Before(q.CreatedAfter) && !r.UpdatedAt.Before(q.UpdatedAfter) && (q.CreatedBefore.IsZero() || r.CreatedAt.Before(q.CreatedBefore)) &&
		(!q.Incident || len(r.Incidents) > 0) &&
		(!q.Escalated || r.Escalation != nil) &&
		(q.Snoozed.IsZero() || r.Snooze.Asleep(q.Snoozed)) && (q.Awake.IsZero() || !r.Snooze.Asleep(q.Awake)) &&
		(q.Overdue.IsZero() || r.overdue(q.Overdue)) &&
		(q.DueBefore.IsZero() || (!deadline(r).IsZero() && deadline(r).Before(q.DueBefore))) &&
		hasAll(r.Indexed(), q.Terms) && (q.Text == "" || r.mentions(q.Text))
}
