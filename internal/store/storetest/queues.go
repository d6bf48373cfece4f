package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Queues is what a cases.Store promises about lists and counters, whatever has happened to the cases: each run commits a
// history of changes by chance and checks the store against the records themselves.
func Queues(t *testing.T, runs int, open func(t *testing.T) cases.Store) {
	for seed := range runs {
		t.Run(fmt.Sprintf("lists and counters are those of the records, history %d", seed), func(t *testing.T) {
			w := &world{t: t, store: open(t), chance: rand.New(rand.NewPCG(uint64(seed), 7)), records: map[string]cases.Record{}} //nolint:gosec // a test's chance must repeat
			for range 60 {
				w.change()
			}
			w.checkCounts()
			w.checkLists()
			w.checkOverdue()
		})
	}
	t.Run("effects that are dropped are never delivered, those that are held back not before their time", func(t *testing.T) { heldBack(t, open(t)) })
}

// world is a store beside the records that it should have.
type world struct {
	t       *testing.T
	store   cases.Store
	chance  *rand.Rand
	records map[string]cases.Record
}

func (w *world) pick(words ...string) string { return words[w.chance.IntN(len(words))] }

// change makes a case or changes one.
func (w *world) change() {
	ids := slices.Sorted(maps.Keys(w.records))
	before, number := cases.Record{}, len(ids)
	var r cases.Record
	if number == 0 || (number < 25 && w.chance.IntN(2) == 0) {
		r = record("q", fmt.Sprintf("case_%02d", number))
		r.CreatedAt = epoch.Add(time.Duration(number) * time.Minute)
		r.Workflow.ID, r.Subject.ID = w.pick("kyc", "kyb"), w.pick("subj_1", "subj_2", "subj_3")
		r.Terms = []string{w.pick("t1", "t2", "t3")}
	} else {
		before = w.records[ids[w.chance.IntN(number)]]
		r = next(before, nil).Next
	}
	if r.Traits = nil; w.chance.IntN(3) > 0 {
		r.Traits = []cases.Trait{{Kind: "email", Hash: w.pick("h1", "h2", "h3")}}
	}
	r.Assignee = w.pick("", "user_1", "user_2")
	r.Status = cases.Status(w.pick("active", "active", "active", "completed", "cancelled"))
	state := w.pick("collect", "review", "review")
	r.Snapshot.Active = []statechart.Activation{{State: state, Visit: r.Version}}
	r.Tags = []string{"collecting"}
	if state == "review" {
		r.Tags = []string{cases.TagReview}
	}
	r.Risk = map[string]*cases.Risk{"": nil, "high": {Score: 80, Severity: "high"}, "low": {Score: 5, Severity: "low"}}[w.pick("", "high", "low")]
	if r.Proposed = nil; state == "review" && w.chance.IntN(2) == 0 {
		r.Proposed = &cases.Proposal{Event: "APPROVE", By: cases.Actor{Kind: "user", ID: "user_1"}, At: epoch}
	}
	r.DueAt, r.SLA = time.Time{}, nil
	if hours := w.chance.IntN(40) - 10; hours != 0 { // no two cases have the same deadline
		r.SLA = &cases.SLA{State: state, Visit: r.Version, StartedAt: epoch, DueAt: epoch.Add(time.Duration(hours)*time.Hour + time.Duration(r.CreatedAt.Minute())*time.Second)}
	}
	if r.Waiting = nil; r.Status == cases.StatusActive && w.chance.IntN(8) > 0 { // a case that was last written long ago does not have it
		r.Waiting = &cases.Waiting{For: w.pick("applicant", "reviewer", "vendor"), Work: w.pick("identity", "sanctions"), Since: epoch.Add(time.Duration(w.chance.IntN(40))*time.Hour + time.Duration(r.CreatedAt.Minute())*time.Second)}
	}
	change := created(r)
	if before.ID != "" {
		change = cases.Change{Revision: before.Revision, Before: before, Next: r, Entry: cases.Entry{Version: r.Version, At: r.UpdatedAt, Cause: cases.CauseEvent}}
	}
	change.Counts = countsOf(before, r)
	must(w.t, w.store.Commit(context.Background(), change))
	w.records[r.ID] = r
}

// countsOf is what a change adds to the counters of open cases.
func countsOf(before, after cases.Record) cases.Counts {
	sums := map[string]int{}
	for _, each := range []struct {
		record cases.Record
		delta  int
	}{{before, -1}, {after, 1}} {
		if each.record.ID == "" {
			continue
		}
		for _, list := range each.record.Lists() {
			if cases.Counted(list) {
				sums[list] += each.delta
			}
		}
	}
	maps.DeleteFunc(sums, func(_ string, sum int) bool { return sum == 0 })
	return cases.Counts{cases.GroupOpen: sums}
}

