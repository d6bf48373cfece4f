package rescreening_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/watched"
)

var away = problem.New(problem.Unavailable, "for a moment")

func (r *rig) late(subject string) {
	r.t.Helper()
	if _, err := watched.ChangeRun(r.t.Context(), r.store, "demo", "un", func(run *watched.Run) bool { return run.AddLate(subject, r.now) }); err != nil {
		r.t.Fatal(err)
	}
}

// refuse has no case opened for the first calls.
func (r *rig) refuse(calls int) {
	open := r.Service.Open
	r.Service.Open = func(ctx context.Context, w watched.Watch, id string, about map[string]any) (cases.Record, error) {
		if calls--; calls >= 0 {
			return cases.Record{}, away
		}
		return open(ctx, w, id, about)
	}
}

// owing is a rig with a subject that has to be compared with the whole list, of which nothing about it is new.
func owing(t *testing.T) *rig {
	r := newRig(t)
	r.load("un", "1", "Anna Keller", "Boris Popov")
	r.finish()
	r.load("un", "2", "Anna Keller", "Boris Popov", "Zed Quill")
	r.finish()
	r.watch("s1", "Anna Keller", func(w *watched.Watch) { w.Editions = nil })
	r.late("s1")
	r.now = r.now.Add(3 * time.Minute)
	return r
}

func TestALateSubjectOwesTheWholeListUntilItIsDone(t *testing.T) {
	for name, meanwhile := range map[string]func(r *rig){
		"it fails once": func(r *rig) { r.refuse(1) },
		"a new edition comes between": func(r *rig) {
			r.refuse(1)
			if _, err := r.Turn(r.t.Context(), r.now.Add(2*time.Millisecond)); err != nil {
				r.t.Fatal(err)
			}
			r.load("un", "3", "Anna Keller", "Boris Popov", "Zed Quill", "New Body")
		},
		"it fails for good, and a new edition comes": func(r *rig) {
			r.refuse(3)
			if run := r.finish(); !slices.Equal(run.Failures, []string{"s1"}) {
				r.t.Errorf("%+v", run)
			}
			r.load("un", "3", "Anna Keller", "Boris Popov", "Zed Quill", "New Body")
		},
		"the turn is broken off": func(r *rig) {
			ctx, cancel := context.WithCancel(r.t.Context())
			open := r.Service.Open
			r.Service.Open = func(context.Context, watched.Watch, string, map[string]any) (cases.Record, error) {
				cancel()
				return cases.Record{}, problem.Wrap(context.Canceled, problem.Timeout, "broken off")
			}
			if _, err := r.Turn(ctx, r.now.Add(time.Second)); err != nil {
				r.t.Fatal(err)
			}
			r.Service.Open = open
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := owing(t)
			meanwhile(r)
			if run := r.finish(); len(r.cases) != 1 || run.State != watched.Done || len(run.Late)+len(run.Failures) != 0 {
				t.Errorf("%q, %+v", r.found(), run)
			}
		})
	}
}

func TestALateSubjectThatFailsWithoutNewsIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	lists, err := r.lists.Lists(t.Context(), "demo")
	if err == nil {
		err = r.Announce(t.Context(), "demo", "un", lists[0].Current.ID, "2") // which never comes to count: nothing is new
	}
	if err != nil {
		t.Fatal(err)
	}
	r.finish()
	r.watch("s1", "Anna Keller", func(w *watched.Watch) { w.Editions = nil })
	r.late("s1")
	r.refuse(1)
	if run := r.finish(); len(r.cases) != 1 || run.State != watched.Done {
		t.Errorf("%q, %+v", r.found(), run)
	}
}

func TestOtherHitsInOneEditionHaveACaseOfTheirOwn(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	r.watch("s1", "Boris Popov")
	r.load("un", "2", "Anna Keller", "Boris Popov", "Carla Diaz")
	r.finish()
	r.watch("s1", "Carla Diaz", func(w *watched.Watch) { w.EndedAt = r.now })
	r.late("s1")
	r.finish()
	if got := r.found(); !slices.Equal(got, []string{"Boris Popov Boris Popov new_entry", "Carla Diaz Carla Diaz new_entry"}) {
		t.Errorf("%q", got)
	}
}

