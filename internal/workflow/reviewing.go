package workflow

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
	"ballerine/internal/statechart"
)

// Severities of a risk, from the least to the worst. Policies may have bands of their own besides.
var severities = []string{"low", "medium", "high", "critical"}

// Review states what a decision in favour of a case takes: the member `review` of a definition.
type Review struct {
	// Checks are ids of the work whose answers a decision relies on; nil: all documents, vendors and policies of states that
	// come before the one in which a person decides.
	Checks []string
	// Hits are context paths of lists of possible matches, each of which is answered before the case is approved; nil: the
	// member `hits` of every vendor's answer.
	Hits []string
	// ReasonFrom is from where on approving needs a reason and a comment.
	ReasonFrom Threshold
	// FourEyes is from where on approving needs a second person.
	FourEyes Threshold

	checksOf map[string][]string // path of a state in which a person decides -> the work before it, where Checks is nil
	favours  map[string]bool     // states from which a case can only end in its favour
}

// Threshold is a severity and all that are worse.
type Threshold struct{ from int } // 1 + index of the severity; 0: never

// Asked reports whether there is a threshold at all.
func (t Threshold) Asked() bool { return t.from > 0 }

// Reached reports whether a severity is at or above the threshold. A severity that is none of the four is above every
// threshold that is set: a policy has defined it itself, and it cannot be assumed to be harmless. The same applies to a
// missing severity.
func (t Threshold) Reached(severity string) bool {
	if t.from == 0 {
		return false
	}
	at := slices.Index(severities, severity)
	return at < 0 || at+1 >= t.from
}

func threshold(severity string) Threshold {
	return Threshold{1 + slices.Index(severities, severity)}
}

