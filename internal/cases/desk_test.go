package cases_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// toldOf is what the commits of a command tell, as "kind>to"; what they take back begins with a minus.
func (d *desk) toldOf(command func()) (told []string) {
	before := len(d.store.changes)
	command()
	d.said = nil
	for _, change := range d.store.changes[before:] {
		d.said = append(d.said, change.Notices...)
	}
	for _, n := range d.said {
		sign := ""
		if n.Gone {
			sign = "-"
		}
		told = append(told, fmt.Sprintf("%s%s>%s", sign, n.Kind, n.To))
	}
	slices.Sort(told)
	return told
}

func wantTold(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s tells %v, want %v", what, got, want)
	}
}

func TestANoteTellsWhomItNamesOnce(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	var note cases.Note
	wantTold(t, "a note", d.toldOf(func() {
		note = must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "Look, @Ann", Mentions: []string{"user_2", "user_1", "user_2"}}))
	}), "mentioned>user_2")
	wantTold(t, "its change", d.toldOf(func() {
		note = must[cases.Note](d)(d.EditNote(t.Context(), reviewer, r.ID, note.ID, cases.NoteCommand{Text: "Look, @Ann and @Ben", Mentions: []string{"user_2", "user_3"}}))
	}), "mentioned>user_3")
	ben := d.said[0]
	d.pass(10 * time.Second)
	if !ben.Shown().Equal(d.time().Add(-10 * time.Second)) {
		t.Errorf("shown from %v on", ben.Shown())
	}
	wantTold(t, "a change that names one of them no more", d.toldOf(func() {
		must[cases.Note](d)(d.EditNote(t.Context(), reviewer, r.ID, note.ID, cases.NoteCommand{Text: "Look, @Ann", Mentions: []string{"user_2"}}))
	}), "-mentioned>user_3")
	if gone := d.said[0]; gone.ID() != ben.ID() || !gone.At.Equal(ben.At) {
		t.Errorf("what is taken back is not what was told: %+v, %+v", gone, ben)
	}
	d.verified(r.ID)
}

func TestANoteIsChangedByItsAuthorForAMinuteAndBothAreKept(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	note := must[cases.Note](d)(d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "A typo"}))
	d.pass(time.Minute)
	_, err := d.EditNote(t.Context(), second, r.ID, note.ID, cases.NoteCommand{Text: "Not hers"})
	wantCode(t, err, problem.Forbidden)
	_, err = d.EditNote(t.Context(), reviewer, r.ID, "note_none", cases.NoteCommand{Text: "Which?"})
	wantCode(t, err, problem.NotFound)
	edited := must[cases.Note](d)(d.EditNote(t.Context(), reviewer, r.ID, note.ID, cases.NoteCommand{Text: "No typo"}))
	if edited.Text != "No typo" || !edited.At.Equal(note.At) || !edited.EditedAt.Equal(d.time()) {
		t.Errorf("%+v", edited)
	}
	d.pass(time.Second)
	_, err = d.EditNote(t.Context(), reviewer, r.ID, note.ID, cases.NoteCommand{Text: "Too late"})
	wantCode(t, err, problem.NoteFinal)
	notes := must[[]cases.Note](d)(d.Notes(t.Context(), reviewer, r.ID))
	if len(notes) != 1 || notes[0].Text != "No typo" {
		t.Errorf("%+v", notes)
	}
	var said []any
	for _, e := range d.history(r.ID) {
		if e.Cause == cases.CauseNote || e.Cause == cases.CauseNoteEdited {
			said = append(said, e.Details["note"].(map[string]any)["text"])
		}
	}
	if !slices.Equal(said, []any{"A typo", "No typo"}) {
		t.Errorf("the history says %v", said)
	}
	d.verified(r.ID)
}

