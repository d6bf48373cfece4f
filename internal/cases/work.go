package cases

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Branch is the caller: a branch of the execution that follows a case. Without an execution any branch matches.
type Branch struct {
	Tenant    string
	Case      string
	Execution string // its name; "": not known
	Region    statechart.Region
}

// Job is work that is to be done now, as a task finds it.
type Job struct {
	Branch     Branch
	Record     Record
	Workflow   *workflow.Workflow
	State      string
	Visit      int
	Round      int // how often a person has had it done again after an incident
	Tries      int // attempts before it was last put off: see PostponeWork
	Invocation *statechart.Invocation
}

// Input is what the work's `with` computes from the case, or the whole context when it has none.
func (j Job) Input(now time.Time) (map[string]any, error) {
	if j.Invocation.With == nil {
		return j.Record.Context, nil
	}
	env := &expr.Env{Scope: expr.Layers{extraOf(j.Workflow, j.Record, now), j.Record.Context}, Now: now}
	input := make(map[string]any, len(j.Invocation.With))
	for name, program := range j.Invocation.With {
		if value, verdict := program.Value(env); verdict.Truth == expr.True {
			input[name] = value // what is missing stays missing: policies and plugins define what that means
		}
	}
	return input, nil
}

// Outcome of a job.
type Outcome struct {
	Payload   any        // JSON value: written to the context under the work's id
	Awaiting  bool       // the vendor has accepted the request and will call back
	Until     time.Time  // awaiting: when the answer is missing for good; zero: it has no deadline of its own (child cases)
	Accepted  any        // awaiting: what is stored of the acceptance, JSON; nil: nothing
	VendorID  *VendorID  // awaiting: by which the callback will find the work; nil: its address names it
	Documents []Document // what was found out about documents: status, checks, key
	Used      *Used      // what the answer was made from; nil: it may be everything
	Run       TaskRun    // the attempt
}

// Failure of a job after its retries.
type Failure struct {
	Error    string // the error's name
	Cause    string // without personal data
	Attempts int    // 0: as the account of attempts has it
}

func system(name string) Actor { return Actor{Kind: string(identity.System), ID: name} }

// input is what the branch follows from here. A case that was cancelled has left its chart: an execution that calls
// before it is stopped ends by itself, and so does one that has been replaced by another.
func (s *Service) input(record Record, wf *workflow.Workflow, branch Branch) ExecutionInput {
	return InputAt(record.Tenant, record.ID, positionOf(record, wf, branch), s.Now(), record.Execution.latest())
}

func positionOf(record Record, wf *workflow.Workflow, branch Branch) statechart.Position {
	snapshot := record.Snapshot
	if branch.Execution != "" && branch.Execution != record.Execution.Name {
		return statechart.HandedOver(branch.Region)
	}
	if record.Status != StatusActive && snapshot.Status != statechart.Done {
		snapshot = statechart.Snapshot{}
	}
	return wf.Chart.PositionIn(snapshot, branch.Region)
}

// load reads a record with the timers that are due applied.
func (s *Service) load(ctx context.Context, tenant, id string) (Record, *workflow.Workflow, error) {
	record, err := s.apply(ctx, tenant, id, system("step"), func(d *draft) error {
		d.unchanged = true
		return nil
	})
	if err != nil {
		return Record{}, nil, err
	}
	wf, err := s.follows(ctx, record)
	return record, wf, err
}

// Park stores the token of a wait if the record is still where the branch believes it to be. Otherwise it returns the
// position with which the token is to be sent at once.
func (s *Service) Park(ctx context.Context, branch Branch, visit int, label, token string) (*ExecutionInput, error) {
	for attempt := 0; attempt < attempts; attempt++ {
		record, wf, err := s.load(ctx, branch.Tenant, branch.Case)
		if err != nil {
			return nil, err
		}
		position := positionOf(record, wf, branch)
		if position.Label != label || position.Visit != visit || record.Status != StatusActive {
			input := s.input(record, wf, branch)
			return &input, nil
		}
		err = s.Store.Park(ctx, branch.Tenant, branch.Case, record.Version, branch.Region.Path, Park{Token: token, Position: position})
		if problem.CodeOf(err) != problem.Conflict {
			return nil, err
		}
		if err := s.Pause(ctx, attempt); err != nil {
			return nil, problem.Wrap(err, problem.Timeout, "The call ended before the execution could be parked.")
		}
	}
	return nil, problem.New(problem.Conflict, "The case changes too often to park its execution.")
}

// Expire applies the timers that are due, lets another execution take over if this one is too old, and returns the
// position to follow.
func (s *Service) Expire(ctx context.Context, branch Branch) (ExecutionInput, error) {
	record, wf, err := s.load(ctx, branch.Tenant, branch.Case)
	if err == nil {
		record, err = s.renew(ctx, record)
	}
	if err != nil {
		return ExecutionInput{}, err
	}
	return s.input(record, wf, branch), nil
}

