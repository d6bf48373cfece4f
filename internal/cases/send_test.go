package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

func TestOfManyCallersOfTheSameEventOneWins(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	var won, refused atomic.Int32
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "revision"})
			if err == nil {
				won.Add(1)
				return
			}
			e := wantCodeOf(t, err, problem.EventNotAllowed)
			if allowed, _ := e.Details["allowed"].([]string); !slices.Equal(allowed, []string{"GO", "SUBMIT", "PAINT", "FILL"}) {
				t.Errorf("allowed %v", allowed)
			}
			refused.Add(1)
		})
	}
	group.Wait()
	if won.Load() != 1 || refused.Load() != 63 {
		t.Errorf("%d won, %d were refused", won.Load(), refused.Load())
	}
	if now := d.get(r.ID); now.Version != r.Version+1 {
		t.Errorf("version %d after one event on %d", now.Version, r.Version)
	}
	d.verified(r.ID)
}

// wantCodeOf is wantCode for other goroutines than the test's.
func wantCodeOf(t *testing.T, err error, code problem.Code) *problem.Error {
	found, ok := err.(*problem.Error) //nolint:errorlint // the outermost is what callers are shown
	if !ok || found.Code != code {
		t.Errorf("error %v, want code %q", err, code)
		return &problem.Error{}
	}
	return found
}

func TestCallersWithTheSameIdempotencyIDGetTheSameRecord(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	heads := make([]string, 64)
	var group sync.WaitGroup
	for i := range heads {
		group.Go(func() {
			moved, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "reject", IdempotencyID: "once"})
			if err != nil {
				t.Error(err)
			}
			heads[i] = moved.Head
		})
	}
	group.Wait()
	if now := d.get(r.ID); now.Version != r.Version+1 || len(slices.Compact(heads)) != 1 || heads[0] != now.Head {
		t.Errorf("version %d after one event on %d, heads %v", now.Version, r.Version, slices.Compact(heads))
	}
}

func TestIdempotencyIDsAreRememberedForTheNewestEventsOnly(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for i := range 40 {
		must[cases.Record](d)(d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: "PAINT", IdempotencyID: fmt.Sprint("id-", i)}))
	}
	if seen := d.get(r.ID).Seen; len(seen) != 32 || seen[31] != "id-39" {
		t.Errorf("%d ids are remembered, the newest is %s", len(seen), seen[len(seen)-1])
	}
}

func TestEventsThatCannotBeAreRefused(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for _, c := range []struct {
		name, event string
		payload     any
		code        problem.Code
	}{
		{"no name", "", nil, problem.Invalid},
		{"a long name", strings.Repeat("x", 81), nil, problem.Invalid},
		{"the system's own", "done.invoke.lookup", nil, problem.Invalid},
		{"a forged timer", "after.P14D", nil, problem.Invalid},
		{"unknown here", "approve", nil, problem.EventNotAllowed},
		{"a large payload", "PAINT", strings.Repeat("x", 64<<10), problem.TooLarge},
		{"no JSON", "PAINT", func() {}, problem.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := d.Send(t.Context(), client, r.ID, cases.SendCommand{Type: c.event, Payload: c.payload})
			wantCode(t, err, c.code)
		})
	}
	if now := d.get(r.ID); now.Version != 1 {
		t.Errorf("version %d, want 1", now.Version)
	}
}

func TestStaleIfMatchReportsWhatHasChangedSince(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_2", 0))
	must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "Looks odd"}))
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})
	e := wantCode(t, err, problem.Stale)
	since, _ := e.Details["since"].([]map[string]any)
	if e.Details["version"] != r.Version+2 || len(since) != 2 || since[0]["cause"] != cases.CauseAssigned || since[1]["cause"] != cases.CauseNote {
		t.Errorf("details %v", e.Details)
	}
	if actor, _ := since[0]["actor"].(cases.Actor); actor != (cases.Actor{Kind: "user", ID: "user_1"}) {
		t.Errorf("actor %v", actor)
	}
	if text := fmt.Sprint(e.Details); strings.Contains(text, "Looks odd") {
		t.Error("the error shows a note's text")
	}
	_, err = d.Decide(t.Context(), reviewer, r.ID, 0, cases.DecideCommand{Event: "approve"})
	wantCode(t, err, problem.PreconditionRequired)
}

func TestOfTwoReviewersOnTheSamePageOneDecides(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	var group sync.WaitGroup
	var decided, stale atomic.Int32
	for _, event := range []string{"approve", "reject"} {
		group.Go(func() {
			_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: event})
			switch problem.CodeOf(err) {
			case "":
				decided.Add(1)
			case problem.Stale:
				stale.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if decided.Load() != 1 || stale.Load() != 1 {
		t.Errorf("%d decided, %d stale", decided.Load(), stale.Load())
	}
}

func TestDecisionIsPublishedWithoutItsComment(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "reject", Reason: "forged", Comment: "Her passport"}))
	if decided.Status != cases.StatusCompleted || decided.Outcome != "rejected" {
		t.Fatalf("status %s, outcome %s", decided.Status, decided.Outcome)
	}
	change := d.store.last()
	decisions := effects(change, "case.decision")
	if len(decisions) != 1 || len(effects(change, "case.completed")) != 1 {
		t.Fatalf("effects %+v", change.Effects)
	}
	data := decisions[0].Data
	if data["event"] != "reject" || data["reason"] != "forged" || data["version"] != decided.Version || data["status"] != "completed" {
		t.Errorf("data %v", data)
	}
	if text := fmt.Sprint(change.Effects); strings.Contains(text, "passport") {
		t.Error("the comment is published")
	}
	if details := d.history(r.ID)[decided.Version-1].Details; details["comment"] != "Her passport" {
		t.Errorf("the comment is not in the history: %v", details)
	}
}

