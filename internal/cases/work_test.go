package cases_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/telemetry"
	"ballerine/internal/workflow"
)

// checking is a case whose first work is to be done.
func (d *desk) checking() cases.Record {
	d.t.Helper()
	r := d.start()
	return d.send(r.ID, "GO")
}

func (d *desk) await(job cases.Job) cases.ExecutionInput {
	d.t.Helper()
	run := d.runOf(job)
	run.Outcome = "awaiting"
	return must[cases.ExecutionInput](d)(d.FinishWork(d.t.Context(), job, cases.Outcome{Awaiting: true, Run: run}))
}

func TestWorkIsDoneOneAfterTheOther(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	if _, todo, _, err := d.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "risk"); todo || err != nil {
		t.Fatalf("the second work before the first: %v", err)
	}
	if follow := d.finish(d.begin(r.ID, "lookup"), map[string]any{"hits": 0.0}); follow.Label != "check/risk" {
		t.Fatalf("follow %s", follow.Label)
	}
	if follow := d.finish(d.begin(r.ID, "risk"), map[string]any{"score": 71.0, "severity": "high"}); follow.Label != "review" {
		t.Fatalf("follow %s", follow.Label)
	}
	now := d.get(r.ID)
	lookup, _ := now.Context["lookup"].(map[string]any)
	if lookup["hits"] != 0.0 || now.Risk == nil || *now.Risk != (cases.Risk{Score: 71, Severity: "high", Work: "risk"}) {
		t.Errorf("context %v, risk %v", now.Context, now.Risk)
	}
	if needed := effects(d.store.last(), "workflow.review.needed"); len(needed) != 1 {
		t.Errorf("effects %+v", d.store.last().Effects)
	}
	if runs := must[[]cases.TaskRun](d)(d.TaskRuns(t.Context(), client, r.ID)); len(runs) != 2 || runs[0].Outcome != "done" {
		t.Errorf("runs %+v", runs)
	}
	d.verified(r.ID)
}

func TestOutcomeOfAFormerVisitIsStaleAndTheWorkStartsAgain(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	late := d.begin(r.ID, "lookup")
	d.send(r.ID, "back")
	again := d.send(r.ID, "GO")

	follow := d.finish(late, map[string]any{"old": true})
	if now := d.get(r.ID); now.Version != again.Version || now.Context["lookup"] != nil {
		t.Fatalf("the late outcome was written: version %d, %v", now.Version, now.Context)
	}
	fresh := d.begin(r.ID, "lookup")
	if follow.Label != "check/lookup" || follow.Visit != fresh.Visit || fresh.Visit == late.Visit {
		t.Errorf("follow %+v, visits %d and %d", follow, late.Visit, fresh.Visit)
	}
	if runs := must[[]cases.TaskRun](d)(d.TaskRuns(t.Context(), client, r.ID)); len(runs) != 1 || runs[0].Outcome != "stale" {
		t.Errorf("runs %+v", runs)
	}
	d.finish(fresh, map[string]any{"new": true})
	if lookup, _ := d.get(r.ID).Context["lookup"].(map[string]any); lookup["new"] != true {
		t.Errorf("context %v", d.get(r.ID).Context)
	}
	d.verified(r.ID)
}

func TestOutcomeThatComesTwiceIsAppliedOnce(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	d.finish(job, map[string]any{"n": 1.0})
	version := d.get(r.ID).Version
	if follow := d.finish(job, map[string]any{"n": 2.0}); follow.Label != "check/risk" || d.get(r.ID).Version != version {
		t.Errorf("follow %s, version %d", follow.Label, d.get(r.ID).Version)
	}
}