func (w *world) checkCounts() {
	want := map[string]int{}
	for _, r := range w.records {
		for _, list := range r.Lists() {
			if cases.Counted(list) {
				want[list]++
			}
		}
	}
	got, err := w.store.Counts(context.Background(), "q", cases.GroupOpen)
	must(w.t, err)
	if !maps.Equal(got, want) {
		w.t.Errorf("counters %v, want %v", got, want)
	}
	if other, err := w.store.Counts(context.Background(), "r", cases.GroupOpen); err != nil || len(other) != 0 {
		w.t.Errorf("another tenant has counters: %v %v", other, err)
	}
}

// before states how a query orders two cases.
func before(order cases.Order, a, b cases.Record) int {
	switch order {
	case cases.OldestFirst:
		return a.CreatedAt.Compare(b.CreatedAt)
	case cases.SoonestFirst:
		x, y := a.Deadline(), b.Deadline()
		if x.IsZero() != y.IsZero() {
			return map[bool]int{true: 1, false: -1}[x.IsZero()]
		}
		if x.Equal(y) {
			return strings.Compare(a.ID, b.ID)
		}
		return x.Compare(y)
	case cases.RiskiestFirst, cases.CalmestFirst:
		rank := func(r cases.Record) int {
			if r.Risk == nil {
				return 0
			}
			return map[string]int{"low": 1, "high": 2}[r.Risk.Severity]
		}
		up := rank(a) - rank(b)
		if order == cases.RiskiestFirst {
			up = -up
		}
		return cmp.Or(up, before(cases.SoonestFirst, a, b))
	case cases.LongestFirst:
		return a.Waiting.Since.Compare(b.Waiting.Since)
	case cases.StalestFirst:
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), strings.Compare(a.ID, b.ID))
	case cases.LatestFirst:
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), strings.Compare(b.ID, a.ID))
	case cases.NewestFirst:
	}
	return b.CreatedAt.Compare(a.CreatedAt)
}

func (w *world) checkLists() {
	for _, order := range []cases.Order{cases.NewestFirst, cases.OldestFirst, cases.SoonestFirst, cases.LongestFirst} {
		for name, query := range map[string]cases.Query{
			"open": {}, "to decide": {Tags: []string{cases.TagReview}}, "mine": {Assignee: "user_1"}, "nobody's": {Assignee: "none"}, "high": {Severities: []string{"high"}}, "not rated": {Severities: []string{"none"}}, "high or not rated": {Severities: []string{"high", "none"}}, "for a second person": {SecondPerson: true},
			"workflow": {Workflow: "kyb"}, "state": {Workflow: "kyc", State: "review"}, "state of any workflow": {State: "review"},
			"mine of high risk": {Assignee: "user_1", Severities: []string{"high"}}, "subject": {Subject: "subj_2"}, "overdue": {Overdue: epoch.Add(5 * time.Hour)},
			"for a vendor": {WaitingFor: "vendor"}, "for a work": {WaitingFor: "vendor", WaitingWork: "identity"}, "for nobody": {WaitingFor: "timer"}, "for long": {WaitingBefore: epoch.Add(20 * time.Hour)},
		} {
			query.Order, query.Status, query.Limit = order, cases.StatusActive, 3
			w.compare(fmt.Sprint(name, " ", order), query)
		}
	}
	for _, order := range []cases.Order{cases.RiskiestFirst, cases.CalmestFirst} {
		for name, query := range map[string]cases.Query{
			"open": {}, "mine": {Assignee: "user_1"}, "high or low": {Severities: []string{"low", "high"}}, "to decide": {Tags: []string{cases.TagReview}}, "critical": {Severities: []string{"critical"}},
		} {
			query.Order, query.Status, query.Limit = order, cases.StatusActive, 3
			w.compareOf(fmt.Sprint(name, " ", order), query, byService(w.store))
		}
	}
	for _, order := range []cases.Order{cases.StalestFirst, cases.LatestFirst} {
		for name, query := range map[string]cases.Query{
			"all": {}, "open": {Status: cases.StatusActive}, "subject": {Subject: "subj_2"}, "mine": {Assignee: "user_1"}, "updated lately": {UpdatedAfter: epoch.Add(20 * time.Minute)},
		} {
			query.Order, query.Limit = order, 3
			w.compare(fmt.Sprint(name, " ", order), query)
		}
	}
	for _, status := range []cases.Status{cases.StatusCompleted, cases.StatusCancelled, ""} {
		w.compare("status "+string(status), cases.Query{Status: status, Order: cases.NewestFirst, Limit: 4})
		w.compare("e-mail "+string(status), cases.Query{Terms: []string{"h2"}, Status: status, Order: cases.NewestFirst, Limit: 2})
	}
}

