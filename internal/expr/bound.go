package expr

import "slices"

// Bound are the paths of programs that see the same document: each is looked up once for all of them.
type Bound struct {
	paths []pathNode
	all   *Spot // where the paths lead
	root  *Spot // the same, if the programs read nothing else
}

// seat is the number of a path among the bound ones. It is set once, before the program is used.
type seat struct{ number int } // from 1; 0: it is not bound

// found is what a path led to.
type found struct {
	value any
	there bool
}

// Bind assigns numbers to the paths of programs. It must be called once, before the first evaluation.
func Bind(programs ...*Program) *Bound {
	b := &Bound{}
	for _, program := range programs {
		for _, reference := range program.paths {
			if path, ok := reference.node.(pathNode); ok {
				path.seat.number = b.number(path)
			}
		}
	}
	b.all = b.tree()
	if !slices.ContainsFunc(programs, func(p *Program) bool { return !bound(p.root) }) {
		b.root = b.all
	}
	return b
}

func (b *Bound) number(path pathNode) int {
	i := slices.IndexFunc(b.paths, func(other pathNode) bool { return slices.Equal(other.steps, path.steps) })
	if i < 0 {
		i = len(b.paths)
		b.paths = append(b.paths, path)
	}
	return i + 1
}

// Values are what the paths led to in one document.
type Values struct {
	found   []found
	inexact bool
	doubt   bool // see Bound.Expect
}

// Look finds all that the paths lead to in a scope.
func (b *Bound) Look(scope Scope, into *Values) {
	b.Reset(into)
	if document, ok := scope.(Map); ok {
		b.all.look(document, into)
		return
	}
	for i, path := range b.paths {
		value, there := path.look(scope)
		into.put(i, value, there)
	}
}

// look goes through an object once for all paths.
func (s *Spot) look(object map[string]any, into *Values) {
	for i, name := range s.names {
		value, there := object[name]
		if !there {
			continue
		}
		if child := s.children[i]; child.whole {
			into.Set(child, value)
		} else if inner, ok := value.(map[string]any); ok {
			child.look(inner, into)
		} else {
			into.Blocked(child, value == nil)
		}
	}
}

// Reset prepares for a document: no values are set.
func (b *Bound) Reset(into *Values) {
	into.found = append(into.found[:0], make([]found, len(b.paths))...)
	into.inexact, into.doubt = false, false
}

func (v *Values) put(i int, value any, there bool) {
	v.found[i] = found{value, there}
	v.inexact = v.inexact || there && !ExactBelow(value)
}

// Clear forgets what was seen, and keeps the memory.
func (v *Values) Clear() {
	clear(v.found)
	v.found = v.found[:0]
}

// Exact reports whether all numbers that paths led to are, and all below them.
func (v *Values) Exact() bool { return !v.inexact }

// Use lets the bound programs see the values instead of looking into the scope.
func (e *Env) Use(v *Values) { e.found = v.found }

// Spot is a place in documents at which, or below which, paths end.
type Spot struct {
	whole    bool // a path ends here: the value is needed with all that is in it
	paths    []int
	rest     [][]step // of each path: what is still to go from here
	names    []string
	children []*Spot

	// Of a schema; see Bound.Expect.
	expects  bool // the schema restricts the value here, if only members are needed
	nullable bool // as null may
	allows   test // what is needed whole
}

// Root is the document as a Spot: the decoder of a document sets in Values what is at its spots. It is nil if the
// programs may read more than what their paths lead to.
func (b *Bound) Root() *Spot { return b.root }

// Member is the seat of an object's member; nil when no path leads there.
func (s *Spot) Member(name string) *Spot {
	for i, other := range s.names {
		if other == name {
			return s.children[i]
		}
	}
	return nil
}

// Whole reports whether the value itself is needed; else it is its members, if it is an object.
func (s *Spot) Whole() bool { return s.whole }

// Set sets the value at a seat, or records that it is of no use: it is not an object, and only its members are needed.
// The last of the values that an object has under a name counts.
func (v *Values) Set(s *Spot, value any) {
	v.doubt = v.doubt || s.allows != nil && !s.allows(value)
	for i, path := range s.paths {
		if !s.whole {
			v.found[path] = found{}
			continue
		}
		found, there := follow(value, true, s.rest[i])
		v.put(path, found, there)
	}
}

