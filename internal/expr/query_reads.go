package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// anyElement is the index of a step that goes through every element of a list.
const anyElement = -1

// Queried lists the paths that the program's queries and schemas read, as far as these are known, besides Paths; what is
// below them is read, too. everything: one of them reads the whole document.
func (p *Program) Queried() (found []Reference, everything bool) { return p.opaque, p.whole }

// One reports whether the reference is one place of a document, and not one in each element of a list.
func (r Reference) One() bool { return r.node != nil }

// QueryReads lists the paths that a JMESPath query reads, as steps from the root of its document; what is below them is read,
// too. everything: it reads the whole document, or what it reads is unknown.
func QueryReads(source string) (paths [][]string, everything bool) {
	found, everything, _ := queryReads(source)
	for _, reference := range found {
		paths = append(paths, reference.Steps)
	}
	return paths, everything
}

// queryReads finds what a query reads. It also reports where the order of an object's members, which is undefined, would matter.
func queryReads(source string) (found []Reference, everything bool, unordered string) {
	tree, err := parsing.NewParser().Parse(source)
	if err != nil {
		return nil, true, "" // Compile has reported it
	}
	r := queryReader{source: source}
	r.note(r.visit(tree, spot{known: true}))
	return r.found, r.everything, r.unordered
}

// spot is the place of a part of a query in the document: a path from its root, where that is known.
type spot struct {
	steps []step
	known bool
}

func (p spot) then(s step) spot {
	if !p.known {
		return p
	}
	return spot{append(slices.Clone(p.steps), s), true}
}

type queryReader struct {
	source     string
	found      []Reference
	everything bool
	unordered  string // the part whose order would count
	free       int    // at how many levels of the list the order cannot count: see orderFree
}

// note that what is at a place is read.
func (r *queryReader) note(at spot) {
	if !at.known {
		return
	}
	if len(at.steps) == 0 {
		r.everything = true
		return
	}
	reference := Reference{Path: pathText(at.steps), Steps: names(at.steps), Line: 1, Column: 1}
	if slices.ContainsFunc(r.found, func(other Reference) bool { return other.Path == reference.Path }) {
		return
	}
	if i := strings.Index(r.source, at.steps[0].name); i >= 0 {
		reference.Column, reference.Width = len([]rune(r.source[:i]))+1, len([]rune(at.steps[0].name))
	}
	if !slices.ContainsFunc(at.steps, func(s step) bool { return s.isIdx && s.index == anyElement }) {
		reference.node = newPath(at.steps, reference.Path)
	}
	r.found = append(r.found, reference)
}

func pathText(steps []step) string { return JoinPath(names(steps)) }

// visit walks a part whose context is at a place, and returns the place of what it evaluates to.
func (r *queryReader) visit(n parsing.ASTNode, at spot) spot {
	free := r.free
	r.free = 0
	nowhere := spot{}
	switch n.NodeType {
	case parsing.ASTField:
		name, _ := n.Value.(string)
		return at.then(step{name: name})
	case parsing.ASTRootNode:
		return spot{known: true}
	case parsing.ASTCurrentNode, parsing.ASTIdentity:
		return at
	case parsing.ASTLiteral, parsing.ASTVariable, parsing.ASTSlice, parsing.ASTEmpty:
		return nowhere
	case parsing.ASTIndex:
		if index, ok := n.Value.(int); ok && index >= 0 {
			return at.then(step{index: index, isIdx: true})
		}
		return at.then(step{index: anyElement, isIdx: true})
	case parsing.ASTSubexpression, parsing.ASTPipe, parsing.ASTIndexExpression:
		left := r.visit(n.Children[0], at)
		if len(n.Children) > 1 && n.Children[1].NodeType == parsing.ASTSlice {
			r.note(left)
			return nowhere
		}
		return r.within(free, n.Children[1], left)
	case parsing.ASTProjection, parsing.ASTFilterProjection:
		return r.projection(n, at, free)
	case parsing.ASTFlatten:
		if free > 0 {
			free++ // the lists inside come apart
		}
		r.note(r.within(free, n.Children[0], at))
		return nowhere
	case parsing.ASTValueProjection:
		if free == 0 {
			r.unordered = "*"
		}
		r.note(r.visit(n.Children[0], at))
		r.note(r.within(free-1, n.Children[1], nowhere))
		return nowhere
	case parsing.ASTExpRef:
		r.note(r.visit(n.Children[0], nowhere))
		return nowhere
	case parsing.ASTFunctionExpression:
		return r.function(n, at, free)
	}
	for _, child := range n.Children {
		r.note(r.visit(child, at))
	}
	return nowhere
}

// within visits a part in which the order of so many levels of lists cannot matter. The result of a function such as
// length() does not depend on the order of its list: one level. What is flattened there may be a list of lists: two. On
// the right of a projection is an element: one level less. Everything else depends on an order.
func (r *queryReader) within(free int, n parsing.ASTNode, at spot) spot {
	r.free = max(0, free)
	return r.visit(n, at)
}

// projection reads a list, and of each element what stands right of it. The order of the elements is that of the list.
func (r *queryReader) projection(n parsing.ASTNode, at spot, free int) spot {
	left := free
	if right := n.Children[1].NodeType; n.NodeType == parsing.ASTFilterProjection || right != parsing.ASTIdentity && right != parsing.ASTCurrentNode {
		left = min(free, 1) // more is done with an element than to hand it on
	}
	list := r.within(left, n.Children[0], at)
	r.note(list)
	element := list.then(step{index: anyElement, isIdx: true})
	if n.Children[0].NodeType == parsing.ASTFlatten || n.Children[0].NodeType == parsing.ASTIndexExpression {
		element = spot{}
	}
	r.note(r.within(free-1, n.Children[1], element))
	for _, condition := range n.Children[2:] {
		r.note(r.visit(condition, element))
	}
	return spot{}
}

// Functions whose result has the order of an object's members, and those that do not depend on an order.
var (
	unorderedFunctions = []string{"keys", "values", "items"}
	orderFreeFunctions = []string{"length", "sort", "contains", "max", "min"}
)

func (r *queryReader) function(n parsing.ASTNode, at spot, free int) spot {
	name, _ := n.Value.(string)
	if slices.Contains(unorderedFunctions, name) && free == 0 {
		r.unordered = name + "()"
	}
	for i, child := range n.Children {
		bindings := 0
		if i == 0 && slices.Contains(orderFreeFunctions, name) { // contains() looks for its second argument as it stands
			bindings = 1
		}
		r.note(r.within(bindings, child, at))
	}
	return spot{}
}

// schemaReads are the properties that a JSON Schema names.
func schemaReads(schema any) (found []Reference, everything bool) {
	object, ok := schema.(map[string]any)
	if !ok {
		return nil, true
	}
	var visit func(object map[string]any, steps []step)
	visit = func(object map[string]any, steps []step) {
		properties, _ := object["properties"].(map[string]any)
		if len(steps) > maxDepth || len(properties) == 0 {
			if len(steps) > 0 {
				path := pathText(steps)
				found = append(found, Reference{Path: path, Steps: names(steps), Line: 1, Column: 1, node: newPath(steps, path)})
			}
			return
		}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			inner, _ := properties[name].(map[string]any)
			visit(inner, append(slices.Clone(steps), step{name: name}))
		}
	}
	visit(object, nil)
	for keyword := range object { // what is named elsewhere may be anything
		if !slices.Contains([]string{"$schema", "title", "description", "type", "properties", "required"}, keyword) {
			everything = true
		}
	}
	return found, everything
}
