package statechart

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart/charttest"
)

// A case is a chart before and after, the events before the move, the mapping, and where the run is then.
func TestMigrate(t *testing.T) {
	const flat = "initial: a\nstates:\n  a: {on: {GO: b}, after: {P1D: b}}\n  b: {on: {GO: c}}\n  c: {type: final}\n"
	const nested = "initial: a\nstates:\n  a:\n    initial: x\n    states: {x: {on: {GO: y}}, y: {}}\n    on: {OUT: b}\n  b: {type: final}\n"
	const parallel = "initial: p\nstates:\n  p:\n    type: parallel\n    onDone: z\n    states:\n      l: {initial: l1, states: {l1: {on: {L: l2}}, l2: {type: final}}}\n      r: {initial: r1, states: {r1: {on: {R: r2}}, r2: {type: final}}}\n  z: {type: final}\n"
	const working = "initial: w\nstates:\n  w: {invoke: [{src: vendor, id: one}, {src: vendor, id: two}], onDone: e, on: {OUT: e}}\n  e: {on: {AGAIN: w, END: f}}\n  f: {type: final}\n"
	for name, one := range map[string]struct {
		old, next string
		events    []string
		mapping   map[string]string
		want      string // configuration
		refused   string // places
		effects   string // "kind state/work"
		context   string // the field n afterwards
	}{
		"the same chart":                   {old: flat, next: flat, want: "a"},
		"a state that stays":               {old: flat, next: strings.Replace(flat, "GO: c", "GO: d", 1) + "  d: {on: {GO: c}}\n", events: []string{"GO"}, want: "b"},
		"a state that is gone":             {old: flat, next: "initial: a\nstates:\n  a: {on: {GO: c}}\n  c: {type: final}\n", events: []string{"GO"}, refused: "states.b unmapped"},
		"a state that is gone, mapped":     {old: flat, next: "initial: a\nstates:\n  a: {on: {GO: c}}\n  c: {type: final}\n", events: []string{"GO"}, mapping: map[string]string{"b": "a"}, want: "a"},
		"mapped to the end":                {old: flat, next: flat, mapping: map[string]string{"a": "c"}, want: "c"},
		"mapped to nowhere":                {old: flat, next: flat, mapping: map[string]string{"a": "zz", "y": "b"}, refused: "states.a unknown_state, states.y unknown_state"},
		"another kind":                     {old: flat, next: nested, refused: "states.a unmapped"},
		"another kind, entered anew":       {old: flat, next: nested, mapping: map[string]string{"a": "a"}, want: "a.x"},
		"a compound state, entered anew":   {old: nested, next: nested, events: []string{"GO"}, mapping: map[string]string{"a": "a"}, want: "a.x"},
		"inside what stays":                {old: nested, next: nested, events: []string{"GO"}, want: "a.y"},
		"inside what is gone":              {old: nested, next: flat, events: []string{"GO"}, refused: "states.a.y unmapped"},
		"the state around is mapped":       {old: nested, next: flat, events: []string{"GO"}, mapping: map[string]string{"a": "b"}, want: "b"},
		"the nearest mapping counts":       {old: nested, next: nested, events: []string{"GO"}, mapping: map[string]string{"a": "b", "a.y": "a.x"}, want: "a.x"},
		"regions stay":                     {old: parallel, next: parallel, events: []string{"L"}, want: "p.l.l2 p.r.r1"},
		"a region is gained":               {old: parallel, next: strings.Replace(parallel, "  z:", "      n: {initial: n1, states: {n1: {on: {N: n2}}, n2: {type: final}}}\n  z:", 1), want: "p.l.l1 p.n.n1 p.r.r1"},
		"a region is gone":                 {old: parallel, next: strings.Replace(parallel, "      r: {initial: r1, states: {r1: {on: {R: r2}}, r2: {type: final}}}\n", "", 1), refused: "states.p.r.r1 unmapped"},
		"a region is gone, folded":         {old: parallel, next: strings.Replace(parallel, "      r: {initial: r1, states: {r1: {on: {R: r2}}, r2: {type: final}}}\n", "", 1), mapping: map[string]string{"p.r": "p.l.l1"}, want: "p.l.l1"},
		"targets that exclude each other":  {old: parallel, next: parallel, mapping: map[string]string{"p.l.l1": "p.r.r2"}, refused: "states targets"},
		"out of a parallel state":          {old: parallel, next: parallel, mapping: map[string]string{"p": "z"}, want: "z"},
		"into a parallel state":            {old: flat, next: parallel, mapping: map[string]string{"a": "p.r.r2"}, want: "p.l.l1 p.r.r2"},
		"the last region ends":             {old: parallel, next: parallel, events: []string{"L"}, mapping: map[string]string{"p.r.r1": "p.r.r2"}, want: "z"},
		"work stays":                       {old: working, next: strings.Replace(working, "{src: vendor, id: one}", "{src: vendor, id: one, timeout: PT5S}", 1), want: "w"},
		"work is lost while it is open":    {old: working, next: strings.Replace(working, "{src: vendor, id: one}, ", "", 1), refused: "states.w unmapped"},
		"work is lost when it has ended":   {old: working, next: strings.Replace(working, "{src: vendor, id: one}, ", "", 1), events: []string{"done.invoke.one"}, want: "w"},
		"work is done anew":                {old: working, next: working, events: []string{"done.invoke.one"}, mapping: map[string]string{"w": "w"}, want: "w", effects: "cancel w/two, invoke w/one"},
		"work is left":                     {old: working, next: working, mapping: map[string]string{"w": "e"}, want: "e", effects: "cancel w/one"},
		"work is gained by a state":        {old: flat, next: strings.Replace(flat, "a: {on", "a: {invoke: {src: vendor, id: v}, onDone: b, on", 1), want: "a"},
		"always is looked at":              {old: flat, next: strings.Replace(flat, "a: {on", "a: {always: {guard: n == 0, target: b}, on", 1), want: "b"},
		"entry actions of what is entered": {old: flat, next: strings.Replace(flat, "b: {on", "b: {entry: {type: assign, values: {n: n + 5}}, on", 1), mapping: map[string]string{"a": "b"}, want: "b", context: "5"},
		"no exit actions of what is left":  {old: strings.Replace(flat, "a: {on", "a: {exit: {type: assign, values: {n: n + 5}}, on", 1), next: flat, mapping: map[string]string{"a": "b"}, want: "b", context: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			old, next := parseLoose(t, one.old), parseLoose(t, one.next)
			at, err := old.Start(map[string]any{"n": 0.0}, start)
			for _, event := range one.events {
				if err == nil {
					at, err = old.Step(at.Snapshot, at.Context, Event{Type: event, Payload: map[string]any{}}, start)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			moved, err := next.Migrate(old, at.Snapshot, one.mapping, Input{Context: at.Context, Now: start.Add(time.Hour)})
			if one.refused != "" {
				if problem.CodeOf(err) != problem.Invalid || fieldsOf(err) != one.refused {
					t.Errorf("%v, want %s", err, one.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(next.Configuration(moved.Snapshot), " "); got != one.want {
				t.Errorf("at %s, want %s", got, one.want)
			}
			if one.effects != "" && effectsOf(moved.Effects) != one.effects {
				t.Errorf("effects %s, want %s", effectsOf(moved.Effects), one.effects)
			}
			if n := moved.Context["n"]; one.context == "5" && n != 5.0 || one.context == "0" && n != 0.0 {
				t.Errorf("n is %v", n)
			}
			legal(t, next, moved.Snapshot)
		})
	}
}

// parseLoose takes charts that nobody can leave, too: they are only moved.
func parseLoose(t testing.TB, text string) *Chart {
	t.Helper()
	return parse(t, strings.ReplaceAll(text, "y: {}", "y: {on: {STAY: y}}"))
}

func fieldsOf(err error) string {
	var found []string
	for _, f := range problem.As(err).Fields {
		found = append(found, f.Location+" "+f.Code)
	}
	return strings.Join(found, ", ")
}

func effectsOf(effects []Effect) string {
	var found []string
	for _, e := range effects {
		found = append(found, string(e.Kind)+" "+e.State+"/"+e.Work)
	}
	return strings.Join(found, ", ")
}

// legal checks that a snapshot is a configuration of the chart: each active compound state has one active child, each
// parallel one all its regions, and everything's parent is active.
func legal(t interface{ Fatalf(string, ...any) }, c *Chart, snapshot Snapshot) {
	active := map[*State]int{}
	for _, a := range snapshot.Active {
		s, ok := c.byPath[a.State]
		if !ok {
			t.Fatalf("%s is not a state of the chart", a.State)
		}
		active[s]++
		if len(a.Work) != len(s.Invocations) && snapshot.Status == Active {
			t.Fatalf("%s has %d works, the chart %d", a.State, len(a.Work), len(s.Invocations))
		}
	}
	active[c.root] = 1
	for s, n := range active {
		if n != 1 || s.Parent != nil && active[s.Parent] != 1 {
			t.Fatalf("%s is active %d times, its parent %d times", s.Path, n, active[s.Parent])
		}
		inside := 0
		for _, child := range s.Children {
			inside += active[child]
		}
		if s.Kind == Compound && inside != 1 || s.Kind == Parallel && inside != len(s.Regions()) {
			t.Fatalf("%s has %d active children", s.Path, inside)
		}
	}
}

func TestDeadlinesThatAreRunningStayAsTheyWereSet(t *testing.T) {
	old := parse(t, "initial: a\nstates:\n  a: {after: {P2D: b, P3D: b}}\n  b: {type: final}\n")
	next := parse(t, "initial: a\nstates:\n  a: {after: {P5D: c, P6D: b, P7D: b}}\n  b: {type: final}\n  c: {type: final}\n")
	at, err := old.Start(nil, start)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := next.Migrate(old, at.Snapshot, nil, Input{Now: start.AddDate(0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Timer{{0, start.AddDate(0, 0, 2)}, {1, start.AddDate(0, 0, 3)}, {2, start.AddDate(0, 0, 8)}}
	if got := moved.Snapshot.Active[0]; !reflect.DeepEqual(got.Timers, want) || got.Visit != at.Snapshot.Active[0].Visit {
		t.Errorf("%+v, want %v", got, want)
	}
	due, _ := next.Due(moved.Snapshot, start.AddDate(0, 0, 2))
	ended, err := next.Step(moved.Snapshot, nil, due, start.AddDate(0, 0, 2))
	if err != nil || next.Configuration(ended.Snapshot)[0] != "c" {
		t.Errorf("it leads where the new version says: %v, %v", next.Configuration(ended.Snapshot), err)
	}
	back, err := old.Migrate(next, moved.Snapshot, nil, Input{Now: start})
	if err != nil || len(back.Snapshot.Active[0].Timers) != 2 {
		t.Errorf("a timer that is lost: %+v, %v", back.Snapshot, err)
	}
}

func TestALateOutcomeOfWhatWasEnteredAnewChangesNothing(t *testing.T) {
	chart := parse(t, "initial: w\nstates:\n  w: {invoke: {src: vendor, id: one}, onDone: e}\n  e: {type: final}\n")
	at, err := chart.Start(nil, start)
	if err != nil {
		t.Fatal(err)
	}
	anew, err := chart.Migrate(chart, at.Snapshot, map[string]string{"w": "w"}, Input{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	late := Event{Type: "done.invoke.one", State: "w", Visit: at.Snapshot.Active[0].Visit}
	if r, err := chart.Step(anew.Snapshot, nil, late, start); err != nil || !r.Stale {
		t.Errorf("%+v, %v", r, err)
	}
	kept, err := chart.Migrate(chart, at.Snapshot, nil, Input{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := chart.Step(kept.Snapshot, nil, late, start); err != nil || r.Snapshot.Status != Done {
		t.Errorf("of what has stayed: %+v, %v", r, err)
	}
}

func TestHistoryIsRememberedWhereItIsStillThere(t *testing.T) {
	text := "initial: p\nstates:\n  p:\n    initial: x\n    on: {OUT: q}\n    states: {x: {on: {GO: young}}, young: {on: {GO: x}}, back: {type: history}}\n  q: {on: {BACK: p.back}}\n"
	old := parse(t, text)
	at, err := old.Start(nil, start)
	for _, event := range []string{"GO", "OUT"} {
		if err == nil {
			at, err = old.Step(at.Snapshot, nil, Event{Type: event}, start)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		next    string
		mapping map[string]string
		want    string
	}{
		"there":         {text, nil, "p.young"},
		"mapped":        {strings.ReplaceAll(text, "young", "z"), map[string]string{"p.young": "p.z"}, "p.z"},
		"gone":          {strings.ReplaceAll(text, "young", "z"), nil, "p.x"},
		"nothing there": {"initial: q\nstates:\n  q: {on: {BACK: p}}\n  p: {on: {GO: q}}\n", nil, "p"},
	} {
		next := parse(t, one.next)
		moved, err := next.Migrate(old, at.Snapshot, one.mapping, Input{Now: start})
		if err != nil {
			t.Fatal(name, err)
		}
		back, err := next.Step(moved.Snapshot, nil, Event{Type: "BACK"}, start)
		if err != nil || next.Configuration(back.Snapshot)[0] != one.want {
			t.Errorf("%s: %v, want %s (%v)", name, next.Configuration(back.Snapshot), one.want, err)
		}
	}
}

func TestWhatHasEndedIsNotMoved(t *testing.T) {
	chart := parse(t, "initial: a\nstates:\n  a: {on: {GO: b}}\n  b: {type: final}\n")
	at, err := chart.Start(nil, start)
	if err == nil {
		at, err = chart.Step(at.Snapshot, nil, Event{Type: "GO"}, start)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = chart.Migrate(chart, at.Snapshot, nil, Input{Now: start})
	if problem.CodeOf(err) != problem.CaseClosed {
		t.Error(err)
	}
}

// TestMovingToAnotherRandomChartIsLegalOrRefused moves runs of random charts: to the same chart nothing changes; to another
// one, with a random mapping, the run is at a configuration of that or the move is refused with places.
func TestMovingToAnotherRandomChartIsLegalOrRefused(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		old, next := drawn(rt, "old"), drawn(rt, "next")
		at, err := old.Start(map[string]any{"n": 1.0}, start)
		if err != nil {
			return // it never comes to rest
		}
		for range rapid.IntRange(0, 6).Draw(rt, "events") {
			event := rapid.SampledFrom([]string{"X", "Y", "Z", "GO_s1", "GO_s2", "GO_s3", "GO_s4", "GO_s5"}).Draw(rt, "event")
			if after, err := old.Step(at.Snapshot, at.Context, Event{Type: event}, start); err == nil {
				at = after
			}
		}
		if at.Snapshot.Status == Done {
			return
		}
		same, err := old.Migrate(old, at.Snapshot, nil, Input{Context: at.Context, Now: start})
		if err != nil || !reflect.DeepEqual(plainSnapshot(same.Snapshot), plainSnapshot(at.Snapshot)) || len(same.Effects) > 0 {
			rt.Fatalf("to itself: %+v, was %+v (%v), effects %v", same.Snapshot, at.Snapshot, err, same.Effects)
		}
		mapping := map[string]string{}
		names := slices.Sorted(maps.Keys(next.byPath))
		for _, leaf := range old.Configuration(at.Snapshot) {
			if rapid.Bool().Draw(rt, "mapped") {
				mapping[leaf] = rapid.SampledFrom(names).Draw(rt, "to")
			}
		}
		moved, err := next.Migrate(old, at.Snapshot, mapping, Input{Context: at.Context, Now: start})
		switch code := problem.CodeOf(err); {
		case code == problem.Invalid && len(problem.As(err).Fields) > 0, code == problem.Livelock:
			return
		case err != nil:
			rt.Fatal(err)
		}
		legal(rt, next, moved.Snapshot)
		again, err := next.Migrate(next, moved.Snapshot, nil, Input{Context: moved.Context, Now: start})
		if moved.Snapshot.Status == Active && (err != nil || !reflect.DeepEqual(plainSnapshot(again.Snapshot), plainSnapshot(moved.Snapshot))) {
			rt.Fatalf("a second time: %+v, was %+v (%v)", again.Snapshot, moved.Snapshot, err)
		}
	})
}

// plainSnapshot makes empty and absent lists alike.
func plainSnapshot(s Snapshot) Snapshot {
	s.Active = slices.Clone(s.Active)
	for i := range s.Active {
		if len(s.Active[i].Timers) == 0 {
			s.Active[i].Timers = nil
		}
		if len(s.Active[i].Work) == 0 {
			s.Active[i].Work = nil
		}
	}
	if len(s.History) == 0 {
		s.History = nil
	}
	return s
}

// drawn is a random chart with everything that charts can have.
func drawn(rt *rapid.T, label string) *Chart {
	text := charttest.Draw(rt, charttest.Options{Work: true, Timers: true, Parallel: true, States: 9}).JSON()
	chart := Parse(source.Parse(label, text), Options{})
	if chart == nil {
		rt.Skip("the chart has problems")
	}
	return chart
}
