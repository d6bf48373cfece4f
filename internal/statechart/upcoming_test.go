package statechart

import (
	"encoding/json"
	"testing"
)

func TestWhatMovesAChartByItselfIsListedWithWhyNot(t *testing.T) {
	w := newWalker(t, `
initial: p
states:
  p:
    type: parallel
    after: {P5D: z}
    states:
      a:
        initial: a1
        states:
          a1:
            after: {PT1H: [{target: a2, guard: "paid == true"}, {target: a3, guard: "amount > 5"}], PT2H: {actions: {type: log, message: late}}}
            always: {target: a3, guard: "amount > 100"}
          a2: {}
          a3: {}
      b: {initial: b1, states: {b1: {always: {target: b2, guard: {type: in-state, state: '#m.p.a.a2'}}}, b2: {}}}
  z: {type: final}
on: {TO_A2: p.a.a2}
id: m
`, map[string]any{"amount": 7.0})
	text, err := json.Marshal(w.chart.Upcoming(w.snapshot, Input{Context: w.context, Now: start}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"kind":"timer","state":"p.a.a1","after":"PT1H","due_at":"2026-01-01T01:00:00Z","targets":["p.a.a3"],"allowed":true,"reason":null},` +
		`{"kind":"timer","state":"p.a.a1","after":"PT2H","due_at":"2026-01-01T02:00:00Z","targets":[],"allowed":true,"reason":null},` +
		`{"kind":"timer","state":"p","after":"P5D","due_at":"2026-01-06T00:00:00Z","targets":["z"],"allowed":true,"reason":null},` +
		`{"kind":"always","state":"p.a.a1","targets":["p.a.a3"],"allowed":false,"reason":"the condition does not hold: amount \u003e 100","explanation":{"code":"condition_false","guard":"amount \u003e 100"}},` +
		`{"kind":"always","state":"p.b.b1","targets":["p.b.b2"],"allowed":false,"reason":"the condition does not hold: in #m.p.a.a2","explanation":{"code":"condition_false","guard":"in #m.p.a.a2"}}]`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
