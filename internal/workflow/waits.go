package workflow

import (
	"slices"

	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

// Waits are the places where a case waits for somebody or something: a state without work that is not left
// automatically, and work that is answered later. A workflow without any is decided immediately.
func (w *Workflow) Waits() []problem.Field { return w.WaitsBeside("") }

// WaitsBeside is Waits without the states that wait for an event and have the tag.
func (w *Workflow) WaitsBeside(tag string) (found []problem.Field) {
	for _, s := range w.Chart.States() {
		if s.Kind != statechart.Atomic {
			continue
		}
		at := "states." + s.Path
		if len(s.Invocations) == 0 && !movesOn(s) && !tagged(s, tag) {
			found = append(found, problem.Field{Location: at, Code: "waits", Message: "the state waits for an event or a deadline"})
		}
		for _, i := range w.Invocations(s.Path) {
			switch {
			case i.Source == "children":
				found = append(found, problem.Field{Location: at + ".invoke", Code: "waits", Message: "child cases take time: " + i.ID})
			case i.Callback:
				found = append(found, problem.Field{Location: at + ".invoke", Code: "waits", Message: "the vendor of " + i.ID + " calls back later"})
			}
		}
	}
	return found
}

// tagged reports whether the state, or one around it, has the tag.
func tagged(s *statechart.State, tag string) bool {
	for ; s != nil; s = s.Parent {
		if slices.Contains(s.Tags, tag) {
			return true
		}
	}
	return false
}

// movesOn reports whether an eventless transition can lead out of the state or of one around it.
func movesOn(s *statechart.State) bool {
	for ; s != nil; s = s.Parent {
		for _, t := range s.Transitions {
			if t.Event == "" && !t.Forbidden && len(t.Targets) > 0 {
				return true
			}
		}
	}
	return false
}