func TestAnEarlyOrLateCallbackIsAppliedOnce(t *testing.T) {
	answer := map[string]any{"answered": true}
	t.Run("after", func(t *testing.T) {
		d := newDesk(t)
		r := d.checking()
		job := d.begin(r.ID, "lookup")
		if follow := d.await(job); follow.Label != labelOf("check", "lookup", statechart.WorkAwaiting) {
			t.Fatalf("follow %s", follow.Label)
		}
		if _, todo, follow, err := d.BeginWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup"); todo || err != nil || follow.Label != "check/lookup/answer" {
			t.Fatalf("the work is to be done again: %s, %v", follow.Label, err)
		}
		now := must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: answer, ID: "evt_1"}))
		if got, _ := now.Context["lookup"].(map[string]any); got["answered"] != true {
			t.Fatalf("context %v", now.Context)
		}
		again := must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: map[string]any{}, ID: "evt_2"}))
		if got, _ := again.Context["lookup"].(map[string]any); got["answered"] != true || again.Stray != 1 || !slices.Equal(again.Snapshot.Active[0].Work, now.Snapshot.Active[0].Work) {
			t.Error("the second answer was applied, too, or has left no trace")
		}
		d.verified(r.ID)
	})
	t.Run("before", func(t *testing.T) {
		d := newDesk(t)
		r := d.checking()
		job := d.begin(r.ID, "lookup")
		now := must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: answer, ID: "evt_1"}))
		if follow := d.await(job); follow.Label != "check/risk" || d.get(r.ID).Version != now.Version {
			t.Errorf("follow %s, version %d", follow.Label, d.get(r.ID).Version)
		}
		d.verified(r.ID)
	})
	t.Run("late", func(t *testing.T) {
		d := newDesk(t)
		r := d.checking()
		job := d.begin(r.ID, "lookup")
		d.await(job)
		d.send(r.ID, "back")
		again := d.send(r.ID, "GO")
		now := must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: answer, ID: "evt_1"}))
		if now.Version != again.Version+1 || now.Stray != 1 || now.Context["lookup"] != nil {
			t.Errorf("version %d, context %v", now.Version, now.Context)
		}
	})
}

func TestFailureWithoutARuleIsAnIncidentThatAnOperatorRetries(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	failure := cases.Failure{Error: "VendorUnavailable", Cause: "no answer", Attempts: 3}
	follow := must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, failure))
	now := d.get(r.ID)
	if follow.Label != "check/lookup/incident" || len(now.Incidents) != 1 || now.Incidents[0].Error != "VendorUnavailable" || now.Incidents[0].Attempts != 3 {
		t.Fatalf("follow %s, incidents %+v", follow.Label, now.Incidents)
	}
	incidents := effects(d.store.last(), "case.incident")
	if len(incidents) != 1 || incidents[0].Data["incident"] != now.Incidents[0].ID || incidents[0].Data["version"] != now.Version {
		t.Errorf("reported %+v", incidents)
	}
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, failure))
	if d.get(r.ID).Version != now.Version {
		t.Error("the same failure made another incident")
	}
	stranger := d.start()
	_, err := d.RetryIncident(t.Context(), applicantOf(stranger.ID), r.ID, now.Incidents[0].ID, nil)
	wantCode(t, err, problem.NotFound)
	_, err = d.RetryIncident(t.Context(), reviewer, r.ID, "inc_none", nil)
	wantCode(t, err, problem.NotFound)

	retried := must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, now.Incidents[0].ID, nil))
	if len(retried.Incidents) != 0 || d.store.last().Entry.Cause != cases.CauseIncidentResolved {
		t.Errorf("incidents %+v, cause %s", retried.Incidents, d.store.last().Entry.Cause)
	}
	d.finish(d.begin(r.ID, "lookup"), nil)
	d.finish(d.begin(r.ID, "risk"), nil)
	wantState(t, d.get(r.ID), "review")
	d.verified(r.ID)
}

// stuck is a case whose lookup has failed for good.
func (d *desk) stuck() (cases.Record, cases.Incident) {
	d.t.Helper()
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	must[cases.ExecutionInput](d)(d.FailWork(d.t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "vendor_rejected", Cause: "no such country"}))
	r = d.get(r.ID)
	return r, r.Incidents[0]
}

func TestAnIncidentIsSkippedWithAResultThatIsGivenByHand(t *testing.T) {
	d := newDesk(t)
	r, incident := d.stuck()
	skipped := must[cases.Record](d)(d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"hits": []any{}}, "asked by telephone"))
	if len(skipped.Incidents) != 0 || skipped.Context["lookup"] == nil || len(d.store.last().Entry.Details) == 0 {
		t.Errorf("%+v", skipped)
	}
	entry := d.store.last().Entry
	if entry.Cause != cases.CauseIncidentResolved || entry.Details["resolution"] != "skipped" || entry.Details["comment"] != "asked by telephone" {
		t.Errorf("%s %v", entry.Cause, entry.Details)
	}
	d.finish(d.begin(r.ID, "risk"), nil)
	wantState(t, d.get(r.ID), "review")
	_, err := d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, nil, "")
	wantCode(t, err, problem.NotFound)
	d.verified(r.ID)
}

