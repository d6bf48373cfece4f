package rules

import (
	"slices"

	"ballerine/internal/expr"
)

// Bulk decides over many inputs of which only that is decoded which the policy reads.
type Bulk struct{ policy *Policy }

// Bulk is nil for a policy that reads whole inputs, such as one with a JSON Schema as a condition, that calls others, or whose inputs
// demand more than types and values of what it reads.
func (p *Policy) Bulk() *Bulk {
	if !p.partial() || p.schema != nil && !p.plain {
		return nil
	}
	return &Bulk{p}
}

// partial reports whether rules read only what their paths lead to.
func (p *Policy) partial() bool {
	return p.bound.Root() != nil && !p.whole && len(p.Calls()) == 0
}

// Reads are the paths of the input that decide, each once, as steps from its root; what is below them is read, too. known is false
// for a policy that reads whole inputs, or that calls others.
func (p *Policy) Reads() (paths [][]string, known bool) {
	if !p.partial() {
		return nil, false
	}
	for _, program := range p.programs() {
		opaque, whole := program.Queried()
		if whole {
			return nil, false
		}
		for _, reference := range append(slices.Clone(program.Paths()), opaque...) {
			if len(reference.Steps) == 0 {
				return nil, false
			}
			if !slices.ContainsFunc(paths, func(other []string) bool { return slices.Equal(other, reference.Steps) }) {
				paths = append(paths, reference.Steps)
			}
		}
	}
	return paths, true
}

// Spots are where the values are that the policy reads.
func (b *Bulk) Spots() *expr.Spot { return b.policy.bound.Root() }

// Begin prepares for the values of an input.
func (b *Bulk) Begin(values *expr.Values) { b.policy.bound.Reset(values) }

// Evaluate decides over the values of an input as Policy.Evaluate does over all of it. Answers have no trace. Values that are
// Doubtful may violate the inputs, which only the whole input shows: they are for Policy.Evaluate.
// Errors: those of Policy.Evaluate.
func (b *Bulk) Evaluate(values *expr.Values, options Options) (Answer, error) {
	room := enter()
	defer room.leave()
	options.Untraced = true
	return b.policy.decide(room, values, nil, nil, options, 0, nil)
}

// programs are those that every evaluation may need: conditions, inputs of tables, and the paths that must be exact.
func (p *Policy) programs() (all []*expr.Program) {
	for i := range p.rules {
		switch one := &p.rules[i]; {
		case one.table != nil:
			all = append(all, one.table.table.Programs()...)
		case one.condition != nil:
			all = append(all, one.condition)
		}
	}
	for _, in := range p.paths {
		all = append(all, in.value)
	}
	return all
}
