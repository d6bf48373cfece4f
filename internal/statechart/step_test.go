package statechart

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/source"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func parse(t testing.TB, text string) *Chart {
	t.Helper()
	doc := source.Parse("chart.yaml", []byte(text))
	chart := Parse(doc, Options{})
	if chart == nil {
		for _, d := range doc.Diagnostics {
			t.Error(d, "\n"+d.Excerpt)
		}
		t.FailNow()
	}
	return chart
}

const kyc = `
initial: collect
states:
  collect:
    tags: [collection_flow]
    on: {SUBMIT: screen}
    after: {P14D: expired}
  screen:
    invoke:
      - {src: document, id: id_check}
      - {src: vendor, id: sanctions, onError: review}
      - {src: rules, id: risk}
    onDone:
      - {guard: "risk.score < 40", target: approved}
      - {target: review}
  review:
    on:
      approve: {target: approved, guard: "documents.any_rejected == false"}
      reject: rejected
      revision: collect
      TOUCH: {actions: {type: assign, values: {touched.by: event.payload.who, fixed: 7}}}
    after: {P5D: escalated}
  escalated: {on: {approve: approved}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final}
  expired: {type: final}
`

// walk applies events and gives the configuration and label after each.
type walker struct {
	t        *testing.T
	chart    *Chart
	snapshot Snapshot
	context  map[string]any
	now      time.Time
	last     Result
}

func newWalker(t *testing.T, text string, context map[string]any) *walker {
	t.Helper()
	w := &walker{t: t, chart: parse(t, text), now: start}
	r, err := w.chart.Start(context, start)
	if err != nil {
		t.Fatal(err)
	}
	w.snapshot, w.context, w.last = r.Snapshot, r.Context, r
	return w
}

func (w *walker) send(event Event) error {
	w.t.Helper()
	before, _ := json.Marshal([]any{w.snapshot, w.context})
	r, err := w.chart.StepWith(w.snapshot, Input{Context: w.context, Event: event, Now: w.now, Extra: map[string]any{"documents": map[string]any{"any_rejected": false}}})
	after, _ := json.Marshal([]any{w.snapshot, w.context})
	if string(before) != string(after) {
		w.t.Errorf("Step changed its input:\n%s\n%s", before, after)
	}
	if err == nil {
		w.snapshot, w.context, w.last = r.Snapshot, r.Context, r
	}
	return err
}

func (w *walker) is(label string) {
	w.t.Helper()
	if got := w.chart.Position(w.snapshot).Label; got != label {
		w.t.Fatalf("at %s, want %s", got, label)
	}
}

func TestWorkIsDoneInItsOrderAndThenTheStateDecides(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{})
	w.is("collect")
	_ = w.send(Event{Type: "SUBMIT"})
	w.is("screen/id_check")
	if len(w.last.Effects) != 1 || w.last.Effects[0].Kind != EffectInvoke || w.last.Effects[0].Work != "id_check" {
		t.Errorf("effects %+v", w.last.Effects)
	}
	_ = w.send(Event{Type: "done.invoke.id_check", Payload: map[string]any{"passed": true}})
	w.is("screen/sanctions")
	if !reflect.DeepEqual(w.last.Changed, []string{"id_check"}) {
		t.Errorf("changed %v", w.last.Changed)
	}
	_ = w.send(Event{Type: "done.invoke.sanctions", Payload: []any{}})
	_ = w.send(Event{Type: "done.invoke.risk", Payload: map[string]any{"score": 12.0}})
	w.is("approved")
	if w.snapshot.Status != Done || w.chart.Tags(w.snapshot)[0] != "approved" {
		t.Errorf("%+v", w.snapshot)
	}
	if err := w.send(Event{Type: "SUBMIT"}); problem.CodeOf(err) != problem.CaseClosed {
		t.Errorf("a closed case must refuse events: %v", err)
	}
}