func TestAResultByHandIsOneThatTheWorkCouldReturn(t *testing.T) {
	d := newDesk(t)
	r, incident := d.stuck()
	d.Returns = func(_ context.Context, tenant string, wf *workflow.Workflow, work workflow.Invocation, result any) error {
		if tenant != "demo" || wf.ID != "small" || work.Name != "lookup" {
			t.Errorf("asked about %s of %s for %s", work.Name, wf.ID, tenant)
		}
		if hits, _ := result.(map[string]any)["hits"].([]any); hits == nil {
			return problem.New(problem.Invalid, "The result is not one that lookup could have returned.").With("result.hits", "type", "must be array").With("result.x", "type", "must be text")
		}
		return nil
	}
	_, err := d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"hits": "none"}, "")
	wantCode(t, err, problem.Invalid)
	if f := problem.As(err).Fields; len(f) != 2 || f[0].Location != "body.result.hits" || f[1].Location != "body.result.x" {
		t.Errorf("%+v", f)
	}
	if now := d.get(r.ID); now.Version != r.Version || len(now.Incidents) != 1 {
		t.Errorf("the case has changed: %+v", now)
	}
	must[cases.Record](d)(d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"hits": []any{}}, ""))

	d = newDesk(t) // the workflow alone knows what a policy returns
	r = d.checking()
	d.finish(d.begin(r.ID, "lookup"), nil)
	job := d.begin(r.ID, "risk")
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "risk", job.Visit, cases.Failure{Error: "unknown_policy"}))
	incident = d.get(r.ID).Incidents[0]
	_, err = d.SkipIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"outcome": "approve", "score": "low"}, "")
	wantCode(t, err, problem.Invalid)
	if f := problem.As(err).Fields; len(f) != 1 || f[0].Location != "body.result.score" {
		t.Errorf("%+v", f)
	}
}

// incidentCounter counts what an alarm watches.
type incidentCounter struct {
	telemetry.Metrics
	incidents int
}

func (c *incidentCounter) Count(name string, dimensions ...string) {
	if name == "case_incidents_total" && len(dimensions) == 0 {
		c.incidents++
	}
}

func TestAnIncidentIsCountedOnceHoweverLongItIsOpen(t *testing.T) {
	d := newDesk(t)
	counter := &incidentCounter{Metrics: telemetry.Discard}
	d.Metrics = counter
	r, incident := d.stuck()
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "The vendor is asked."})) // another commit, in which it is still open
	if open := d.get(r.ID).Incidents; len(open) != 1 || counter.incidents != 1 {
		t.Errorf("open: %d, counted: %d", len(open), counter.incidents)
	}
	must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, incident.ID, nil))
	if counter.incidents != 1 {
		t.Errorf("counted after its end: %d", counter.incidents)
	}
}

func TestAnIncidentIsRetriedWithTheDataPutRight(t *testing.T) {
	d := newDesk(t)
	r, incident := d.stuck()
	_, err := d.RetryIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"color": "green"})
	if p := wantCode(t, err, problem.Invalid); len(p.Fields) != 1 || p.Fields[0].Location != "body.context.color" || len(d.get(r.ID).Incidents) != 1 {
		t.Errorf("%+v", p.Fields)
	}
	_, err = d.RetryIncident(t.Context(), client, r.ID, incident.ID, map[string]any{"color": "red"})
	wantCode(t, err, problem.NotCollecting) // people put data right while it is checked, and nobody else
	_, err = d.RetryIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"risk": map[string]any{"score": 1.0}})
	if p := wantCode(t, err, problem.Invalid); !slices.Equal(places(p), []string{"body.context.risk reserved"}) {
		t.Errorf("a risk score was put in by hand: %v", places(p))
	}
	repaired := must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, incident.ID, map[string]any{"color": "red"}))
	if repaired.Context["color"] != "red" || repaired.Context["risk"] != nil || len(repaired.Incidents) != 0 {
		t.Errorf("%+v", repaired.Context)
	}
	if changed := d.store.last().Entry.Changed; !slices.Contains(changed, "color") || !slices.Contains(changed, "incidents") {
		t.Errorf("changed %v", changed)
	}
	d.finish(d.begin(r.ID, "lookup"), nil)
	d.verified(r.ID)
}

