package cases

import (
	"context"
	"maps"
	"slices"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// FollowUp is how long a case may wait for a person or for child cases if its workflow sets no deadline and no follow-up
// of its own: then it becomes an incident, so that somebody sees it.
const FollowUp = 90 * 24 * time.Hour

// Incidents that are of a state and not of its work.
const (
	// IncidentStuck: the work of the state has ended, no guard holds, and the case cannot move any longer.
	IncidentStuck = "stuck"
	// IncidentNoProgress: the case has waited for longer than its workflow's follow-up, or Config.FollowUp, and no deadline of the workflow moves it.
	IncidentNoProgress = "no_progress"
	// IncidentLost: the executions of the case were lost several times in a row; a retry begins another one.
	IncidentLost = "execution_lost"
)

// ErrorNoCallback is the error of work whose vendor has not called back in time.
const ErrorNoCallback = "callback_timeout"

func roundOf(wf *workflow.Workflow, record Record, state, work string) (round, tries int) {
	for _, doing := range wf.Chart.Busy(record.Snapshot) {
		if doing.State == state && doing.Work == work {
			return doing.Round, doing.Tries
		}
	}
	return 0, 0
}

// await records that the answer to a piece of work comes later, and stores what the vendor returned on acceptance in the
// work's field of the context, as `accepted`.
func (d *draft) await(job Job, outcome Outcome) error {
	d.entry.Cause = CauseCallback
	work := job.Invocation.ID
	d.record.Snapshot, _ = d.workflow.Chart.Await(d.record.Snapshot, job.State, job.Visit, work, outcome.Until)
	d.used(job, outcome.Used)
	d.requested(job)
	if outcome.Accepted == nil {
		return nil
	}
	d.record.Context = maps.Clone(d.record.Context)
	if d.record.Context == nil {
		d.record.Context = map[string]any{}
	}
	d.record.Context[work] = map[string]any{acceptedField: outcome.Accepted}
	d.changed(work)
	return checkSize(d.record.Context)
}

// acceptedField is the member of a work's result that holds what the vendor returned when it accepted the request.
const acceptedField = "accepted"

// keepAccepted copies what the vendor returned on acceptance into the later result, unless the result has it itself.
func (d *draft) keepAccepted(work string, payload any) any {
	before, _ := d.record.Context[work].(map[string]any)
	result, ok := payload.(map[string]any)
	accepted, there := before[acceptedField]
	if _, own := result[acceptedField]; !ok || !there || own {
		return payload
	}
	result = maps.Clone(result)
	result[acceptedField] = accepted
	return result
}

// overdue applies what follows from a wait that has ended: work that was put off is to be done again, awaited answers have not
// come, and a wait without any deadline has lasted too long.
func (s *Service) overdue(ctx context.Context, record Record, wf *workflow.Workflow) (Record, error) {
	for record.Status == StatusActive {
		late, found := wf.Chart.Late(record.Snapshot, s.Now())
		switch {
		case found:
		case !record.DueAt.IsZero() && !record.DueAt.After(s.Now()) && wf.Chart.Deadline(record.Snapshot).IsZero():
			return s.noProgress(ctx, record, wf)
		default:
			return record, nil
		}
		if late.Later {
			var err error
			if record, err = s.again(ctx, s.draft(record, wf, Actor{Kind: string(identity.System), ID: "timer"}), late); err != nil {
				return record, err
			}
			continue
		}
		var err error
		if record, err = s.failLate(ctx, record, wf, late); err != nil {
			return record, err
		}
		if _, due := wf.Chart.Due(record.Snapshot, s.Now()); due {
			return s.expire(ctx, record, wf)
		}
	}
	return record, nil
}

// failLate has work fail whose answer has not come in time. What cannot follow from that is an incident without it: every command first
// applies what is overdue, and nothing could be done with the case any more. The record stays what it was when that fails.
func (s *Service) failLate(ctx context.Context, record Record, wf *workflow.Workflow, late statechart.Doing) (Record, error) {
	begin := func() *draft {
		d := s.draft(record, wf, Actor{Kind: string(identity.System), ID: "timer"})
		d.record.Snapshot, _ = wf.Chart.Overdue(record.Snapshot, late.State, late.Visit, late.Work)
		return d
	}
	failure := Failure{Error: ErrorNoCallback, Cause: "The vendor has not called back in time.", Attempts: 1}
	d := begin()
	err := s.fail(d, late.State, late.Work, late.Visit, failure)
	if err == nil {
		var next Record
		if next, err = s.commit(ctx, d); err == nil {
			return next, nil
		}
	}
	if problem.CodeOf(err) != problem.TooLarge {
		return record, err
	}
	d = begin()
	s.failAlone(d, late.State, late.Work, late.Visit, Failure{Error: string(problem.TooLarge), Cause: failure.Cause + " With what follows, the case would exceed its maximum size.", Attempts: 1})
	next, err := s.commit(ctx, d)
	if err != nil {
		return record, err
	}
	return next, nil
}

// again repeats work that was postponed until now.
func (s *Service) again(ctx context.Context, d *draft, late statechart.Doing) (Record, error) {
	d.entry.Cause = CauseTimer
	d.detail("again", map[string]any{"state": late.State, "work": late.Work})
	d.record.Snapshot, _ = d.workflow.Chart.Again(d.record.Snapshot, late.State, late.Visit, late.Work)
	record, err := s.commit(ctx, d)
	if err != nil {
		return d.old, err
	}
	return record, nil
}

func (s *Service) noProgress(ctx context.Context, record Record, wf *workflow.Workflow) (Record, error) {
	d := s.draft(record, wf, Actor{Kind: string(identity.System), ID: "timer"})
	d.entry.Cause = CauseIncident
	s.stateIncident(d, Incident{Error: IncidentNoProgress, Cause: "Nothing has happened for a long time, and the workflow sets no deadline."})
	return s.commit(ctx, d)
}

// stuck opens an incident when the case cannot move any longer.
func (s *Service) stuck(d *draft) {
	if d.record.Status != StatusActive || d.undone != nil || !d.workflow.Chart.Stuck(d.record.Snapshot) {
		return
	}
	if slices.ContainsFunc(d.record.Incidents, func(i Incident) bool {
		return i.Work == "" && i.Effect == "" && i.Error != IncidentNoProgress && d.stands(i)
	}) {
		return
	}
	if d.entry.Cause == CauseOutcome || d.entry.Cause == CauseTimer {
		d.entry.Cause = CauseIncident
	}
	s.stateIncident(d, Incident{Error: IncidentStuck, Cause: "No guard holds, and nothing else can happen in this state."})
}

// stateIncident opens an incident of the innermost active state.
func (s *Service) stateIncident(d *draft, incident Incident) {
	active := d.record.Snapshot.Active
	if len(active) == 0 {
		return
	}
	at := active[len(active)-1]
	incident.ID, incident.State, incident.Visit, incident.At = s.NewID("inc"), at.State, at.Visit, d.now
	d.raise(incident)
}

// stands reports whether what an incident is about still waits: its work as an incident, or its state.
func (d *draft) stands(i Incident) bool {
	if i.Work != "" {
		_, waits := d.workflow.Chart.Retry(d.record.Snapshot, i.State, i.Visit, i.Work)
		return waits
	}
	if i.Error == IncidentStuck && !d.workflow.Chart.Stuck(d.record.Snapshot) {
		return false
	}
	return slices.ContainsFunc(d.record.Snapshot.Active, func(a statechart.Activation) bool { return a.State == i.State && a.Visit == i.Visit })
}

// resume resolves an incident of a state: after the data has been corrected, what follows its end is evaluated again; a
// state that has waited too long starts a new wait; a case whose executions were lost gets another one.
func (s *Service) resume(ctx context.Context, d *draft, incident Incident, patch map[string]any) error {
	if !d.stands(incident) {
		return errLeft()
	}
	if len(patch) > 0 {
		if err := d.patch(patch); err != nil {
			return err
		}
	}
	switch {
	case incident.Event != "":
		return s.followUp(ctx, d, incident)
	case incident.Error == IncidentLost:
		d.another = true
		return nil
	case incident.Error != IncidentStuck:
		return nil
	}
	d.judge() // guards see what the patch has made stale
	result, err := d.workflow.Chart.Resume(d.record.Snapshot, statechart.Input{Context: d.record.Context, Extra: d.extra(), Now: d.now})
	if err != nil {
		return err
	}
	d.take(result)
	return nil
}

// dueAt is when the case changes automatically: the soonest timer or missing answer; otherwise, if the case waits for
// people or for child cases, the end of their follow-up time. Work that is being done has none: its execution bounds it,
// and the sweep checks the execution. An open incident is in the queue already.
func (s *Service) dueAt(d *draft) time.Time {
	if d.record.Status != StatusActive {
		return time.Time{}
	}
	chart := d.workflow.Chart
	if until := chart.Deadline(d.record.Snapshot); !until.IsZero() {
		return until
	}
	open := func(i Incident) bool { return i.Effect == "" } // a dead letter does not mean that the case waits
	if slices.ContainsFunc(d.record.Incidents, open) || slices.ContainsFunc(chart.Busy(d.record.Snapshot), func(b statechart.Doing) bool { return b.Status == statechart.WorkPending }) {
		return time.Time{}
	}
	if !d.creating && !d.old.DueAt.IsZero() && chart.Deadline(d.old.Snapshot).IsZero() && slices.Equal(d.entry.From, d.entry.To) {
		return d.old.DueAt // still the same wait
	}
	if own := d.workflow.FollowUp; own != nil {
		return own.After(d.now)
	}
	return d.now.Add(s.FollowUp)
}

// Accepted holds what vendors whose answers are pending returned when they accepted the request, by work: it is for the
// applicant, who may have to continue at the vendor.
func (r Record) Accepted() map[string]any {
	found := map[string]any{}
	for _, active := range r.Snapshot.Active {
		for _, work := range active.Work {
			result, _ := r.Context[work.ID].(map[string]any)
			accepted, there := result[acceptedField]
			if work.Status == statechart.WorkAwaiting && there {
				found[work.ID] = accepted
			}
		}
	}
	return found
}