func TestAGuardOverSomethingMissingDoesNotHold(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{})
	for _, e := range []Event{{Type: "SUBMIT"}, {Type: "done.invoke.id_check"}, {Type: "done.invoke.sanctions"}, {Type: "done.invoke.risk", Payload: map[string]any{}}} {
		if err := w.send(e); err != nil {
			t.Fatal(err)
		}
	}
	w.is("review")
	found := false
	for _, trace := range w.last.Trace {
		found = found || (trace.Outcome == "unknown" && reflect.DeepEqual(trace.Missing, []string{"risk.score"}))
	}
	if !found {
		t.Errorf("the trace does not say what was missing: %+v", w.last.Trace)
	}
}

func TestAFailureGoesToOnErrorOrWaitsAsAnIncident(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{})
	_ = w.send(Event{Type: "SUBMIT"})
	_ = w.send(Event{Type: "error.invoke.id_check", Payload: map[string]any{"error": "x"}})
	w.is("screen/id_check/incident")
	retried, ok := w.chart.Retry(w.snapshot, "screen", w.snapshot.Active[0].Visit, "id_check")
	if !ok {
		t.Fatal("an incident can be retried")
	}
	w.snapshot = retried
	w.is("screen/id_check")
	_ = w.send(Event{Type: "done.invoke.id_check"})
	_ = w.send(Event{Type: "error.invoke.sanctions"})
	w.is("review")
}

func TestALateOutcomeOfAFormerVisitChangesNothing(t *testing.T) {
	w := newWalker(t, strings.Replace(kyc, "    onDone:\n", "    on: {BACK: collect}\n    onDone:\n", 1), map[string]any{})
	_ = w.send(Event{Type: "SUBMIT"})
	visit := w.snapshot.Active[0].Visit
	_ = w.send(Event{Type: "BACK"})
	if w.last.Effects[0].Kind != EffectCancel {
		t.Errorf("leaving must cancel the work: %+v", w.last.Effects)
	}
	_ = w.send(Event{Type: "SUBMIT"})
	if err := w.send(Event{Type: "done.invoke.id_check", State: "screen", Visit: visit}); err != nil || !w.last.Stale {
		t.Errorf("stale %v, err %v", w.last.Stale, err)
	}
	w.is("screen/id_check")
	if _, ok := w.chart.Await(w.snapshot, "screen", visit, "id_check", time.Time{}); ok {
		t.Error("a callback of a former visit must not be awaited")
	}
}

func TestATimerFiresOnceItIsDueAndOnlyInItsVisit(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{})
	if _, ok := w.chart.Due(w.snapshot, start.AddDate(0, 0, 13)); ok {
		t.Error("not due yet")
	}
	event, ok := w.chart.Due(w.snapshot, start.AddDate(0, 0, 14))
	if !ok || w.chart.Position(w.snapshot).Until != start.AddDate(0, 0, 14) {
		t.Fatalf("due %v, until %v", ok, w.chart.Position(w.snapshot).Until)
	}
	late := event
	late.Visit += 7
	if err := w.send(late); err != nil || !w.last.Stale {
		t.Error("a timer of another visit must be stale")
	}
	w.now = start.AddDate(0, 0, 14)
	_ = w.send(event)
	w.is("expired")
}

func TestAnEventThatNobodyKnowsIsRefusedWithWhatIsAllowed(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{})
	err := w.send(Event{Type: "approve"})
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.EventNotAllowed || !reflect.DeepEqual(p.Details["allowed"], []string{"SUBMIT"}) {
		t.Errorf("%v", err)
	}
}

