package statechart

import (
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// Refusal states why an event has no effect in a case's state, for authors of workflows: it also reveals applicants' conditions.
type Refusal struct {
	Reason      string       `json:"reason"`                // a sentence
	Explanation *Explanation `json:"explanation,omitempty"` // as Next has it, where a condition or the state prevents it
	Reads       []string     `json:"reads,omitempty"`       // what the conditions that were evaluated read, by name
	By          []string     `json:"by,omitempty"`          // who may send it here
	In          []string     `json:"in,omitempty"`          // states that know it, where the active ones do not
}

// Refusal states why an event is not taken. nil: it is, or it is not for anybody to send.
func (c *Chart) Refusal(snapshot Snapshot, in Input) *Refusal {
	if snapshot.Status == Done || IsInternal(in.Event.Type) {
		return nil
	}
	r := c.newRun(snapshot, in)
	r.event = in.Event
	chosen, known := r.choose(in.Event.Type)
	by := r.anyone(in.Event.Type)
	if len(chosen) > 0 {
		by = r.everyone(chosen)
	}
	forbidden := slices.ContainsFunc(r.trace, func(t Trace) bool { return t.Outcome == "forbidden" })
	switch {
	case !known && !forbidden:
		return r.notKnown(in.Event.Type)
	case known && in.Event.By != 0 && by&in.Event.By == 0:
		return &Refusal{Reason: "only " + by.String() + " may send it here", By: by.Names()}
	case len(chosen) > 0:
		return nil
	}
	why := explanation(r.trace)
	return &Refusal{Reason: why.String(), Explanation: &why, Reads: r.examined(), By: by.Names()}
}

// notKnown is the refusal of an event that no active state has.
func (r *run) notKnown(event string) *Refusal {
	refusal := &Refusal{}
	var events []string
	for _, s := range r.chart.states {
		for _, t := range s.Transitions {
			if t.Event == event && !t.Forbidden && !slices.Contains(refusal.In, s.Path) {
				refusal.In = append(refusal.In, s.Path)
			}
			if t.Event != "" && !IsInternal(t.Event) && !t.isGlob() {
				events = append(events, t.Event)
			}
		}
	}
	if refusal.Reason = "no state of the workflow has it"; len(refusal.In) > 0 {
		refusal.Reason = "it is not for this state, but for " + strings.Join(refusal.In, ", ")
	} else if near := expr.Suggest(event, events); near != "" {
		refusal.Reason += "; did you mean " + near + "?"
	}
	return refusal
}

// examined are the paths that the conditions read which were evaluated and did not hold, each once, sorted.
func (r *run) examined() (paths []string) {
	for _, seen := range r.trace {
		for _, t := range r.chart.byPath[seen.State].Transitions {
			if t.guard != nil && t.Event == seen.Event && t.GuardText == seen.Guard && seen.Outcome != "taken" {
				paths = append(paths, t.guard.reads()...)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// pathsOf a condition, by name.
func pathsOf(program *expr.Program) (paths []string) {
	below, _ := program.Queried()
	for _, reference := range append(slices.Clone(program.Paths()), below...) {
		paths = append(paths, reference.Path)
	}
	return paths
}

func (g programGuard) reads() []string  { return pathsOf(g.program) }
func (g payloadGuard) reads() []string  { return pathsOf(g.program) }
func (g allGuard) reads() []string      { return readsOf(g) }
func (g anyGuard) reads() []string      { return readsOf(g) }
func (g notGuard) reads() []string      { return g.inner.reads() }
func (g *inStateGuard) reads() []string { return nil }
func (g policyGuard) reads() []string   { return []string{"policy " + g.policy} }

func readsOf(guards []guard) (paths []string) {
	for _, g := range guards {
		paths = append(paths, g.reads()...)
	}
	return paths
}
