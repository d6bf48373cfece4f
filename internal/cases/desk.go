package cases

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// What people do with a case at their desk without moving it: they put it off, and they hand it up. Neither stops a clock, and both end
// when the case moves on.

// Snooze takes a case out of its queue until a time.
type Snooze struct {
	Until time.Time `json:"until"`
	By    Actor     `json:"by"`
	At    time.Time `json:"at"`
}

// Asleep reports whether the case is out of its queue.
func (s *Snooze) Asleep(now time.Time) bool { return s != nil && now.Before(s.Until) }

// MaxSnooze bounds how long a case can be put off at once.
const MaxSnooze = 90 * 24 * time.Hour

// Snooze puts an open case off until a time, or until another one than before. Its deadlines go on. Errors: NotFound, Invalid, CaseClosed, Conflict.
func (s *Service) Snooze(ctx context.Context, p identity.Principal, id string, until time.Time) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	until = until.UTC().Truncate(time.Second)
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if !until.After(d.now) || until.After(d.now.Add(MaxSnooze)) {
			return problem.New(problem.Invalid, "The case cannot be snoozed until then.").With("body.until", "range", "a case is snoozed until a time in the next %d days", int(MaxSnooze.Hours()/24))
		}
		if d.record.Snooze != nil && d.record.Snooze.Until.Equal(until) && d.record.Snooze.By == d.entry.Actor {
			d.unchanged = true
			return nil
		}
		d.entry.Cause = CauseSnoozed
		d.detail("until", until)
		d.record.Snooze = &Snooze{Until: until, By: d.entry.Actor, At: d.now}
		d.member(memberSnooze)
		return nil
	})
}

// Wake puts a case back into its queue. Errors: NotFound, CaseClosed, Conflict.
func (s *Service) Wake(ctx context.Context, p identity.Principal, id string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if d.record.Snooze == nil {
			return s.unneeded(ctx, d)
		}
		d.entry.Cause = CauseSnoozeEnded
		d.record.Snooze = nil
		d.member(memberSnooze)
		return nil
	})
}

// unneeded states that there is nothing to write. This is not a repeated call: a caller who has seen another version is informed.
func (s *Service) unneeded(ctx context.Context, d *draft) error {
	d.unchanged = true
	if seen := seenOf(ctx, d.record.ID); seen > 0 {
		return s.unchanged(ctx, d.record, seen)
	}
	return nil
}

// Escalation hands a case to those who approve.
type Escalation struct {
	Reason string    `json:"reason" personal:"text"`
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
}

// maxEscalation bounds the reason, in characters.
const maxEscalation = 2000

// Escalate hands an open case to those who approve, with a reason. Errors: NotFound, Invalid, CaseClosed, AlreadyExists, Conflict.
func (s *Service) Escalate(ctx context.Context, p identity.Principal, id, reason string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	reason = strings.TrimSpace(reason)
	e := problem.New(problem.Invalid, "The case cannot be escalated like this.")
	if reason == "" || utf8.RuneCountInString(reason) > maxEscalation {
		e.With("body.reason", "length", "a reason has 1 to %d characters", maxEscalation)
	}
	if checkProse(e, "body.reason", reason); len(e.Fields) > 0 {
		return Record{}, e
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if there := d.record.Escalation; there != nil {
			if there.By == d.entry.Actor && there.Reason == reason {
				d.unchanged = true
				return nil
			}
			return problem.New(problem.AlreadyExists, "The case is escalated already.")
		}
		d.entry.Cause = CauseEscalated
		d.detail("reason", reason)
		d.record.Escalation = &Escalation{Reason: reason, By: d.entry.Actor, At: d.now}
		d.member(memberEscalation)
		return nil
	})
}

// EndEscalation returns a case to the queue: by the person who escalated it, or by one of those who approve. Errors: NotFound, Forbidden, CaseClosed, Conflict.
func (s *Service) EndEscalation(ctx context.Context, p identity.Principal, id string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if d.record.Escalation == nil {
			return s.unneeded(ctx, d)
		}
		if d.record.Escalation.By != d.entry.Actor && !identity.Has(p, identity.CasesApprove) {
			return identity.Lacks(identity.CasesApprove)
		}
		d.entry.Cause = CauseEscalationEnded
		d.record.Escalation = nil
		d.member(memberEscalation)
		return nil
	})
}

// TakeOver records that somebody decides a case that another person had begun to decide. The claim itself is stored
// elsewhere. Errors: NotFound, CaseClosed, Conflict.
func (s *Service) TakeOver(ctx context.Context, p identity.Principal, id, from string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		d.entry.Cause = CauseTakenOver
		d.detail("from", from)
		return nil
	})
}

// leaveDesk ends snoozes and escalations when the case has moved on: people waiting for that are notified.
func (d *draft) leaveDesk() {
	r := &d.record
	moved := !slices.Equal(d.entry.From, d.entry.To)
	if d.undone != nil || r.Status == StatusActive && !moved {
		return
	}
	if asleep := r.Snooze; asleep != nil {
		r.Snooze = nil
		d.member(memberSnooze)
		if r.Status == StatusActive && asleep.Asleep(d.now) && asleep.By.Kind == string(identity.User) {
			d.inform(asleep.By.ID, NoticeReturned, "")
		}
	}
	if r.Escalation != nil && (r.Status != StatusActive || d.entry.Cause == CauseDecision) {
		r.Escalation = nil
		d.member(memberEscalation)
	}
}