func TestAnOptionalEventNotifiesTheChartThatItsContextHasChanged(t *testing.T) {
	chart := parse(t, `
initial: waiting
states:
  waiting:
    always: {guard: "ready == true", target: waited}
    on: {KNOWN: seen, "*": seen}
  seen: {type: final}
  waited: {type: final}
`)
	context := map[string]any{"ready": false}
	begun, err := chart.Start(context, start)
	if err != nil {
		t.Fatal(err)
	}
	changed := Event{Type: "CHANGED", Optional: true}
	same, err := chart.Step(begun.Snapshot, context, changed, start)
	if err != nil || same.Taken || !reflect.DeepEqual(same.Snapshot, begun.Snapshot) {
		t.Errorf("nobody knows the event and nothing follows: %+v, %v", same.Snapshot, err)
	}
	moved, err := chart.Step(begun.Snapshot, map[string]any{"ready": true}, changed, start)
	if err != nil || !reflect.DeepEqual(chart.Configuration(moved.Snapshot), []string{"waited"}) {
		t.Errorf("always is looked at: %v, %v", chart.Configuration(moved.Snapshot), err)
	}
	known, err := chart.Step(begun.Snapshot, context, Event{Type: "KNOWN", Optional: true}, start)
	if err != nil || !reflect.DeepEqual(chart.Configuration(known.Snapshot), []string{"seen"}) {
		t.Errorf("a transition for it is taken: %v, %v", chart.Configuration(known.Snapshot), err)
	}
}

func TestAssignWritesACopyAndPayloadsNeverPose(t *testing.T) {
	w := newWalker(t, kyc, map[string]any{"touched": map[string]any{"before": 1.0}})
	for _, e := range []Event{{Type: "SUBMIT", Payload: map[string]any{"risk": map[string]any{"score": 1.0}}}, {Type: "done.invoke.id_check"}, {Type: "done.invoke.sanctions"}, {Type: "done.invoke.risk", Payload: map[string]any{"score": 50.0}}} {
		_ = w.send(e)
	}
	w.is("review")
	_ = w.send(Event{Type: "TOUCH", Payload: map[string]any{"who": "me"}})
	want := map[string]any{"before": 1.0, "by": "me"}
	if !reflect.DeepEqual(w.context["touched"], want) || w.context["fixed"] != 7.0 {
		t.Errorf("context %v", w.context)
	}
	next := w.chart.Next(w.snapshot, Input{Context: w.context, Extra: map[string]any{"documents": map[string]any{"any_rejected": true}}})
	if len(next) != 4 || next[0].Event != "approve" || next[0].Allowed || !strings.Contains(*next[0].Reason, "any_rejected") || !next[1].Allowed {
		t.Errorf("next %+v", next)
	}
}

func TestNestedStates(t *testing.T) {
	w := newWalker(t, `
initial: a
states:
  a:
    initial: one
    on: {OUT: b, INNER: .two, AGAIN: {target: a, reenter: true}, SELF: a}
    onDone: b
    entry: {type: emit, event: a.entered}
    states:
      one: {on: {NEXT: two, OUT: {}}}
      two: {on: {END: end}, after: {PT1H: one}}
      end: {type: final}
  b: {on: {BACK: a.two}, exit: {type: log, message: left}}
`, nil)
	w.is("a.one")
	if err := w.send(Event{Type: "OUT"}); problem.CodeOf(err) != problem.EventNotAllowed {
		t.Errorf("a forbidden event does not bubble: %v", err)
	}
	_ = w.send(Event{Type: "INNER"})
	w.is("a.two")
	visit := w.snapshot.Active[0].Visit
	_ = w.send(Event{Type: "SELF"})
	w.is("a.one")
	if w.snapshot.Active[0].Visit != visit {
		t.Error("a transition to itself leaves the state alone unless it says reenter")
	}
	_ = w.send(Event{Type: "AGAIN"})
	if w.snapshot.Active[0].Visit == visit || len(w.last.Effects) != 1 {
		t.Errorf("reenter must enter again: %+v", w.last)
	}
	_ = w.send(Event{Type: "NEXT"})
	_ = w.send(Event{Type: "END"})
	w.is("b")
	_ = w.send(Event{Type: "BACK"})
	w.is("a.two")
	if got := w.chart.Configuration(w.snapshot); !reflect.DeepEqual(got, []string{"a.two"}) {
		t.Errorf("configuration %v", got)
	}
}

