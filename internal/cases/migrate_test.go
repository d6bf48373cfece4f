package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

const moving1 = `
id: moving
version: 1
subject: individual
context:
  schema:
    type: object
    properties: {name: {type: string}, age: {type: integer}}
    additionalProperties: false
initial: wait
by: [applicant, client, reviewer]
states:
  wait: {on: {GO: check, DECIDE: review}, after: {P9D: done}}
  check:
    invoke: {src: vendor, id: look, input: {plugin: p}}
    onDone: review
  review: {tags: [manual_review], by: [client, reviewer], on: {approve: done}}
  done: {type: final}
`

// The second version has no review, and wants a name.
var moving2 = strings.NewReplacer("version: 1", "version: 2", "  review: {tags: [manual_review], by: [client, reviewer], on: {approve: done}}\n", "  second: {tags: [manual_review], by: [client, reviewer], on: {approve: done}}\n",
	"DECIDE: review", "DECIDE: second", "onDone: review", "onDone: second", "    additionalProperties: false", "    required: [name]\n    additionalProperties: false").Replace(moving1)

func newMoving(t testing.TB) *desk {
	t.Helper()
	return newDesk(t, moving2, moving1) // cases begin with the one that comes last
}

func (d *desk) startMoving(context map[string]any) cases.Record {
	d.t.Helper()
	return must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "moving", Version: 1, Subject: cases.SubjectInput{Type: "individual"}, Context: context}))
}

// migrate moves all cases, page by page.
func (d *desk) migrate(cmd cases.MigrateCommand) map[string]cases.Migrated {
	d.t.Helper()
	cmd.Workflow, cmd.From, cmd.To = "moving", 1, 2
	found := map[string]cases.Migrated{}
	for {
		done, next, err := d.Migrate(d.t.Context(), client, cmd)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, one := range done {
			found[one.Case] = one
		}
		if cmd.After = next; next == "" {
			return found
		}
	}
}

var named = map[string]any{"name": "Ada"}

func TestAMigrationMovesTheRecordAndAnotherExecutionTakesOver(t *testing.T) {
	d := newMoving(t)
	r := d.startMoving(named)
	d.parkAt(r.ID, "old token")
	before := d.get(r.ID)
	done := d.migrate(cases.MigrateCommand{})
	if done[r.ID].Outcome != cases.Moved || !slices.Equal(done[r.ID].To, []string{"wait"}) {
		t.Errorf("%+v", done)
	}
	after := d.get(r.ID)
	if after.Workflow.Version != 2 || after.Execution.Sequence != 2 || len(after.Parked) != 0 || !after.DueAt.Equal(before.DueAt) {
		t.Errorf("%+v", after)
	}
	change := d.store.last()
	starts, wakes := effects(change, "start"), effects(change, "wake")
	if len(starts) != 1 || starts[0].Machine.Version != 2 || starts[0].Label != "wait" {
		t.Errorf("starts %+v", starts)
	}
	if len(wakes) != 1 || wakes[0].Token != "old token" || wakes[0].Label != statechart.LabelHandover {
		t.Errorf("wakes %+v", wakes)
	}
	if change.Entry.Cause != cases.CauseMigrated || change.Entry.Workflow.Version != 2 || change.Entry.Details["migration"] == nil {
		t.Errorf("entry %+v", change.Entry)
	}
	d.send(r.ID, "DECIDE")
	wantState(t, d.get(r.ID), "second")
	d.verified(r.ID)
}

// parkAt lets the execution wait at the case's position.
func (d *desk) parkAt(id, token string) {
	d.t.Helper()
	follow := must[cases.ExecutionInput](d)(d.Expire(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}))
	must[*cases.ExecutionInput](d)(d.Park(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, follow.Visit, follow.Label, token))
}

