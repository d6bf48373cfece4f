package rescreening_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/rescreening"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/store/embedded"
	"ballerine/internal/store/faulty"
	"ballerine/internal/telemetry"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
	"ballerine/internal/watchlists/watchliststest"
)

var manager = identity.Principal{Tenant: "demo", Kind: identity.User, ID: "user_1"}

// rig is a tenant with lists and subjects; cases are only noted.
type rig struct {
	*rescreening.Service
	t      *testing.T
	store  watched.Store
	plan   *faulty.Plan
	lists  *watchlists.Service
	files  *watchliststest.Memory
	now    time.Time
	cases  map[string]map[string]any // by id: what it is about
	broken map[string]error          // by subject: why no case can be opened
	ended  map[string]bool           // by case: without an answer
	made   int

	metrics counted
}

func newRig(t *testing.T) *rig {
	t.Helper()
	db, err := embedded.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, store: db.Watched(), plan: &faulty.Plan{}, files: &watchliststest.Memory{}, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), cases: map[string]map[string]any{}, broken: map[string]error{}, ended: map[string]bool{}}
	r.lists = &watchlists.Service{Objects: r.files, Now: func() time.Time { return r.now }, NewID: func(prefix string) string { r.made++; return fmt.Sprintf("%s_%d", prefix, r.made) }}
	r.Service = rescreening.New(rescreening.Config{
		Counts: func(_ context.Context, _, id string) (bool, error) { return !r.ended[id], nil },
		Store:  faulty.Watched{Store: r.store, Plan: r.plan}, News: r.lists.News, Open: r.open, Page: 2, Logger: slog.New(slog.DiscardHandler), Metrics: &r.metrics,
		Now: func() time.Time { r.now = r.now.Add(time.Millisecond); return r.now },
	})
	r.lists.Announce = r.Announce
	return r
}

// counted are Metrics for a test.
type counted struct {
	telemetry.Metrics
	failed int
	oldest []float64
}

func (c *counted) Count(name string, _ ...string) {
	if name == "rescreenings_failed" {
		c.failed++
	}
}

func (c *counted) Gauge(_ string, value float64, _ ...string) { c.oldest = append(c.oldest, value) }