func TestALivelockIsAnErrorAndNotAHang(t *testing.T) {
	chart := parse(t, `
initial: a
states:
  a: {on: {GO: b}}
  b: {always: {guard: "yes", target: c}}
  c: {always: {guard: "yes", target: b}, on: {X: a}}
`)
	r, _ := chart.Start(map[string]any{"yes": true}, start)
	_, err := chart.Step(r.Snapshot, r.Context, Event{Type: "GO"}, start)
	if problem.CodeOf(err) != problem.Livelock {
		t.Errorf("%v", err)
	}
}

func TestProblemsAreAllReportedAtOnceWithTheirPlaces(t *testing.T) {
	doc := source.Parse("bad.yaml", []byte(`initial: nowhere
states:
  a:
    on:
      GO: bb
      STOP: [b, {target: a}]
    after: {P1X: b}
    invoke: {src: vendr, id: x}
  b: {type: parallel}
  c: {typ: final}
`))
	if Parse(doc, Options{}) != nil {
		t.Fatal("a chart with problems must not be given")
	}
	var lines []string
	for _, d := range doc.Diagnostics {
		lines = append(lines, d.String())
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{
		"bad.yaml:1:10: there is no state nowhere", "bad.yaml:5:11: there is no state bb (did you mean b?)", "bad.yaml:6:17: this transition is never evaluated",
		"bad.yaml:7:13: a delay must be", "bad.yaml:8:19: there is no task vendr (did you mean vendor?)", "bad.yaml:9:6: a parallel state requires states inside", "bad.yaml:10:7: there is no key typ (did you mean type?)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in:\n%s", want, got)
		}
	}
}

// TestAdviceStopsNobody: a chart with an unreachable part behaves as written, as in XState.
func TestAdviceStopsNobody(t *testing.T) {
	for text, code := range map[string]string{
		"initial: a\nstates: {a: {on: {X: a}}, b: {type: final}}":                                                 "unreachable",
		"initial: a\nstates: {a: {on: {X: b}}, b: {}}":                                                            "dead_end",
		"initial: a\nstates: {a: {on: {X: [b, a]}}, b: {type: final}}":                                            "shadowed",
		"initial: a\nstates: {a: {on: {X: [{guard: n, target: b}, {guard: n, target: a}]}}, b: {type: final}}":    "shadowed",
		"initial: a\nstates: {a: {always: b, after: {P1D: b}}, b: {type: final}}":                                 "timer_never",
		"initial: a\nstates: {a: {after: {PT1H: b, P1D: b}}, b: {type: final}}":                                   "timer_never",
		"initial: a\nstates: {a: {always: b, invoke: {src: document, id: d}}, b: {type: final}}":                  "work_never",
		"initial: a\nstates: {a: {on: {X: b}, onDone: b}, b: {type: final}}":                                      "never",
		"initial: a\nstates: {a: {on: {X: h}}, h: {type: history}}":                                               "never",
		"initial: p\nstates: {p: {type: parallel, states: {l: {on: {X: b}}, m: {on: {X: b}}}}, b: {type: final}}": "race",
	} {
		doc := source.Parse("x.yaml", []byte(text))
		chart := Parse(doc, Options{})
		if chart == nil || doc.Diagnostics.Failed() || len(doc.Diagnostics) != 1 || doc.Diagnostics[0].Code != code {
			t.Errorf("%s: %v, want the warning %s", text, doc.Diagnostics, code)
		}
	}
}

