package backtest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/policy/backtest"
	"ballerine/internal/policy/ledger"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

var morning = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// memory is a backtest.Store and a ledger.Store for tests of this package; the real ones have suites of their own.
type memory struct {
	mutex     sync.Mutex
	decisions []ledger.Sealed // the newest first
	runs      map[backtest.Ref]backtest.Run
	bodies    map[string][]byte
	parts     map[string]backtest.Part
}

func newMemory(decisions []ledger.Sealed) *memory {
	decisions = slices.Clone(decisions)
	slices.SortFunc(decisions, func(a, b ledger.Sealed) int { return cmp.Compare(b.Place(), a.Place()) })
	return &memory{decisions: decisions, runs: map[backtest.Ref]backtest.Run{}, bodies: map[string][]byte{}, parts: map[string]backtest.Part{}}
}

var errConflict = problem.New(problem.Conflict, "Another write came first.")

func (m *memory) PutRun(_ context.Context, prev int, run backtest.Run) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.runs[run.Ref].Revision != prev {
		return errConflict
	}
	m.runs[run.Ref] = run
	return nil
}

func (m *memory) Run(_ context.Context, ref backtest.Ref) (backtest.Run, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if run, ok := m.runs[ref]; ok {
		return run, nil
	}
	return backtest.Run{}, problem.New(problem.NotFound, "There is no such backtest.")
}

func (m *memory) Runs(context.Context, string, string, string, int) ([]backtest.Run, string, error) {
	return nil, "", nil
}

func (m *memory) PutBody(_ context.Context, ref backtest.Ref, name string, body []byte) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.bodies[fmt.Sprint(ref, name)] = body
	return nil
}

func (m *memory) Body(_ context.Context, ref backtest.Ref, name string) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if body, ok := m.bodies[fmt.Sprint(ref, name)]; ok {
		return body, nil
	}
	return nil, problem.New(problem.NotFound, "There is no such body.")
}

func (m *memory) PutPart(_ context.Context, ref backtest.Ref, prev int, part backtest.Part, tally []byte) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := fmt.Sprint(ref, part.Number)
	if m.parts[key].Revision != prev {
		return errConflict
	}
	m.parts[key], m.bodies[key] = part, tally
	return nil
}

func (m *memory) Part(_ context.Context, ref backtest.Ref, number int) (backtest.Part, []byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	key := fmt.Sprint(ref, number)
	if part, ok := m.parts[key]; ok {
		return part, m.bodies[key], nil
	}
	return backtest.Part{}, nil, problem.New(problem.NotFound, "There is no such part.")
}

func (m *memory) Parts(context.Context, backtest.Ref) (parts []backtest.Part, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, part := range m.parts {
		parts = append(parts, part)
	}
	slices.SortFunc(parts, func(a, b backtest.Part) int { return a.Number - b.Number })
	return parts, nil
}

func (m *memory) Spans(_ context.Context, _, _ string, from, to time.Time) (spans []backtest.Window, err error) {
	months := map[string][]string{}
	for _, d := range m.decisions {
		if (ledger.Filter{From: from, To: to}).Matches(d.Head) {
			month := d.Place()[:len("2006-01")]
			months[month] = append(months[month], d.Place())
		}
	}
	for _, places := range months {
		span, err := backtest.Span(slices.Min(places), slices.Max(places))
		if err != nil {
			return nil, err
		}
		spans = append(spans, span)
	}
	slices.SortFunc(spans, func(a, b backtest.Window) int { return a.From.Compare(b.From) })
	return spans, nil
}

func (m *memory) PutDecision(_ context.Context, d ledger.Sealed) (ledger.Sealed, error) {
	return d, nil
}

func (m *memory) Decision(context.Context, string, string, string) (ledger.Sealed, error) {
	return ledger.Sealed{}, problem.New(problem.NotFound, "There is no such decision.")
}

func (m *memory) Decisions(_ context.Context, _, _ string, query ledger.Query) (page []ledger.Sealed, next string, err error) {
	for _, d := range m.decisions {
		if !query.Matches(d.Head) || query.After != "" && d.Place() >= query.After {
			continue
		}
		if len(page) == query.Limit {
			return page, page[len(page)-1].Place(), nil
		}
		page = append(page, d)
	}
	return page, "", nil
}

// nobody runs anything: tests call the steps.
type nobody struct{ started, stopped int }

func (n *nobody) Start(context.Context, backtest.Ref) error { n.started++; return nil }
func (n *nobody) Stop(context.Context, backtest.Ref) error  { n.stopped++; return nil }

