package cases

import (
	"context"

	"ballerine/internal/identity"
)

// Assign assigns the case to a user, or to nobody with "". seen is the version that the caller has seen; 0 accepts any,
// as when somebody claims work from a list. Errors: NotFound, Stale, CaseClosed, Conflict.
func (s *Service) Assign(ctx context.Context, p identity.Principal, id, user string, seen int) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	run := func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if d.record.Assignee == user {
			d.unchanged = true
			return nil
		}
		d.entry.Cause = CauseAssigned
		d.detail("from", d.record.Assignee)
		d.detail("to", user)
		d.record.Assignee = user
		d.member(memberAssignee)
		d.notify("case.assigned", map[string]any{"assignee": user})
		return nil
	}
	if seen > 0 {
		return s.onSeen(ctx, p, id, seen, run)
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), run)
}

// Cancel cancels a case: it ends where it is, its execution is stopped, and its children are cancelled. Users state
// which version they have seen; others may. Errors: NotFound, CaseClosed, PreconditionRequired, Stale, Conflict.
func (s *Service) Cancel(ctx context.Context, p identity.Principal, id string, seen int, reason string) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	if err := checkProses("The case cannot be cancelled.", map[string]string{"body.reason": reason}); err != nil {
		return Record{}, err
	}
	run := func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		d.cancel(reason)
		return nil
	}
	if p.Kind == identity.User || seen > 0 {
		return s.onSeen(ctx, p, id, seen, run)
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), run)
}

func (d *draft) cancel(reason string) {
	d.entry.Cause = CauseCancelled
	d.detail("reason", reason)
	d.record.Status = StatusCancelled
	d.effects = append(d.effects, Effect{Kind: EffectStop, Name: d.record.Execution.Name, Machine: d.record.Workflow})
	for _, group := range d.groups() {
		d.callOff(group)
	}
}