// BeginWork finds the work that a task was started for. todo is false when it is not to be done now: the execution
// then follows the input.
func (s *Service) BeginWork(ctx context.Context, branch Branch, state, work string) (job Job, todo bool, follow ExecutionInput, err error) {
	record, wf, err := s.load(ctx, branch.Tenant, branch.Case)
	if err != nil {
		return Job{}, false, ExecutionInput{}, err
	}
	follow = s.input(record, wf, branch)
	if record.Status != StatusActive || follow.Label != statechart.Label(state, work, statechart.WorkPending) {
		return Job{}, false, follow, nil
	}
	where, ok := wf.Chart.State(state)
	if !ok {
		return Job{}, false, follow, nil
	}
	invocation, ok := where.Invocation(work)
	job = Job{Branch: branch, Record: record, Workflow: wf, State: state, Visit: follow.Visit, Invocation: invocation}
	job.Round, job.Tries = roundOf(wf, record, state, work)
	return job, ok, follow, nil
}

// FinishWork writes a job's outcome. An outcome that belongs to a former visit changes only the list of attempts.
// Errors: VendorGarbage when outcome.VendorID belongs to other work, TooLarge, Conflict.
func (s *Service) FinishWork(ctx context.Context, job Job, outcome Outcome) (ExecutionInput, error) {
	if err := checkResult(outcome.Payload); err != nil {
		return ExecutionInput{}, err
	}
	id := outcome.VendorID
	if !outcome.Awaiting {
		id = nil
	}
	return s.conclude(ctx, job, outcome.Run, id, func(d *draft) error {
		d.update(outcome.Documents)
		if outcome.Awaiting {
			return d.await(job, outcome)
		}
		d.used(job, outcome.Used)
		d.usedAgain(job.Invocation.ID, outcome.Run.Call)
		return s.finishAlone(d, job.State, job.Visit, job.Invocation, outcome, &job.Record, "")
	})
}

// Postponement is a request of work to be repeated later.
type Postponement struct {
	Until time.Time
	Tries int     // attempts so far, in total
	Error string  // the attempt's
	Run   TaskRun // the attempt
}

// PostponeWork lets work wait in the record until it may be done again. It is pending again then, and only the record
// has to remember it. A request that belongs to a former visit changes only the list of attempts.
func (s *Service) PostponeWork(ctx context.Context, job Job, p Postponement) (ExecutionInput, error) {
	stale := false
	work := job.Invocation.ID
	record, err := s.apply(ctx, job.Record.Tenant, job.Record.ID, system(job.Invocation.Source), func(d *draft) error {
		if stale = !d.isDoing(job.State, job.Visit, work, statechart.WorkPending); stale {
			d.unchanged = true
			return nil
		}
		d.runs = []TaskRun{p.Run}
		d.entry.Cause = CausePostponed
		d.detail("postponed", map[string]any{"state": job.State, "work": work, "until": p.Until.UTC().Format(time.RFC3339Nano), "attempts": p.Tries, "error": p.Error})
		d.record.Snapshot, _ = d.workflow.Chart.Postpone(d.record.Snapshot, job.State, job.Visit, work, p.Until.UTC(), p.Tries)
		return nil
	})
	if err != nil {
		return ExecutionInput{}, err
	}
	if stale {
		if err := s.Store.PutTaskRun(ctx, record.Tenant, record.ID, p.Run); err != nil {
			return ExecutionInput{}, err
		}
	}
	return s.input(record, job.Workflow, job.Branch), nil
}

// isDoing reports whether the case is busy with this work, in one of these statuses.
func (d *draft) isDoing(state string, visit int, work string, statuses ...statechart.WorkStatus) bool {
	return d.record.Status == StatusActive && slices.ContainsFunc(d.workflow.Chart.Busy(d.record.Snapshot), func(b statechart.Doing) bool {
		return b.State == state && b.Visit == visit && b.Work == work && slices.Contains(statuses, b.Status)
	})
}

// done passes a result to the pure core. from is the record that was the work's input; nil: it is stored in the record.
func (s *Service) done(d *draft, state string, visit int, invocation *statechart.Invocation, from *Record, payload any, eventID string) error {
	d.answers(invocation.ID, from)
	d.entry.Cause, d.entry.Event = CauseOutcome, "done.invoke."+invocation.ID
	if invocation.Source == "rules" {
		d.rate(invocation.ID, payload)
	}
	return s.step(d, statechart.Event{Type: d.entry.Event, Payload: payload, State: state, Visit: visit, ID: eventID})
}

// rate takes the risk over from a policy's answer.
func (d *draft) rate(work string, payload any) {
	answer, _ := payload.(map[string]any)
	score, hasScore := answer["score"].(float64)
	severity, _ := answer["severity"].(string)
	policy, _ := answer["policy"].(string)
	if hasScore {
		d.record.Risk = &Risk{Score: score, Severity: severity, Policy: policy, Work: work}
	}
}

