package trial_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/policy/trial"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
)

const (
	live  = "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: large, when: \"amount >= 100\", outcome: review}\n"
	draft = "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: large, when: \"amount >= 50\", outcome: review}\n"
)

var (
	dana = identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_dana", Roles: []string{"developer"}}
	mara = identity.Principal{Tenant: "t", Kind: identity.User, ID: "user_mara", Roles: []string{"manager"}}
	key  = identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"}
)

// store counts how often it is asked what runs, and can fail.
type store struct {
	trial.Store
	reads int
	fails bool
}

func (s *store) RunningTrials(ctx context.Context, tenant, policy string) ([]trial.Trial, error) {
	s.reads++
	if s.fails {
		return nil, problem.New(problem.Unavailable, "The table did not respond.")
	}
	return s.Store.RunningTrials(ctx, tenant, policy)
}

// place is where trials are, with a clock.
type place struct {
	*trial.Service
	t         *testing.T
	db        *embedded.DB
	store     *store
	catalog   *registry.Catalog
	publisher *registry.Publisher
	now       time.Time
}

func newPlace(t *testing.T) *place {
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
	p := &place{t: t, db: db, store: &store{Store: db.Trials()}, now: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)}
	if p.catalog, err = registry.New(fstest.MapFS{}, db.Registry()); err != nil {
		t.Fatal(err)
	}
	p.publisher = &registry.Publisher{Catalog: p.catalog, Store: db.Registry(), Now: p.clock}
	p.Service = p.another()
	p.publish(live)
	return p
}

func (p *place) clock() time.Time { return p.now }

// another process over the same store.
func (p *place) another() *trial.Service {
	number := 0
	return trial.New(trial.Config{Store: p.store, Policies: p.catalog, Now: p.clock, NewID: func(prefix string) string {
		number++
		return fmt.Sprintf("%s_%d_%03d", prefix, p.now.Unix(), number)
	}})
}

