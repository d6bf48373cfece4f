package cases

import (
	"context"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Reported takes a child's report into its parent: what the parent knows of the child, the event child.<work>, and the
// end of the work when enough children have ended. Reports may come twice and in any order: the newest counts. A child
// whose parent does not know it any more is called off.
func (s *Service) Reported(ctx context.Context, effect Effect) error {
	var report ChildReport
	if err := convert(effect.Data, &report); err != nil {
		return problem.Wrap(err, problem.Internal, "The report of a child case cannot be read.")
	}
	child, err := s.Store.Get(ctx, effect.Tenant, effect.Case)
	if err != nil {
		return err
	}
	orphan := false
	_, err = s.apply(ctx, effect.Tenant, report.Parent.Case, system("children"), func(d *draft) error {
		group, known := d.group(report.Parent.Work)
		known = known && group.State == report.Parent.State && group.Visit == report.Parent.Visit && !group.Dropped
		orphan = !known || d.record.Status == StatusCancelled
		if d.nothing = orphan || d.record.Status != StatusActive || group.Cases[effect.Case].Version >= report.Version; d.nothing {
			return nil
		}
		return s.heard(d, group, report, child)
	})
	if problem.CodeOf(err) == problem.NotFound {
		orphan, err = true, nil
	}
	if err == nil && orphan && report.Status == StatusActive {
		return s.CancelChild(ctx, effect.Tenant, effect.Case)
	}
	return err
}

// heard writes a report into the parent's draft, and tells its chart.
func (s *Service) heard(d *draft, group Children, report ChildReport, child Record) error {
	work := report.Parent.Work
	if invocation := d.invocation(report.Parent.State, work); invocation != nil && len(invocation.Cases.Result) > 0 {
		report.Result = compute(invocation.Cases.Result, &expr.Env{Scope: expr.Layers{settledContext(child, d.now)}, Now: d.now})
	}
	group.Cases[child.ID] = report.Child
	group.count()
	if err := d.setGroup(work, group); err != nil {
		return err
	}
	told := map[string]any{
		"case": child.ID, "workflow": child.Workflow.ID, "index": float64(report.Index), "status": string(report.Status),
		"states": plainList(report.States), "tags": plainList(report.Tags), "outcome": report.Outcome,
	}
	d.entry.Cause, d.entry.Event = CauseChild, statechart.ChildEvent(work)
	d.detail("child", told)
	if err := s.step(d, statechart.Event{Type: d.entry.Event, Payload: told, Optional: true}); err != nil {
		return err
	}
	if err := s.doneByChildren(d, report.Parent, group); err != nil {
		return err
	}
	return checkSize(d.record.Context)
}

// doneByChildren ends the work that has started the children when enough of them have ended.
func (s *Service) doneByChildren(d *draft, parent Parent, group Children) error {
	invocation := d.invocation(parent.State, parent.Work)
	open := invocation != nil && d.isDoing(parent.State, parent.Visit, parent.Work, statechart.WorkPending, statechart.WorkAwaiting)
	if !open || !group.satisfied(invocation.Cases.Until) {
		return nil
	}
	var payload any
	if err := convert(group.Standing, &payload); err != nil {
		return err
	}
	return s.done(d, parent.State, parent.Visit, invocation, payload, "")
}

// invocation is work of the draft's workflow that starts children; nil when there is none.
func (d *draft) invocation(state, work string) *statechart.Invocation {
	where, ok := d.workflow.Chart.State(state)
	if !ok {
		return nil
	}
	if i, ok := where.Invocation(work); ok && i.Cases != nil {
		return i
	}
	return nil
}

// settledContext is the child's context without what a decision has written that can still be undone.
func settledContext(child Record, now time.Time) map[string]any {
	if child.Undo != nil && child.Undo.Before.Context != nil && now.Before(child.Undo.Until) {
		return child.Undo.Before.Context
	}
	return child.Context
}

func plainList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// CancelChild calls a child case off; one that has ended, or was never there, is left as it is.
func (s *Service) CancelChild(ctx context.Context, tenant, id string) error {
	_, err := s.apply(ctx, tenant, id, system("children"), func(d *draft) error {
		if d.nothing = d.record.Status != StatusActive; d.nothing {
			return nil
		}
		d.cancel("the parent case does not need it any more")
		return nil
	})
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