const threshold = "id: p\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: large, when: \"amount >= %d\", outcome: review, score: {base: %d.%d}}\n  - {id: gone, when: \"gone > 1\", outcome: review}\n"

func parse(t interface{ Fatal(args ...any) }, limit, score int) *rules.Policy {
	p, found := rules.Parse("p.yaml", fmt.Appendf(nil, threshold, limit, score/10, score%10))
	if p == nil {
		t.Fatal(found)
	}
	return p
}

// decision of a policy over an amount.
func decision(t interface{ Fatal(args ...any) }, p *rules.Policy, n, amount int, at time.Time) ledger.Sealed {
	input := map[string]any{"amount": float64(amount)}
	answer, err := p.Evaluate(input, rules.Options{Now: at})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.Seal(ledger.Decision{Input: text, Head: ledger.Head{
		ID: fmt.Sprintf("dec_%04d", n), Tenant: "a", Policy: "p", At: at, Outcome: answer.Outcome, Score: answer.Score, Fired: answer.Fired,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func randomDecisions(t *rapid.T, p *rules.Policy) (all []ledger.Sealed) {
	at := morning
	for n := range rapid.IntRange(0, 60).Draw(t, "decisions") {
		if rapid.Bool().Draw(t, "later") { // else: at the same time
			at = at.Add(time.Duration(rapid.SampledFrom([]int64{1, 1e9, 3600e9, 86400e9, 20 * 86400e9}).Draw(t, "step")))
		}
		all = append(all, decision(t, p, n, rapid.IntRange(0, 50).Draw(t, "amount"), at))
	}
	return all
}

type world struct {
	store   *memory
	runner  *nobody
	service *backtest.Service
	worker  *backtest.Worker
}

func newWorld(decisions []ledger.Sealed) *world {
	w := &world{store: newMemory(decisions), runner: &nobody{}}
	now := func() time.Time { return morning.Add(90 * 24 * time.Hour) }
	w.service = &backtest.Service{Store: w.store, Runner: w.runner, Now: now, NewID: func(prefix string) string { return prefix + "_1" }}
	w.worker = &backtest.Worker{Store: w.store, Ledger: &ledger.Ledger{Store: w.store}, Planning: backtest.Planning{Parts: 7}, Turn: time.Hour, Workers: 1, Now: now}
	return w
}

func (w *world) start(t interface{ Fatal(args ...any) }, draft *rules.Policy, filter ledger.Filter) backtest.Ref {
	run, err := w.service.Start(context.Background(), backtest.Start{Tenant: "a", Policy: "p", Draft: draft, Filter: filter, Examples: 2, By: "user_1"})
	if err != nil {
		t.Fatal(err)
	}
	return run.Ref
}

// TestAnyOrderOfPartsReportsWhatOnePassWould is the law of this package.
func TestAnyOrderOfPartsReportsWhatOnePassWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, draft := parse(t, 20, rapid.IntRange(0, 999).Draw(t, "score")), parse(t, rapid.IntRange(10, 30).Draw(t, "limit"), 333)
		all := randomDecisions(t, live)
		w := newWorld(all)
		filter := ledger.Filter{Outcome: rapid.SampledFrom([]string{"", "review"}).Draw(t, "outcome")}
		if rapid.Bool().Draw(t, "from") {
			filter.From = morning.Add(time.Duration(rapid.Int64Range(0, 60*86400e9).Draw(t, "after")))
		}
		if rapid.Bool().Draw(t, "to") {
			filter.To = morning.Add(time.Duration(rapid.Int64Range(0, 60*86400e9).Draw(t, "before")))
		}
		pages := ledger.Pages{Store: w.store, Tenant: "a", Policy: "p", Filter: filter}
		want, err := ledger.Run(t.Context(), draft, pages.Source, ledger.BacktestOptions{Examples: 2})
		if err != nil {
			t.Fatal(err)
		}
		w.worker.Planning = backtest.Planning{Parts: rapid.IntRange(1, 20).Draw(t, "parts"), Finest: time.Duration(rapid.SampledFrom([]int64{0, 1, 3600e9, 1e18}).Draw(t, "finest"))}
		w.worker.Most = rapid.IntRange(1, 10).Draw(t, "most")
		ref := w.start(t, draft, filter)
		number := 0
		for range rapid.IntRange(1, 2).Draw(t, "plans") {
			if number, err = w.worker.Plan(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
		}
		open := make([]int, number)
		for i := range open {
			open[i] = i + 1
		}
		for len(open) > 0 {
			at := rapid.IntRange(0, len(open)-1).Draw(t, "part")
			done := w.turn(t, ref, open[at], rapid.Bool().Draw(t, "twice"))
			if done {
				open = slices.Delete(open, at, at+1)
			}
		}
		for range rapid.IntRange(1, 2).Draw(t, "sums") {
			if status, err := w.worker.Sum(t.Context(), ref, nil); err != nil || status != backtest.Done {
				t.Fatal(status, err)
			}
		}
		view, err := w.service.Get(t.Context(), ref)
		if err != nil || view.Report == nil || !reflect.DeepEqual(*view.Report, want) {
			t.Fatalf("%v\n%+v, want\n%+v", err, view.Report, want)
		}
		if view.Decisions != want.Decisions || view.Progress != 1 || view.PartsDone != number {
			t.Fatalf("%+v", view.Standing)
		}
	})
}

// turn works a part, perhaps twice at the same time: then one of the two has counted nothing.
func (w *world) turn(t *rapid.T, ref backtest.Ref, number int, twice bool) bool {
	if !twice {
		done, err := w.worker.Part(context.Background(), ref, number)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	var group sync.WaitGroup
	var done [2]bool
	var failed [2]error
	for i := range 2 {
		group.Go(func() { done[i], failed[i] = w.worker.Part(context.Background(), ref, number) })
	}
	group.Wait()
	for _, err := range failed {
		if err != nil && problem.CodeOf(err) != problem.Conflict {
			t.Fatal(err)
		}
	}
	return done[0] && failed[0] == nil || done[1] && failed[1] == nil
}

func TestAPlanCoversItsSpansOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []backtest.Window
		at := morning
		for range rapid.IntRange(0, 30).Draw(t, "spans") {
			from := at.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "gap")))
			at = from.Add(time.Duration(rapid.Int64Range(1, 3e15).Draw(t, "length")))
			spans = append(spans, backtest.Window{From: from, To: at})
		}
		p := backtest.Planning{Parts: rapid.IntRange(-1, 50).Draw(t, "parts"), Finest: time.Duration(rapid.Int64Range(0, 1e14).Draw(t, "finest"))}
		windows := p.Plan(spans)
		if len(windows) > max(1, p.Parts) {
			t.Fatalf("%d windows, at most %d", len(windows), p.Parts)
		}
		holding := func(at time.Time) (n int) {
			for _, w := range windows {
				if !at.Before(w.From) && at.Before(w.To) {
					n++
				}
			}
			return n
		}
		for i, w := range windows {
			if !w.From.Before(w.To) || i > 0 && w.From.Before(windows[i-1].To) {
				t.Fatalf("%v", windows)
			}
		}
		for _, span := range spans {
			inner := span.From.Add(time.Duration(rapid.Int64Range(0, int64(span.To.Sub(span.From))-1).Draw(t, "inner")))
			for _, at := range []time.Time{span.From, inner, span.To.Add(-1)} {
				if holding(at) != 1 {
					t.Fatalf("%v is in %d of %v", at, holding(at), windows)
				}
			}
		}
	})
}