func TestWhatCannotWorkIsFoundBeforeItRuns(t *testing.T) {
	for text, code := range map[string]string{
		"initial: a\nstates: {a: {always: b}, b: {always: a}}":                                                                       "livelock",
		"initial: a\nstates: {a: {on: {X: {target: b, guard: 'a <'}}}, b: {type: final}}":                                            "expression",
		"initial: a\nstates: {a: {history: deep, on: {X: b}}, b: {type: final}}":                                                     "never",
		"initial: a\nstates: {a: {on: {X: b}, on: {Y: b}}, b: {type: final}}":                                                        "duplicate",
		"initial: a\nstates: {a: &x {on: {X: b}}, b: {type: final}}":                                                                 "alias",
		"initial: a\nstates: {a: {on: {X: {target: b, guard: {type: policy, options: {policy: p, outcome: o}}}}}, b: {type: final}}": "unsupported",
	} {
		doc := source.Parse("x.yaml", []byte(text))
		Parse(doc, Options{})
		if !doc.Diagnostics.Failed() || doc.Diagnostics.Of(problem.SeverityError)[0].Code != code {
			t.Errorf("%s: %v, want %s", text, doc.Diagnostics, code)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	b.Run("flat", func(b *testing.B) {
		chart := parse(b, `
initial: screen
states:
  screen: {on: {NEXT: [{guard: "risk.score < 40", target: approved}, {target: review}]}}
  approved: {on: {BACK: screen}}
  review: {on: {BACK: screen}}
`)
		context := map[string]any{"risk": map[string]any{"score": 12.0}}
		r, err := chart.Start(context, start)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			event := Event{Type: "NEXT"}
			if i%2 == 1 {
				event.Type = "BACK"
			}
			i++
			if r, err = chart.Step(r.Snapshot, context, event, start); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("three regions and history", func(b *testing.B) {
		chart := parse(b, regions)
		r, err := chart.Start(nil, start)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		events := []string{"NEXT", "LEAVE", "RETURN", "NEXT"}
		for i := 0; b.Loop(); i++ {
			if r, err = chart.Step(r.Snapshot, nil, Event{Type: events[i%len(events)]}, start); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// regions is a parallel state of three regions that is left and come back to.
const regions = `
initial: checks
states:
  checks:
    type: parallel
    on: {LEAVE: away}
    states:
      identity: {initial: a, states: {a: {on: {NEXT: b}}, b: {on: {NEXT: a}}}}
      sanctions: {initial: a, states: {a: {on: {NEXT: b}}, b: {on: {NEXT: a}}}}
      documents: {initial: a, states: {a: {on: {NEXT: b}}, b: {initial: x, on: {NEXT: a}, states: {x: {on: {DEEP: y}}, y: {}}}}}
      before: {type: history, history: deep}
  away: {on: {RETURN: checks.before}}
`

// A condition that does not hold is explained in the words that the chart has for people, if it has any.
func TestNextStatesTheReasonOfTheChart(t *testing.T) {
	chart := parse(t, `
initial: review
states:
  review:
    on:
      approve: {target: done, guard: "exists(sanctions.hits)", otherwise: The lists have not answered.}
      reject: {target: done, guard: "x > 1", otherwise: Too little is known.}
      plain: {target: done, guard: "1 > 2"}
  done: {type: final}
`)
	started, err := chart.Start(map[string]any{}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"approve": "The lists have not answered.", "reject": "Too little is known.", "plain": "the condition does not hold: 1 > 2"}
	for _, next := range chart.Next(started.Snapshot, Input{Context: started.Context}) {
		if next.Allowed || *next.Reason != want[next.Event] {
			t.Errorf("%s: %v", next.Event, *next.Reason)
		}
	}
}

func TestTimersOfMonthsEndOnTheLastDayOfTheMonth(t *testing.T) {
	for _, c := range []struct{ after, from, due string }{
		{"P1M", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"},
		{"P1Y", "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z"},
		{"P1M1D", "2026-01-31T12:00:00Z", "2026-03-01T12:00:00Z"},
	} {
		chart := parse(t, "id: t\ninitial: a\nstates: {a: {after: {"+c.after+": b}}, b: {type: final}}\n")
		from, due := mustTime(t, c.from), mustTime(t, c.due)
		begun, err := chart.Start(nil, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := chart.Deadline(begun.Snapshot); !got.Equal(due) {
			t.Errorf("%s from %s is due at %s, want %s", c.after, c.from, got, due)
		}
	}
}

func mustTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
