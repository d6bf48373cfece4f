package statechart

import "ballerine/internal/expr"

// Conjuncts are the conditions that all have to hold for the transition's guard to hold, as far as they are expressions.
func (t *Transition) Conjuncts() []*expr.Program { return conjuncts(t.guard) }

func conjuncts(g guard) (found []*expr.Program) {
	switch g := g.(type) {
	case programGuard:
		return g.program.Conjuncts()
	case payloadGuard:
		return g.program.Conjuncts()
	case allGuard:
		for _, inner := range g {
			found = append(found, conjuncts(inner)...)
		}
	case notGuard:
		if inner, ok := g.inner.(programGuard); ok {
			return expr.Not(inner.program).Conjuncts()
		}
	}
	return found
}
