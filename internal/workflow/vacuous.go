package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/statechart"
)

// A condition on all elements of a list also holds for an empty list: 0 of 0 are all, and none of them is refused. So a
// company without owners would be approved by a guard that checks whether all of them are. This file finds such guards:
// those that hold if there are no children, or no elements, and that move a case on, or to an end in its favour.

// guarded is a transition with a guard, and where that stands.
type guarded struct {
	transition *statechart.Transition
	node       *yaml.Node
	path       string
}

func (r *reader) guard(t *statechart.Transition, node *yaml.Node, path string) {
	r.guards = append(r.guards, guarded{t, node, path})
}

// vacuous warns of guards that hold for empty lists.
func (r *reader) vacuous() {
	for _, g := range r.guards {
		conditions := g.transition.Conjuncts()
		if r.none(g, conditions) {
			continue
		}
		for _, condition := range conditions {
			list, ok := condition.Quantifies()
			if !ok || list == "" || !r.callers(list) || !r.favourable(g.transition) || ruledOut(conditions, emptyAt(list, nil)) {
				continue
			}
			r.doc.Warn(g.node, g.path, "holds_for_none", "this guard also holds where "+list+" is empty: a condition on every element holds for none", "write exists("+list+") in addition, or minItems: 1 in its schema")
			break
		}
	}
}

// unmatched warns of guards that compare what work has returned with a text that it never returns: an outcome that the policy does not have, or
// a value that a vendor's answer or the schema does not list.
func (r *reader) unmatched() {
	for _, g := range r.guards {
		for _, condition := range g.transition.Conjuncts() {
			for _, e := range condition.Unmatched(r.everything()) {
				message := e.Message
				if condition.Source() != "" {
					message = fmt.Sprintf("guard %q: %s", condition.Source(), e.Message)
				}
				r.doc.Warn(g.node, g.path, "never_equal", message, e.Hint)
			}
			for _, reference := range condition.Paths() {
				r.unknownEnd(g, reference)
			}
		}
	}
}

// unknownEnd warns of a count of child cases that have ended in a way in which their workflow does not end.
func (r *reader) unknownEnd(g guarded, reference expr.Reference) {
	known, ok := r.catalog.(ender)
	at := slices.Index(reference.Steps, "outcomes")
	if !ok || at < 1 || at+1 >= len(reference.Steps) || !slices.Contains(r.starts, reference.Steps[at-1]) {
		return
	}
	work, _ := r.w.Work(reference.Steps[at-1])
	finals, end := known.Finals(work.Name), reference.Steps[at+1]
	if len(finals) == 0 || slices.Contains(finals, end) {
		return
	}
	hint := "known: " + strings.Join(finals, ", ")
	if name := expr.Suggest(end, finals); name != "" {
		hint = "did you mean " + name + "?"
	}
	r.doc.Warn(g.node, g.path, "never_equal", "cases of "+work.Name+" never end as "+end, hint)
}

// none warns of a guard that holds where no children have been started.
func (r *reader) none(g guarded, conditions []*expr.Program) bool {
	for _, id := range r.starts {
		each, may := r.mayBeNone(id)
		if !may {
			continue
		}
		world := emptyAt(each, childless(id, conditions))
		if ruledOut(conditions, world) {
			continue
		}
		for _, condition := range conditions {
			scope := &noting{Layers: expr.Layers{world}, of: id}
			if condition.Test(&expr.Env{Scope: scope, Now: time.Unix(0, 0)}).Truth != expr.True || !scope.asked {
				continue
			}
			if counts := reads(condition, id, "total"); counts && !r.against(g.transition) || r.favourable(g.transition) {
				r.doc.Warn(g.node, g.path, "holds_for_none", "this guard also holds where "+id+" has started no child case: a condition on all children holds for none",
					"write "+id+".total > 0 in addition, or minItems: 1 in the list's schema")
				return true
			}
		}
	}
	return false
}

