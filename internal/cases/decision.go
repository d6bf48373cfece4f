package cases

import (
	"context"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Decision starts a case of a workflow without waits and waits for its end. The record is the source of truth here, too:
// if the run ends before the case does (work has failed for good, or took too long), the case is not lost, but continues
// in an execution of its own, and is returned as active. The same applies where a workflow has people review some of its
// cases. Errors: as Start, and Invalid for a workflow that waits for anything else.
func (s *Service) Decision(ctx context.Context, p identity.Principal, cmd StartCommand) (Record, error) {
	wf, err := s.Catalog.Workflow(ctx, p.Tenant, cmd.Workflow, cmd.Version)
	if err != nil {
		return Record{}, err
	}
	cmd.Version = wf.Version
	if len(wf.Waits()) > 0 && len(wf.WaitsBeside(TagReview)) == 0 {
		return s.decideOrReview(ctx, p, wf, cmd)
	}
	machine := Machine{p.Tenant, WorkflowRef{wf.ID, wf.Version}}
	if err := s.decides(ctx, machine, wf.Waits()); err != nil {
		return Record{}, err
	}
	cmd.express = true
	record, err := s.Start(ctx, p, cmd)
	if err != nil || record.Status != StatusActive || !record.Execution.Express {
		return record, err // a repeated call: the case has been decided, or another call is handling it
	}
	input := InputAt(record.Tenant, record.ID, wf.Chart.Position(record.Snapshot), s.Now(), record.Execution.latest())
	failed := s.Decisions.Run(ctx, machine, record.Execution.Name, input)
	if record, err = s.read(context.WithoutCancel(ctx), record.Tenant, record.ID); err != nil {
		return Record{}, err
	}
	if record.Status == StatusActive && record.Execution.Express {
		s.Metrics.Count("decisions_unfinished_total", "workflow", wf.ID, "started", map[bool]string{true: "yes", false: "no"}[failed == nil])
		return s.ReplaceExecution(context.WithoutCancel(ctx), record.Tenant, record.ID, record.Execution.Name)
	}
	return record, nil
}

// looks bounds how often a case is read until it needs nobody but people: each read takes about fifty milliseconds.
const looks = 100

// decideOrReview starts a case whose workflow has people review some cases: its execution is one that can wait. It has a
// few seconds to end, or to reach a review.
func (s *Service) decideOrReview(ctx context.Context, p identity.Principal, wf *workflow.Workflow, cmd StartCommand) (Record, error) {
	record, err := s.Start(ctx, p, cmd)
	for look := 0; err == nil && look < looks; look++ {
		if w := waitingOf(wf, record); w == nil || w.For != waitsForSystem && w.For != waitsForVendor {
			return record, nil
		}
		if failed := s.Pause(ctx, slowest); failed != nil {
			break // the caller has disconnected: the case continues
		}
		record, err = s.read(ctx, record.Tenant, record.ID)
	}
	return record, err
}

// slowest makes a pause as long as pauses get.
const slowest = 6

func (s *Service) decides(ctx context.Context, machine Machine, waits []problem.Field) error {
	e := problem.New(problem.Invalid, "The workflow cannot be decided synchronously: start a case instead.")
	if len(waits) > 0 {
		e.Fields = waits
		return e
	}
	if s.Decisions == nil {
		return problem.New(problem.Internal, "Synchronous decisions are not available here.")
	}
	ok, err := s.Decisions.Decides(ctx, machine)
	if err == nil && !ok {
		err = e.With("workflow", "waits", "it has no Express machine")
	}
	return err
}
