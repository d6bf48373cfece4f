package statechart

import (
	"testing"

	"ballerine/internal/source"
)

// TestAPayloadNeverPosesAsWhatWorkHasWritten: a guard that looks into the payload does not find reserved fields there, in any
// of the forms that guards have.
func TestAPayloadNeverPosesAsWhatWorkHasWritten(t *testing.T) {
	for _, guard := range []string{
		`{type: json-logic, options: {rule: {"==": [{var: mine.ok}, true]}, payload: true}}`,
		"{type: jmespath, options: {rule: 'mine.ok', payload: true}}",
	} {
		for _, reserved := range []bool{false, true} {
			doc := source.Parse("x.yaml", []byte("initial: a\nstates: {a: {on: {GO: {target: b, guard: "+guard+"}}}, b: {type: final}}"))
			chart := Parse(doc, Options{Own: func(name string) bool { return reserved && name == "mine" }})
			if chart == nil {
				t.Fatal(doc.Diagnostics)
			}
			r, err := chart.Start(nil, start)
			if err == nil {
				r, err = chart.Step(r.Snapshot, nil, Event{Type: "GO", Payload: map[string]any{"mine": map[string]any{"ok": true}}}, start)
			}
			if err != nil || (r.Snapshot.Status == Done) == reserved {
				t.Errorf("%s, reserved %v: %v %v", guard, reserved, r.Snapshot, err)
			}
		}
	}
}
