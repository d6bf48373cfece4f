package cases

import (
	"context"
	"maps"
	"reflect"
	"slices"
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
	// Publications is in how many parts its events are kept.
	Publications int    `json:"publications,omitempty"`
	Before       Before `json:"before"`
	// Notices are those of the decision's moment: they are withdrawn when it is undone.
	Notices []Notice `json:"notices,omitempty"`
}

// Before is what a decision has changed, as it was.
type Before struct {
	Snapshot    statechart.Snapshot `json:"snapshot"`
	Wrote       []string            `json:"wrote,omitempty"`     // what of the following two the decision has changed: "context", "documents"
	Context     map[string]any      `json:"context,omitempty"`   // absent: there was none, or the decision has not changed it
	Documents   []Document          `json:"documents,omitempty"` // absent: there were none, or the decision has not changed them
	Incidents   []Incident          `json:"incidents,omitempty"`
	Parked      map[string]Park     `json:"parked,omitempty"`
	Message     *Message            `json:"message,omitempty"`
	SLA         *SLA                `json:"sla,omitempty"`
	Proposed    *Proposal           `json:"proposed,omitempty"`
	Snooze      *Snooze             `json:"snooze,omitempty"`
	Escalation  *Escalation         `json:"escalation,omitempty"`
	Former      []FormerHits        `json:"former,omitempty"`
	StateSince  time.Time           `json:"state_since,omitzero"`
	ReviewSince time.Time           `json:"review_since,omitzero"`
}

// What a decision may have changed besides where the case is.
const (
	wroteContext   = "context"
	wroteDocuments = "documents"
)

// wrote reports whether the decision has changed it. For a decision from before Wrote existed, the stored values show
// it.
func (b Before) wrote(what string) bool {
	return slices.Contains(b.Wrote, what) || what == wroteContext && b.Context != nil || what == wroteDocuments && b.Documents != nil
}

// keeps reports whether a change leaves the decision before it as it is, so that it can still be taken back.
func (c Cause) keeps() bool {
	switch c {
	case CauseTakenOver, CauseSnoozed, CauseSnoozeEnded, CauseEscalated, CauseEscalationEnded,
		CauseNote, CauseNoteEdited, CauseAssigned, CauseCallbackIgnored:
		return true
	default:
		return c.unseen()
	}
}

// unseen reports whether a change leaves everything unchanged that somebody could have seen of the case: it is only in
// the history.
func (c Cause) unseen() bool {
	return c == CauseDocumentViewed || c == CauseExchangeViewed || c == CauseFlowToken || c == CauseTakenOver
}

// holdBack lets a decision be undone for a while: its effects wait.
func (d *draft) holdBack(window time.Duration) {
	until := d.now.Add(window)
	undo := &Undo{
		Version: d.record.Version, Event: d.entry.Event, By: d.entry.Actor, At: d.now, Until: until, Effects: len(d.effects),
		Before: Before{
			Snapshot: d.old.Snapshot, Incidents: d.old.Incidents, Parked: d.old.Parked, Message: d.old.Message,
			Snooze: d.old.Snooze, Escalation: d.old.Escalation, Proposed: d.old.Proposed, Former: d.old.Former, SLA: d.old.SLA, StateSince: d.old.StateSince, ReviewSince: d.old.ReviewSince,
		},
	}
	if len(d.fields) > 0 {
		undo.Before.Wrote, undo.Before.Context = append(undo.Before.Wrote, wroteContext), d.old.Context
	}
	if slices.Contains(d.members, memberDocuments) {
		undo.Before.Wrote, undo.Before.Documents = append(undo.Before.Wrote, wroteDocuments), d.old.Documents
	}
	d.record.Undo, d.entry.FinalAt = undo, undo.final()
	for i := range d.effects {
		d.effects[i].NotBefore = undo.final()
	}
}

// Undo undoes the newest decision, as long as its effects are held back and later changes do not depend on it. Errors:
// NotFound, PreconditionRequired, Stale, UndoOver (also if one of the effects has been claimed for delivery: the store
// decides which of the two came first), Forbidden (somebody else's), Conflict.
func (s *Service) Undo(ctx context.Context, p identity.Principal, id string, seen int) (Record, error) {
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		u := d.record.Undo
		if proposed := d.record.Proposed; u == nil && proposed != nil && proposed.By.onBehalf("") == d.entry.Actor {
			d.entry.Cause, d.entry.Event = CauseUndone, proposed.Event
			d.record.Proposed = nil
			return nil
		}
		if u == nil || !d.now.Before(u.Until) {
			return problem.New(problem.UndoOver, "There is no decision that can still be undone.")
		}
		if u.By.onBehalf("") != d.entry.Actor {
			return problem.New(problem.Forbidden, "Only the person who decided can undo the decision.")
		}
		d.undo(u)
		return nil
	})
}

// revocable reports whether a decision can still be taken back, so that what it has left behind may be there again.
func (d *draft) revocable() bool {
	u := d.record.Undo
	return u != nil && d.now.Before(u.Until.Add(undoMargin))
}

func (d *draft) undo(u *Undo) {
	d.entry.Cause, d.entry.Event = CauseUndone, u.Event
	d.undone = u
	r := &d.record
	r.Snapshot, r.Status, r.Outcome, r.Undo = u.Before.Snapshot, StatusActive, "", nil
	d.callBack(u)
	r.Message, r.Proposed = u.Before.Message, u.Before.Proposed
	if r.Snooze == nil && u.Before.Snooze != nil {
		r.Snooze = u.Before.Snooze
		d.member(memberSnooze)
	}
	if r.Escalation == nil && u.Before.Escalation != nil {
		r.Escalation = u.Before.Escalation
		d.member(memberEscalation)
	}
	r.Incidents = append(slices.Clone(u.Before.Incidents), newDeadLetters(r.Incidents, u.Before.Incidents)...)
	if !sameJSON(r.Incidents, d.old.Incidents) {
		d.member(memberIncidents)
	}
	r.SLA, r.StateSince, r.ReviewSince = u.Before.SLA, u.Before.StateSince, u.Before.ReviewSince
	if u.Before.wrote(wroteContext) {
		d.changed(differing(r.Context, u.Before.Context)...)
		if r.Context = u.Before.Context; r.Context == nil {
			r.Context = map[string]any{}
		}
	}
	if u.Before.wrote(wroteDocuments) {
		r.Documents = u.Before.Documents
		d.member(memberDocuments)
	}
	for n := range u.Effects {
		d.dropped = append(d.dropped, Effect{
			Tenant: r.Tenant, Case: r.ID, Version: u.Version, Number: n, At: u.At, NotBefore: u.final(),
		})
	}
	d.retracted = u.retract(*r)
}

// differing names the fields that two contexts do not agree on.
func differing(a, b map[string]any) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if other, ok := b[name]; !ok || !reflect.DeepEqual(a[name], other) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	return names
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
