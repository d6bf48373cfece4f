package cases_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

func TestCancelStopsTheExecutionAndEndsTheCase(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.park(r.ID, "token")
	called := must[cases.Record](d)(d.Cancel(t.Context(), reviewer, r.ID, r.Version, "opened twice"))
	change := d.store.last()
	stop := effects(change, "stop")
	if called.Status != cases.StatusCancelled || len(stop) != 1 || stop[0].Name != r.ID+"-1" || stop[0].Machine.ID != "small" {
		t.Fatalf("status %s, effects %+v", called.Status, change.Effects)
	}
	if len(effects(change, "wake")) != 0 || len(called.Parked) != 0 || len(effects(change, "case.cancelled")) != 1 {
		t.Errorf("effects %+v, parked %v", change.Effects, called.Parked)
	}
	if text := fmt.Sprint(change.Effects); strings.Contains(text, "opened twice") {
		t.Error("the reason is published")
	}
	d.verified(r.ID)
}

func TestCalledOffCaseDoesNotMove(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	job := d.begin(r.ID, "lookup")
	d.upload(r.ID, "doc_1", "passport", "")
	closed := must[cases.Record](d)(d.Cancel(t.Context(), client, r.ID, 0, "gone"))

	c := t.Context()
	errs := map[string]error{}
	_, errs["Send"] = d.Send(c, client, r.ID, cases.SendCommand{Type: "back"})
	_, errs["Decide"] = d.Decide(c, reviewer, r.ID, closed.Version, cases.DecideCommand{Event: "back"})
	_, errs["SaveContext"] = d.SaveContext(c, client, r.ID, map[string]any{"color": "red"})
	_, errs["Assign"] = d.Assign(c, reviewer, r.ID, "user_2", 0)
	_, errs["Cancel"] = d.Cancel(c, client, r.ID, 0, "again")
	_, errs["RetryIncident"] = d.RetryIncident(c, reviewer, r.ID, "inc_1", nil)
	_, _, errs["AnnounceDocument"] = d.AnnounceDocument(c, client, r.ID, cases.AnnounceCommand{ID: "doc_2"})
	_, errs["DecideDocument"] = d.DecideDocument(c, reviewer, r.ID, "doc_1", closed.Version, cases.DocumentDecisionCommand{Decision: "approved"})
	for call, err := range errs {
		if problem.CodeOf(err) != problem.CaseClosed {
			t.Errorf("%s: %v, want case_closed", call, err)
		}
	}
	follow := d.finish(job, map[string]any{"late": true})
	if follow.Label != "#out" {
		t.Errorf("the execution follows to %s", follow.Label)
	}
	must[cases.Record](d)(d.Answer(c, vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Payload: map[string]any{}, ID: "e"}))
	must[cases.ExecutionInput](d)(d.FailWork(c, cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: "Timeout"}))
	if _, todo, _, err := d.BeginWork(c, cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup"); todo || err != nil {
		t.Errorf("there is work to do: %v", err)
	}
	if resume, err := d.Park(c, cases.Branch{Tenant: "demo", Case: r.ID}, job.Visit, "check/lookup", "token"); err != nil || resume == nil || resume.Label != "#out" {
		t.Errorf("it was parked: %+v, %v", resume, err)
	}
	d.pass(60 * day)
	must[cases.ExecutionInput](d)(d.Expire(c, cases.Branch{Tenant: "demo", Case: r.ID}))
	if now := d.get(r.ID); now.Version != closed.Version+1 || now.Stray != 1 || now.Context["lookup"] != nil {
		t.Errorf("it has moved to version %d: %v", now.Version, now.Context)
	}
	view := must[cases.View](d)(d.View(c, reviewer, d.get(r.ID)))
	if len(view.Next) != 0 {
		t.Errorf("next %v", view.Next)
	}
	must[cases.Note](d)(d.AddNote(c, reviewer, r.ID, cases.NoteCommand{Text: "It came in twice."})) // remarks can still be made
	d.verified(r.ID)
}