func TestPeopleAreToldOfTheirCasesAndNotOfWhatTheyDoThemselves(t *testing.T) {
	d := newDesk(t)
	r := d.inReview()
	wantTold(t, "taking a case", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_1", 0)) }))
	wantTold(t, "giving it away", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_2", 0)) }), "assigned>user_2")
	other := d.start()
	wantTold(t, "a case of nobody", d.toldOf(func() { d.send(other.ID, "GO") }))
}

func TestABreachIsToldAtItsTimeAndTakenBackWithTheDecision(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	if r.SLA == nil {
		t.Fatal("the case has no clock")
	}
	wantTold(t, "taking it", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_1", 0)) }), "sla_breached>user_1")
	if n := d.said[0]; !n.At.Equal(r.SLA.DueAt) {
		t.Errorf("told at %v, due at %v", n.At, r.SLA.DueAt)
	}
	wantTold(t, "giving it away", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_2", 0)) }),
		"-sla_breached>user_1", "assigned>user_2", "sla_breached>user_2")
	wantTold(t, "calling it off", d.toldOf(func() { must[cases.Record](d)(d.Cancel(t.Context(), manager, r.ID, d.get(r.ID).Version, "r")) }), "-sla_breached>user_2")
}

func TestASnoozedCaseIsOutOfItsQueueUntilItsTime(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	for name, wait := range map[string]time.Duration{"the past": -time.Minute, "now": 0, "far away": cases.MaxSnooze + time.Hour} {
		_, err := d.Snooze(t.Context(), reviewer, r.ID, d.time().Add(wait))
		if problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	until := d.time().Add(time.Hour)
	wantTold(t, "a snooze", d.toldOf(func() { must[cases.Record](d)(d.Snooze(t.Context(), reviewer, r.ID, until)) }), "returned>user_1")
	listed := func(q cases.Query) int { return len(must[cases.Page](d)(d.List(t.Context(), reviewer, q)).Records) }
	if listed(cases.Query{Awake: d.time(), Limit: 10}) != 0 || listed(cases.Query{Snoozed: d.time(), Limit: 10}) != 1 || listed(cases.Query{Limit: 10}) != 1 {
		t.Error("a snoozed case is still in its queue, or in none")
	}
	d.pass(2 * time.Hour)
	if listed(cases.Query{Awake: d.time(), Limit: 10}) != 1 || listed(cases.Query{Snoozed: d.time(), Limit: 10}) != 0 {
		t.Error("it has not come back")
	}
	wantTold(t, "waking it", d.toldOf(func() { must[cases.Record](d)(d.Wake(t.Context(), second, r.ID)) }), "-returned>user_1")
	d.verified(r.ID)
}

func TestACaseThatMovesOnComesBackToWhoSnoozedIt(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	must[cases.Record](d)(d.Snooze(t.Context(), reviewer, r.ID, d.time().Add(time.Hour)))
	told := d.toldOf(func() {
		must[cases.Record](d)(d.Decide(t.Context(), second2, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "revision", Undo: 10 * time.Second}))
	})
	if d.get(r.ID).Snooze != nil || !slices.Contains(told, "returned>user_1") || !slices.Contains(told, "-returned>user_1") {
		t.Errorf("%v %+v", told, d.get(r.ID).Snooze)
	}
	must[cases.Record](d)(d.Undo(t.Context(), second2, r.ID, d.get(r.ID).Version))
	if d.get(r.ID).Snooze == nil {
		t.Error("the undo has not put the snooze back")
	}
	d.verified(r.ID)
}

// second2 is another reviewer.
var second2 = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_2", Roles: []string{"reviewer"}}

func TestAnEscalationGoesToThoseWhoApproveAndEndsByThem(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	_, err := d.Escalate(t.Context(), reviewer, r.ID, "  ")
	wantCode(t, err, problem.Invalid)
	wantTold(t, "an escalation", d.toldOf(func() { must[cases.Record](d)(d.Escalate(t.Context(), reviewer, r.ID, "A minister")) }), "escalated>cases:approve")
	_, err = d.Escalate(t.Context(), second2, r.ID, "Me, too")
	wantCode(t, err, problem.AlreadyExists)
	if page := must[cases.Page](d)(d.List(t.Context(), manager, cases.Query{Escalated: true, Limit: 10})); len(page.Records) != 1 {
		t.Errorf("%d are listed", len(page.Records))
	}
	if counts := must[cases.QueueCounts](d)(d.Queue(t.Context(), manager)); counts.Counts["escalated"] != 1 {
		t.Errorf("%v", counts.Counts)
	}
	_, err = d.EndEscalation(t.Context(), second2, r.ID)
	wantCode(t, err, problem.Forbidden)
	wantTold(t, "its end", d.toldOf(func() { must[cases.Record](d)(d.EndEscalation(t.Context(), manager, r.ID)) }), "-escalated>cases:approve")
	if counts := must[cases.QueueCounts](d)(d.Queue(t.Context(), manager)); counts.Counts["escalated"] != 0 {
		t.Errorf("%v", counts.Counts)
	}
	d.verified(r.ID)
}

func TestWhatHappensAtTheDeskLeavesADecisionUndoable(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	decided := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "revision", Undo: 20 * time.Second}))
	must[cases.Record](d)(d.Snooze(t.Context(), second2, r.ID, d.time().Add(time.Hour)))
	must[cases.Record](d)(d.Escalate(t.Context(), second2, r.ID, "unclear"))
	undone := must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, d.get(r.ID).Version))
	if wantState(t, undone, "review"); undone.Snooze == nil || undone.Escalation == nil || decided.Version == undone.Version {
		t.Errorf("%+v", undone)
	}
}

