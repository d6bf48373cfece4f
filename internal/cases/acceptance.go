package cases

import (
	"context"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// RefuseAcceptance fails work whose vendor has accepted the request with more than the case can hold: outcome.Run is the attempt. The
// vendor's id is kept, so that its callback finds the case all the same, and resolves the incident. Errors: VendorGarbage when
// outcome.VendorID belongs to other work, TooLarge, Conflict.
func (s *Service) RefuseAcceptance(ctx context.Context, job Job, outcome Outcome, failure Failure) (ExecutionInput, error) {
	failure.Cause = "What is kept of the vendor's acceptance cannot be stored. " + failure.Cause
	return s.conclude(ctx, job, outcome.Run, outcome.VendorID, func(d *draft) error {
		return s.fail(d, job.State, job.Invocation.ID, job.Visit, failure)
	})
}

// conclude records the result of an attempt, with the attempt and the vendor's id. A result that belongs to a former
// visit changes only the list of attempts. Errors: VendorGarbage when the id belongs to other work, TooLarge, Conflict.
func (s *Service) conclude(ctx context.Context, job Job, run TaskRun, id *VendorID, write func(d *draft) error) (ExecutionInput, error) {
	record, stale, err := s.concluded(ctx, job, run, id, write)
	if correlationTaken(err) {
		from, lookErr := s.leftBy(ctx, job.Record.Tenant, *id)
		if lookErr != nil {
			return ExecutionInput{}, lookErr
		}
		if from != "" {
			record, stale, err = s.concluded(ctx, job, run, &VendorID{Plugin: id.Plugin, ID: id.ID, Asked: id.Asked, from: from}, write)
		}
	}
	if correlationTaken(err) {
		return ExecutionInput{}, problem.Wrap(err, problem.VendorGarbage, "The vendor has answered with an id that belongs to another request.")
	}
	if err != nil {
		return ExecutionInput{}, err
	}
	if stale {
		run.Outcome = "stale"
		if err := s.Store.PutTaskRun(ctx, record.Tenant, record.ID, run); err != nil {
			return ExecutionInput{}, err
		}
	}
	return s.input(record, job.Workflow, job.Branch), nil
}

func (s *Service) concluded(ctx context.Context, job Job, run TaskRun, id *VendorID, write func(d *draft) error) (record Record, stale bool, err error) {
	record, err = s.apply(ctx, job.Record.Tenant, job.Record.ID, system(job.Invocation.Source), func(d *draft) error {
		if stale = !d.isDoing(job.State, job.Visit, job.Invocation.ID, statechart.WorkPending); stale {
			d.unchanged = true
			return nil
		}
		d.runs = []TaskRun{run}
		if err := s.correlate(d, job, id); err != nil {
			return err
		}
		return write(d)
	})
	return record, stale, err
}