// mayBeNone reports whether work may start no child, and of which list each is one element.
func (r *reader) mayBeNone(id string) (list string, may bool) {
	for _, s := range r.w.Chart.States() {
		i, ok := s.Invocation(id)
		if !ok || i.Cases == nil {
			continue
		}
		if i.Cases.Each == nil {
			return "", false // it is always one
		}
		if i.Cases.Each.IsPath() {
			list = i.Cases.Each.Source()
		}
		return list, !r.filled(list)
	}
	return "", false
}

// filled reports whether the schema wants a list to have an element.
func (r *reader) filled(path string) bool {
	at := r.w.Schema
	for _, step := range strings.Split(path, ".") {
		properties, _ := at["properties"].(map[string]any)
		at, _ = properties[step].(map[string]any)
	}
	least, _ := at["minItems"].(float64)
	return least >= 1
}

// callers reports whether a list is one that callers write: a result of work may well be empty.
func (r *reader) callers(list string) bool {
	head, _, _ := strings.Cut(list, ".")
	return !r.own(head) && !r.filled(list)
}

// favourable reports whether a transition takes a case to where it can only end in its favour.
func (r *reader) favourable(t *statechart.Transition) bool {
	return slices.ContainsFunc(t.Targets, func(s *statechart.State) bool {
		return r.w.InFavour(s.Path) || slices.Contains(s.Tags, "approved")
	})
}

// against reports whether a transition leads to ends that are against the case, or nowhere.
func (r *reader) against(t *statechart.Transition) bool {
	return !slices.ContainsFunc(t.Targets, func(s *statechart.State) bool {
		return s.Kind != statechart.Final || !slices.Contains(against, s.Path) && !slices.ContainsFunc(s.Tags, func(tag string) bool { return slices.Contains(against, tag) })
	})
}

// ruledOut reports whether one of the conditions cannot hold in a world.
func ruledOut(conditions []*expr.Program, world map[string]any) bool {
	return slices.ContainsFunc(conditions, func(p *expr.Program) bool {
		return p.Test(&expr.Env{Scope: expr.Layers{world}, Now: time.Unix(0, 0)}).Truth == expr.False
	})
}

// childless is a context in which work has started no child. outcomes that the conditions name are counted, too.
func childless(id string, conditions []*expr.Program) map[string]any {
	outcomes := map[string]any{}
	for _, condition := range conditions {
		for _, reference := range condition.Paths() {
			if at := slices.Index(reference.Steps, "outcomes"); at > 0 && at+1 < len(reference.Steps) {
				outcomes[reference.Steps[at+1]] = 0.0
			}
		}
	}
	counts := map[string]any{"outcomes": outcomes, "cases": map[string]any{}}
	for _, name := range []string{"total", "active", "completed", "failed", "cancelled", "incidents"} {
		counts[name] = 0.0
	}
	return map[string]any{id: counts, "children": map[string]any{id: counts}}
}

// emptyAt puts an empty list at a path into a world.
func emptyAt(path string, world map[string]any) map[string]any {
	if world == nil {
		world = map[string]any{}
	}
	steps := strings.Split(path, ".")
	at := world
	for _, step := range steps[:len(steps)-1] {
		inner, ok := at[step].(map[string]any)
		if !ok {
			inner = map[string]any{}
			at[step] = inner
		}
		at = inner
	}
	if last := steps[len(steps)-1]; last != "" {
		at[last] = []any{}
	}
	return world
}

// reads reports whether a condition reads a count of the children that work has started.
func reads(p *expr.Program, id, count string) bool {
	return slices.ContainsFunc(p.Paths(), func(reference expr.Reference) bool {
		return slices.Contains(reference.Steps, id) && reference.Steps[len(reference.Steps)-1] == count
	})
}

// noting is a scope that notes whether it was asked for what work has started.
type noting struct {
	expr.Layers
	of    string
	asked bool
}

// Lookup implements expr.Scope.
func (n *noting) Lookup(name string) (any, bool) {
	n.asked = n.asked || name == n.of || name == "children"
	return n.Layers.Lookup(name)
}

// Data implements expr.Scope.
func (n *noting) Data() map[string]any {
	n.asked = true
	return n.Layers.Data()
}