func TestDecisionWhoseConditionDoesNotHoldReportsIt(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.upload(r.ID, "doc_1", "passport", "")
	r = must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, "doc_1", d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: "rejected", Reason: "blurred"}))
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "approve"})
	e := wantCode(t, err, problem.EventNotAllowed)
	if allowed, _ := e.Details["allowed"].([]string); !slices.Equal(allowed, []string{"reject", "revision"}) || !slices.Equal(places(e), []string{"body.event guard"}) {
		t.Errorf("error %v, details %v", e, e.Details)
	}
}

func TestSavedContextIsMergedAndChecked(t *testing.T) {
	d := newDesk(t)
	r := must[cases.Record](d)(d.Start(t.Context(), client, startOf(map[string]any{"applicant": map[string]any{"name": "Ada", "age": 30.0}, "color": "red"})))
	saved := must[cases.Record](d)(d.SaveContext(t.Context(), applicantOf(r.ID), r.ID, map[string]any{"applicant": map[string]any{"age": nil}, "color": "blue"}))
	if applicant, _ := saved.Context["applicant"].(map[string]any); len(applicant) != 1 || saved.Context["color"] != "blue" {
		t.Errorf("context %v", saved.Context)
	}
	if changed := d.store.last().Entry.Changed; !slices.Equal(changed, []string{"applicant", "color"}) {
		t.Errorf("changed %v", changed)
	}
	_, err := d.SaveContext(t.Context(), applicantOf(r.ID), r.ID, map[string]any{"applicant": map[string]any{"name": nil}, "risk": 1, "color": 7})
	if e := wantCode(t, err, problem.Invalid); len(e.Fields) < 3 {
		t.Errorf("not all places are reported: %v", places(e))
	}
}

func TestOnlyTheOwnCaseIsKnown(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.upload(r.ID, "doc_1", "passport", "")
	own := d.start()
	for name, p := range map[string]identity.Principal{"another tenant": foreigner, "another applicant": applicantOf(own.ID), "a vendor of another case": vendorOf(own.ID)} {
		t.Run(name, func(t *testing.T) {
			c := t.Context()
			errs := map[string]error{}
			_, errs["Get"] = d.Get(c, p, r.ID)
			_, errs["Send"] = d.Send(c, p, r.ID, cases.SendCommand{Type: "reject"})
			_, errs["Decide"] = d.Decide(c, p, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "reject"})
			_, errs["SaveContext"] = d.SaveContext(c, p, r.ID, map[string]any{"color": "red"})
			_, errs["Assign"] = d.Assign(c, p, r.ID, "user_2", 0)
			_, errs["Cancel"] = d.Cancel(c, p, r.ID, 0, "x")
			_, errs["RetryIncident"] = d.RetryIncident(c, p, r.ID, "inc_1", nil)
			_, errs["AddNote"] = d.AddNote(c, p, r.ID, cases.NoteCommand{Text: "x"})
			_, _, errs["AnnounceDocument"] = d.AnnounceDocument(c, p, r.ID, cases.AnnounceCommand{})
			_, errs["DecideDocument"] = d.DecideDocument(c, p, r.ID, "doc_1", 1, cases.DocumentDecisionCommand{Decision: "approved"})
			_, errs["DocumentLink"] = d.DocumentLink(c, p, r.ID, "doc_1")
			_, errs["History"] = d.History(c, p, r.ID, 0, 10)
			_, errs["Notes"] = d.Notes(c, p, r.ID)
			_, errs["TaskRuns"] = d.TaskRuns(c, p, r.ID)
			_, errs["Verify"] = d.Verify(c, p, r.ID)
			_, errs["Answer"] = d.Answer(c, p, r.ID, cases.Reply{State: "check", Visit: 2, Work: "lookup", Payload: nil, ID: ""})
			for call, err := range errs {
				if problem.CodeOf(err) != problem.NotFound {
					t.Errorf("%s: %v, want not_found", call, err)
				}
			}
			for _, listed := range must[cases.Page](d)(d.List(c, p, cases.Query{Limit: 10})).Records {
				t.Errorf("%s is listed", listed.ID)
			}
		})
	}
	wantState(t, d.get(r.ID), "review")
	if page := must[cases.Page](d)(d.List(t.Context(), client, cases.Query{Limit: 10})); len(page.Records) != 2 {
		t.Errorf("the client lists %d cases, want 2", len(page.Records))
	}
}