func TestADryRunShowsWhatWouldHappenToEachCase(t *testing.T) {
	d := newMoving(t)
	fits, nameless, stuck, ended := d.startMoving(named), d.startMoving(nil), d.startMoving(named), d.startMoving(named)
	d.send(stuck.ID, "DECIDE")
	d.send(ended.ID, "DECIDE")
	d.send(ended.ID, "approve")
	before := d.store.count()
	report := d.migrate(cases.MigrateCommand{DryRun: true, Limit: 1})
	want := map[string]string{fits.ID: cases.WouldMove, nameless.ID: cases.Refused, stuck.ID: cases.Refused}
	for id, outcome := range want {
		if report[id].Outcome != outcome {
			t.Errorf("%s: %+v, want %s", id, report[id], outcome)
		}
	}
	if len(report) != len(want) || d.store.count() != before {
		t.Errorf("%d reported, %d written", len(report), d.store.count()-before)
	}
	if f := report[nameless.ID].Errors; len(f) != 1 || f[0].Location != "context.name" {
		t.Errorf("%+v", f)
	}
	if f := report[stuck.ID].Errors; len(f) != 1 || f[0].Location != "states.review" || f[0].Code != "unmapped" {
		t.Errorf("%+v", f)
	}
	mapped := d.migrate(cases.MigrateCommand{DryRun: true, States: map[string]string{"review": "check"}})
	if one := mapped[stuck.ID]; one.Outcome != cases.WouldMove || !slices.Equal(one.Starts, []string{"check/look"}) || !slices.Equal(one.To, []string{"check"}) {
		t.Errorf("%+v", one)
	}
}

func TestAMigrationThatIsRepeatedMovesNothingTwice(t *testing.T) {
	d := newMoving(t)
	ids := []string{}
	for range 5 {
		ids = append(ids, d.startMoving(named).ID)
	}
	first := d.migrate(cases.MigrateCommand{Limit: 2})
	written := d.store.count()
	again, _, err := d.Migrate(t.Context(), client, cases.MigrateCommand{Workflow: "moving", From: 1, To: 2, Cases: ids})
	if err != nil || len(first) != 5 || d.store.count() != written {
		t.Fatalf("%v, %d moved, %d written", err, len(first), d.store.count()-written)
	}
	for _, one := range again {
		if one.Outcome != cases.Unchanged {
			t.Errorf("%+v", one)
		}
	}
}

func TestWorkThatGoesOnIsNotDoneTwiceAndItsAnswerCounts(t *testing.T) {
	d := newMoving(t)
	r := d.startMoving(named)
	d.send(r.ID, "GO")
	job := d.begin(r.ID, "look")
	d.migrate(cases.MigrateCommand{})
	follow := d.finish(job, map[string]any{"found": true}) // the task of the former execution comes back
	wantState(t, d.get(r.ID), "second")
	if follow.Label == "" {
		t.Error("the former execution is not notified")
	}
	d.verified(r.ID)
}

func TestACallbackOfWorkThatStaysIsTaken(t *testing.T) {
	d := newMoving(t)
	r := d.startMoving(named)
	d.send(r.ID, "GO")
	job := d.begin(r.ID, "look")
	must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Awaiting: true, Run: d.runOf(job)}))
	d.migrate(cases.MigrateCommand{})
	must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "look", Payload: map[string]any{"found": true}, ID: "callback"}))
	wantState(t, d.get(r.ID), "second")
}

func TestAnIncidentStaysWithItsWorkAndGoesWithItsState(t *testing.T) {
	for name, one := range map[string]struct {
		states map[string]string
		open   int
	}{"kept": {nil, 1}, "entered anew": {map[string]string{"check": "check"}, 0}} {
		d := newMoving(t)
		r := d.startMoving(named)
		d.send(r.ID, "GO")
		job := d.begin(r.ID, "look")
		must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "look", job.Visit, cases.Failure{Error: "timeout"}))
		d.migrate(cases.MigrateCommand{States: one.states})
		after := d.get(r.ID)
		if len(after.Incidents) != one.open || after.Workflow.Version != 2 {
			t.Errorf("%s: %+v", name, after.Incidents)
		}
		if one.open > 0 {
			must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, after.Incidents[0].ID, nil))
		}
		d.finish(d.begin(r.ID, "look"), nil)
		wantState(t, d.get(r.ID), "second")
	}
}

func TestACaseWhoseDecisionCanBeUndoneIsNotMovedYet(t *testing.T) {
	d := newMoving(t)
	r := d.startMoving(named)
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "DECIDE", Undo: 10 * time.Second}))
	cmd := cases.MigrateCommand{States: map[string]string{"review": "second"}}
	if one := d.migrate(cmd)[r.ID]; one.Outcome != cases.Refused || one.Code != string(problem.NotReady) {
		t.Errorf("%+v", one)
	}
	d.pass(11 * time.Second)
	if one := d.migrate(cmd)[r.ID]; one.Outcome != cases.Moved {
		t.Errorf("%+v", one)
	}
}