func TestRunsThatLeaveSubjectsAreCounted(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller")
	if r.finish(); r.metrics.failed != 0 || len(r.metrics.oldest) == 0 {
		t.Fatalf("%+v", r.metrics)
	}
	r.watch("s1", "Boris Popov")
	r.broken["s1"] = problem.New(problem.UnknownWorkflow, "no such workflow")
	r.load("un", "2", "Anna Keller", "Boris Popov")
	before := len(r.metrics.oldest)
	r.finish()
	if _, err := r.Turn(t.Context(), r.now.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if r.metrics.failed != 1 || r.metrics.oldest[before] < 100 || r.metrics.oldest[len(r.metrics.oldest)-1] != 0 {
		t.Errorf("%+v", r.metrics)
	}
}

func (r *rig) open(_ context.Context, w watched.Watch, id string, about map[string]any) (cases.Record, error) {
	if err := r.broken[w.Subject]; err != nil {
		return cases.Record{}, err
	}
	if r.cases[id] == nil { // the same id again gives the case that is there
		r.cases[id] = about
	}
	return cases.Record{ID: id}, nil
}

// load makes people a list's newest edition; the entries' ids are their places.
func (r *rig) load(name, edition string, people ...string) {
	r.t.Helper()
	list := screening.List{Name: name, Edition: edition}
	for i, person := range people {
		list.Entries = append(list.Entries, screening.Entry{ID: fmt.Sprint(i), Kind: names.Person, Names: []screening.ListedName{{Text: person}}})
	}
	packed, err := screening.Pack(list)
	if err == nil {
		err = r.files.Put(r.t.Context(), "watchlists/uploads/demo/"+edition, packed, "")
	}
	if err == nil {
		_, err = r.lists.Load(r.t.Context(), manager, edition)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) watch(subject, name string, change ...func(*watched.Watch)) watched.Watch {
	r.t.Helper()
	w := watched.Watch{
		Tenant: "demo", Subject: subject, Type: "individual", Kept: true, EndedAt: r.now, Case: "case_" + subject, Workflow: "again",
		Question: watched.Question{Name: name}, Editions: map[string]string{"un": "1"},
	}
	for _, c := range change {
		c(&w)
	}
	if err := r.store.PutWatch(r.t.Context(), w); err != nil {
		r.t.Fatal(err)
	}
	return w
}

// finish turns until nothing is open.
func (r *rig) finish() watched.Run {
	r.t.Helper()
	for range 60 {
		r.now = r.now.Add(3 * time.Minute)
		open, err := r.Turn(r.t.Context(), r.now.Add(10*time.Second))
		if err == nil && open == 0 {
			break
		}
	}
	run, err := r.store.Run(r.t.Context(), "demo", "un")
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

func (r *rig) found() (all []string) {
	for _, about := range r.cases {
		for _, hit := range about["hits"].([]any) {
			h := hit.(map[string]any)
			all = append(all, fmt.Sprint(about["name"], " ", h["name"], " ", h["reason"]))
		}
	}
	slices.Sort(all)
	return all
}

func TestKeptSubjectsAreComparedWithWhatIsNew(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Anna Keller", "Boris Popov")
	r.finish()
	r.watch("s1", "Anna Keller") // is on the list as it was
	r.watch("s2", "Boris Popov") // the entry changes
	r.watch("s3", "Carla Diaz")  // is new
	r.watch("s4", "Dora Nowak")  // is nobody
	r.watch("s5", "Carla Diaz", func(w *watched.Watch) { w.Question.Lists = []string{"eu"} })
	r.watch("s6", "Carla Diaz", func(w *watched.Watch) { *w = watched.Watch{Tenant: w.Tenant, Subject: w.Subject, EndedAt: w.EndedAt} })
	r.watch("s7", "Carla Diaz", func(w *watched.Watch) { w.Tenant = "other" })
	r.watch("s8", "Carla Diaz", func(w *watched.Watch) { w.Question.Schema = "Vessel" })
	r.load("un", "2", "Anna Keller", "Boris Popow", "Carla Diaz")
	run := r.finish()
	if got, want := r.found(), []string{"Boris Popov Boris Popow changed_entry", "Carla Diaz Carla Diaz new_entry"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if run.State != watched.Done || run.Looked != 5 || run.Hits != 2 || run.Opened != 2 || len(run.Failures) != 0 || run.Edition != "2" || run.EndedAt.IsZero() {
		t.Errorf("%+v", run)
	}
	for _, about := range r.cases {
		if about["list"] != "un" || about["edition"] != "2" || about["kept_by"] == "" {
			t.Errorf("%v", about)
		}
	}
	r.load("un", "3", "Anna Keller", "Boris Popow", "Carla Diaz", "Dora Nowak")
	if r.finish(); len(r.cases) != 3 {
		t.Errorf("%q", r.found())
	}
	if _, err := r.Begin(t.Context(), manager, "un"); err != nil {
		t.Fatal(err)
	}
	run = r.finish() // with the whole list: nobody has been asked about Anna
	if got := r.found(); len(r.cases) != 4 || !slices.Contains(got, "Anna Keller Anna Keller new_entry") || run.Hits != 1 || run.By != "user_1" {
		t.Errorf("%q, %+v", got, run)
	}
}

func TestAnswersToThisVersionOpenNoCase(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	r.finish()
	one := r.watch("s1", "Carla Diaz")
	r.load("un", "2", "Boris Popov", "Carla Diaz")
	news, err := r.lists.News(t.Context(), "demo", "un", "")
	if err != nil {
		t.Fatal(err)
	}
	hit := news.Index.Search(screening.Query{Name: "Carla Diaz"}, screening.Options{})[0]
	answer := watched.Answer{List: "un", ID: hit.ID, Version: hit.Version, Asked: one.Question.Digest(), Verdict: watched.Cleared, At: r.now}
	if err := watched.Change(t.Context(), r.store, "demo", "s1", func(a *watched.Answers) bool { return a.Give(answer) }); err != nil {
		t.Fatal(err)
	}
	if run := r.finish(); len(r.cases) != 0 || run.Hits != 0 || run.Looked != 1 {
		t.Errorf("%q, %+v", r.found(), run)
	}
	r.load("un", "3", "Boris Popov", "Karla Diaz")
	if r.finish(); len(r.cases) != 1 {
		t.Error("the entry is another one, and nobody was asked")
	}
}

func TestARunIsTheSameWhateverFailsInIt(t *testing.T) {
	run := func(t *testing.T, fault faulty.Fault, at int) (map[string]map[string]any, watched.Answers, int) {
		r := newRig(t)
		r.load("un", "1", "Boris Popov")
		r.finish()
		for n := range 5 {
			r.watch(fmt.Sprint("s", n), "Carla Diaz")
		}
		r.load("un", "2", "Boris Popov", "Carla Diaz")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r.now = r.now.Add(time.Hour)
		r.plan.Arm(fault, at, cancel)
		_, _ = r.Turn(ctx, r.now.Add(10*time.Second))
		calls := len(r.plan.Calls())
		r.plan.Arm(faulty.None, 0, nil)
		if last := r.finish(); last.State != watched.Done || len(last.Failures) != 0 {
			t.Errorf("%+v", last)
		}
		answers, err := r.store.Answers(t.Context(), "demo", "s4")
		if err != nil {
			t.Error(err)
		}
		return r.cases, answers, calls
	}
	want, _, calls := run(t, faulty.None, 0)
	if len(want) != 5 || calls < 10 {
		t.Fatalf("%d cases in %d calls", len(want), calls)
	}
	for _, fault := range faulty.Faults() {
		for at := 1; at <= calls; at++ {
			t.Run(fmt.Sprintf("%s at %d", fault, at), func(t *testing.T) {
				got, answers, _ := run(t, fault, at)
				if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) || len(answers.Opened) != 1 {
					t.Errorf("%d cases, %+v", len(got), answers)
				}
			})
		}
	}
}

func TestFailuresAreTriedAgainWithABound(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	r.finish()
	r.watch("s1", "Carla Diaz")
	r.watch("s2", "Carla Diaz")
	r.broken["s1"] = problem.New(problem.UnknownWorkflow, "none")
	r.load("un", "2", "Boris Popov", "Carla Diaz")
	run := r.finish()
	if run.State != watched.Done || !slices.Equal(run.Failures, []string{"s1"}) || run.Opened != 1 || len(r.cases) != 1 {
		t.Errorf("%+v", run)
	}
	delete(r.broken, "s1")
	r.load("un", "3", "Boris Popov", "Carla Diaz", "Zoe Zuber") // nothing about s1 is new, and it has not been compared with the edition before
	if run = r.finish(); len(r.cases) != 2 || len(run.Failures) != 0 {
		t.Errorf("%+v, %q", run, r.found())
	}
}

func TestSubjectsThatAreKeptLateAreComparedToo(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	r.finish()
	r.load("un", "2", "Boris Popov", "Carla Diaz")
	run := r.finish()
	w := r.watch("s1", "Carla Diaz") // was screened with the first edition
	if !w.Late(run) {
		t.Fatal("nobody knows that it is late")
	}
	if _, err := watched.ChangeRun(t.Context(), r.store, "demo", "un", func(run *watched.Run) bool { return run.AddLate("s1", r.now) }); err != nil {
		t.Fatal(err)
	}
	if run = r.finish(); len(r.cases) != 1 || run.State != watched.Done || len(run.Late) != 0 {
		t.Errorf("%+v %q", run, r.found())
	}
}

func TestNewsOfAnUnfinishedRunAreNotLost(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	r.finish()
	r.watch("s1", "Carla Diaz")
	r.watch("s2", "Dora Nowak")
	r.load("un", "2", "Boris Popov", "Carla Diaz")
	r.load("un", "3", "Boris Popov", "Carla Diaz", "Dora Nowak") // before anybody was compared with the second one
	if run := r.finish(); len(r.cases) != 2 || run.Edition != "3" {
		t.Errorf("%+v, %q", run, r.found())
	}
}

func TestAnEditionThatNeverCountsEndsItsRun(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	r.finish()
	r.watch("s1", "Boris Popov")
	lists, err := r.lists.Lists(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Announce(t.Context(), "demo", "un", lists[0].Current.ID, "2"); err != nil {
		t.Fatal(err)
	}
	if open, err := r.Turn(t.Context(), r.now.Add(10*time.Second)); open != 1 || err != nil {
		t.Errorf("it may still come to count: %d open, %v", open, err)
	}
	if run := r.finish(); run.State != watched.Done || run.Looked != 0 || len(r.cases) != 0 {
		t.Errorf("%+v", run)
	}
}

func TestTwoDoNotWorkOneRun(t *testing.T) {
	r := newRig(t)
	r.load("un", "1", "Boris Popov")
	if _, err := watched.ChangeRun(t.Context(), r.store, "demo", "un", func(run *watched.Run) bool { run.Lease = r.now.Add(time.Minute); return true }); err != nil {
		t.Fatal(err)
	}
	if open, err := r.Turn(t.Context(), r.now.Add(10*time.Second)); open != 0 || err != nil {
		t.Errorf("%d open, %v", open, err)
	}
	if run, err := r.store.Run(t.Context(), "demo", "un"); err != nil || run.State != watched.Running {
		t.Errorf("%+v, %v", run, err)
	}
}
