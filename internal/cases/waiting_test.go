package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/statechart/charttest"
	"ballerine/internal/workflow"
)

// waitsForGood checks a record against the rule that nobody waits without a deadline: an active case has work that is being
// done, an incident, or a time at which something happens by itself.
func waitsForGood(rt *rapid.T, wf *workflow.Workflow, record cases.Record) {
	if record.Status != cases.StatusActive {
		if !record.DueAt.IsZero() {
			rt.Fatalf("a closed case is due at %s", record.DueAt)
		}
		return
	}
	pending := false
	for _, b := range wf.Chart.Busy(record.Snapshot) {
		pending = pending || b.Status == statechart.WorkPending
	}
	deadline := wf.Chart.Deadline(record.Snapshot)
	switch {
	case !deadline.IsZero():
		if !record.DueAt.Equal(deadline) {
			rt.Fatalf("due at %s, the soonest deadline is %s", record.DueAt, deadline)
		}
	case wf.Chart.Stuck(record.Snapshot) && len(record.Incidents) == 0:
		rt.Fatalf("nothing can happen at %v, and there is no incident", wf.Chart.Configuration(record.Snapshot))
	case !pending && len(record.Incidents) == 0 && record.DueAt.IsZero():
		rt.Fatalf("it waits for ever at %v", wf.Chart.Configuration(record.Snapshot))
	}
}

const vendorCallback = `
id: asks
title: Asks a vendor that may be silent
initial: ask
states:
  ask:
    invoke: [{src: vendor, id: lookup, input: {plugin: lookup}}]
    onDone: [{guard: "lookup.ok == true", target: done}]
  done: {type: final}
`

func (d *desk) requested(workflow string) (cases.Record, cases.Job) {
	d.t.Helper()
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: workflow, Subject: cases.SubjectInput{Type: "individual"}}))
	return r, d.beginAt(r.ID, "ask", "lookup")
}

func (d *desk) beginAt(id, state, work string) cases.Job {
	d.t.Helper()
	job, todo, follow, err := d.BeginWork(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, state, work)
	if err != nil || !todo {
		d.t.Fatalf("%s is not to be done: at %s, %v", work, follow.Label, err)
	}
	return job
}

func (d *desk) awaits(job cases.Job, accepted any) {
	d.t.Helper()
	run := d.runOf(job)
	run.Outcome = "awaiting"
	must[cases.ExecutionInput](d)(d.FinishWork(d.t.Context(), job, cases.Outcome{Awaiting: true, Until: d.time().Add(day), Accepted: accepted, Run: run}))
}

func (d *desk) answers(job cases.Job, payload any) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Answer(d.t.Context(), vendorOf(job.Record.ID), job.Record.ID, cases.Reply{State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Round: job.Round, Payload: payload, ID: "e"}))
}

func (d *desk) expires(id string) cases.Record {
	d.t.Helper()
	must[cases.ExecutionInput](d)(d.Expire(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}))
	return d.get(id)
}

func TestAVendorThatNeverCallsBackIsAnIncident(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	d.awaits(job, nil)
	if r = d.get(r.ID); !r.DueAt.Equal(epoch.Add(day)) {
		t.Fatalf("due at %s", r.DueAt)
	}
	d.pass(day - time.Second)
	if r = d.expires(r.ID); len(r.Incidents) != 0 {
		t.Fatalf("too soon: %+v", r.Incidents)
	}
	d.pass(time.Second)
	r = d.expires(r.ID)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.ErrorNoCallback || r.Incidents[0].Work != "lookup" {
		t.Fatalf("incidents %+v", r.Incidents)
	}
	// The answer that has come after all is what the incident lacks.
	if r = d.answers(job, map[string]any{"ok": true}); r.Status != cases.StatusCompleted || len(r.Incidents) != 0 {
		t.Errorf("%s at %v, incidents %+v", r.Status, r.Snapshot.Active, r.Incidents)
	}
	d.verified(r.ID)
}