func TestIncidentsHaveTheInputAndTheAttempts(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	for attempt := range 3 {
		run := d.runOf(job)
		run.ID, run.Attempt, run.Outcome = fmt.Sprint("task_x", attempt), attempt+1, "failed"
		if err := d.store.PutTaskRun(t.Context(), "demo", r.ID, run); err != nil {
			t.Fatal(err)
		}
	}
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "vendor_unavailable"}))
	found := must[[]cases.OpenIncident](d)(d.Incidents(t.Context(), reviewer, r.ID))
	if len(found) != 1 || found[0].Attempts != 3 || found[0].Input["plugin"] != "lookup" || found[0].Source != "vendor" {
		t.Errorf("%+v", found)
	}
	d.start()
	page := must[cases.Page](d)(d.List(t.Context(), reviewer, cases.Query{Incident: true, Status: cases.StatusActive, Limit: 10}))
	if len(page.Records) != 1 || page.Records[0].ID != r.ID {
		t.Errorf("listed %+v", page.Records)
	}
	_, err := d.Incidents(t.Context(), foreigner, r.ID)
	wantCode(t, err, problem.NotFound)
}

func TestIncidentIsForgottenWhenItsStateIsLeft(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "Timeout"}))
	incident := d.get(r.ID).Incidents[0].ID
	if left := d.send(r.ID, "back"); len(left.Incidents) != 0 || !slices.Contains(d.store.last().Entry.Changed, "incidents") {
		t.Errorf("incidents %+v", left.Incidents)
	}
	_, err := d.RetryIncident(t.Context(), reviewer, r.ID, incident, nil)
	wantCode(t, err, problem.NotFound)
}

// park lets the execution wait where the case is.
func (d *desk) park(id, token string) {
	d.t.Helper()
	at := must[cases.ExecutionInput](d)(d.Expire(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}))
	resume, err := d.Park(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, at.Visit, at.Label, token)
	if resume != nil || err != nil {
		d.t.Fatalf("it was not parked: %v, %v", resume, err)
	}
	for d.get(id).Parked[""].Token != token { // a store may show it only when it is durable
		runtime.Gosched()
	}
}

func TestParkedExecutionIsWokenExactlyWhenItsPositionChanges(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.park(r.ID, "token-1")
	if now := d.get(r.ID); now.Version != 1 || now.Revision != 2 || now.Parked[""].Token != "token-1" {
		t.Fatalf("version %d, revision %d, parked %v", now.Version, now.Revision, now.Parked)
	}
	for name, quiet := range map[string]func() error{
		"a note": func() error {
			_, err := d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "hm"})
			return err
		},
		"data": func() error {
			_, err := d.SaveContext(t.Context(), client, r.ID, map[string]any{"color": "red"})
			return err
		},
		"an action": func() error {
			_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "PAINT"})
			return err
		},
		"assignment": func() error { _, err := d.Assign(t.Context(), reviewer, r.ID, "user_9", 0); return err },
	} {
		if err := quiet(); err != nil {
			t.Fatal(err)
		}
		if change := d.store.last(); len(effects(change, "wake")) != 0 || change.Next.Parked[""].Token != "token-1" {
			t.Errorf("%s woke the execution", name)
		}
	}
	moved := d.send(r.ID, "GO")
	woken := effects(d.store.last(), "wake")
	if len(woken) != 1 || woken[0].Token != "token-1" || woken[0].Label != "check/lookup" || len(d.get(r.ID).Parked) != 0 {
		t.Fatalf("effects %+v, parked %v", d.store.last().Effects, moved.Parked)
	}
	d.send(r.ID, "back")
	if len(effects(d.store.last(), "wake")) != 0 {
		t.Error("a token was sent twice")
	}
	d.park(r.ID, "token-2")
	d.pass(14 * day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	if woken := effects(d.store.last(), "wake"); len(woken) != 1 || woken[0].Token != "token-2" || woken[0].Label != "expired" {
		t.Errorf("the end did not wake it: %+v", d.store.last().Effects)
	}
}