func TestATakeoverIsInTheHistoryAndDoesNotMakeTheCaseStale(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	must[cases.Record](d)(d.TakeOver(t.Context(), second2, r.ID, "user_1"))
	history := d.history(r.ID)
	if e := history[len(history)-1]; e.Cause != cases.CauseTakenOver || e.Details["from"] != "user_1" {
		t.Errorf("%+v", e)
	}
	must[cases.Record](d)(d.Decide(t.Context(), second2, r.ID, r.Version, cases.DecideCommand{Event: "revision"}))
}

func TestWhoHasASnoozedCaseIsToldUnlessTheySnoozeItThemselves(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_1", 0))
	wantTold(t, "their own snooze", d.toldOf(func() { must[cases.Record](d)(d.Snooze(t.Context(), reviewer, r.ID, d.time().Add(time.Hour))) }), "returned>user_1")
	wantTold(t, "somebody else's", d.toldOf(func() { must[cases.Record](d)(d.Snooze(t.Context(), second2, r.ID, d.time().Add(2*time.Hour))) }),
		"-returned>user_1", "returned>user_2", "snoozed>user_1")
	d.verified(r.ID)
}

func TestADeadlineThatHasPassedIsNewToWhoGetsTheCase(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	d.pass(r.SLA.DueAt.Sub(d.time()) + time.Hour)
	wantTold(t, "giving it to somebody", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "user_2", 0)) }), "assigned>user_2", "sla_breached>user_2")
	var breach cases.Notice
	for _, n := range d.said {
		if n.Kind == cases.NoticeBreach {
			breach = n
		}
	}
	if !breach.Shown().Equal(d.time()) {
		t.Errorf("shown from %v on, told at %v", breach.Shown(), d.time())
	}
	d.pass(time.Minute)
	wantTold(t, "giving it back", d.toldOf(func() { must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, "", 0)) }), "-sla_breached>user_2")
	if gone := d.said[0]; gone.ID() != breach.ID() || !gone.At.Equal(breach.At) {
		t.Errorf("what is taken back is not what was told: %+v, %+v", gone, breach)
	}
}

func TestAnUndoneDecisionTakesBackWhatItHasTold(t *testing.T) {
	d := newOffice(t)
	r := d.waiting("x", "Ann")
	must[cases.Record](d)(d.Snooze(t.Context(), reviewer, r.ID, d.time().Add(time.Hour)))
	d.toldOf(func() {
		must[cases.Record](d)(d.Decide(t.Context(), second2, r.ID, d.get(r.ID).Version, cases.DecideCommand{Event: "revision", Undo: 10 * time.Second}))
	})
	var told cases.Notice
	for _, n := range d.said {
		if n.Kind == cases.NoticeReturned && !n.Gone {
			told = n
		}
	}
	if told.ID() == (cases.Notice{}).ID() {
		t.Fatal("nothing was told")
	}
	d.pass(time.Second)
	d.toldOf(func() { must[cases.Record](d)(d.Undo(t.Context(), second2, r.ID, d.get(r.ID).Version)) })
	if !slices.ContainsFunc(d.said, func(n cases.Notice) bool {
		return n.Gone && n.To == told.To && n.ID() == told.ID() && n.At.Equal(told.At)
	}) {
		t.Errorf("%+v is not among %+v", told, d.said)
	}
	d.verified(r.ID)
}

func TestOnesOwnCasesAreCountedWithoutThoseThatAreSnoozed(t *testing.T) {
	d := newOffice(t)
	mine := func() int { return must[cases.QueueCounts](d)(d.Queue(t.Context(), reviewer)).Mine }
	one, other := d.waiting("x", "Ann"), d.waiting("y", "Bea")
	for _, r := range []cases.Record{one, other} {
		must[cases.Record](d)(d.Assign(t.Context(), reviewer, r.ID, reviewer.ID, 0))
	}
	if mine() != 2 {
		t.Fatalf("%d before", mine())
	}
	must[cases.Record](d)(d.Snooze(t.Context(), reviewer, one.ID, d.time().Add(time.Hour)))
	if mine() != 1 {
		t.Errorf("%d while one is snoozed", mine())
	}
	d.pass(time.Hour)
	if mine() != 2 {
		t.Errorf("%d when its time has come, and nothing has changed it", mine())
	}
	must[cases.Record](d)(d.Snooze(t.Context(), reviewer, other.ID, d.time().Add(time.Hour)))
	must[cases.Record](d)(d.Wake(t.Context(), reviewer, other.ID))
	if mine() != 2 {
		t.Errorf("%d when it was put back", mine())
	}
}
