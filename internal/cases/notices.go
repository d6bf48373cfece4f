package cases

import (
	"fmt"
	"slices"
	"time"

	"ballerine/internal/identity"
)

// NoticeKind is what a person of the back office is notified of.
type NoticeKind string

// The kinds of notices. The first ones are about one moment; the others last as long as what they state holds.
const (
	NoticeAssigned  NoticeKind = "assigned"  // somebody else has assigned the case to them
	NoticeMentioned NoticeKind = "mentioned" // a note names them
	NoticeDecided   NoticeKind = "decided"   // a second person has decided what they had proposed
	NoticeSnoozed   NoticeKind = "snoozed"   // somebody else has snoozed their case

	NoticeBreach    NoticeKind = "sla_breached" // their case should have been decided by now
	NoticeIncident  NoticeKind = "incident"     // work of their case waits for an operator
	NoticeProposed  NoticeKind = "proposed"     // a decision waits for a second person
	NoticeEscalated NoticeKind = "escalated"    // a case has been handed to those who approve
	NoticeReturned  NoticeKind = "returned"     // a case that they have snoozed is back
)

// NoticeLife is how long a notice is shown, and kept.
const NoticeLife = 30 * 24 * time.Hour

// Notice informs somebody of the back office about a case. It holds ids only: the case's subject is read when the notice
// is shown. It is written with the commit that causes it, also ahead of time: it is not shown before At, and a commit
// after which it would no longer hold withdraws it.
type Notice struct {
	Tenant string     `json:"tenant"`
	To     string     `json:"to"`               // a person's id; with Shared a permission
	Shared bool       `json:"shared,omitempty"` // for everybody who has the permission, except the person who caused it
	Case   string     `json:"case"`
	Kind   NoticeKind `json:"kind"`
	Of     string     `json:"of,omitempty"`   // what it is about: a note, an incident
	By     Actor      `json:"by,omitzero"`    // who caused it; zero: it happened automatically
	At     time.Time  `json:"at"`             // from when on it is so; with Since: from when on it is shown
	Since  time.Time  `json:"since,omitzero"` // of the commit that has written it, where that is later than At: nobody was notified earlier
	Gone   bool       `json:"gone,omitempty"`
}

// ID is unique for its receiver, and stays the same when the notice is written again.
func (n Notice) ID() string {
	return fmt.Sprintf("%d.%s.%s.%s", n.At.UnixMilli(), n.Kind, n.Case, n.Of)
}

// Shown is from when on the notice is shown. A fact that is older than the notice, such as a deadline that had passed
// when the case was assigned to somebody, is as new as the commit.
func (n Notice) Shown() time.Time {
	if n.Since.After(n.At) {
		return n.Since
	}
	return n.At
}

// SharedPermissions are those whose holders are notified by one notice for all.
func SharedPermissions() []identity.Permission {
	return []identity.Permission{identity.CasesDecide, identity.CasesApprove}
}

// lasting are the notices of a record that hold as long as it is as it is.
func lasting(r Record) []Notice {
	if r.ID == "" || r.Status != StatusActive {
		return nil
	}
	var found []Notice
	add := func(n Notice) {
		n.Tenant, n.Case = r.Tenant, r.ID
		found = append(found, n)
	}
	if r.Assignee != "" && r.SLA != nil {
		add(Notice{To: r.Assignee, Kind: NoticeBreach, Of: fmt.Sprint(r.SLA.Visit), At: r.SLA.DueAt})
	}
	if r.Assignee != "" && len(r.Incidents) > 0 {
		newest := r.Incidents[len(r.Incidents)-1]
		add(Notice{To: r.Assignee, Kind: NoticeIncident, Of: newest.ID, At: newest.At})
	}
	if p := r.Proposed; p != nil {
		add(Notice{To: string(identity.CasesDecide), Shared: true, Kind: NoticeProposed, By: p.By, At: p.At})
	}
	if e := r.Escalation; e != nil {
		add(Notice{To: string(identity.CasesApprove), Shared: true, Kind: NoticeEscalated, By: e.By, At: e.At})
	}
	if z := r.Snooze; z != nil && z.By.Kind == string(identity.User) {
		add(Notice{To: z.By.ID, Kind: NoticeReturned, At: z.Until})
	}
	return found
}

// inform adds a notice of this moment, unless it would inform somebody of their own action.
func (d *draft) inform(to string, kind NoticeKind, of string) {
	d.informSince(to, kind, of, d.now)
}

// informSince is inform with the time by which the notice is found when it is taken back.
func (d *draft) informSince(to string, kind NoticeKind, of string, at time.Time) {
	by := d.entry.Actor
	if to == "" || by.Kind == string(identity.User) && by.ID == to {
		return
	}
	d.people = append(d.people, Notice{Tenant: d.record.Tenant, To: to, Case: d.record.ID, Kind: kind, Of: of, By: by, At: at}.asWritten(d.now))
}

// takeBack withdraws the notice of an earlier commit.
func (d *draft) takeBack(n Notice) { d.gone = append(d.gone, n.withdrawn()) }

// asWritten is the notice as a commit writes it.
func (n Notice) asWritten(now time.Time) Notice {
	if n.At.Before(now) {
		n.Since = now
	}
	return n
}

func (n Notice) withdrawn() Notice {
	n.Since, n.Gone = time.Time{}, true
	return n
}

// noticesOf are the notices that a commit adds and withdraws: each once.
func (d *draft) noticesOf() []Notice {
	if d.record.Assignee != d.old.Assignee {
		d.inform(d.record.Assignee, NoticeAssigned, fmt.Sprint(d.record.Version))
	}
	if p := d.old.Proposed; p != nil && d.record.Proposed == nil && p.By.Kind == string(identity.User) && d.entry.Cause == CauseDecision {
		d.inform(p.By.ID, NoticeDecided, fmt.Sprint(d.record.Version))
	}
	if d.entry.Cause == CauseSnoozed {
		d.inform(d.record.Assignee, NoticeSnoozed, fmt.Sprint(d.record.Version))
	}
	if d.undone != nil {
		for _, n := range d.undone.Notices {
			d.takeBack(n)
		}
	}
	before, after := lasting(d.old), lasting(d.record)
	same := func(n Notice) func(Notice) bool {
		return func(o Notice) bool { return o.To == n.To && o.Shared == n.Shared && o.ID() == n.ID() }
	}
	notices := slices.Concat(d.people, d.gone)
	for _, n := range after {
		if !slices.ContainsFunc(before, same(n)) {
			notices = append(notices, n.asWritten(d.now))
		}
	}
	for _, n := range before {
		if !slices.ContainsFunc(after, same(n)) {
			notices = append(notices, n.withdrawn())
		}
	}
	return notices
}
