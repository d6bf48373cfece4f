package cases_test

import (
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// Faults that stood where two parts meet: each of them was right by itself.

// bySign is a chart in which people decide by `by` alone, after a vendor that fails and one that calls back.
const bySign = `
id: bysign
version: 1
title: Decided at a desk
subject: individual
review: {four_eyes: critical}
initial: check
states:
  check:
    invoke: {src: vendor, id: lookup, input: {plugin: lookup}, onError: desk}
    onDone: desk
    on: {stop: {target: ended, by: reviewer}}
  desk:
    by: [reviewer]
    on: {approve: approved, reject: ended, again: check}
    after: {P5D: ended}
  approved: {type: final, tags: [approved]}
  ended: {type: final, tags: [rejected]}
`

func (d *desk) atDesk() (cases.Record, cases.Job) {
	d.t.Helper()
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "bysign", Subject: cases.SubjectInput{Type: "individual"}}))
	return r, d.begin(r.ID, "lookup")
}

func (d *desk) fails(job cases.Job) cases.Record {
	d.t.Helper()
	must[cases.ExecutionInput](d)(d.FailWork(d.t.Context(), cases.Branch{Tenant: "demo", Case: job.Record.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "vendor_unavailable"}))
	return d.get(job.Record.ID)
}

func TestWhereverPeopleDecideWhatHasNotAnsweredCounts(t *testing.T) {
	d := newDesk(t, bySign)
	_, job := d.atDesk()
	r := d.fails(job)
	wantState(t, r, "desk")
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})
	wantCode(t, err, problem.Invalid)
	if needs := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Needs; needs == nil || !needs.Reason || !needs.FourEyes {
		t.Errorf("needs %+v", needs)
	}
	proposed := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve", Reason: "checked", Comment: "By phone."}))
	if proposed.Proposed == nil || proposed.Status != cases.StatusActive {
		t.Error("one person has approved what was never checked")
	}
}

func TestAnAnswerOfAFormerRoundIsNoAnswerOfThisOne(t *testing.T) {
	d := newDesk(t, bySign)
	r, job := d.atDesk()
	d.finish(job, map[string]any{"found": true})
	status := func() cases.CheckStatus {
		return must[cases.View](d)(d.View(t.Context(), reviewer, d.get(r.ID))).Checks[0].Status
	}
	if got := status(); got != cases.CheckAnswered {
		t.Fatalf("check %s", got)
	}
	must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "again"}))
	d.fails(d.begin(r.ID, "lookup"))
	if got := status(); got != cases.CheckFailed {
		t.Errorf("the vendor has failed in the second round, and its check is %s", got)
	}
}

func TestAVendorThatHasOnlyAcceptedHasNotAnswered(t *testing.T) {
	d := newDesk(t, bySign)
	r, job := d.atDesk()
	d.awaits(job, map[string]any{"url": "https://v.example/s"})
	d.pass(day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	r = d.get(r.ID)
	wantState(t, r, "desk")
	if got := must[cases.View](d)(d.View(t.Context(), reviewer, r)).Checks[0].Status; got != cases.CheckFailed {
		t.Errorf("check %s", got)
	}
}

func TestACallbackWithinTheTimeToUndoIsAskedForAgain(t *testing.T) {
	d := newDesk(t, bySign)
	r, job := d.atDesk()
	d.awaits(job, nil)
	stopped := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "stop", Reason: "checked", Undo: 20 * time.Second}))
	reply := cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: map[string]any{"found": true}, ID: "first"}
	_, err := d.Answer(t.Context(), vendorOf(r.ID), r.ID, reply)
	wantCode(t, err, problem.Unavailable)
	must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, stopped.Version))
	wantState(t, must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, reply)), "desk")
}

func TestACaseIsNotApprovedByMovingIt(t *testing.T) {
	d := newDesk(t, bySign)
	_, job := d.atDesk()
	r := d.fails(job)
	report, _, err := d.Migrate(t.Context(), reviewer, cases.MigrateCommand{Workflow: "bysign", From: 1, To: 1, States: map[string]string{"desk": "approved"}, Cases: []string{r.ID}})
	if err != nil || len(report) != 1 || report[0].Outcome != cases.Refused {
		t.Errorf("%+v %v", report, err)
	}
	if now := d.get(r.ID); now.Status != cases.StatusActive || now.Version != r.Version {
		t.Errorf("it is %s: %+v", now.Status, report)
	}
}

func TestADocumentThatIsRefusedIsApprovedByNobody(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.upload(r.ID, "doc_1", "passport", "")
	d.send(r.ID, "GO")
	r = d.get(r.ID)
	must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, "doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "approved"}))
	job := d.begin(r.ID, "lookup")
	found := d.get(r.ID).Documents[0]
	found.Status = cases.DocumentRefused
	must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Payload: map[string]any{}, Documents: []cases.Document{found}, Run: d.runOf(job)}))
	if got := d.get(r.ID).Documents[0].Status; got != cases.DocumentRefused {
		t.Errorf("what was uploaded is not what was announced, and the document is %s", got)
	}
	_, err := d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1")
	wantCode(t, err, problem.NotFound)
}
