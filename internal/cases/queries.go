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
	return s.Store.Get(ctx, p.Tenant, id)
}

// List pages through the tenant's cases, newest first. Applicants and vendors have nothing to list.
func (s *Service) List(ctx context.Context, p identity.Principal, query Query) (Page, error) {
	if bound(p) {
		return Page{}, nil
	}
	query.Limit = max(1, min(query.Limit, 200))
	if query.Text != "" {
		if query.Terms = lookUp(s.SearchKey, p.Tenant, query.Text); len(query.Terms) == 0 {
			return Page{}, nil // nothing in it that a case could be found by
		}
	}
	if query.Text != "" && query.Order == SoonestFirst {
		query.Order = NewestFirst // what is found by words is ordered by age
	}
	if query.Order == SoonestFirst {
		query.Status = StatusActive // others have no deadline
	}
	if query.Assignee == "me" {
		query.Assignee = p.ID
	}
	return s.Store.List(ctx, p.Tenant, query)
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

// historyBudget is how many entries one page of a filtered history looks at.
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
			if len(query.Causes) == 0 || slices.Contains(query.Causes, e.Cause) {
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
	At            time.Time         // when it was looked at
	Reasons       []string          // of the rules that fired, in their order
	Titles        map[string]string // of the kinds of documents
}

// View adds where the case is and what can happen next. Errors: UnknownWorkflow.
func (s *Service) View(ctx context.Context, record Record) (View, error) {
	wf, err := s.Catalog.Workflow(ctx, record.Tenant, record.Workflow.ID, record.Workflow.Version)
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
	if record.Status == StatusActive {
		v.Next = wf.Chart.Next(record.Snapshot, statechart.Input{Context: record.Context, Extra: extraOf(wf, record), Now: s.Now()})
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

// overdue says whether a person should have decided by now.
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

// hasAll says whether a sorted list has all of others.
func hasAll(sorted, others []string) bool {
	for _, other := range others {
		if _, ok := slices.BinarySearch(sorted, other); !ok {
			return false
		}
	}
	return true
}

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
		if reason != "" && slices.Contains(fired, step["rule"]) {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// nextOf is what can happen next to a draft's record.
func nextOf(d *draft) []statechart.Next {
	return d.workflow.Chart.Next(d.record.Snapshot, statechart.Input{Context: d.record.Context, Extra: d.extra(), Now: d.now})
}

// Matches says whether a record passes the query's filters. Stores use it where an index has not filtered already.
func (q Query) Matches(r Record) bool {
	return (q.Workflow == "" || q.Workflow == r.Workflow.ID) &&
		(q.Status == "" || q.Status == r.Status) &&
		(q.Tag == "" || slices.Contains(r.Tags, q.Tag)) &&
		(q.State == "" || slices.ContainsFunc(r.Snapshot.Active, func(a statechart.Activation) bool { return a.State == q.State })) &&
		(q.Assignee == "" || q.Assignee == r.Assignee || (q.Assignee == "none" && r.Assignee == "")) &&
		(q.Subject == "" || q.Subject == r.Subject.ID) &&
		(q.Parent == "" || r.Parent != nil && q.Parent == r.Parent.Case) &&
		(q.Severity == "" || severityOf(r) == q.Severity) &&
		(!q.Incident || len(r.Incidents) > 0) &&
		(q.Overdue.IsZero() || r.overdue(q.Overdue)) &&
		(q.DueBefore.IsZero() || (!deadline(r).IsZero() && deadline(r).Before(q.DueBefore))) &&
		(q.Text == "" || hasAll(r.Terms, q.Terms) && r.mentions(q.Text))
}