func TestHitsOfACaseWithoutAnAnswerAreRaisedAgain(t *testing.T) {
	r := owing(t)
	for n := 1; n <= 3; n++ {
		if r.finish(); len(r.cases) != n {
			t.Fatalf("%d cases, want %d", len(r.cases), n)
		}
		r.late("s1") // its case is open, so it has no effect
		if r.finish(); len(r.cases) != n {
			t.Fatalf("%d cases, want %d", len(r.cases), n)
		}
		for id := range r.cases {
			r.ended[id] = true
		}
		r.late("s1")
	}
}

func TestAHitThatNobodyAnswersHasABoundOfCases(t *testing.T) {
	r := owing(t)
	for range 8 {
		r.finish()
		for id := range r.cases {
			r.ended[id] = true
		}
		r.late("s1")
	}
	if run := r.finish(); len(r.cases) != 5 || !slices.Equal(run.Failures, []string{"s1"}) {
		t.Errorf("%d cases, failures %q", len(r.cases), run.Failures)
	}
}

func TestEachQuestionAboutASubjectIsAsked(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	r.finish()
	r.watch("s1", "Boris Popov")
	r.watch("s1", "Carla Diaz", func(w *watched.Watch) { w.For = "loan" })
	r.watch("s1", "", func(w *watched.Watch) { w.For, w.Kept = "card", false })
	r.load("un", "2", "Anna Keller", "Boris Popov", "Carla Diaz")
	r.finish()
	if got := r.found(); !slices.Equal(got, []string{"Boris Popov Boris Popov new_entry", "Carla Diaz Carla Diaz new_entry"}) {
		t.Errorf("%q", got)
	}
	if _, err := r.Begin(r.t.Context(), manager, "un"); err != nil {
		t.Fatal(err)
	}
	r.late("s1")
	if run := r.finish(); len(r.cases) != 2 || len(run.Failures) > 0 {
		t.Errorf("%d cases, failures %q", len(r.cases), run.Failures)
	}
}

func TestAnsweredHitsTakeNoPlaceOfOpenOnes(t *testing.T) {
	r := newRig(t)
	people := slices.Repeat([]string{"Carla Diaz"}, 60)
	r.load("un", "1", people...)
	r.finish()
	one := r.watch("s1", "Carla Diaz")
	news, err := r.lists.News(t.Context(), "demo", "un", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := watched.Change(t.Context(), r.store, "demo", "s1", func(a *watched.Answers) bool {
		for _, h := range news.Index.Search(screening.Query{Name: "Carla Diaz"}, screening.Options{Limit: 50}) {
			a.Give(watched.Answer{List: "un", ID: h.ID, Version: h.Version, Asked: one.Question.Digest(), Verdict: watched.Cleared, At: r.now})
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	r.late("s1")
	if r.finish(); len(r.found()) != 10 {
		t.Errorf("%d hits are raised, not 10", len(r.found()))
	}
}

func TestSubjectsThatFailKeepNobodyElseBack(t *testing.T) {
	r := newRig(t)
	r.Page = 500
	r.load("un", "1", "Anna Keller")
	r.finish()
	for n := range 2001 {
		r.watch(fmt.Sprintf("a%05d", n), strings.Repeat("abc ", 25)) // too many words for a name
	}
	r.watch("z1", "Carla Diaz")
	r.load("un", "2", "Anna Keller", "Carla Diaz")
	run := r.finish()
	if len(r.cases) != 1 || run.State != watched.Done || len(run.Failures) != 2000 || run.Unnamed != 1 {
		t.Errorf("%d cases, %s, %d failures and %d more", len(r.cases), run.State, len(run.Failures), run.Unnamed)
	}
	r.load("un", "3", "Anna Keller", "Carla Diaz", "Zoe Zuber")
	again, err := r.store.Run(t.Context(), "demo", "un")
	if err != nil || again.Since != "" || again.Unnamed != 0 {
		t.Errorf("those without a name are not compared with the whole list: %+v, %v", again.Since, err)
	}
}