func TestRepeatedEventOfAClosedCaseGetsTheSameRecord(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	cmd := cases.SendCommand{Type: "reject", IdempotencyID: "once"}
	ended := must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cmd))
	if again := must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cmd)); again.Version != ended.Version {
		t.Errorf("version %d, want %d", again.Version, ended.Version)
	}
	_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "reject", IdempotencyID: "another"})
	wantCode(t, err, problem.CaseClosed)
}

func TestPeopleCancelThePageTheyHaveSeen(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	_, err := d.Cancel(t.Context(), reviewer, r.ID, 0, "x")
	wantCode(t, err, problem.PreconditionRequired)
	for name, p := range map[string]identity.Principal{"a user": reviewer, "a client that says what it has seen": client} {
		_, err = d.Cancel(t.Context(), p, r.ID, r.Version-1, "x")
		if problem.CodeOf(err) != problem.Stale {
			t.Errorf("%s: %v, want stale", name, err)
		}
	}
	if d.get(r.ID).Status != cases.StatusActive {
		t.Error("the case was called off")
	}
}

func TestAssignmentIsPublishedAndClaimedOnce(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	var mutex sync.Mutex
	codes := map[problem.Code]int{}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := d.Assign(t.Context(), reviewer, r.ID, fmt.Sprint("user_", i), r.Version)
			mutex.Lock()
			defer mutex.Unlock()
			codes[problem.CodeOf(err)]++
		})
	}
	group.Wait()
	if codes[""] != 1 || codes[problem.Stale] != 7 {
		t.Errorf("outcomes %v, want one claim", codes)
	}
	now := d.get(r.ID)
	assigned := effects(d.store.last(), "case.assigned")
	if len(assigned) != 1 || assigned[0].Data["assignee"] != now.Assignee || assigned[0].Data["version"] != now.Version || fmt.Sprint(assigned[0].Data["configuration"]) != "[review]" {
		t.Errorf("notified of %+v, want version %d", assigned, now.Version)
	}
	if again := must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, now.Assignee, 0)); again.Version != now.Version {
		t.Error("the same assignment was written again")
	}
	mine := must[cases.Page](d)(d.List(t.Context(), reviewer, cases.Query{Assignee: now.Assignee, Limit: 10}))
	must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "", 0))
	nobody := must[cases.Page](d)(d.List(t.Context(), reviewer, cases.Query{Assignee: "none", Limit: 10}))
	if len(mine.Records) != 1 || len(nobody.Records) != 1 {
		t.Errorf("%d mine, %d nobody's", len(mine.Records), len(nobody.Records))
	}
	d.verified(r.ID)
}

func TestNoteWithAReservedIDIsAddedOnce(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if note, err := d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{ID: "note_reserved", Text: " Seen. "}); err != nil || note.Text != "Seen." || note.ID != "note_reserved" {
				t.Errorf("note %+v, %v", note, err)
			}
		})
	}
	group.Wait()
	notes := must[[]cases.Note](d)(d.Notes(t.Context(), reviewer, r.ID))
	if len(notes) != 1 || d.get(r.ID).Version != 2 {
		t.Errorf("%d notes, version %d", len(notes), d.get(r.ID).Version)
	}
	d.pass(day)
	if again := must[cases.Note](d)(d.AddNote(t.Context(), client, r.ID, cases.NoteCommand{ID: "note_reserved", Text: "Another"})); !reflect.DeepEqual(again, notes[0]) {
		t.Errorf("note %+v, want %+v", again, notes[0])
	}
	d.verified(r.ID)
}

func TestNotesAreBounded(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for _, text := range []string{"", " \n", strings.Repeat("ä", 10001)} {
		_, err := d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: text})
		wantCode(t, err, problem.Invalid)
	}
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: strings.Repeat("ä", 10000)}))
}