func TestAMigrationCanBringACaseToItsEnd(t *testing.T) {
	d := newMoving(t)
	r := d.startMoving(named)
	if one := d.migrate(cases.MigrateCommand{States: map[string]string{"wait": "done"}})[r.ID]; one.Outcome != cases.Moved {
		t.Errorf("%+v", one)
	}
	if after := d.get(r.ID); after.Status != cases.StatusCompleted || after.Outcome != "done" || len(effects(d.store.last(), "case.completed")) != 1 {
		t.Errorf("%+v", after)
	}
}

// TestMovingACaseDecidesNothingInItsFavour: not out of a review either whose every end is a good one, and not by a tag of the new version.
func TestMovingACaseDecidesNothingInItsFavour(t *testing.T) {
	tagged := strings.NewReplacer("version: 1", "version: 2", "  done: {type: final}", "  done: {type: final, tags: [approved]}", "wait: {", "wait: {tags: [approved], ").Replace(moving1)
	for name, c := range map[string]struct {
		next   string
		states map[string]string
		review bool
	}{
		"out of a review":          {moving2, map[string]string{"review": "done"}, true},
		"to a state that approves": {tagged, map[string]string{"review": "done"}, true},
		"where it is":              {tagged, nil, false},
	} {
		d := newDesk(t, c.next, moving1)
		r := d.startMoving(named)
		if c.review {
			r = must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "DECIDE"}))
		}
		one := d.migrate(cases.MigrateCommand{States: c.states})[r.ID]
		if after := d.get(r.ID); one.Outcome != cases.Refused || len(one.Errors) != 1 || one.Errors[0].Code != "approves" || after.Version != r.Version {
			t.Errorf("%s: %+v", name, one)
		}
	}
}

func TestAMigrationToNowhereIsRefusedAsAWhole(t *testing.T) {
	d := newMoving(t)
	_, _, err := d.Migrate(t.Context(), client, cases.MigrateCommand{Workflow: "moving", From: 1, To: 1})
	wantCode(t, err, problem.Invalid)
	_, _, err = d.Migrate(t.Context(), client, cases.MigrateCommand{Workflow: "nobody", From: 1, To: 2})
	wantCode(t, err, problem.UnknownWorkflow)
	r := d.startMoving(named)
	if one := d.migrate(cases.MigrateCommand{States: map[string]string{"wait": "wat"}})[r.ID]; one.Outcome != cases.Refused || !strings.Contains(one.Errors[0].Message, "did you mean wait?") {
		t.Errorf("%+v", one)
	}
}

func TestNobodyGetsRoundASecondPersonByMovingACase(t *testing.T) {
	first := strings.Replace(screened, "id: screened\n", "id: screened\nversion: 1\n", 1)
	second := strings.Replace(first, "version: 1", "version: 2", 1)
	for name, c := range map[string]struct {
		next, severity string
		refused        bool
	}{
		"to one":                   {strings.Replace(second, "review: {four_eyes: critical}\n", "", 1), "critical", true},
		"to one, and one decides":  {strings.Replace(second, "review: {four_eyes: critical}\n", "", 1), "low", false},
		"to two":                   {second, "critical", false},
		"to two for more of cases": {strings.Replace(second, "critical", "low", 1), "critical", false},
	} {
		d := newDesk(t, c.next, first)
		r := d.screenedCase(noHits(), rated(c.severity))
		done, _, err := d.Migrate(t.Context(), client, cases.MigrateCommand{Workflow: "screened", From: 1, To: 2})
		if err != nil || len(done) != 1 {
			t.Fatalf("%s: %v %v", name, done, err)
		}
		refused := done[0].Outcome == cases.Refused && len(done[0].Errors) == 1 && done[0].Errors[0].Code == "needs_less"
		if refused != c.refused || !refused && (done[0].Outcome != cases.Moved || d.get(r.ID).Workflow.Version != 2) {
			t.Errorf("%s: %+v", name, done)
		}
	}
}
