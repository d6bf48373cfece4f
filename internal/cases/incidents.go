package cases

import (
	"context"
	"errors"
	"slices"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// OpenIncident is an incident as an operator needs it: with the input of the work.
type OpenIncident struct {
	Incident
	Case     string      `json:"case"`
	Workflow WorkflowRef `json:"workflow"`
	Source   string      `json:"source"` // vendor | rules | document
	// Input is what the next attempt would receive: the work's own settings, and what is computed from the case in its
	// present state. Personal data.
	Input   map[string]any `json:"input"`
	Missing []string       `json:"missing" nullable:"false"` // context paths that the input needs and that are not there
}

// Incidents are the open ones of a case. Errors: NotFound.
func (s *Service) Incidents(ctx context.Context, p identity.Principal, id string) ([]OpenIncident, error) {
	record, err := s.Get(ctx, p, id)
	if err != nil {
		return nil, err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return nil, err
	}
	found := []OpenIncident{}
	for _, incident := range record.Incidents {
		open := OpenIncident{Incident: incident, Case: id, Workflow: record.Workflow, Input: map[string]any{}, Missing: []string{}}
		if work, ok := wf.Invocation(incident.State, incident.Work); ok {
			open.Source = work.Source
			input, missing := work.Resolve(&expr.Env{Scope: expr.Layers{extraOf(wf, record, s.Now()), record.Context}, Now: s.Now()})
			open.Input, open.Missing = input, append(open.Missing, missing...)
		}
		found = append(found, open)
	}
	return found, nil
}

// RetryIncident makes the work of an incident pending again, after applying a patch if there is one. What the workflow's
// own work writes cannot be patched: see SkipIncident. Errors: NotFound, CaseClosed, Conflict, Invalid, TooLarge.
func (s *Service) RetryIncident(ctx context.Context, p identity.Principal, id, incidentID string, patch map[string]any) (Record, error) {
	return s.resolveIncident(ctx, p, id, incidentID, func(d *draft, incident Incident) error {
		if incident.Effect != "" {
			d.detail("resolution", "retried")
			return s.settleIncident(ctx, d, incident, false)
		}
		if len(patch) > 0 {
			if err := d.collects(p); err != nil {
				return err
			}
		}
		d.detail("resolution", "retried")
		if len(patch) > 0 {
			if err := d.suppliedBy(p); err != nil {
				return err
			}
		}
		if incident.Work == "" {
			if err := s.resume(ctx, d, incident, patch); err != nil || len(patch) == 0 {
				return err
			}
			return d.staysOpen()
		}
		snapshot, ok := d.workflow.Chart.Retry(d.record.Snapshot, incident.State, incident.Visit, incident.Work)
		if !ok {
			return errLeft()
		}
		d.record.Snapshot = snapshot
		if len(patch) == 0 {
			return nil
		}
		return d.patch(patch)
	})
}

// SkipIncident sets the result of an incident's work by hand: the case continues as if the work had been done. Such a
// result can pose as a risk score, so this requires a permission of its own (identity.CasesRepair), and somebody who has
// not supplied the case's data. It has to be a result that the work could have returned. Errors: NotFound, CaseClosed,
// Conflict, Invalid with each place below "body.result", TooLarge, FourEyes.
func (s *Service) SkipIncident(ctx context.Context, p identity.Principal, id, incidentID string, result any, comment string) (Record, error) {
	if err := checkResult(result); err != nil {
		return Record{}, err
	}
	if err := checkProses("The incident cannot be skipped.", map[string]string{"body.comment": comment}); err != nil {
		return Record{}, err
	}
	return s.resolveIncident(ctx, p, id, incidentID, func(d *draft, incident Incident) error {
		if incident.Effect != "" {
			d.detail("resolution", "skipped")
			if comment != "" {
				d.detail("comment", comment)
			}
			return s.settleIncident(ctx, d, incident, true)
		}
		if incident.Work == "" {
			return problem.New(problem.Invalid, "This incident belongs to a state, not to work, so there is no result to set. Correct the data and retry it, send an event, or cancel the case.").With("path.incident", "no_work", "an incident of a state cannot be skipped")
		}
		if err := s.resultByHand(ctx, d); err != nil {
			return err
		}
		snapshot, ok := d.workflow.Chart.Retry(d.record.Snapshot, incident.State, incident.Visit, incident.Work)
		where, known := d.workflow.Chart.State(incident.State)
		if !ok || !known {
			return errLeft()
		}
		invocation, _ := where.Invocation(incident.Work)
		if err := s.returns(ctx, d, incident, result); err != nil {
			return err
		}
		d.record.Snapshot = snapshot
		if err := s.done(d, incident.State, incident.Visit, invocation, &d.record, result, ""); err != nil {
			return err
		}
		if err := d.staysOpen(); err != nil {
			return err
		}
		d.detail("resolution", "skipped")
		d.detail("result", result)
		if comment != "" {
			d.detail("comment", comment)
		}
		return nil
	})
}

// returns refuses a result that the work of an incident could not have returned. Errors: Invalid.
func (s *Service) returns(ctx context.Context, d *draft, incident Incident, result any) error {
	work, ok := d.workflow.Invocation(incident.State, incident.Work)
	if !ok {
		return errLeft()
	}
	err := d.workflow.CheckResult(work, result)
	if s.Returns != nil {
		err = s.Returns(ctx, d.record.Tenant, d.workflow, work, result)
	}
	var refused *problem.Error
	if problem.CodeOf(err) != problem.Invalid || !errors.As(err, &refused) {
		return err
	}
	e := problem.New(problem.Invalid, "%s Set a result of the same form.", refused.Message)
	for _, f := range refused.Fields {
		e.With("body."+f.Location, f.Code, "%s", f.Message)
	}
	return e
}

func errLeft() error {
	return problem.New(problem.Conflict, "The case has left the state of this incident.")
}

// resolveIncident ends an incident with the given function.
func (s *Service) resolveIncident(ctx context.Context, p identity.Principal, id, incidentID string, resolve func(d *draft, incident Incident) error) (Record, error) {
	if err := sees(p, id); err != nil {
		return Record{}, err
	}
	return s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		at := slices.IndexFunc(d.record.Incidents, func(i Incident) bool { return i.ID == incidentID })
		if at < 0 || d.record.Incidents[at].Effect == "" { // a dead letter can be one of a case that has ended
			if err := d.open(); err != nil {
				return err
			}
		}
		if at < 0 {
			return problem.New(problem.NotFound, "There is no such open incident.")
		}
		incident := d.record.Incidents[at]
		d.record.Incidents = slices.Delete(slices.Clone(d.record.Incidents), at, at+1)
		if err := resolve(d, incident); err != nil {
			return err
		}
		if err := d.fitting(); err != nil {
			return err
		}
		d.entry.Cause, d.entry.Event = CauseIncidentResolved, ""
		d.detail("incident", incidentID)
		d.member(memberIncidents)
		return nil
	})
}

// attempted counts the attempts at a visit's work. A function that crashed has left no account: it counts as one.
func (s *Service) attempted(ctx context.Context, branch Branch, state string, visit int, work string) (int, error) {
	runs, err := s.Store.TaskRuns(ctx, branch.Tenant, branch.Case)
	if err != nil {
		return 0, err
	}
	most := 1
	for _, run := range runs {
		if run.State == state && run.Visit == visit && run.Work == work {
			most = max(most, run.Attempt)
		}
	}
	return most, nil
}
