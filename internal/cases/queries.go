package cases

import (
	"context"
	"slices"
	"strings"

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
	return s.Store.List(ctx, p.Tenant, query)
}

// History returns entries after a version, ascending. Errors: NotFound.
func (s *Service) History(ctx context.Context, p identity.Principal, id string, after, limit int) ([]Entry, error) {
	if _, err := s.Get(ctx, p, id); err != nil {
		return nil, err
	}
	return s.Store.History(ctx, p.Tenant, id, after, max(1, min(limit, 200)))
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
}

// View adds where the case is and what can happen next. Errors: UnknownWorkflow.
func (s *Service) View(ctx context.Context, record Record) (View, error) {
	wf, err := s.Catalog.Workflow(ctx, record.Tenant, record.Workflow.ID, record.Workflow.Version)
	if err != nil {
		return View{}, err
	}
	v := View{Record: record, Configuration: wf.Chart.Configuration(record.Snapshot), Next: []statechart.Next{}}
	if record.Status == StatusActive {
		v.Next = wf.Chart.Next(record.Snapshot, statechart.Input{Context: record.Context, Extra: extraOf(wf, record), Now: s.Now()})
	}
	return v, nil
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
		(q.Severity == "" || (r.Risk != nil && r.Risk.Severity == q.Severity)) &&
		(q.Text == "" || r.mentions(q.Text)) &&
		(q.DueBefore.IsZero() || (!r.DueAt.IsZero() && r.DueAt.Before(q.DueBefore)))
}

// mentions says whether a text is part of what people know a case by.
func (r Record) mentions(text string) bool {
	text = strings.ToLower(text)
	for _, known := range []string{r.ID, r.ExternalID, r.Subject.Name, r.Subject.ExternalID} {
		if strings.Contains(strings.ToLower(known), text) {
			return true
		}
	}
	return false
}
