package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ballerine/internal/statechart"
)

// Change is one difference between two versions of a workflow.
type Change struct {
	Kind   string `json:"kind"` // state_added, state_removed, state_kind, transition, timer, work, tags, context, document, audience, personal, personal_copy
	Path   string `json:"path"` // of the state; "" the chart itself; of a document: its kind; of a mark: the place of the data
	What   string `json:"what"` // the event, the timer's event, or the work's id; "" for states
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Running describes what it means for an existing case when it is moved to the new version.
	Running string `json:"running"`
	// Blocks states that an existing case cannot be moved unless its state is mapped to another one.
	Blocks bool `json:"blocks"`
}

// String is the change in a line.
func (c Change) String() string {
	subject := c.Path
	if subject == "" {
		subject = "the chart"
	}
	if c.What != "" {
		subject += " on " + c.What
	}
	text := strings.ReplaceAll(c.Kind, "_", " ") + ": " + subject
	if c.Before != "" || c.After != "" {
		text += fmt.Sprintf(": %s -> %s", or1(c.Before), or1(c.After))
	}
	return text + ". " + c.Running
}

func or1(text string) string {
	if text == "" {
		return "(nothing)"
	}
	return text
}

// Diff lists what changes from one version to another, in the order of the new document, what was removed last.
func Diff(old, next *Workflow) []Change {
	found := []Change{}
	for _, s := range append([]*statechart.State{next.Chart.Root()}, next.Chart.States()...) {
		before, ok := stateOf(old, s.Path)
		if !ok {
			found = append(found, Change{Kind: "state_added", Path: s.Path, After: string(s.Kind), Running: "No running case is there."})
			continue
		}
		found = append(found, diffState(old, next, before, s)...)
	}
	for _, s := range old.Chart.States() {
		if _, ok := stateOf(next, s.Path); !ok {
			found = append(found, removed(s))
		}
	}
	return append(found, diffWhole(old, next)...)
}

func stateOf(w *Workflow, path string) (*statechart.State, bool) {
	if path == "" {
		return w.Chart.Root(), true
	}
	return w.Chart.State(path)
}

func removed(s *statechart.State) Change {
	c := Change{Kind: "state_removed", Path: s.Path, Before: string(s.Kind), Running: "The states inside it determine what happens to cases there."}
	switch s.Kind {
	case statechart.Atomic:
		c.Running, c.Blocks = "Cases in this state cannot continue: map it to another state.", true
	case statechart.Final:
		c.Running = "Cases that have ended in this state are not changed."
	case statechart.History:
		c.Running = "Its stored history is discarded."
	}
	return c
}

func diffState(old, next *Workflow, before, after *statechart.State) (found []Change) {
	if before.Kind != after.Kind {
		found = append(found, Change{
			Kind: "state_kind", Path: after.Path, Before: string(before.Kind), After: string(after.Kind),
			Running: "Cases in this state would be in a state of another kind: map it, if necessary to itself to enter it again.", Blocks: true,
		})
	}
	a, b := candidates(before), candidates(after)
	for _, event := range union(a, b) {
		if a[event] != b[event] {
			found = append(found, transitionChange(after.Path, event, a[event], b[event]))
		}
	}
	x, y := delays(before), delays(after)
	for _, timer := range union(x, y) {
		if x[timer] != y[timer] {
			found = append(found, Change{
				Kind: "timer", Path: after.Path, What: timer, Before: x[timer], After: y[timer],
				Running: "Running timers keep their due time; the new version determines where they lead.",
			})
		}
	}
	x, y = work(old, before), work(next, after)
	for _, id := range union(x, y) {
		if x[id] != y[id] {
			found = append(found, workChange(after.Path, id, x[id], y[id]))
		}
	}
	if m, n := before.By.String(), after.By.String(); m != n {
		found = append(found, Change{Kind: "audience", Path: after.Path, Before: m, After: n, Running: "Only these can send events to cases in this state, unless the event defines otherwise."})
	}
	if m, n := strings.Join(before.Tags, ", "), strings.Join(after.Tags, ", "); m != n {
		found = append(found, Change{Kind: "tags", Path: after.Path, Before: m, After: n, Running: "Cases in this state get the new tags when they are migrated."})
	}
	return found
}