func TestTheChartDecidesWhatComesOfASilentVendor(t *testing.T) {
	d := newDesk(t, strings.NewReplacer("id: asks", "id: minds", "    onDone:", "    onError: {target: done, guard: \"event.payload.error == 'callback_timeout'\"}\n    onDone:").Replace(vendorCallback))
	r, job := d.requested("minds")
	d.awaits(job, nil)
	d.pass(2 * day)
	if r = d.expires(r.ID); r.Status != cases.StatusCompleted || len(r.Incidents) != 0 {
		t.Errorf("%s, %+v", r.Status, r.Incidents)
	}
}

func TestAStateInWhichNothingCanHappenIsAnIncidentAtOnce(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	d.finish(job, map[string]any{"ok": false})
	r = d.get(r.ID)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentStuck || r.Incidents[0].State != "ask" || r.Incidents[0].Work != "" {
		t.Fatalf("incidents %+v", r.Incidents)
	}
	_, err := d.SkipIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, map[string]any{}, "")
	wantCode(t, err, problem.Invalid)
	// Asking again does not help while the data is as it was: it is an incident again.
	r = must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
	if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentStuck {
		t.Fatalf("after a retry: %+v", r.Incidents)
	}
	d.verified(r.ID)
}

func TestAStuckCaseGoesOnWhenItsDataIsPutRight(t *testing.T) {
	d := newDesk(t, strings.NewReplacer("id: asks", "id: colors", "lookup.ok == true", "color == 'red'").Replace(vendorCallback))
	r, job := d.requested("colors")
	d.finish(job, map[string]any{})
	r = d.get(r.ID)
	r = must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, map[string]any{"color": "red"}))
	if r.Status != cases.StatusCompleted || len(r.Incidents) != 0 {
		t.Errorf("%s, %+v", r.Status, r.Incidents)
	}
	d.verified(r.ID)
}

func TestAWaitWithoutADeadlineIsFollowedUp(t *testing.T) {
	d := newDesk(t, "id: idle\ntitle: Waits\ninitial: wait\nstates: {wait: {on: {GO: done, STAY: {}}}, done: {type: final}}\n")
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "idle", Subject: cases.SubjectInput{Type: "individual"}}))
	if !r.DueAt.Equal(epoch.Add(cases.FollowUp)) {
		t.Fatalf("due at %s", r.DueAt)
	}
	d.pass(10 * day)
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "A remark"})) // moves nothing
	if r = d.get(r.ID); !r.DueAt.Equal(epoch.Add(cases.FollowUp)) {
		t.Fatalf("after a note due at %s", r.DueAt)
	}
	d.pass(80 * day)
	r = d.expires(r.ID)
	if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentNoProgress || !r.DueAt.IsZero() {
		t.Fatalf("due at %s, incidents %+v", r.DueAt, r.Incidents)
	}
	r = must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
	if len(r.Incidents) != 0 || !r.DueAt.Equal(epoch.Add(90*day+cases.FollowUp)) {
		t.Fatalf("waits anew: due at %s, incidents %+v", r.DueAt, r.Incidents)
	}
	if r = d.send(r.ID, "GO"); r.Status != cases.StatusCompleted || !r.DueAt.IsZero() {
		t.Errorf("%s, due at %s", r.Status, r.DueAt)
	}
	d.verified(r.ID)
}

func TestWhatTheVendorAnsweredWhenItAcceptedIsKept(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, job := d.requested("asks")
	d.awaits(job, map[string]any{"url": "https://v.example/s"})
	if got := fmt.Sprint(d.get(r.ID).Context["lookup"]); got != "map[accepted:map[url:https://v.example/s]]" {
		t.Fatalf("context %s", got)
	}
	if got := fmt.Sprint(d.get(r.ID).Accepted()); got != "map[lookup:map[url:https://v.example/s]]" {
		t.Errorf("while it waits the applicant is given %s", got)
	}
	answered := d.answers(job, map[string]any{"ok": true})
	if got := answered.Accepted(); len(got) != 0 {
		t.Errorf("after the answer the applicant is still given %v", got)
	}
	if got := fmt.Sprint(answered.Context["lookup"]); got != "map[accepted:map[url:https://v.example/s] ok:true]" {
		t.Errorf("context %s", got)
	}
}

