package cases

import (
	"context"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// MaxUndo bounds how long a decision's effects can be held back.
const MaxUndo = 30 * time.Second

// undoMargin is between the end of the time to undo and the first delivery, so that clocks which differ a little do not
// deliver what was taken back.
const undoMargin = time.Second

// Undo is the newest decision while it can be taken back. Until then its effects wait in the outbox.
type Undo struct {
	Version int       `json:"version"` // of the decision
	Event   string    `json:"event"`
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"`
	Effects int       `json:"effects"` // how many are held back
	Before  Before    `json:"before"`
}

// Before is what a decision has changed, as it was.
type Before struct {
	Snapshot    statechart.Snapshot `json:"snapshot"`
	Context     map[string]any      `json:"context,omitempty"`   // absent: the decision has not changed it
	Documents   []Document          `json:"documents,omitempty"` // absent: the decision has not changed them
	Incidents   []Incident          `json:"incidents,omitempty"`
	Parked      map[string]Park     `json:"parked,omitempty"`
	Message     *Message            `json:"message,omitempty"`
	SLA         *SLA                `json:"sla,omitempty"`
	StateSince  time.Time           `json:"state_since,omitzero"`
	ReviewSince time.Time           `json:"review_since,omitzero"`
}

// keeps says whether a change leaves the decision before it as it is, so that it can still be taken back.
func (c Cause) keeps() bool {
	return c == CauseNote || c == CauseAssigned || c == CauseDocumentViewed
}

// holdBack lets a decision be undone for a while: its effects wait.
func (d *draft) holdBack(window time.Duration) {
	until := d.now.Add(window)
	undo := &Undo{
		Version: d.record.Version, Event: d.entry.Event, By: d.entry.Actor, At: d.now, Until: until, Effects: len(d.effects),
		Before: Before{
			Snapshot: d.old.Snapshot, Incidents: d.old.Incidents, Parked: d.old.Parked, Message: d.old.Message,
			SLA: d.old.SLA, StateSince: d.old.StateSince, ReviewSince: d.old.ReviewSince,
		},
	}
	for _, name := range d.entry.Changed {
		switch name {
		case "documents":
			undo.Before.Documents = d.old.Documents
		case "assignee", "incidents":
		default:
			undo.Before.Context = d.old.Context
		}
	}
	d.record.Undo = undo
	for i := range d.effects {
		d.effects[i].NotBefore = until.Add(undoMargin)
	}
}

// Undo takes the newest decision back, as long as its effects are held back and nothing has built upon it. Errors:
// NotFound, PreconditionRequired, Stale, UndoOver, Forbidden (somebody else's), Conflict.
func (s *Service) Undo(ctx context.Context, p identity.Principal, id string, seen int) (Record, error) {
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		u := d.record.Undo
		if u == nil || !d.now.Before(u.Until) {
			return problem.New(problem.UndoOver, "There is no decision that can still be undone.")
		}
		if u.By != d.entry.Actor {
			return problem.New(problem.Forbidden, "Only who has decided can undo it.")
		}
		d.undo(u)
		return nil
	})
}

func (d *draft) undo(u *Undo) {
	d.entry.Cause, d.entry.Event = CauseUndone, u.Event
	d.undone = u
	r := &d.record
	r.Snapshot, r.Status, r.Outcome, r.Undo = u.Before.Snapshot, StatusActive, "", nil
	d.callBack(u)
	r.Incidents, r.Message = u.Before.Incidents, u.Before.Message
	r.SLA, r.StateSince, r.ReviewSince = u.Before.SLA, u.Before.StateSince, u.Before.ReviewSince
	if u.Before.Context != nil {
		for name := range r.Context {
			d.changed(name)
		}
		r.Context = u.Before.Context
	}
	if u.Before.Documents != nil {
		r.Documents = u.Before.Documents
		d.changed("documents")
	}
	for n := range u.Effects {
		d.dropped = append(d.dropped, Effect{
			Tenant: r.Tenant, Case: r.ID, Version: u.Version, Number: n, At: u.At, NotBefore: u.Until.Add(undoMargin),
		})
	}
}

// callBack puts the parked tokens back, and wakes an execution that has come to another wait since: its own had ended
// just then, and it has followed the decision.
func (d *draft) callBack(u *Undo) {
	r := &d.record
	followed := r.Parked
	r.Parked = u.Before.Parked
	for _, path := range sortedRegions(followed) {
		park := followed[path]
		if park.Token == u.Before.Parked[path].Token {
			continue
		}
		r.Parked = without(r.Parked, path)
		d.effects = append(d.effects, d.wakeEffect(park.Token, d.workflow.Chart.PositionIn(u.Before.Snapshot, park.region(path))))
	}
}
