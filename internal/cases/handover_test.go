package cases_test

import (
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/statechart"
)

// patient has two regions that wait for years.
const patient = `
id: patient
title: For years
initial: both
by: [applicant, client, reviewer]
states:
  both:
    type: parallel
    on: {END: over}
    states:
      left: {initial: a, states: {a: {on: {GO: b}}, b: {on: {GO: a}}}}
      right: {initial: c, states: {c: {on: {STAY: {actions: {type: assign, values: {stayed: "true"}}}}}}}
  over: {type: final}
`

// waiting starts a patient case whose two branches are parked.
func waiting(d *desk) (cases.Record, map[string]cases.Branch) {
	d.t.Helper()
	r := must[cases.Record](d)(d.Start(d.t.Context(), client, cases.StartCommand{Workflow: "patient", Subject: cases.SubjectInput{Type: "individual"}}))
	branches := map[string]cases.Branch{}
	for _, region := range []string{"both.left", "both.right"} {
		branch := cases.Branch{Tenant: "demo", Case: r.ID, Execution: r.Execution.Name, Region: statechart.Region{Path: region, Within: []int{1}}}
		at := must[cases.ExecutionInput](d)(d.Expire(d.t.Context(), branch))
		if resume, err := d.Park(d.t.Context(), branch, at.Visit, at.Label, "token of "+region); resume != nil || err != nil {
			d.t.Fatal(region, resume, err)
		}
		branches[region] = branch
	}
	return d.get(r.ID), branches
}

func TestOnlyTheBranchesWhoseRegionHasMovedAreWoken(t *testing.T) {
	d := newDesk(t, patient)
	r, _ := waiting(d)
	r = d.send(r.ID, "GO")
	woken := effects(d.store.last(), "wake")
	if len(woken) != 1 || woken[0].Token != "token of both.left" || woken[0].Label != "both.left.b" || len(r.Parked) != 1 {
		t.Errorf("woken %+v, parked %v", woken, r.Parked)
	}
	r = d.send(r.ID, "STAY")
	if len(effects(d.store.last(), "wake")) != 0 || len(r.Parked) != 1 {
		t.Errorf("an event that moves nothing wakes %+v", d.store.last().Effects)
	}
	d.send(r.ID, "END")
	woken = effects(d.store.last(), "wake")
	if len(woken) != 1 || woken[0].Token != "token of both.right" || woken[0].Label != "#out" || woken[0].Outer == nil || woken[0].Outer.Label != "over" {
		t.Errorf("the end wakes %+v", woken)
	}
}

func TestAnExecutionHandsOverBeforeItIsTooOld(t *testing.T) {
	d := newDesk(t, patient)
	r, branches := waiting(d)
	d.pass(cases.MaxAge - time.Hour)
	input := must[cases.ExecutionInput](d)(d.Expire(t.Context(), branches["both.left"]))
	if input.Seconds != 3600 || d.get(r.ID).Execution.Sequence != 1 {
		t.Errorf("an hour before its age it waits for %d seconds", input.Seconds)
	}
	d.pass(time.Hour)
	for range 2 { // both branches come to the end of their wait
		for _, branch := range branches {
			if input = must[cases.ExecutionInput](d)(d.Expire(t.Context(), branch)); input.Label != "#handover" || input.Outer == nil || input.Outer.Label != "#handover" {
				t.Errorf("the old execution is told %+v", input)
			}
		}
	}
	now := d.get(r.ID)
	begun := effects(d.store.last(), "start")
	if len(begun) != 1 || begun[0].Name != r.ID+"-2" || begun[0].Label != "both" || len(begun[0].Regions) != 2 || now.Execution.Name != begun[0].Name {
		t.Errorf("started %+v", begun)
	}
	if wakes := effects(d.store.last(), "wake"); len(wakes) != 2 || wakes[0].Label != "#handover" || len(now.Parked) != 0 {
		t.Errorf("told %+v, parked %v", wakes, now.Parked)
	}
	d.verified(r.ID)
}

func TestAnExecutionHandsOverBeforeItsHistoryIsFull(t *testing.T) {
	d := newDesk(t, patient)
	d.MaxEvents = 480 // ten changes of two regions
	r, _ := waiting(d)
	for range 25 {
		r = d.send(r.ID, "GO")
	}
	if r.Execution.Sequence != 3 || r.Version-r.Execution.Since > 10 {
		t.Errorf("after %d changes: %+v", r.Version, r.Execution)
	}
	d.verified(r.ID)
}

func TestAnExecutionDoesNotHandOverWhileADecisionCanBeUndone(t *testing.T) {
	d := newOffice(t)
	d.MaxEvents = 1 // every change is one too many
	r := d.waiting("a", "Ada")
	sequence := r.Execution.Sequence
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, decide("revision")))
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "I am not sure"}))
	if now := d.get(r.ID); decided.Execution.Sequence != sequence || now.Execution.Sequence != sequence {
		t.Errorf("it handed over: %+v", now.Execution)
	}
	d.pass(time.Minute)
	if after := d.send(r.ID, "GO"); after.Execution.Sequence != sequence+1 {
		t.Errorf("it never hands over: %+v", after.Execution)
	}
}
