package cases

import (
	"context"
	"errors"
	"slices"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Reported takes reports of children into their parent, all in one commit: what the parent knows of each child, the event
// child.<work> for each report, and the end of the work when enough children have ended. The effects are all for one
// parent; they may come twice and in any order: the newest report of a child counts. A child whose parent does not know it
// any more is called off.
func (s *Service) Reported(ctx context.Context, effects ...Effect) error {
	reports := make([]ChildReport, len(effects))
	for i, effect := range effects {
		if err := convert(effect.Data, &reports[i]); err != nil {
			return problem.Wrap(err, problem.Internal, "The report of a child case cannot be read.")
		}
	}
	slices.SortStableFunc(reports, func(a, b ChildReport) int { return a.Version - b.Version })
	tenant, parent := effects[0].Tenant, effects[0].Name
	orphans := []string{}
	_, err := s.apply(ctx, tenant, parent, system("children"), func(d *draft) error {
		orphans = orphans[:0]
		d.nothing = true
		for _, report := range reports {
			known := d.knows(report.Parent)
			if !known || d.record.Status == StatusCancelled {
				orphans = append(orphans, report.ID)
			} else if d.record.Status == StatusActive {
				if err := s.heard(ctx, d, report); err != nil {
					return err
				}
			}
		}
		return checkSize(d.record.Context)
	})
	if problem.CodeOf(err) == problem.NotFound {
		for _, report := range reports {
			orphans = append(orphans, report.ID)
		}
		err = nil
	}
	for _, id := range orphans {
		err = errors.Join(err, s.CancelChild(ctx, tenant, id))
	}
	return err
}

// knows says whether the case still cares for the children that this visit has started.
func (d *draft) knows(parent Parent) bool {
	group, ok := d.group(parent.Work)
	return ok && group.State == parent.State && group.Visit == parent.Visit && !group.Dropped
}

// heard writes a report into the parent's draft, and tells its chart. One that is older than what is known is nothing new.
func (s *Service) heard(ctx context.Context, d *draft, report ChildReport) error {
	work := report.Parent.Work
	group, _ := d.group(work)
	if group.Cases[report.ID].Version >= report.Version {
		return nil
	}
	if err := s.takeOver(ctx, d, &report); err != nil {
		return err
	}
	group.Cases[report.ID] = report.Child
	group.count()
	if err := d.setGroup(work, group); err != nil {
		return err
	}
	told := map[string]any{
		"case": report.ID, "workflow": report.Workflow, "index": float64(report.Index), "status": string(report.Status),
		"states": plainList(report.States), "tags": plainList(report.Tags), "outcome": report.Outcome,
	}
	d.nothing = false
	d.entry.Cause, d.entry.Event = CauseChild, statechart.ChildEvent(work)
	before, _ := d.entry.Details["reports"].([]any)
	d.detail("reports", append(before, told))
	if err := s.step(d, statechart.Event{Type: d.entry.Event, Payload: told, Optional: true}); err != nil {
		return err
	}
	return s.doneByChildren(d, report.Parent, group)
}

// takeOver computes what the parent's workflow wants of the child's context.
func (s *Service) takeOver(ctx context.Context, d *draft, report *ChildReport) error {
	invocation := d.invocation(report.Parent.State, report.Parent.Work)
	if invocation == nil || len(invocation.Cases.Result) == 0 {
		return nil
	}
	child, err := s.Store.Get(ctx, d.record.Tenant, report.ID)
	if err != nil {
		return err
	}
	report.Result = compute(invocation.Cases.Result, &expr.Env{Scope: expr.Layers{settledContext(child, d.now)}, Now: d.now})
	return nil
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
