package cases

import (
	"slices"
	"strings"
	"time"
)

// Lists are the lists of a tenant that a case is in: what a store indexes so that a page costs the same however many
// cases there are. Open cases are in one for each of their facets (GroupOpen counts them); every case is in those of its
// status, its subject, its parent and its search terms.
func (r Record) Lists() []string {
	lists := append(facets(r), "status/"+string(r.Status), "subject/"+r.Subject.ID)
	for _, hash := range r.Indexed() {
		lists = append(lists, "term/"+hash)
	}
	if r.Parent != nil {
		lists = append(lists, "parent/"+r.Parent.Case)
	}
	return lists
}

// Deadline is what a case's due date is in lists: the SLA's, else the chart's; zero when there is none.
func (r Record) Deadline() time.Time { return deadline(r) }

// Lists are the lists that contain every case which passes the query, those that are likely to be shortest first. The
// counters of GroupOpen show how long the lists of open cases are. None: the query is about all cases.
func (q Query) Lists() []string {
	var lists []string
	add := func(name, value string) {
		if value != "" {
			lists = append(lists, name+value)
		}
	}
	if !q.ofOpen() { // only lists of open cases are kept by deadline, and by how long they have waited
		for _, hash := range q.Terms {
			add("term/", hash)
		}
		add("parent/", q.Parent)
		add("subject/", q.Subject)
	}
	if q.Status != StatusActive && !q.ofOpen() {
		add("status/", string(q.Status))
		return lists
	}
	if !q.Snoozed.IsZero() && q.Assignee != "" && q.Assignee != "none" {
		lists = append(lists, "snoozed/"+q.Assignee)
	}
	if q.Incident {
		lists = append(lists, "incident")
	}
	if q.Escalated {
		lists = append(lists, "escalated")
	}
	if q.Assignee == "none" {
		lists = append(lists, "unassigned")
	} else {
		add("assignee/", q.Assignee)
	}
	if q.State != "" && q.Workflow != "" {
		lists = append(lists, "state/"+q.Workflow+"/"+q.State)
	}
	add("waiting/", q.WaitingFor)
	if len(q.Severities) == 1 {
		add("risk/", q.Severities[0])
	}
	add("workflow/", q.Workflow)
	if slices.Contains(q.Tags, TagReview) {
		lists = append(lists, "to_decide")
	}
	return append(lists, "open")
}

// Counted reports whether a list is one that the counters of GroupOpen count.
func Counted(list string) bool {
	for _, other := range []string{"term/", "subject/", "parent/", "status/"} {
		if strings.HasPrefix(list, other) {
			return false
		}
	}
	return true
}

// ofOpen reports whether the query's order is one of open cases only.
func (q Query) ofOpen() bool { return q.Order == SoonestFirst || q.Order == LongestFirst }

// ByChange reports whether pages of the query come by when cases were changed last.
func (q Query) ByChange() bool { return q.Order == LatestFirst || q.Order == StalestFirst }

// ByWaiting reports whether pages of the query come longest wait first: open cases only.
func (q Query) ByWaiting() bool { return q.Order == LongestFirst }

// ByDeadline reports whether pages of the query come soonest deadline first: open cases only.
func (q Query) ByDeadline() bool { return q.Order == SoonestFirst }