// ChecksBefore are ids of the work that a decision in one of these states relies on, in the order of the definition.
func (w *Workflow) ChecksBefore(active []string) []string {
	if w.Review.Checks != nil {
		return w.Review.Checks
	}
	var ids []string
	for _, path := range active {
		for _, id := range w.Review.checksOf[path] {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Work finds an invocation by its id alone: the first in document order.
func (w *Workflow) Work(id string) (Invocation, bool) {
	for _, s := range w.Chart.States() {
		if i, ok := w.Invocation(s.Path, id); ok {
			return i, true
		}
	}
	return Invocation{}, false
}

func (r *reader) review(node *yaml.Node) {
	r.w.Review.ReasonFrom = threshold("high")
	if node == nil {
		return
	}
	members := r.doc.Fields(node, "review", "checks", "hits", "reason_from", "four_eyes")
	if m, ok := members["checks"]; ok {
		r.w.Review.Checks = append([]string{}, r.doc.Strings(m.Value, "review.checks")...)
	}
	if m, ok := members["hits"]; ok {
		r.w.Review.Hits = append([]string{}, r.doc.Strings(m.Value, "review.hits")...)
	}
	if m, ok := members["reason_from"]; ok {
		r.w.Review.ReasonFrom = r.severity(m.Value, "review.reason_from")
	}
	if m, ok := members["four_eyes"]; ok {
		r.w.Review.FourEyes = r.severity(m.Value, "review.four_eyes")
	}
}

func (r *reader) severity(node *yaml.Node, path string) Threshold {
	name := r.doc.String(node, path)
	if !slices.Contains(severities, name) {
		r.doc.Unknown(node, path, "severity", name, severities)
	}
	return threshold(name)
}

// reviewed completes what the chart states about review, and checks what the definition states.
func (r *reader) reviewed(node *yaml.Node) {
	if r.w.Chart == nil {
		return
	}
	for i, id := range r.w.Review.Checks {
		if _, ok := r.w.Work(id); !ok {
			r.doc.Unknown(at(node, "checks", i), fmt.Sprintf("review.checks[%d]", i), "work", id, r.workIDs())
		}
	}
	r.w.fresh = r.marks()
	sources := sourcesOf(r.w.Chart)
	r.w.Review.checksOf = checksBefore(r.w, sources)
	r.w.Review.favours = favours(r.w.Chart, sources)
	r.vacuous()
	r.unmatched()
	r.noPerson(node)
}

// against are names and tags of final states in which a case has not ended in its favour.
var against = []string{"rejected", "refused", "declined", "denied", "expired", "cancelled", "failed", "failure", "withdrawn"}

// InFavour reports whether a case in this state can only end in its favour: no final state that is against it can be reached.
// A final state is against a case if its name or a tag states that ("rejected", "declined", "expired", …); all others are not.
func (w *Workflow) InFavour(path string) bool { return w.Review.favours[path] }

func favours(chart *statechart.Chart, sources map[string][]string) map[string]bool {
	found, never := map[string]bool{}, map[string]bool{}
	for _, s := range chart.States() {
		if s.Kind != statechart.Final || s.Parent != chart.Root() {
			continue
		}
		into := found
		if slices.Contains(against, s.Path) || slices.ContainsFunc(s.Tags, func(tag string) bool { return slices.Contains(against, tag) }) {
			into = never
		}
		maps.Copy(into, reaching(sources, s.Path))
	}
	for path := range never {
		delete(found, path)
	}
	return found
}

// at is an element of a list member of a mapping, for its place.
func at(node *yaml.Node, name string, i int) *yaml.Node {
	return source.Sequence(member(node, name))[i]
}

func (r *reader) workIDs() []string {
	var ids []string
	for _, s := range r.w.Chart.States() {
		for _, i := range s.Invocations {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// checksBefore finds, for every state in which a person decides, the documents, vendors and policies of the states that it
// can be reached from: what may come first must have answered.
func checksBefore(w *Workflow, sources map[string][]string) map[string][]string {
	found := map[string][]string{}
	for _, state := range w.Chart.States() {
		if !peopleDecide(w.Chart.Root(), state) {
			continue
		}
		before := reaching(sources, state.Path)
		for _, s := range w.Chart.States() {
			for _, i := range w.Invocations(s.Path) {
				if before[s.Path] && i.Source != "children" && !slices.Contains(found[state.Path], i.ID) {
					found[state.Path] = append(found[state.Path], i.ID)
				}
			}
		}
	}
	return found
}

// peopleDecide reports whether people of the back office decide in a state: a tag states it, or `by` of the state, of one of its
// transitions, or of the whole chart.
func peopleDecide(root, state *statechart.State) bool {
	theirs := func(s *statechart.State) bool {
		return s.By&statechart.People != 0 || slices.ContainsFunc(s.Transitions, func(t *statechart.Transition) bool { return t.By&statechart.People != 0 })
	}
	return slices.Contains(state.Tags, statechart.TagReview) || theirs(state) || theirs(root)
}

// sourcesOf maps every state to those from which it is entered directly: by a transition, with its parent, or with a child.
// The root's own transitions lead from every state.
func sourcesOf(chart *statechart.Chart) map[string][]string {
	sources := map[string][]string{}
	for _, t := range all(chart.Root()) {
		for _, target := range t.Targets {
			for _, s := range chart.States() {
				sources[target.Path] = append(sources[target.Path], s.Path)
			}
		}
	}
	for _, s := range chart.States() {
		for _, t := range all(s) {
			for _, target := range t.Targets {
				sources[target.Path] = append(sources[target.Path], s.Path)
			}
		}
		if s.Parent != chart.Root() {
			sources[s.Path] = append(sources[s.Path], s.Parent.Path)
			sources[s.Parent.Path] = append(sources[s.Parent.Path], s.Path)
		}
	}
	return sources
}

// reaching are the states from which one can be come to, itself among them.
func reaching(sources map[string][]string, path string) map[string]bool {
	seen := map[string]bool{path: true}
	for todo := []string{path}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, source := range sources[next] {
			if !seen[source] {
				seen[source] = true
				todo = append(todo, source)
			}
		}
	}
	return seen
}