// byService lists through the service, for orders that stores do not know.
func byService(store cases.Store) func(context.Context, string, cases.Query) (cases.Page, error) {
	service := cases.New(cases.Config{Store: store})
	return func(ctx context.Context, tenant string, query cases.Query) (cases.Page, error) {
		return service.List(ctx, identity.Principal{Tenant: tenant, Kind: identity.User, ID: "user_1"}, query)
	}
}

// compare reads all pages of a query and compares them with the records that pass it.
func (w *world) compare(name string, query cases.Query) {
	w.t.Helper()
	w.compareOf(name, query, w.store.List)
}

func (w *world) compareOf(name string, query cases.Query, list func(context.Context, string, cases.Query) (cases.Page, error)) {
	w.t.Helper()
	var want, got []string
	matching := slices.DeleteFunc(slices.Collect(maps.Values(w.records)), func(r cases.Record) bool { return !query.Matches(r) })
	for _, r := range slices.SortedFunc(slices.Values(matching), func(a, b cases.Record) int { return before(query.Order, a, b) }) {
		want = append(want, r.ID)
	}
	for {
		page, err := list(context.Background(), "q", query)
		must(w.t, err)
		for _, r := range page.Records {
			got = append(got, r.ID)
		}
		if query.After = page.Next; query.After == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %v, want %v", name, got, want)
	}
}

func (w *world) checkOverdue() {
	now, want := epoch.Add(5*time.Hour), 0
	for _, r := range w.records {
		if (cases.Query{Overdue: now, Status: cases.StatusActive}).Matches(r) {
			want++
		}
	}
	got, err := w.store.Overdue(context.Background(), "q", now, 1000)
	if err != nil || got != want {
		w.t.Errorf("overdue %d (%v), want %d", got, err, want)
	}
	if want > 1 {
		if capped, err := w.store.Overdue(context.Background(), "q", now, 1); err != nil || capped != 1 {
			w.t.Errorf("overdue up to 1: %d %v", capped, err)
		}
	}
}

func heldBack(t *testing.T, s cases.Store) {
	ctx := context.Background()
	effect := func(number int, held time.Duration) cases.Effect {
		return cases.Effect{Tenant: "a", Case: "case_1", Version: 1, Number: number, Kind: cases.EffectPublish, At: epoch, NotBefore: epoch.Add(held), Data: map[string]any{"n": float64(number)}}
	}
	first := created(record("a", "case_1"))
	first.Effects = []cases.Effect{effect(0, 0), effect(1, 8*time.Second), effect(2, 8*time.Second)}
	must(t, s.Commit(ctx, first))
	second := next(first.Next, nil)
	second.Dropped = []cases.Effect{first.Effects[1]}
	must(t, s.Commit(ctx, second))
	left, err := s.Undelivered(ctx, epoch.Add(time.Minute), 10)
	must(t, err)
	var numbers []int
	for _, e := range left {
		if e.Kind != cases.EffectNone {
			numbers = append(numbers, e.Number)
		}
		if e.Number == 2 && !e.NotBefore.Equal(epoch.Add(8*time.Second)) {
			t.Errorf("the effect does not know how long it waits: %v", e.NotBefore)
		}
	}
	if !slices.Equal(numbers, []int{0, 2}) {
		t.Errorf("left are %v", numbers)
	}
}

