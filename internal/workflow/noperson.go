package workflow

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/statechart"
)

// noPerson warns of workflows with four eyes in which a case may reach nobody: once a case has asked for people, its
// work no longer approves it, and later states may not ask for people.
func (r *reader) noPerson(node *yaml.Node) {
	if !r.w.Review.FourEyes.Asked() {
		return
	}
	for _, s := range r.w.Chart.States() {
		if r.w.InFavour(s.Path) || peopleDecide(r.w.Chart.Root(), s) {
			continue
		}
		transitions := all(s)
		for i, t := range transitions {
			if !statechart.IsInternal(t.Event) || !r.favourable(t) || r.otherwise(transitions[i+1:], t.Event) {
				continue
			}
			r.doc.Warn(node, "review.four_eyes", "no_person", "a case in "+s.Path+" that needs people is not approved by "+t.Event+", and it has no other effect",
				"list a transition without a guard to a state in which people decide after the one that approves")
			break
		}
	}
}

// otherwise reports whether one of the transitions is taken on the event whatever the case, and does not approve it.
func (r *reader) otherwise(later []*statechart.Transition, event string) bool {
	return slices.ContainsFunc(later, func(t *statechart.Transition) bool {
		return t.Event == event && !t.Guarded && len(t.Targets) > 0 && !r.favourable(t)
	})
}
