package cases

import (
	"time"

	"ballerine/internal/statechart"
)

// Outline is the part of a record that lists are filtered by, without personal data: an index holds it beside its key,
// so that a page only reads the records of its own cases.
type Outline struct {
	Workflow  string    `json:"w"`
	Status    Status    `json:"s"`
	States    []string  `json:"a,omitempty"`
	Tags      []string  `json:"t,omitempty"`
	Assignee  string    `json:"u,omitempty"`
	Subject   string    `json:"j,omitempty"`
	Parent    string    `json:"p,omitempty"`
	Severity  string    `json:"r,omitempty"`
	Waiting   *Waiting  `json:"q,omitempty"`
	Incident  bool      `json:"i,omitempty"`
	Deadline  time.Time `json:"d,omitzero"`
	Outcome   string    `json:"o,omitempty"`
	Proposed  bool      `json:"x,omitempty"` // a decision waits for a second person
	Snoozed   time.Time `json:"z,omitzero"`  // until when
	Escalated bool      `json:"e,omitempty"`
}

// Outline of a record. It stays the same over commits that no list shows.
func (r Record) Outline() Outline {
	o := Outline{
		Workflow: r.Workflow.ID, Status: r.Status, Tags: r.Tags, Assignee: r.Assignee, Subject: r.Subject.ID, Waiting: r.Waiting,
		Incident: len(r.Incidents) > 0, Deadline: r.Deadline(), Outcome: r.Outcome, Proposed: r.Proposed != nil, Escalated: r.Escalation != nil,
	}
	if r.Snooze != nil {
		o.Snoozed = r.Snooze.Until
	}
	for _, a := range r.Snapshot.Active {
		o.States = append(o.States, a.State)
	}
	if r.Parent != nil {
		o.Parent = r.Parent.Case
	}
	if severity := severityOf(r); severity != "none" {
		o.Severity = severity
	}
	return o
}

// MayMatch reports whether a case with this outline can pass the query: Matches has the last word, with the record.
func (q Query) MayMatch(o Outline) bool {
	q.Terms, q.Text, q.ExternalID = nil, "", ""
	q.CreatedAfter, q.CreatedBefore, q.UpdatedAfter = time.Time{}, time.Time{}, time.Time{}
	return q.Matches(o.record())
}

// record has what Matches asks of it.
func (o Outline) record() Record {
	r := Record{Workflow: WorkflowRef{ID: o.Workflow}, Status: o.Status, Tags: o.Tags, Assignee: o.Assignee, Waiting: o.Waiting, DueAt: o.Deadline, Outcome: o.Outcome}
	r.Subject.ID = o.Subject
	for _, state := range o.States {
		r.Snapshot.Active = append(r.Snapshot.Active, statechart.Activation{State: state})
	}
	if o.Parent != "" {
		r.Parent = &Parent{Case: o.Parent}
	}
	if o.Severity != "" {
		r.Risk = &Risk{Severity: o.Severity}
	}
	if o.Proposed {
		r.Proposed = &Proposal{}
	}
	if o.Escalated {
		r.Escalation = &Escalation{}
	}
	if !o.Snoozed.IsZero() {
		r.Snooze = &Snooze{Until: o.Snoozed}
	}
	if o.Incident {
		r.Incidents = []Incident{{}}
	}
	return r
}