func TestARunThatIsCancelledIsNotWorkedOn(t *testing.T) {
	live := parse(t, 20, 500)
	w := newWorld([]ledger.Sealed{decision(t, live, 1, 5, morning), decision(t, live, 2, 25, morning.Add(time.Hour))})
	ref := w.start(t, parse(t, 30, 500), ledger.Filter{})
	if n, err := w.worker.Plan(t.Context(), ref); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	for range 2 {
		run, err := w.service.Cancel(t.Context(), ref)
		if err != nil || run.Status != backtest.Cancelled || run.EndedAt.IsZero() {
			t.Fatalf("%+v %v", run, err)
		}
	}
	if w.runner.stopped != 2 {
		t.Error("the runner was not notified")
	}
	done, err := w.worker.Part(t.Context(), ref, 1)
	if parts, _ := w.store.Parts(t.Context(), ref); err != nil || !done || len(parts) != 0 {
		t.Error(done, err, parts)
	}
	if n, err := w.worker.Plan(t.Context(), ref); n != 0 || err != nil {
		t.Error(n, err)
	}
	if status, err := w.worker.Sum(t.Context(), ref, nil); status != backtest.Cancelled || err != nil {
		t.Error(status, err)
	}
	if view, err := w.service.Get(t.Context(), ref); err != nil || view.Report != nil {
		t.Errorf("%+v %v", view, err)
	}
	_, err = w.service.Cancel(t.Context(), backtest.Ref{Tenant: "b", Policy: "p", ID: ref.ID})
	if problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
}

