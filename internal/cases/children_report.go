package cases

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Reported applies reports of children to their parent in one commit: what the parent knows of each child, the event
// child.<work> for each report, and the end of the work when enough children have ended. The effects all concern one
// parent; they may arrive twice and in any order: the newest report of a child counts. A child that its parent no longer
// knows is cancelled.
func (s *Service) Reported(ctx context.Context, effects ...Effect) error {
	reports := make([]childReport, len(effects))
	for i, effect := range effects {
		if err := convert(effect.Data, &reports[i]); err != nil {
			return problem.Wrap(err, problem.Internal, "The report of a child case cannot be read.")
		}
	}
	slices.SortStableFunc(reports, func(a, b childReport) int { return a.Version - b.Version })
	for part := range slices.Chunk(reports, maxReports) {
		if err := s.reported(ctx, effects[0].Tenant, effects[0].Name, part); err != nil {
			return err
		}
	}
	return nil
}

// reported takes so many reports into their parent as fit into one commit.
func (s *Service) reported(ctx context.Context, tenant, parent string, reports []childReport) error {
	orphans := []string{}
	_, err := s.apply(ctx, tenant, parent, system("children"), func(d *draft) error {
		orphans = orphans[:0]
		d.unchanged = true
		for _, report := range reports {
			known := d.knows(report.Parent)
			if !known && d.revocable() { // the decision that has left them may be taken back
				return problem.New(problem.Unavailable, "A decision about the parent case can still be undone.")
			}
			if !known || d.record.Status == StatusCancelled {
				orphans = append(orphans, report.ID)
			} else if d.record.Status == StatusActive {
				if err := s.receive(ctx, d, report); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if problem.CodeOf(err) == problem.NotFound {
		for _, report := range reports {
			orphans = append(orphans, report.ID)
		}
		err = nil
	}
	return errors.Join(err, s.CancelChildren(ctx, tenant, orphans...))
}

// knows reports whether the case still cares for the children that this visit has started.
func (d *draft) knows(parent Parent) bool {
	group, ok := d.group(parent.Work)
	return ok && group.State == parent.State && group.Visit == parent.Visit && !group.Dropped
}

// receive takes a child's report into the parent's draft. A report that is older than the known state is ignored. One behind
// another that is held is held as well.
func (s *Service) receive(ctx context.Context, d *draft, report childReport) error {
	work := report.Parent.Work
	group, _ := d.group(work)
	if group.Cases[report.ID].newest().Version >= report.Version {
		return nil
	}
	d.unchanged = false
	d.entry.Cause, d.entry.Event = CauseChild, statechart.ChildEvent(work)
	before, _ := d.entry.Details["reports"].([]any)
	d.detail("reports", append(before, childEvent(report).Payload))
	if at := heldReport(d.record.Incidents, report.Parent); at >= 0 {
		d.holdBehind(at, report.ID)
		return d.setChild(work, report.ID, group.Cases[report.ID].holding(report.Child))
	}
	_, err := s.followReport(d, report, nil, func() error {
		if err := s.follow(ctx, d, report); err != nil {
			return err
		}
		return s.doneByChildren(d, report.Parent) // in the same step: with a report that ends the work in a loop, neither has happened
	})
	return err
}

// follow writes a report into the parent, where guards and pages see it, and passes it to the parent's chart.
func (s *Service) follow(ctx context.Context, d *draft, report childReport) error {
	if err := s.takeOver(ctx, d, &report); err != nil {
		return err
	}
	group, _ := d.group(report.Parent.Work)
	if err := d.setAside(group, report.ID, &report.Child); err != nil {
		return err
	}
	if err := d.setChild(report.Parent.Work, report.ID, report.Child); err != nil {
		return err
	}
	return s.step(d, childEvent(report))
}

// setChild writes how a child stands into the context, and counts.
func (d *draft) setChild(work, id string, child Child) error {
	group, _ := d.group(work)
	group.Cases = maps.Clone(group.Cases) // what was read stays as it is
	group.Cases[id] = child
	group.count()
	return d.putChild(work, id, group)
}

// takeOver computes what the parent's workflow wants of the child's context.
func (s *Service) takeOver(ctx context.Context, d *draft, report *childReport) error {
	invocation := d.invocation(report.Parent.State, report.Parent.Work)
	if invocation == nil || len(invocation.Cases.Result) == 0 {
		return nil
	}
	child, err := s.read(ctx, d.record.Tenant, report.ID)
	if err != nil {
		return err
	}
	report.Result = compute(invocation.Cases.Result, &expr.Env{Scope: expr.Layers{settledContext(child, d.now)}, Now: d.now})
	return nil
}

// doneByChildren ends the work that has started the children when enough of them have ended.
func (s *Service) doneByChildren(d *draft, parent Parent) error {
	group, known := d.group(parent.Work)
	if !known || !d.knows(parent) || heldReport(d.record.Incidents, parent) >= 0 {
		return nil // left, or a report has not had its effect yet
	}
	invocation := d.invocation(parent.State, parent.Work)
	open := invocation != nil && d.isDoing(parent.State, parent.Visit, parent.Work, statechart.WorkPending, statechart.WorkAwaiting)
	if !open || !group.satisfied(invocation.Cases.Until) {
		return nil
	}
	var payload any
	if err := convert(group.Standing, &payload); err != nil {
		return err
	}
	return s.finish(d, parent.State, parent.Visit, invocation, Outcome{Payload: payload}, nil, "")
}

// invocation is work of the draft's workflow that starts children; nil if it has none.
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
	if child.Undo != nil && child.Undo.Before.wrote(wroteContext) && now.Before(child.Undo.Until) {
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

// CancelChild cancels a child case; one that has ended, or never existed, is left as it is. Errors: Unavailable while a
// decision that ended the child can still be undone: the child would continue, and nothing would cancel it.
func (s *Service) CancelChild(ctx context.Context, tenant, id string) error {
	_, err := s.apply(ctx, tenant, id, system("children"), func(d *draft) error {
		if d.unchanged = d.record.Status != StatusActive; d.unchanged {
			if d.revocable() {
				return problem.New(problem.Unavailable, "A decision about the child case can still be undone.")
			}
			return nil
		}
		d.cancel("the parent case no longer needs it")
		return nil
	})
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
