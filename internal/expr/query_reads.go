package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// anyElement is the index of a step that goes through every element of a list.
const anyElement = -1

// Queried lists the paths that the program's queries and schemas read, as far as they tell, besides Paths; what is below
// them is read, too. everything: one of them reads the whole document.
func (p *Program) Queried() (found []Reference, everything bool) { return p.opaque, p.whole }

// One says whether the reference is one place of a document, and not one in each element of a list.
func (r Reference) One() bool { return r.node != nil }

// queryReads finds what a query reads. It says too where the order of an object's members, which have none, would count.
func queryReads(source string) (found []Reference, everything bool, unordered string) {
	tree, err := parsing.NewParser().Parse(source)
	if err != nil {
		return nil, true, "" // Compile has said it
	}
	r := queryReader{source: source}
	r.note(r.visit(tree, spot{known: true}))
	return r.found, r.everything, r.unordered
}

// spot is where a part of a query stands in the document: a path from its root, where that can be told.
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
	ordered    bool   // within a function that asks for no order
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

// visit goes through a part whose context is at a place, and gives the place of what it evaluates to.
func (r *queryReader) visit(n parsing.ASTNode, at spot) spot {
	ordered := r.ordered
	r.ordered = false
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
		return r.visit(n.Children[1], left)
	case parsing.ASTProjection, parsing.ASTFilterProjection:
		return r.projection(n, at)
	case parsing.ASTFlatten:
		r.note(r.visit(n.Children[0], at))
		return nowhere
	case parsing.ASTValueProjection:
		if !ordered {
			r.unordered = "*"
		}
		r.note(r.visit(n.Children[0], at))
		r.note(r.visit(n.Children[1], nowhere))
		return nowhere
	case parsing.ASTExpRef:
		r.note(r.visit(n.Children[0], nowhere))
		return nowhere
	case parsing.ASTFunctionExpression:
		return r.function(n, at, ordered)
	}
	for _, child := range n.Children {
		r.note(r.visit(child, at))
	}
	return nowhere
}

// projection reads a list, and of each element what stands right of it.
func (r *queryReader) projection(n parsing.ASTNode, at spot) spot {
	list := r.visit(n.Children[0], at)
	r.note(list)
	element := list.then(step{index: anyElement, isIdx: true})
	if n.Children[0].NodeType == parsing.ASTFlatten || n.Children[0].NodeType == parsing.ASTIndexExpression {
		element = spot{}
	}
	for _, child := range n.Children[1:] {
		r.note(r.visit(child, element))
	}
	return spot{}
}

// Functions whose result has the order of an object's members, and those that ask for no order.
var (
	unorderedFunctions = []string{"keys", "values", "items"}
	orderFreeFunctions = []string{"length", "sort", "contains", "max", "min"}
)

func (r *queryReader) function(n parsing.ASTNode, at spot, ordered bool) spot {
	name, _ := n.Value.(string)
	if slices.Contains(unorderedFunctions, name) && !ordered {
		r.unordered = name + "()"
	}
	for _, child := range n.Children {
		r.ordered = slices.Contains(orderFreeFunctions, name)
		r.note(r.visit(child, at))
		r.ordered = false
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
