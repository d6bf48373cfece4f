package rescreening_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// asking is a rig with a subject whom two workflows keep with the same question; asked are those for which a case was opened.
func asking(t *testing.T) (r *rig, asked *[]string) {
	r, asked = newRig(t), new([]string)
	r.load("un", "1", "Anna Keller")
	r.finish()
	for _, workflow := range []string{"account", "loan"} {
		r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.For, w.Workflow = workflow, "found-"+workflow })
	}
	open := r.Service.Open
	r.Service.Open = func(ctx context.Context, w watched.Watch, id string, about map[string]any) (cases.Record, error) {
		*asked = append(*asked, w.For)
		return open(ctx, w, id, about)
	}
	r.load("un", "2", "Anna Keller", "Boris Popov")
	r.finish()
	return r, asked
}

func (r *rig) again() watched.Run {
	r.t.Helper()
	if _, err := r.Begin(r.t.Context(), manager, "un"); err != nil {
		r.t.Fatal(err)
	}
	return r.finish()
}

// answer is a workflow's answer to the first hit that was opened.
func (r *rig) answer(keptFor string, verdict watched.Verdict, people int) {
	r.t.Helper()
	if err := watched.Change(r.t.Context(), r.store, "demo", "s1", func(a *watched.Answers) bool {
		o := a.Opened[0]
		return a.Give(watched.Answer{List: o.List, ID: o.ID, Version: o.Version, Asked: o.Asked, Verdict: verdict, At: r.now, Case: o.Case, For: keptFor, Commit: 5, People: people})
	}); err != nil {
		r.t.Fatal(err)
	}
}

func TestEachWorkflowAsksAboutTheSameHit(t *testing.T) {
	r, asked := asking(t)
	slices.Sort(*asked)
	if r.again(); !slices.Equal(*asked, []string{"account", "loan"}) {
		t.Errorf("%q", *asked)
	}
}

func TestWhoIsConfirmedElsewhereIsStillAskedAbout(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	account := r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.For = "account" })
	r.load("un", "2", "Anna Keller", "Boris Popov")
	r.finish()
	r.answer("account", watched.Confirmed, 1)
	if r.again(); len(r.cases) != 1 {
		t.Fatalf("%d cases for a hit that was confirmed", len(r.cases))
	}
	r.watch("s1", account.Question.Name, func(w *watched.Watch) { w.For = "loan" })
	if r.again(); len(r.cases) != 2 {
		t.Errorf("%d cases: a customer who is confirmed as listed keeps a loan, and nobody is asked", len(r.cases))
	}
}

func TestTwoPeopleClearWhereAWorkflowAsksForTwo(t *testing.T) {
	for people, want := range map[int]int{1: 2, 2: 1} {
		r := newRig(t)
		r.load("un", "1", "Anna Keller")
		r.finish()
		r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.For = "account" })
		r.load("un", "2", "Anna Keller", "Boris Popov")
		r.finish()
		r.answer("account", watched.Cleared, people)
		r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.For, w.People = "loan", 2 })
		if r.again(); len(r.cases) != want {
			t.Errorf("cleared by %d: %d cases, want %d", people, len(r.cases), want)
		}
	}
}

// Right after the worker has seen that a subject's case is open, the case is called off: the subject, which is on the list of late ones
// already, is late once more.
func TestASubjectThatIsLateWhileItIsComparedIsComparedAgain(t *testing.T) {
	r := owing(t)
	r.finish()
	r.late("s1")
	counts := r.Service.Counts
	r.Service.Counts = func(ctx context.Context, tenant, id string) (bool, error) {
		open, err := counts(ctx, tenant, id)
		r.ended[id] = true
		r.late("s1")
		r.Service.Counts = counts
		return open, err
	}
	if r.finish(); len(r.cases) != 2 {
		t.Errorf("%d cases, want 2", len(r.cases))
	}
}