func (p *place) publish(source string) {
	p.t.Helper()
	if _, err := p.publisher.Publish(p.t.Context(), dana, registry.Publish{Kind: registry.Policy, ID: "p", Source: source}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) start(kind trial.Kind) trial.Trial {
	p.t.Helper()
	cmd := trial.Start{Policy: "p", Kind: kind, Source: draft}
	if kind == trial.Challenger {
		cmd.Share = 5000
	}
	started, _, err := p.Start(p.t.Context(), dana, cmd)
	if err != nil {
		p.t.Fatal(err)
	}
	return started
}

// beside states what a process knows to be tried beside the live version.
func (p *place) beside(s *trial.Service, at time.Time) (shadow, challenger bool) {
	p.t.Helper()
	policy, err := p.catalog.Policy(p.t.Context(), "t", "p")
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := s.Beside(p.t.Context(), "t", policy, at)
	if err != nil {
		p.t.Fatal(err)
	}
	return found.Shadow != nil, found.Challenger != nil
}

func (p *place) code(err error, want problem.Code) {
	p.t.Helper()
	if problem.CodeOf(err) != want {
		p.t.Errorf("%v, want %s", err, want)
	}
}

func TestATrialCountsAtOnceHereAndEverywhereAfterFiveSeconds(t *testing.T) {
	p := newPlace(t)
	elsewhere := p.another()
	both := func(here, there bool) {
		t.Helper()
		if shadow, _ := p.beside(p.Service, p.now); shadow != here {
			t.Errorf("here: %v", shadow)
		}
		if shadow, _ := p.beside(elsewhere, p.now); shadow != there {
			t.Errorf("there: %v", shadow)
		}
	}
	both(false, false)
	started := p.start(trial.Shadow)
	both(true, false)
	p.now = p.now.Add(5*time.Second - time.Nanosecond)
	both(true, false)
	p.now = p.now.Add(time.Nanosecond)
	both(true, true)
	asked := p.store.reads
	for range 100 {
		both(true, true)
	}
	if p.store.reads != asked {
		t.Errorf("asked %d times", p.store.reads-asked)
	}
	if _, err := p.End(t.Context(), dana, "p", started.ID); err != nil {
		t.Fatal(err)
	}
	both(false, true)
	p.now = p.now.Add(5 * time.Second)
	both(false, false)
}

func TestWhenTheStoreDoesNotAnswerWhatWasKnownCountsOn(t *testing.T) {
	p := newPlace(t)
	p.start(trial.Challenger)
	if _, challenger := p.beside(p.Service, p.now); !challenger {
		t.Fatal("it does not run")
	}
	p.store.fails, p.now = true, p.now.Add(time.Hour)
	if _, challenger := p.beside(p.Service, p.now); !challenger {
		t.Error("a subject would change its side while the store is away")
	}
	policy, err := p.catalog.Policy(t.Context(), "t", "p")
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.another().Beside(t.Context(), "t", policy, p.now)
	p.code(err, problem.Unavailable)
	if found.Challenger != nil {
		t.Error("who knows nothing tries nothing")
	}
}

func TestWhatIsReportedAgainTakesNoPart(t *testing.T) {
	p := newPlace(t)
	p.start(trial.Shadow)
	began := p.now
	p.now = p.now.Add(time.Hour)
	for at, want := range map[time.Time]bool{
		began.Add(-time.Nanosecond): false, began: true, p.now: true, p.now.Add(time.Minute): true, p.now.Add(time.Minute + time.Nanosecond): false,
	} {
		if shadow, _ := p.beside(p.Service, at); shadow != want {
			t.Errorf("%v: %v", at.Sub(began), shadow)
		}
	}
}

func TestAnotherSourceOfTheSameVersionIsAnotherVersion(t *testing.T) {
	p := newPlace(t)
	p.start(trial.Shadow)
	updated, _ := rules.Parse("p", []byte(live+"# an update of the software\n"))
	if found, err := p.Beside(t.Context(), "t", updated, p.now); err != nil || found.Shadow != nil {
		t.Errorf("%+v %v", found, err)
	}
}

func TestWhoMayHoldASecretOfTheKeyThatProposesIsNoOther(t *testing.T) {
	p := newPlace(t)
	p.FourEyes = func(context.Context, string) (bool, error) { return true, nil }
	cmd := trial.Start{Policy: "p", Kind: trial.Challenger, Share: 5000, Source: draft}
	_, _, err := p.Start(t.Context(), key, cmd)
	p.code(err, problem.Internal) // who is behind it is not known
	_, _, err = p.Start(t.Context(), identity.SystemOf("t", "cli"), cmd)
	p.code(err, problem.Forbidden)
	p.Behind = func(context.Context, string, string) ([]string, error) {
		return nil, problem.New(problem.Unavailable, "away")
	}
	_, _, err = p.Start(t.Context(), key, cmd)
	p.code(err, problem.Unavailable)
	p.Behind = func(_ context.Context, tenant, id string) ([]string, error) {
		return []string{tenant, id, mara.ID}, nil
	}
	proposed, _, err := p.Start(t.Context(), key, cmd)
	if err != nil || !slices.Equal(proposed.Behind, []string{"t", key.ID, mara.ID}) {
		t.Fatalf("%+v %v", proposed, err)
	}
	_, err = p.Approve(t.Context(), mara, "p", proposed.ID)
	p.code(err, problem.Forbidden)
	if done, err := p.Approve(t.Context(), dana, "p", proposed.ID); err != nil || done.Status != trial.Running {
		t.Errorf("%+v %v", done, err)
	}
}

func TestOnlyAnotherPersonApproves(t *testing.T) {
	p := newPlace(t)
	on := true
	p.FourEyes = func(_ context.Context, tenant string) (bool, error) {
		if tenant != "t" {
			t.Error(tenant)
		}
		return on, nil
	}
	if shadow := p.start(trial.Shadow); shadow.Status != trial.Running {
		t.Errorf("%+v", shadow)
	}
	proposed := p.start(trial.Challenger)
	if proposed.Status != trial.Proposed || !proposed.StartedAt.IsZero() {
		t.Fatalf("%+v", proposed)
	}
	for _, who := range []identity.Principal{dana, key, identity.SystemOf("t", "cli"), {Tenant: "t", Kind: identity.Client, ID: "user_mara"}} {
		_, err := p.Approve(t.Context(), who, "p", proposed.ID)
		p.code(err, problem.Forbidden)
	}
	_, err := p.Approve(t.Context(), identity.Principal{Tenant: "u", Kind: identity.User, ID: "user_mara"}, "p", proposed.ID)
	p.code(err, problem.NotFound)
	if _, challenger := p.beside(p.Service, p.now); challenger {
		t.Error("a proposal decides")
	}
	p.now = p.now.Add(time.Hour)
	approved, err := p.Approve(t.Context(), mara, "p", proposed.ID)
	if err != nil || approved.Status != trial.Running || approved.ApprovedBy != mara.ID || !approved.StartedAt.Equal(p.now) || approved.ProposedBy != dana.ID {
		t.Errorf("%+v %v", approved, err)
	}
	if _, challenger := p.beside(p.Service, p.now); !challenger {
		t.Error("what was approved does not decide")
	}
	_, err = p.Approve(t.Context(), mara, "p", proposed.ID)
	p.code(err, problem.NotReady)

	second := p.start(trial.Challenger) // proposals may stand in line
	_, err = p.Approve(t.Context(), mara, "p", second.ID)
	p.code(err, problem.AlreadyExists)
	if taken, err := p.End(t.Context(), dana, "p", second.ID); err != nil || taken.Status != trial.Ended {
		t.Errorf("%+v %v", taken, err)
	}
	_, err = p.Approve(t.Context(), mara, "p", second.ID)
	p.code(err, problem.NotReady)
	third := p.start(trial.Challenger)
	p.publish(strings.Replace(live, "100", "90", 1))
	_, err = p.Approve(t.Context(), mara, "p", third.ID)
	p.code(err, problem.NotReady)

	on = false
	if started := p.start(trial.Challenger); started.Status != trial.Running { // in the place of the outdated one
		t.Errorf("%+v", started)
	}
	p.FourEyes = func(context.Context, string) (bool, error) {
		return false, problem.New(problem.Unavailable, "The table did not respond.")
	}
	_, _, err = p.Start(t.Context(), dana, trial.Start{Policy: "p", Kind: trial.Challenger, Share: 1, Source: draft})
	p.code(err, problem.Unavailable)
}

func TestAStartThatIsRepeatedIsTheFirst(t *testing.T) {
	p := newPlace(t)
	cmd := trial.Start{ID: "trial_1", Policy: "p", Kind: trial.Shadow, Source: draft}
	first, _, err := p.Start(t.Context(), dana, cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(time.Minute)
	if again, _, err := p.Start(t.Context(), dana, cmd); err != nil || !again.StartedAt.Equal(first.StartedAt) {
		t.Errorf("%+v %v", again, err)
	}
	cmd.Source = live
	_, _, err = p.Start(t.Context(), dana, cmd)
	p.code(err, problem.Conflict)
}

func TestAnOutdatedTrialShowsSinceWhenAndEndsNoMore(t *testing.T) {
	p := newPlace(t)
	old := p.start(trial.Shadow)
	p.now = p.now.Add(time.Hour)
	p.publish(strings.Replace(live, "100", "90", 1))
	outdated := p.now
	p.now = p.now.Add(time.Hour)
	p.publish(strings.Replace(live, "100", "80", 1))
	check := func(got trial.Trial, err error) {
		t.Helper()
		if err != nil || got.Status != trial.Outdated || !got.EndedAt.Equal(outdated) || got.EndedBy != "" {
			t.Errorf("%+v %v", got, err)
		}
	}
	check(p.Get(t.Context(), "t", "p", old.ID))
	check(p.End(t.Context(), dana, "p", old.ID))
	p.start(trial.Shadow)
	check(p.Get(t.Context(), "t", "p", old.ID)) // now it is written down, too
	if page, _, err := p.List(t.Context(), "t", "p", "", 10); err != nil || len(page) != 2 || page[0].Status != trial.Running {
		t.Errorf("%+v %v", page, err)
	}
}

func TestAReportReadsNoFurtherThanItsTrial(t *testing.T) {
	p := newPlace(t)
	l := &ledger.Ledger{Store: p.db.Ledger(), Policies: p.catalog, Trials: p.Service}
	number := 0
	decide := func() {
		t.Helper()
		policy, err := p.catalog.Policy(t.Context(), "t", "p")
		if err != nil {
			t.Fatal(err)
		}
		number++
		p.now = p.now.Add(time.Second)
		if _, err := l.Decide(t.Context(), ledger.Request{Tenant: "t", Policy: policy, Input: map[string]any{"amount": 70}, At: p.now, ID: fmt.Sprint("dec_", number)}); err != nil {
			t.Fatal(err)
		}
	}
	decide()
	started := p.start(trial.Shadow)
	for range 7 {
		decide()
	}
	if _, err := p.End(t.Context(), dana, "p", started.ID); err != nil {
		t.Fatal(err)
	}
	decide()
	pages := &ledger.Pages{Store: l.Store}
	whole, err := p.Report(t.Context(), "t", "p", started.ID, pages, 3)
	if err != nil || whole.Decisions != 7 || whole.Shadow.Flipped != 7 || pages.Next != "" || !pages.Filter.From.Equal(started.StartedAt) || pages.Filter.To.IsZero() {
		t.Errorf("%+v %+v %v", whole.Shadow, pages, err)
	}
	parts := ledger.TrialReport{}
	for first, after := true, ""; first || after != ""; first = false {
		pages := &ledger.Pages{Store: l.Store, After: after, Max: 3}
		part, err := p.Report(t.Context(), "t", "p", started.ID, pages, 3)
		if err != nil || part.Decisions > 3 {
			t.Fatalf("%+v %v", part, err)
		}
		parts, after = parts.Merge(part, 3), pages.Next
	}
	if parts.Decisions != 7 || fmt.Sprint(parts.Shadow.Flips) != fmt.Sprint(whole.Shadow.Flips) || parts.Shadow.Live.Count != 7 {
		t.Errorf("%+v", parts.Shadow)
	}
	_, err = p.Report(t.Context(), "t", "p", "trial_none", &ledger.Pages{Store: l.Store}, 3)
	p.code(err, problem.NotFound)
}
