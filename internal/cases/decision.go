package cases

import (
	"context"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Decision starts a case of a workflow without waits and waits for its end. The record is the truth here, too: when the
// run ends before the case does (work has failed for good, or took too long) the case is not lost, but goes on in an
// execution of its own, and is returned as it is: active. Errors: as Start, and Invalid for a workflow that waits.
func (s *Service) Decision(ctx context.Context, p identity.Principal, cmd StartCommand) (Record, error) {
	wf, err := s.Catalog.Workflow(ctx, p.Tenant, cmd.Workflow, cmd.Version)
	if err != nil {
		return Record{}, err
	}
	machine := Machine{p.Tenant, WorkflowRef{wf.ID, wf.Version}}
	if err := s.decides(ctx, machine, wf.Waits()); err != nil {
		return Record{}, err
	}
	if cmd.Subject.Type == "" {
		cmd.Subject.Type = wf.Subject
	}
	cmd.Version, cmd.express = wf.Version, true
	record, err := s.Start(ctx, p, cmd)
	if err != nil || record.Status != StatusActive || !record.Execution.Express {
		return record, err // one that comes again: it has been decided, or somebody else looks after it
	}
	input := InputAt(record.Tenant, record.ID, wf.Chart.Position(record.Snapshot), s.Now(), record.Execution.latest())
	failed := s.Decisions.Run(ctx, machine, record.Execution.Name, input)
	if record, err = s.Store.Get(context.WithoutCancel(ctx), record.Tenant, record.ID); err != nil {
		return Record{}, err
	}
	if record.Status == StatusActive && record.Execution.Express {
		s.Metrics.Count("decisions_unfinished_total", "workflow", wf.ID, "started", map[bool]string{true: "yes", false: "no"}[failed == nil])
		return s.ReplaceExecution(context.WithoutCancel(ctx), record.Tenant, record.ID, record.Execution.Name)
	}
	return record, nil
}

func (s *Service) decides(ctx context.Context, machine Machine, waits []problem.Field) error {
	e := problem.New(problem.Invalid, "The workflow is not decided at once: start a case instead.")
	if len(waits) > 0 {
		e.Fields = waits
		return e
	}
	if s.Decisions == nil {
		return problem.New(problem.Internal, "Nothing here runs decisions.")
	}
	ok, err := s.Decisions.Decides(ctx, machine)
	if err == nil && !ok {
		err = e.With("workflow", "waits", "it has no Express machine")
	}
	return err
}