// Reviews is the behaviour of a backoffice.Store.
func Reviews(t *testing.T, open func(t *testing.T) backoffice.Store) {
	ctx := context.Background()
	view := backoffice.View{Tenant: "a", ID: "view_1", Name: "High", Owner: "user_1", Query: map[string]string{"risk": "high"}, Columns: []string{"subject"}, Version: 1, CreatedAt: epoch, UpdatedAt: epoch}
	t.Run("a view is written over the version that was read, listed in its tenant, and deleted twice without an error", func(t *testing.T) {
		s := open(t)
		must(t, s.PutView(ctx, view))
		wants(t, s.PutView(ctx, view), problem.Conflict)
		second := view
		second.Version, second.Name, second.Shared = 2, "Higher", true
		must(t, s.PutView(ctx, second))
		wants(t, s.PutView(ctx, second), problem.Conflict)
		got, err := s.View(ctx, "a", "view_1")
		if err != nil || got.Name != "Higher" || !got.Shared || got.Query["risk"] != "high" || !slices.Equal(got.Columns, view.Columns) {
			t.Errorf("%+v %v", got, err)
		}
		other := view
		other.Tenant = "b"
		must(t, s.PutView(ctx, other))
		if all, err := s.Views(ctx, "a"); err != nil || len(all) != 1 || all[0].Version != 2 {
			t.Errorf("%+v %v", all, err)
		}
		for range 2 {
			must(t, s.DeleteView(ctx, "a", "view_1"))
		}
		_, err = s.View(ctx, "a", "view_1")
		wants(t, err, problem.NotFound)
		if _, err := s.View(ctx, "b", "view_1"); err != nil {
			t.Error("another tenant's view went with it:", err)
		}
	})
	t.Run("who looks at a case is known until their time is over, the first to come first", func(t *testing.T) {
		s := open(t)
		put := func(user string, since, until time.Duration) {
			must(t, s.PutPresence(ctx, backoffice.Presence{Tenant: "a", Case: "case_1", User: user, Name: user, Since: epoch.Add(since), Until: epoch.Add(until)}))
		}
		put("user_2", 2*time.Second, 20*time.Second)
		put("user_1", time.Second, 15*time.Second)
		must(t, s.PutPresence(ctx, backoffice.Presence{Tenant: "a", Case: "case_2", User: "user_3", Since: epoch, Until: epoch.Add(time.Minute)}))
		there := func(at time.Duration) (users []string) {
			all, err := s.Presences(ctx, "a", "case_1", epoch.Add(at))
			must(t, err)
			for _, p := range all {
				users = append(users, p.User)
			}
			return users
		}
		if got := there(3 * time.Second); !slices.Equal(got, []string{"user_1", "user_2"}) {
			t.Errorf("%v", got)
		}
		if got := there(16 * time.Second); !slices.Equal(got, []string{"user_2"}) {
			t.Errorf("%v", got)
		}
		put("user_2", 2*time.Second, 0) // left
		if got := there(16 * time.Second); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	t.Run("a case is claimed by one, until it is over, and can be taken over", func(t *testing.T) { claims(t, open(t)) })
	t.Run("what somebody has read is written over what was read before", func(t *testing.T) {
		s := open(t)
		none, err := s.ReadMarks(ctx, "a", "user_1")
		if err != nil || none.Revision != 0 || none.User != "user_1" {
			t.Errorf("%+v %v", none, err)
		}
		marks := backoffice.ReadMarks{Tenant: "a", User: "user_1", Until: epoch, IDs: []string{"1"}, Revision: 1, At: epoch}
		must(t, s.PutReadMarks(ctx, marks))
		wants(t, s.PutReadMarks(ctx, marks), problem.Conflict)
		marks.Revision, marks.IDs = 2, nil
		must(t, s.PutReadMarks(ctx, marks))
		got, err := s.ReadMarks(ctx, "a", "user_1")
		if err != nil || got.Revision != 2 || len(got.IDs) != 0 || !got.Until.Equal(epoch) {
			t.Errorf("%+v %v", got, err)
		}
		if other, err := s.ReadMarks(ctx, "b", "user_1"); err != nil || other.Revision != 0 {
			t.Errorf("another tenant's: %+v %v", other, err)
		}
	})
}

func claims(t *testing.T, s backoffice.Store) {
	ctx := context.Background()
	put := func(user string, at time.Duration, over bool) error {
		now := epoch.Add(at)
		return s.PutClaim(ctx, backoffice.Claim{Tenant: "a", Case: "case_1", User: user, Name: user, Since: now, Until: now.Add(30 * time.Second)}, now, over)
	}
	holder := func(at time.Duration) string {
		c, err := s.Claim(ctx, "a", "case_1", epoch.Add(at))
		must(t, err)
		if c == nil {
			return ""
		}
		return c.User
	}
	if holder(0) != "" {
		t.Error("somebody has claimed what nobody has")
	}
	must(t, put("user_1", 0, false))
	must(t, put("user_1", 10*time.Second, false)) // is extended
	wants(t, put("user_2", 20*time.Second, false), problem.Conflict)
	if got := holder(39 * time.Second); got != "user_1" {
		t.Errorf("%q", got)
	}
	if got := holder(40 * time.Second); got != "" {
		t.Errorf("%q holds it for too long", got)
	}
	must(t, put("user_2", 40*time.Second, false))
	must(t, put("user_3", 41*time.Second, true))
	if got := holder(42 * time.Second); got != "user_3" {
		t.Errorf("%q", got)
	}
	if c, err := s.Claim(ctx, "b", "case_1", epoch.Add(42*time.Second)); err != nil || c != nil {
		t.Errorf("another tenant's: %+v %v", c, err)
	}
}