func transitionChange(path, event, before, after string) Change {
	c := Change{Kind: "transition", Path: path, What: event, Before: before, After: after, Running: "Cases in this state take the new transition."}
	switch {
	case before == "":
		c.Running = "Cases in this state accept it after the migration."
	case after == "":
		c.Running = "Cases in this state no longer accept it."
	}
	return c
}

func workChange(path, id, before, after string) Change {
	c := Change{Kind: "work", Path: path, What: id, Before: before, After: after, Running: "Cases that have not done it yet do it the new way."}
	switch {
	case before == "":
		c.Running = "Cases in this state do not run it until the state is entered again."
	case after == "":
		c.Running, c.Blocks = "Cases that are running it would wait forever: map the state to itself, which starts its work again.", true
	}
	return c
}

// candidates are a state's transitions by event, as text; timers and the state's own events have readable names.
func candidates(s *statechart.State) map[string]string {
	found := map[string][]string{}
	for _, t := range all(s) {
		event, _, _ := strings.Cut(label(t), " [")
		found[event] = append(found[event], transitionText(t))
	}
	texts := map[string]string{}
	for event, list := range found {
		texts[event] = strings.Join(list, "; ")
	}
	return texts
}

func transitionText(t *statechart.Transition) string {
	var targets []string
	for _, target := range t.Targets {
		targets = append(targets, target.Path)
	}
	text := strings.Join(targets, " and ")
	switch {
	case t.Forbidden:
		return "forbidden"
	case text == "":
		text = "stays"
	case t.Reenter:
		text += " (re-enters)"
	}
	if t.By != 0 {
		text += " by " + t.By.String()
	}
	if t.Guarded {
		text += " if " + t.GuardText
	}
	return text
}

func delays(s *statechart.State) map[string]string {
	found := map[string]string{}
	for _, t := range s.Timers {
		found[fmt.Sprintf("timer %d", t.Index+1)] = t.Delay.Text
	}
	return found
}

// work is what is done in a state, as text, by id.
func work(w *Workflow, s *statechart.State) map[string]string {
	found := map[string]string{}
	for _, i := range w.Invocations(s.Path) {
		input, _ := json.Marshal(i.Input) // it was read from a document
		found[i.ID] = strings.TrimSpace(fmt.Sprintf("%s %s %s", i.Source, i.Name, strings.TrimPrefix(string(input), "{}")))
	}
	return found
}

func diffWhole(old, next *Workflow) (found []Change) {
	before, _ := json.Marshal(old.Schema) // schemas were read from documents
	after, _ := json.Marshal(next.Schema)
	if string(before) != string(after) {
		found = append(found, Change{Kind: "context", Running: "Existing data stays; the next write must conform to the new schema."})
	}
	found = append(found, diffMarks(old, next)...)
	x, y := kinds(old), kinds(next)
	for _, kind := range union(x, y) {
		if x[kind] != y[kind] {
			found = append(found, Change{Kind: "document", Path: kind, Before: x[kind], After: y[kind], Running: "Existing documents stay; missing documents are determined again."})
		}
	}
	return found
}

// diffMarks names every place that becomes personal data, or no longer is.
func diffMarks(old, next *Workflow) (found []Change) {
	const yes, no = "personal data", "not marked as personal data"
	for _, place := range next.Unmarked(old) {
		found = append(found, Change{Kind: "personal", Path: place, Before: yes, After: no, Running: "Publishing this needs the permission cases:personal. What an earlier version marks stays hidden from people who lack it."})
	}
	for _, place := range old.Unmarked(next) {
		found = append(found, Change{Kind: "personal", Path: place, Before: no, After: yes, Running: "People who lack the permission cases:personal no longer see it, in cases of any version."})
	}
	for _, one := range next.Copies() {
		if !slices.Contains(old.Copies(), one) {
			found = append(found, Change{Kind: "personal_copy", What: one, Running: "Publishing this needs the permission cases:personal: personal data is copied to a field that is not marked as personal, and everybody who sees the case sees it there."})
		}
	}
	return found
}

func kinds(w *Workflow) map[string]string {
	found := map[string]string{}
	for _, d := range w.Documents {
		found[d.Kind] = map[bool]string{true: "required", false: "optional"}[d.Required]
	}
	return found
}

func union(a, b map[string]string) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