func TestParkOfAnExecutionThatIsBehindGivesThePositionToFollow(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.send(r.ID, "GO")
	back := d.send(r.ID, "back") // the same label, another visit
	resume, err := d.Park(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, r.Snapshot.Active[0].Visit, "collect", "token")
	if err != nil || resume == nil || resume.Label != "collect" || resume.Visit != back.Snapshot.Active[0].Visit {
		t.Fatalf("resume %+v, %v", resume, err)
	}
	if len(d.get(r.ID).Parked) != 0 {
		t.Error("the token was kept")
	}
}

func TestParkThatMeetsAnotherWriteResumes(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	var once sync.Once
	d.store.beforePark = func() { once.Do(func() { d.send(r.ID, "GO") }) }
	resume, err := d.Park(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, r.Snapshot.Active[0].Visit, "collect", "token")
	if err != nil || resume == nil || resume.Label != "check/lookup" {
		t.Fatalf("resume %+v, %v", resume, err)
	}
}

func TestParkPausesBetweenItsAttemptsAndGivesUp(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	pauses := 0
	d.Pause = func(ctx context.Context, _ int) error { pauses++; return ctx.Err() }
	d.store.beforePark = func() { must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "again"})) }
	_, err := d.Park(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, r.Snapshot.Active[0].Visit, "collect", "token")
	wantCode(t, err, problem.Conflict)
	if pauses < 11 {
		t.Errorf("%d pauses", pauses)
	}
}

func TestCommandThatAlwaysComesSecondGivesUp(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.store.beforeCommit = func() {
		d.store.beforeCommit = nil
		must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "first"}))
	}
	d.send(r.ID, "GO")
	if now := d.get(r.ID); now.Version != 3 || d.history(r.ID)[2].Event != "GO" {
		t.Errorf("version %d", now.Version)
	}
	d.verified(r.ID)
}

func TestReplacedExecutionTakesOverFromTheRecord(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.park(r.ID, "lost")
	var group sync.WaitGroup
	for range 8 { // several sweeps have found the same one gone
		group.Go(func() {
			if _, err := d.ReplaceExecution(t.Context(), "demo", r.ID, r.ID+"-1"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	replaced := d.get(r.ID)
	change := d.store.last()
	begun := effects(change, "start")
	if len(begun) != 1 || begun[0].Name != r.ID+"-2" || begun[0].Label != "review" || len(effects(change, "wake")) != 0 || len(replaced.Parked) != 0 {
		t.Errorf("effects %+v, parked %v", change.Effects, replaced.Parked)
	}
	must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "done"))
	version := d.get(r.ID).Version
	if again := must[cases.Record](d)(d.ReplaceExecution(t.Context(), "demo", r.ID, r.ID+"-2")); again.Version != version {
		t.Error("a case that has ended got an execution")
	}
}

func TestEffectsAreNumberedAndTheSameForTheSameChange(t *testing.T) {
	run := func() []cases.Effect {
		d := newDesk(t)
		r := d.start()
		d.park(r.ID, "token")
		d.send(r.ID, "GO")
		d.finish(d.begin(r.ID, "lookup"), map[string]any{})
		d.finish(d.begin(r.ID, "risk"), map[string]any{})
		r = d.get(r.ID)
		must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "Not rated."}))
		var all []cases.Effect
		for _, change := range d.store.changes {
			for i, e := range change.Effects {
				if e.Number != i || e.Version != change.Next.Version || e.Case != r.ID || e.Tenant != "demo" || !e.At.Equal(change.Next.UpdatedAt) {
					t.Errorf("effect %+v at place %d of version %d", e, i, change.Next.Version)
				}
			}
			all = append(all, change.Effects...)
		}
		return all
	}
	first, second := run(), run()
	if len(first) < 8 || len(first) != len(second) {
		t.Fatalf("%d and %d effects", len(first), len(second))
	}
	seen := map[string]bool{}
	for i := range first {
		if first[i].ID() != second[i].ID() || first[i].Kind != second[i].Kind || first[i].Type != second[i].Type {
			t.Errorf("effect %d: %+v and %+v", i, first[i], second[i])
		}
		if seen[first[i].ID()] {
			t.Errorf("%s is not unique", first[i].ID())
		}
		seen[first[i].ID()] = true
	}
}
