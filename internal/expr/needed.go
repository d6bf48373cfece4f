package expr

import "slices"

// Needed are the fields without which the program cannot be evaluated: if one is null or absent, a comparison, a test or
// a call of it is unknown. handled are those whose presence the program itself checks: in exists() and coalesce(), or by
// comparison with null. Elements of lists are neither: a list may be short.
func (p *Program) Needed() (needed, handled []Reference) {
	beside := map[string]bool{}
	besideNull(p.root, beside)
	seen := map[string]bool{}
	for _, r := range p.paths {
		if r.Optional || beside[r.Path] {
			handled = append(handled, r)
			continue
		}
		if !seen[r.Path] && !slices.Contains(r.Steps, "[]") {
			seen[r.Path] = true
			needed = append(needed, r)
		}
	}
	return needed, handled
}

// besideNull notes the paths that are compared with null.
func besideNull(n node, found map[string]bool) {
	switch n := n.(type) {
	case andNode:
		besideNull(n.left, found)
		besideNull(n.right, found)
	case orNode:
		besideNull(n.left, found)
		besideNull(n.right, found)
	case ternaryNode:
		besideNull(n.condition, found)
		besideNull(n.then, found)
		besideNull(n.otherwise, found)
	case notNode:
		besideNull(n.inner, found)
	case compareNode:
		if path, value, ok := pathAndConstant(n); ok && value == nil && n.op <= notEqual {
			found[path] = true
		}
	}
}

func pathAndConstant(n compareNode) (path string, value any, ok bool) {
	for _, sides := range [][2]node{{n.left, n.right}, {n.right, n.left}} {
		p, isPath := sides[0].(pathNode)
		c, isConstant := sides[1].(constant)
		if isPath && isConstant {
			return p.text, c.value, true
		}
	}
	return "", nil, false
}