func TestACallbackOfAFormerRoundChangesNothing(t *testing.T) {
	d := newDesk(t, vendorCallback)
	r, first := d.requested("asks")
	d.awaits(first, nil)
	d.pass(day)
	r = d.expires(r.ID)
	must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, nil))
	second := d.beginAt(r.ID, "ask", "lookup")
	if first.Round == second.Round {
		t.Fatal("both rounds have the same number")
	}
	d.awaits(second, nil)
	if r = d.answers(first, map[string]any{"ok": true}); r.Status != cases.StatusActive || r.Stray != 1 {
		t.Fatalf("%s, stray %d", r.Status, r.Stray)
	}
	if r = d.answers(second, map[string]any{"ok": true}); r.Status != cases.StatusCompleted {
		t.Errorf("%s", r.Status)
	}
}

func TestFewCallbacksThatChangeNothingAreKept(t *testing.T) {
	d := newDesk(t, vendorCallback)
	_, job := d.requested("asks")
	r := d.answers(job, map[string]any{"ok": true})
	version := r.Version
	for range 50 {
		r = d.answers(job, map[string]any{"ok": false})
	}
	if r.Status != cases.StatusCompleted || r.Version != version+20 || r.Stray != 20 {
		t.Errorf("%s, %d entries more, stray %d", r.Status, r.Version-version, r.Stray)
	}
	d.verified(r.ID)
}

// Whatever a workflow looks like and whatever happens, its cases never wait without an end and without a sign.
func TestNobodyWaitsForEver(t *testing.T) {
	d := newDesk(t)
	rapid.Check(t, func(rt *rapid.T) {
		definition := charttest.Draw(rt, charttest.Options{Work: true, Timers: true, Parallel: true, States: 8}).JSON()
		wf, diagnostics := workflow.Parse("random.json", definition, nil)
		if wf == nil {
			rt.Skip(diagnostics)
		}
		d.Catalog = catalog{wf.ID: wf, cases.WorkflowRef{ID: wf.ID, Version: wf.Version}.String(): wf}
		r, err := d.Start(t.Context(), client, cases.StartCommand{Workflow: wf.ID, Subject: cases.SubjectInput{Type: "individual"}})
		if err != nil {
			rt.Skip(err)
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			waitsForGood(rt, wf, r)
			for _, b := range wf.Chart.Busy(r.Snapshot) {
				branch := cases.Branch{Tenant: "demo", Case: r.ID, Region: statechart.Region{}}
				switch {
				case b.Status == statechart.WorkAwaiting || rapid.Bool().Draw(rt, "answers"):
					_, _ = d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: b.State, Visit: b.Visit, Work: b.Work, Round: b.Round, Payload: map[string]any{}, ID: "e"})
				default:
					_, _ = d.FailWork(t.Context(), branch, b.State, b.Work, b.Visit, cases.Failure{Error: "x", Attempts: 1})
				}
			}
			d.pass(time.Duration(rapid.IntRange(0, 50).Draw(rt, "days")) * day)
			_, _ = d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID})
			r = d.get(r.ID)
		}
		waitsForGood(rt, wf, r)
	})
}

func TestAWorkflowDefinesWhenItsCasesAreFollowedUp(t *testing.T) {
	d := newDesk(t, "id: patient\ntitle: Patient\ninitial: open\nfollow_up: P1M\nstates:\n  open: {on: {CLOSE: closed}}\n  closed: {type: final}\n")
	d.pass(30 * day) // from 31 January on
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "patient", Subject: cases.SubjectInput{Type: "individual"}}))
	if want := epoch.Add(58 * day); !r.DueAt.Equal(want) { // the last of February
		t.Fatalf("due at %s, want %s", r.DueAt, want)
	}
	d.pass(28 * day)
	if r = d.expires(r.ID); len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentNoProgress {
		t.Errorf("incidents %+v", r.Incidents)
	}
	d.verified(r.ID)
}