// tree makes spots of the paths. A path ends at an index: lists are read whole.
func (b *Bound) tree() *Spot {
	root := &Spot{}
	for i, path := range b.paths {
		root.add(i, path.steps)
	}
	root.settle()
	return root
}

func (s *Spot) add(path int, steps []step) {
	s.paths, s.rest = append(s.paths, path), append(s.rest, steps)
	if len(steps) == 0 || steps[0].isIdx {
		s.whole = true
		return
	}
	next := s.Member(steps[0].name)
	if next == nil {
		next = &Spot{}
		s.names, s.children = append(s.names, steps[0].name), append(s.children, next)
	}
	next.add(path, steps[1:])
}

// settle removes the seats below one that is needed as a whole.
func (s *Spot) settle() {
	if s.whole {
		s.names, s.children = nil, nil
	}
	for _, child := range s.children {
		child.settle()
	}
}

// bound reports whether a node sees of the document only what bound paths lead to. A kind of node that is not known here may
// see everything.
func bound(root node) bool {
	switch r := root.(type) {
	case nil, constant, elementNode:
		return true
	case pathNode:
		return r.seat.number > 0
	case missingNode:
		return !slices.ContainsFunc(r.paths, func(path pathNode) bool { return path.seat.number == 0 })
	case quantifierNode:
		return bound(r.list) && ofElements(r.condition)
	case filterNode:
		return bound(r.list) && ofElements(r.condition)
	case mapNode:
		return bound(r.list) && ofElements(r.each)
	case reduceNode:
		return bound(r.list) && bound(r.start) && ofElements(r.step)
	case screeningNode:
		return bound(r.hits) && ofElements(r.test)
	}
	parts, known := innerNodes(root)
	return known && !slices.ContainsFunc(parts, func(n node) bool { return !bound(n) })
}

// ofElements reports whether a node within the condition over elements sees only the element: its paths are not bound.
func ofElements(root node) bool {
	switch r := root.(type) {
	case nil, constant, elementNode:
		return true
	case pathNode:
		return r.seat.number == 0
	case missingNode:
		return !slices.ContainsFunc(r.paths, func(path pathNode) bool { return path.seat.number > 0 })
	case quantifierNode:
		return ofElements(r.list) && ofElements(r.condition)
	case filterNode:
		return ofElements(r.list) && ofElements(r.condition)
	case mapNode:
		return ofElements(r.list) && ofElements(r.each)
	case reduceNode:
		return ofElements(r.list) && ofElements(r.start) && ofElements(r.step)
	}
	parts, known := innerNodes(root)
	return known && !slices.ContainsFunc(parts, func(n node) bool { return !ofElements(n) })
}

// innerNodes are those of a node that reads no value itself.
func innerNodes(root node) (parts []node, known bool) {
	switch r := root.(type) {
	case andNode:
		return []node{r.left, r.right}, true
	case orNode:
		return []node{r.left, r.right}, true
	case compareNode:
		return []node{r.left, r.right}, true
	case inNode:
		return []node{r.left, r.right}, true
	case arithmeticNode:
		return []node{r.left, r.right}, true
	case memberNode:
		return []node{r.field, r.list}, true
	case foldedNode:
		return []node{r.field, r.wanted}, true
	case ownersNode:
		return []node{r.registered, r.declared}, true
	case ternaryNode:
		return []node{r.condition, r.then, r.otherwise}, true
	case coalesceNode:
		return r.choices, true
	case listNode:
		return r.elements, true
	case callNode:
		return r.arguments, true
	case mergeNode:
		return r.parts, true
	case catNode:
		return r.parts, true
	case substrNode:
		return r.arguments, true
	}
	inner, known := innerNode(root)
	return []node{inner}, known
}

func innerNode(root node) (inner node, known bool) {
	switch r := root.(type) {
	case notNode:
		return r.inner, true
	case existsNode:
		return r.inner, true
	case truthyNode:
		return r.inner, true
	case matchNode:
		return r.inner, true
	case negateNode:
		return r.inner, true
	case rankNode:
		return r.inner, true
	case lastYearNode:
		return r.field, true
	case missingSomeNode:
		return r.missing, true
	case listedNode:
		return r.inner, true
	}
	return nil, false
}
