package cases

import (
	"context"
	"slices"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// maxStray bounds how many callbacks that change nothing leave an entry in a case's history.
const maxStray = 20

// Reply is what a vendor has called back with, and which work it is about.
type Reply struct {
	State   string
	Visit   int
	Work    string
	Round   int    // of the work when the vendor was asked
	Payload any    // JSON: the result of the work
	ID      string // one for each callback, the same when it is sent again
	// Plugin is the plugin that the callback belongs to, and Exchanged its contents, as Outcome.Exchanged of package connector; "" and nil: they are not kept.
	Plugin    string
	Exchanged []byte
	// Ignored states why the callback cannot answer any work: "not_an_answer", "unreadable". "": it can.
	Ignored string
}

// Answer applies a vendor's callback. It is applied once, even if it arrives before the task has recorded that it is
// awaited, or after its work has become an incident. A late, repeated or unexpected callback, or one about a former
// request, changes only the history, which records the first few of them. One that is too large to be stored fails the
// work that it answers, so that the case stops waiting for it. Errors: NotFound, TooLarge, Conflict.
func (s *Service) Answer(ctx context.Context, p identity.Principal, id string, reply Reply) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	called := s.callback(reply)
	record, err := s.takeReply(ctx, p, id, reply, called)
	if problem.CodeOf(err) != problem.TooLarge {
		return record, err
	}
	if record, failure := s.refuseReply(ctx, p, id, reply, called, problem.As(err).Message); failure != nil {
		return record, failure
	}
	return Record{}, err
}

func (s *Service) takeReply(ctx context.Context, p identity.Principal, id string, reply Reply, called *calledBack) (Record, error) {
	tooLarge := checkResult(reply.Payload)
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if reason := d.ignores(reply); reason != "" {
			if d.mayReturn(reply) {
				return problem.New(problem.Unavailable, "A decision can still be undone: repeat this in a minute.")
			}
			d.stray(reply, reason)
			return nil
		}
		if tooLarge != nil {
			return tooLarge
		}
		chart := d.workflow.Chart
		if snapshot, was := chart.Reopen(d.record.Snapshot, reply.State, reply.Visit, reply.Work); was {
			d.record.Snapshot = snapshot // it is what the incident lacks
		}
		if err := called.keep(ctx, d); err != nil {
			return err
		}
		where, _ := chart.State(reply.State)
		invocation, _ := where.Invocation(reply.Work)
		return s.finishAlone(d, reply.State, reply.Visit, invocation, Outcome{Payload: d.keepAccepted(reply.Work, reply.Payload)}, nil, reply.ID)
	})
}

// refuseReply fails the work whose answer the case cannot keep.
func (s *Service) refuseReply(ctx context.Context, p identity.Principal, id string, reply Reply, called *calledBack, why string) (Record, error) {
	called.run.Outcome, called.run.Error = "failed", string(problem.TooLarge)
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		reason := d.ignores(reply)
		if reason == "" && d.isDoing(reply.State, reply.Visit, reply.Work, statechart.WorkIncident) {
			reason = "too_large" // it is an incident already
		}
		if reason != "" {
			d.stray(reply, reason)
			return nil
		}
		if snapshot, awaited := d.workflow.Chart.Overdue(d.record.Snapshot, reply.State, reply.Visit, reply.Work); awaited {
			d.record.Snapshot = snapshot
		}
		if err := called.keep(ctx, d); err != nil {
			return err
		}
		return s.fail(d, reply.State, reply.Work, reply.Visit, Failure{Error: string(problem.TooLarge), Cause: "The vendor's callback cannot be stored. " + why, Attempts: 1})
	})
}

// mayReturn reports whether a callback answers work that is restored if the newest decision is undone: whether it is too
// late is not yet known.
func (d *draft) mayReturn(reply Reply) bool {
	return reply.Ignored == "" && d.revocable() && slices.ContainsFunc(d.workflow.Chart.Busy(d.record.Undo.Before.Snapshot), func(b statechart.Doing) bool {
		return b.State == reply.State && b.Visit == reply.Visit && b.Work == reply.Work && b.Round == reply.Round
	})
}

// ignores states why a callback has no effect; "" when it is the answer that the case waits for.
func (d *draft) ignores(reply Reply) string {
	if reply.Ignored != "" {
		return reply.Ignored
	}
	if d.record.Status != StatusActive {
		return "case_closed"
	}
	for _, b := range d.workflow.Chart.Busy(d.record.Snapshot) {
		if b.State != reply.State || b.Visit != reply.Visit || b.Work != reply.Work {
			continue
		}
		if b.Round != reply.Round {
			return "asked_again"
		}
		return ""
	}
	if slices.ContainsFunc(d.record.Snapshot.Active, func(a statechart.Activation) bool { return a.State == reply.State && a.Visit == reply.Visit }) {
		return "answered"
	}
	return "state_left"
}

// stray records a callback without effect in the history, up to maxStray of them.
func (d *draft) stray(reply Reply, reason string) {
	if d.record.Stray >= maxStray {
		d.unchanged = true
		return
	}
	d.record.Stray++
	d.entry.Cause = CauseCallbackIgnored
	d.detail("callback", map[string]any{"state": reply.State, "visit": reply.Visit, "work": reply.Work, "reason": reason})
}