// update applies what was found out about documents. A document that a person has decided about keeps its status, unless
// it is not what was announced.
func (d *draft) update(documents []Document) {
	for _, found := range documents {
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == found.ID })
		if at < 0 {
			continue
		}
		doc := d.record.Documents[at]
		doc.Key, doc.Checks, doc.UpdatedAt = found.Key, found.Checks, d.now
		if doc.Decision == nil || found.Status == DocumentRefused { // what must not be shown cannot be approved
			doc.Status = found.Status
		}
		d.record.Documents = slices.Clone(d.record.Documents)
		d.record.Documents[at] = doc
		d.member(memberDocuments)
	}
}

// checkResult refuses results that the context cannot hold, before anything is written.
func checkResult(payload any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return problem.Wrap(err, problem.VendorGarbage, "The result is not JSON.")
	}
	if len(text) > maxContext {
		return problem.New(problem.TooLarge, "The result is larger than %d KB.", maxContext>>10)
	}
	return nil
}

// FailWork records that work has failed for good: the chart defines what follows, otherwise it is an incident.
func (s *Service) FailWork(ctx context.Context, branch Branch, state, work string, visit int, failure Failure) (ExecutionInput, error) {
	if failure.Attempts == 0 {
		var err error
		if failure.Attempts, err = s.attempted(ctx, branch, state, visit, work); err != nil {
			return ExecutionInput{}, err
		}
	}
	record, err := s.apply(ctx, branch.Tenant, branch.Case, system("step"), func(d *draft) error {
		if !d.isDoing(state, visit, work, statechart.WorkPending) {
			d.unchanged = true
			return nil
		}
		return s.fail(d, state, work, visit, failure)
	})
	if err != nil {
		return ExecutionInput{}, err
	}
	wf, err := s.follows(ctx, record)
	if err != nil {
		return ExecutionInput{}, err
	}
	return s.input(record, wf, branch), nil
}

// fail feeds a failure of pending work to the pure core; without a rule of the chart it is an incident.
func (s *Service) fail(d *draft, state, work string, visit int, failure Failure) error {
	d.entry.Cause, d.entry.Event = CauseOutcome, "error.invoke."+work
	d.detail("error", failure.Error)
	d.detail("cause", failure.Cause)
	payload := map[string]any{"error": failure.Error, "cause": failure.Cause}
	misfit, err := d.unless(func() error {
		return s.step(d, statechart.Event{Type: d.entry.Event, Payload: payload, State: state, Visit: visit})
	})
	loops := problem.CodeOf(err) == problem.Livelock
	if err != nil && !loops {
		return err
	}
	if misfit != nil || loops {
		d.record.Snapshot, _ = d.workflow.Chart.Fail(d.record.Snapshot, state, visit, work)
	}
	switch {
	case loops: // each attempt would come to the same, and so would every other command: it first applies what is overdue
		failure.Error, failure.Cause = string(problem.Livelock), "The work has failed ("+failure.Error+"), which leads to an endless loop of transitions without an event."
	case misfit != nil:
		failure.Error, failure.Cause = IncidentMisfit, misfitCause(d.workflow, "The work has failed ("+failure.Error+"), and with the resulting changes of the workflow", misfit)
	}
	if d.isDoing(state, visit, work, statechart.WorkIncident) {
		s.failAlone(d, state, work, visit, failure)
		return nil
	}
	if _, covered := readingOf(d.workflow, work, nil); covered && !slices.Contains(d.fields, work) {
		d.readBy(work, Read{Requested: "failed"}) // an answer in its field is of a former round
	}
	return nil
}

// failAlone has work fail without anything that follows from it: it is an incident.
func (s *Service) failAlone(d *draft, state, work string, visit int, failure Failure) {
	d.record.Snapshot, _ = d.workflow.Chart.Fail(d.record.Snapshot, state, visit, work)
	d.entry.Cause = CauseIncident
	incident := Incident{ID: s.NewID("inc"), State: state, Visit: visit, Work: work, Error: failure.Error, Cause: failure.Cause, Attempts: failure.Attempts, At: d.now}
	at := slices.IndexFunc(d.record.Incidents, func(i Incident) bool { return i.State == state && i.Visit == visit && i.Work == work })
	if at < 0 {
		d.raise(incident)
		return
	}
	// It was an incident before, and a callback that came after all has not helped: one piece of work has one incident.
	former := d.record.Incidents[at]
	d.record.Incidents = slices.Delete(slices.Clone(d.record.Incidents), at, at+1)
	if former.Error != failure.Error {
		d.raise(incident)
		return
	}
	incident.ID = former.ID // nobody is notified of it once more
	d.record.Incidents = append(d.record.Incidents, incident)
	d.member(memberIncidents)
}

// raise opens an incident.
func (d *draft) raise(incident Incident) {
	d.record.Incidents = append(slices.Clone(d.record.Incidents), incident)
	d.member(memberIncidents)
	d.notify("case.incident", map[string]any{"incident": incident.ID, "state": incident.State, "work": incident.Work, "error": incident.Error})
}
