package statechart

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// randomChart draws a chart of two levels whose states all have guards, timers, work and actions here and there.
func randomChart(t *rapid.T) string {
	names := []string{"a", "b", "c", "d.x", "d.y", "z"}
	target := rapid.SampledFrom(names)
	transition := func(label string) string {
		guard := rapid.SampledFrom([]string{"", `, guard: "n > 1"`, `, guard: "missing.field == 1"`, `, guard: "work.ok == true"`}).Draw(t, label+" guard")
		action := rapid.SampledFrom([]string{
			"", ", actions: {type: assign, values: {n: n + 1, deep.inner: event.type}}", ", actions: {type: raise, event: Y}",
			", actions: {type: emit, event: told, payload: {n: n}}",
		}).Draw(t, label+" action")
		reenter := rapid.SampledFrom([]string{"", ", reenter: true"}).Draw(t, label+" reenter")
		return fmt.Sprintf("{target: %s%s%s%s}", target.Draw(t, label), guard, action, reenter)
	}
	state := func(name string) string {
		parts := []string{fmt.Sprintf("on: {X: %s, Y: %s}", transition(name+" X"), transition(name+" Y"))}
		if rapid.Bool().Draw(t, name+" timer") {
			parts = append(parts, fmt.Sprintf("after: {PT1H: %s, PT2H: z}", transition(name+" after")))
		}
		if rapid.Bool().Draw(t, name+" work") {
			parts = append(parts, "invoke: [{src: document, id: work}, {src: document, id: more}], onDone: "+target.Draw(t, name+" done"))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprintf(`
initial: a
on: {TO.A: a, TO.B: b, TO.C: c, TO.D: d, TO.DY: d.y, TO.Z: z}
states:
  a: %s
  b: %s
  c: %s
  d: {initial: x, states: {x: %s, y: %s}}
  z: {type: final}
`, state("a"), state("b"), state("c"), state("x"), state("y"))
}

func copied(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestStepIsPureAndKeepsTheConfigurationWhole walks random charts: the same input gives the same output, no input is
// changed, and the configuration is always a whole path from the root to a leaf with a visit of its own each.
func TestStepIsPureAndKeepsTheConfigurationWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := randomChart(t)
		doc := source.Parse("random.yaml", []byte(text))
		chart := Parse(doc, Options{})
		if chart == nil {
			t.Fatal(doc.Diagnostics)
		}
		now := start
		r, err := chart.Start(map[string]any{"n": 0.0, "deep": map[string]any{"kept": true}}, now)
		if err != nil {
			t.Fatal(err)
		}
		snapshot, context := r.Snapshot, r.Context
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			event := Event{Type: rapid.SampledFrom([]string{"X", "Y", "TO.B", "TO.DY", "done.invoke.work", "done.invoke.more", "error.invoke.work", "timer", "nobody"}).Draw(t, "event"), Payload: map[string]any{"ok": true}}
			if event.Type == "timer" {
				now = now.Add(time.Hour)
				due, ok := chart.Due(snapshot, now)
				if !ok {
					continue
				}
				event = due
			}
			before := copied(t, snapshot) + copied(t, context)
			first, err1 := chart.Step(snapshot, context, event, now)
			second, err2 := chart.Step(snapshot, context, event, now)
			if !reflect.DeepEqual(first, second) || problem.CodeOf(err1) != problem.CodeOf(err2) {
				t.Fatal("the same input gave two outputs")
			}
			if copied(t, snapshot)+copied(t, context) != before {
				t.Fatal("an input was changed by ", event.Type)
			}
			if err1 != nil {
				if code := problem.CodeOf(err1); code != problem.EventNotAllowed && code != problem.CaseClosed && code != problem.Livelock {
					t.Fatal(err1)
				}
				continue
			}
			whole(t, chart, snapshot, first.Snapshot)
			snapshot, context = first.Snapshot, first.Context
		}
	})
}

func whole(t *rapid.T, chart *Chart, before, after Snapshot) {
	leaf, ok := chart.State(after.Active[len(after.Active)-1].State)
	if !ok || leaf.Kind == Compound {
		t.Fatal("the innermost active state is no leaf")
	}
	var path []string
	for s := leaf; s.Parent != nil; s = s.Parent {
		path = append(path, s.Path)
	}
	slices.Reverse(path)
	visits := map[int]bool{}
	for i, a := range after.Active {
		if i >= len(path) || a.State != path[i] || visits[a.Visit] || a.Visit > after.Visits {
			t.Fatal("the configuration is not whole: ", copied(t, after))
		}
		visits[a.Visit] = true
	}
	if len(path) != len(after.Active) || after.Visits < before.Visits || (after.Status == Done) != (leaf.Kind == Final && leaf.Parent.Parent == nil) {
		t.Fatal("the snapshot is not whole: ", copied(t, after))
	}
}

func FuzzStep(f *testing.F) {
	doc := source.Parse("kyc.yaml", []byte(kyc))
	chart := Parse(doc, Options{})
	if chart == nil {
		f.Fatal(doc.Diagnostics)
	}
	f.Add([]byte(`{"status":"active","active":[{"state":"collect","visit":1}],"visits":1}`), "SUBMIT", "", 0)
	f.Add([]byte(`{"status":"active","active":[{"state":"screen","visit":2,"work":[{"id":"risk","status":"pending"}]}],"visits":2}`), "done.invoke.risk", "screen", 2)
	f.Add([]byte(`{"status":"active","active":[{"state":"review","visit":3,"timers":[{"index":9,"due":"2025-01-01T00:00:00Z"}]}],"visits":3}`), "after.review.0", "review", 3)
	f.Fuzz(func(t *testing.T, text []byte, event, state string, visit int) {
		var snapshot Snapshot
		if json.Unmarshal(text, &snapshot) != nil {
			return
		}
		chart.Position(snapshot)
		chart.Due(snapshot, start)
		chart.Tags(snapshot)
		chart.Next(snapshot, Input{Now: start})
		r, err := chart.Step(snapshot, map[string]any{}, Event{Type: event, State: state, Visit: visit}, start)
		if err == nil && !r.Stale && len(r.Snapshot.Active) == 0 {
			t.Fatal("the run fell out of its chart")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(kyc))
	f.Add([]byte("initial: a\nstates: {a: {on: {X: {target: '#a', guard: {type: or, guards: []}}}}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc := source.Parse("f.yaml", text)
		chart := Parse(doc, Options{})
		if chart == nil {
			if !doc.Diagnostics.Failed() {
				t.Fatal("no chart and no problem")
			}
			return
		}
		if r, err := chart.Start(nil, start); err == nil {
			chart.Configuration(r.Snapshot)
		}
	})
}