func TestARunFailsWithThePartThatFailed(t *testing.T) {
	live := parse(t, 20, 500)
	w := newWorld([]ledger.Sealed{decision(t, live, 1, 5, morning), decision(t, live, 2, 25, morning.Add(time.Hour))})
	ref := w.start(t, parse(t, 30, 500), ledger.Filter{})
	n, err := w.worker.Plan(t.Context(), ref)
	if err != nil || n < 2 {
		t.Fatal(n, err)
	}
	if _, err := w.worker.Part(t.Context(), ref, 1); err != nil {
		t.Fatal(err)
	}
	failure := backtest.Failure{Part: 2, Code: "unavailable", Message: "m"}
	for range 2 {
		if err := w.worker.Fail(t.Context(), ref, failure); err != nil {
			t.Fatal(err)
		}
	}
	status, err := w.worker.Sum(t.Context(), ref, &backtest.Failure{Code: "States.ExceedToleratedFailureThreshold"})
	view, _ := w.service.Get(t.Context(), ref)
	if err != nil || status != backtest.Failed || view.Failure == nil || *view.Failure != failure || view.Report != nil {
		t.Errorf("%v %v %+v", status, err, view)
	}
	if _, err := w.service.Cancel(t.Context(), ref); problem.CodeOf(err) != problem.NotReady {
		t.Error(err)
	}
}

func TestARunOfWhichAPartIsLeftIsNotDone(t *testing.T) {
	live := parse(t, 20, 500)
	w := newWorld([]ledger.Sealed{decision(t, live, 1, 5, morning), decision(t, live, 2, 25, morning.Add(time.Hour))})
	ref := w.start(t, parse(t, 30, 500), ledger.Filter{})
	if _, err := w.worker.Plan(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	status, err := w.worker.Sum(t.Context(), ref, nil)
	view, _ := w.service.Get(t.Context(), ref)
	if err != nil || status != backtest.Failed || view.Failure.Part != 1 {
		t.Errorf("%v %v %+v", status, err, view.Failure)
	}
}

func TestTheSameStartIsTheSameRun(t *testing.T) {
	w := newWorld(nil)
	draft := parse(t, 30, 500)
	start := backtest.Start{Tenant: "a", Policy: "p", ID: "backtest_x", Draft: draft}
	for range 2 {
		if run, err := w.service.Start(t.Context(), start); err != nil || run.ID != "backtest_x" {
			t.Fatal(run, err)
		}
	}
	start.Draft = parse(t, 31, 500)
	if _, err := w.service.Start(t.Context(), start); problem.CodeOf(err) != problem.AlreadyExists {
		t.Error(err)
	}
	if body := string(w.store.bodies[fmt.Sprint(backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_x"}, "draft")]); body == "" {
		t.Error("there is no draft")
	} else if n, err := w.worker.Plan(t.Context(), backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_x"}); n != 0 || err != nil {
		t.Error(n, err)
	}
	if status, err := w.worker.Sum(t.Context(), backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_x"}, nil); status != backtest.Done || err != nil {
		t.Error(status, err)
	}
	if view, err := w.service.Get(t.Context(), backtest.Ref{Tenant: "a", Policy: "p", ID: "backtest_x"}); err != nil || view.Report.Digest != "sha256:"+draft.Digest {
		t.Errorf("another draft was tried: %+v %v", view, err)
	}
	if w.runner.started != 2 {
		t.Errorf("started %d times", w.runner.started)
	}
}

func TestProgressIsReportedByTimeAndSoIsWhatIsLeft(t *testing.T) {
	run := backtest.Run{Planned: true, Windows: []backtest.Window{{From: morning, To: morning.Add(100 * time.Hour)}, {From: morning.Add(100 * time.Hour), To: morning.Add(200 * time.Hour)}}}
	stand := run.Stand([]backtest.Part{{Number: 1, Done: true, Decisions: 7}, {Number: 2, After: ledger.Stamp(morning.Add(150*time.Hour)) + "#dec_1", Decisions: 3}})
	if stand.PartsDone != 1 || stand.Decisions != 10 || stand.Progress != 0.75 {
		t.Errorf("%+v", stand)
	}
	if left, ok := stand.Left(morning, morning.Add(30*time.Second)); !ok || left != 10*time.Second {
		t.Errorf("%v %v", left, ok)
	}
	if _, ok := run.Stand(nil).Left(morning, morning.Add(time.Second)); ok {
		t.Error("nothing is done, and the end is reported")
	}
	if !strings.HasPrefix(ledger.Stamp(morning), "2026-05-04T08") {
		t.Error(ledger.Stamp(morning))
	}
}