// The edition before is still to be compared when the next one is announced, and the worker comes before it counts.
func TestAnAnnouncedEditionIsWaitedFor(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	r.watch("s1", "Boris Popov")
	r.load("un", "2", "Anna Keller", "Zed Quill")
	lists, err := r.lists.Lists(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.lists.Announce(t.Context(), "demo", "un", lists[0].Current.ID, "3"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Turn(t.Context(), r.now.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	r.lists.Announce = nil // it was
	r.load("un", "3", "Anna Keller", "Zed Quill", "Boris Popov")
	if run := r.finish(); len(r.cases) != 1 || run.State != watched.Done {
		t.Errorf("%d cases, %s", len(r.cases), run.State)
	}
}

func TestARunThatHasFailedGoesOnForLateSubjects(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller", "Boris Popov")
	r.finish()
	r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.Editions = nil })
	if _, err := watched.ChangeRun(t.Context(), r.store, "demo", "un", func(run *watched.Run) bool {
		run.State, run.Error, run.OwedAt = watched.Failed, string(problem.Unavailable), r.now
		return true
	}); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(7 * time.Hour)
	if _, err := r.Turn(t.Context(), r.now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if last := r.metrics.oldest[len(r.metrics.oldest)-1]; last < 7*3600 {
		t.Errorf("a failed run owes for %.0f seconds", last)
	}
	r.late("s1")
	if run := r.finish(); run.State != watched.Done || len(r.cases) != 1 {
		t.Errorf("%s, %d cases", run.State, len(r.cases))
	}
}

func TestALateSubjectIsOwedUntilItIsCompared(t *testing.T) {
	r := owing(t)
	r.now = r.now.Add(7 * time.Hour)
	if _, err := r.Turn(t.Context(), r.now); err != nil {
		t.Fatal(err)
	}
	if last := r.metrics.oldest[len(r.metrics.oldest)-1]; last < 7*3600 {
		t.Errorf("%.0f seconds", last)
	}
	if run := r.finish(); !run.OwedAt.IsZero() {
		t.Errorf("it is done, and owed since %s", run.OwedAt)
	}
}

// Editions come more often than a run needs: what is owed since the first of them is still owed.
func TestWhatIsOwedIsMeasuredFromTheFirstEdition(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	for _, subject := range []string{"sa", "sb", "sc", "sd"} {
		r.watch(subject, "Boris Popov")
	}
	people := []string{"Anna Keller"}
	for _, edition := range []string{"ea", "eb", "ec"} {
		people = append(people, "Filler "+edition)
		r.load("un", edition, people...)
		r.now = r.now.Add(5 * time.Hour)
		if _, err := r.Turn(t.Context(), r.now); err != nil {
			t.Fatal(err)
		}
	}
	if last := r.metrics.oldest[len(r.metrics.oldest)-1]; last < 14*3600 {
		t.Errorf("%.0f seconds", last)
	}
}

// An entry is taken off, a subject is screened without it, and it is back before the run has come to the subject.
func TestAnEntryThatIsBackIsNewToWhoWasScreenedBetween(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller", "Zed Quill", "Boris Popov")
	r.finish()
	r.load("un", "2", "Anna Keller", "Zed Quill")
	r.watch("s1", "Boris Popov", func(w *watched.Watch) { w.Editions = map[string]string{"un": "2"} })
	r.load("un", "3", "Anna Keller", "Zed Quill", "Boris Popov")
	if run := r.finish(); len(r.cases) != 1 || run.State != watched.Done {
		t.Errorf("%d cases, %s", len(r.cases), run.State)
	}
}

func TestARemovedListRaisesNoAlarm(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	r.Service.News = func(context.Context, string, string, string) (watchlists.News, error) {
		return watchlists.News{}, problem.New(problem.UnknownList, "it was removed")
	}
	r.late("s1")
	run := r.finish()
	r.now = r.now.Add(7 * time.Hour)
	if _, err := r.Turn(t.Context(), r.now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if last := r.metrics.oldest[len(r.metrics.oldest)-1]; run.State != watched.Failed || last != 0 || r.metrics.failed != 0 {
		t.Errorf("%s, owed for %.0f seconds, %d failures", run.State, last, r.metrics.failed)
	}
}

func TestASubjectIsLookedForUnderItsFormerName(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	r.watch("s1", "Carla Diaz", func(w *watched.Watch) { w.Former = []watched.Question{{Name: "Boris Popov"}} })
	r.load("un", "2", "Anna Keller", "Boris Popov")
	if run := r.finish(); len(r.cases) != 1 || run.Looked != 1 {
		t.Errorf("%d cases, %d looked", len(r.cases), run.Looked)
	}
}

func TestMoreHitsThanACaseHasAreAskedInSeveral(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Zed Quill")
	r.finish()
	r.watch("s1", "Carla Diaz")
	people := []string{"Zed Quill"}
	for range 120 {
		people = append(people, "Carla Diaz")
	}
	r.load("un", "2", people...)
	if run := r.finish(); len(r.cases) != 3 || len(r.found()) != 120 || run.Hits != 120 || len(run.Failures) > 0 {
		t.Errorf("%d cases, %d hits, failures %q", len(r.cases), len(r.found()), run.Failures)
	}
	if r.again(); len(r.cases) != 3 {
		t.Errorf("%d cases after the whole list", len(r.cases))
	}
}
