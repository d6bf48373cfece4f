package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

const day = 24 * time.Hour

func TestTimersAreAppliedByWhoeverTouchesFirst(t *testing.T) {
	for name, touch := range map[string]func(d *desk, id string) error{
		"the execution": func(d *desk, id string) error {
			follow, err := d.Expire(d.t.Context(), cases.Branch{Tenant: "demo", Case: id})
			if follow.Label != "escalated" {
				return fmt.Errorf("it follows to %s", follow.Label)
			}
			return err
		},
		"a parking execution": func(d *desk, id string) error {
			follow, err := d.Park(d.t.Context(), cases.Branch{Tenant: "demo", Case: id}, 3, "review", "token")
			if follow == nil || follow.Label != "escalated" {
				return fmt.Errorf("it was parked: %w", err)
			}
			return err
		},
		"a late event": func(d *desk, id string) error {
			_, err := d.Send(d.t.Context(), client, id, cases.SendCommand{Type: "revision"})
			if problem.CodeOf(err) != problem.EventNotAllowed {
				return fmt.Errorf("the state was left in time? %w", err)
			}
			return nil
		},
		"a note": func(d *desk, id string) error {
			_, err := d.AddNote(d.t.Context(), reviewer, id, cases.NoteCommand{Text: "hello"})
			return err
		},
		"a late reviewer": func(d *desk, id string) error {
			_, err := d.Decide(d.t.Context(), reviewer, id, d.get(id).Version, cases.DecideCommand{Event: "reject"})
			if problem.CodeOf(err) != problem.Stale {
				return fmt.Errorf("the page was not stale: %w", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			r := d.inReview()
			d.pass(5 * day)
			if err := touch(d, r.ID); err != nil {
				t.Fatal(err)
			}
			now := d.get(r.ID)
			wantState(t, now, "escalated")
			entry := d.history(r.ID)[r.Version]
			if entry.Cause != cases.CauseTimer || entry.Actor != (cases.Actor{Kind: "system", ID: "timer"}) || !strings.HasPrefix(entry.Event, "after.") {
				t.Errorf("entry %+v", entry)
			}
			d.verified(r.ID)
		})
	}
}

func TestTimerThatIsNotDueChangesNothing(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.pass(5*day - time.Millisecond)
	follow := must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	if follow.Label != "review" || follow.Seconds != 1 || d.get(r.ID).Version != r.Version {
		t.Errorf("follow %+v, version %d", follow, d.get(r.ID).Version)
	}
}

func TestSeveralTimersInARowAreAnEntryEach(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	d.pass(5 * day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	d.pass(day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	now := d.get(r.ID)
	if now.Status != cases.StatusCompleted || now.Outcome != "expired" || now.Version != r.Version+2 || !now.DueAt.IsZero() {
		t.Errorf("status %s, outcome %s, version %d, due %s", now.Status, now.Outcome, now.Version, now.DueAt)
	}
	d.verified(r.ID)
}

func TestLateTimerOfAFormerVisitDoesNothing(t *testing.T) {
	d := newDesk(t)
	r := d.start() // collect until day 14
	d.pass(10 * day)
	d.send(r.ID, "GO")
	back := d.send(r.ID, "back") // collect again, until day 24
	if !back.DueAt.Equal(epoch.Add(24 * day)) {
		t.Fatalf("due %s", back.DueAt)
	}
	d.pass(4 * day) // the first visit's deadline
	follow := must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	if follow.Label != "collect" || d.get(r.ID).Version != back.Version {
		t.Errorf("follow %+v, version %d", follow, d.get(r.ID).Version)
	}
	d.pass(10 * day)
	must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	wantState(t, d.get(r.ID), "expired")
}

func TestTimersThatNeverEndAreBounded(t *testing.T) {
	restless := "id: restless\ntitle: Restless\nsubject: individual\ninitial: a\nstates:\n  a:\n    on: {stop: b}\n    after:\n"
	for i := range 150 {
		restless += fmt.Sprintf("      \"%d\": {actions: {type: log, text: tick}}\n", 1000+i)
	}
	d := newDesk(t, restless+"  b: {type: final}\n")
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "restless", Subject: cases.SubjectInput{Type: "individual"}}))
	d.pass(day)
	_, err := d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID})
	wantCode(t, err, problem.Livelock)
	if now := d.get(r.ID); now.Version != 101 {
		t.Errorf("version %d, want 101: what was applied stays", now.Version)
	}
	if _, err := d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}); err != nil || d.get(r.ID).Version != 151 {
		t.Errorf("the second call did not go on: %v", err)
	}
}

func TestTimersOfACalledOffCaseDoNothing(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	called := must[cases.Record](d)(d.Cancel(t.Context(), reviewer, r.ID, r.Version, "double"))
	d.pass(30 * day)
	follow := must[cases.ExecutionInput](d)(d.Expire(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}))
	if now := d.get(r.ID); now.Version != called.Version || !now.DueAt.IsZero() || follow.Label != "#out" {
		t.Errorf("version %d, due %s, follow %s", now.Version, now.DueAt, follow.Label)
	}
}
