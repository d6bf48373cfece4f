package expr

import (
	"slices"
)

// All is true when every program is: an and of Kleene's logic. Without programs it is true.
func All(programs ...*Program) *Program {
	return combined(programs, True, func(l, r node) node { return andNode{l, r} })
}

// AnyOf is true when one of the programs is: an or of Kleene's logic. Without programs it is false.
func AnyOf(programs ...*Program) *Program {
	return combined(programs, False, func(l, r node) node { return orNode{l, r} })
}

// Not is true when the program is false.
func Not(p *Program) *Program {
	return &Program{root: notNode{p.root}, paths: p.paths, opaque: p.opaque, whole: p.whole}
}

func combined(programs []*Program, empty Truth, join func(l, r node) node) *Program {
	if len(programs) == 0 {
		return Constant(value(empty))
	}
	all := &Program{root: programs[0].root, paths: slices.Clone(programs[0].paths), opaque: slices.Clone(programs[0].opaque), whole: programs[0].whole}
	for _, p := range programs[1:] {
		all.root = join(all.root, p.root)
		all.paths, all.opaque, all.whole = append(all.paths, p.paths...), append(all.opaque, p.opaque...), all.whole || p.whole
	}
	return all
}

// CompilePath compiles a path, and only a path: sanctions.hits[0].score. Error: *Error.
func CompilePath(source string) (*Program, error) {
	p, err := Compile(source)
	if err != nil {
		return nil, err
	}
	if _, ok := p.root.(pathNode); !ok {
		return nil, &Error{1, 1, max(1, len([]rune(source))), "expected a path such as applicant.country", ""}
	}
	return p, nil
}

// PathOf is a program that reads what a reference reads.
func PathOf(r Reference) *Program {
	n, ok := r.node.(pathNode)
	if !ok {
		return Constant(nil)
	}
	return &Program{root: n, source: r.Path, paths: []Reference{r}}
}

// IsPath reports whether the program only reads a path.
func (p *Program) IsPath() bool { _, ok := p.root.(pathNode); return ok }

// Exact reports whether a value is no number, or one that a double holds exactly and that is finite.
func Exact(v any) bool {
	_, ok, good := number(v)
	return !ok || good
}

// Number is a JSON number that a double holds exactly.
func Number(v any) (float64, bool) {
	f, ok, good := number(v)
	return f, ok && good
}
