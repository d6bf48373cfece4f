package connector

import (
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
)

// fitsText is fits for a text of a template: an expression, a text with placeholders, or a fixed text. False: it is fixed.
func (s *source) fitsText(pointer, text string, schema map[string]any, top bool) bool {
	if !top {
		if !strings.ContainsAny(text, "{}") {
			return false
		}
		if !strings.HasPrefix(text, "{") || closing(text, 0) != len(text)-1 {
			return true // a text made of several parts
		}
		text = text[1 : len(text)-1]
	}
	if tree, ok := parsed(text); ok { // others have been reported
		s.fitsNode(pointer, tree, schema)
	}
	return true
}

func parsed(text string) (tree parsing.ASTNode, ok bool) {
	defer func() { // the parser is not ours
		if recover() != nil {
			ok = false
		}
	}()
	tree, err := parsing.NewParser().Parse(text)
	return tree, err == nil
}

// fitsNode reports what of an expression's value can never be of a shape: fixed texts and numbers, and members of objects that it makes.
// It checks the parts of the value, and not conditions and functions.
func (s *source) fitsNode(pointer string, node parsing.ASTNode, schema map[string]any) {
	children := node.Children
	switch node.NodeType {
	case parsing.ASTLiteral:
		switch node.Value {
		case nil, true, false, "": // represent no value, or a condition
		default:
			s.fits(pointer, node.Value, schema, literal)
		}
	case parsing.ASTOrExpression:
		s.fitsNode(pointer, children[0], schema)
		s.fitsNode(pointer, children[1], schema)
	case parsing.ASTAndExpression, parsing.ASTPipe, parsing.ASTSubexpression:
		s.fitsNode(pointer, children[1], schema)
	case parsing.ASTMultiSelectHash:
		if properties, ok := schema["properties"].(map[string]any); ok {
			s.fitsHash(pointer, children, properties, schema)
		}
	case parsing.ASTMultiSelectList:
		s.fitsElements(pointer, children, schema)
	case parsing.ASTProjection:
		if left := children[0]; children[1].NodeType == parsing.ASTIdentity && left.NodeType == parsing.ASTFlatten { // a[].[b][]
			if inner := left.Children[0]; inner.NodeType == parsing.ASTProjection && inner.Children[1].NodeType == parsing.ASTMultiSelectList {
				s.fitsElements(pointer, inner.Children[1].Children, schema)
			}
			return
		}
		s.fitsElements(pointer, children[1:], schema)
	}
}

func (s *source) fitsElements(pointer string, elements []parsing.ASTNode, schema map[string]any) {
	if items, ok := schema["items"].(map[string]any); ok {
		for _, element := range elements {
			s.fitsNode(pointer, element, items)
		}
	}
}

func (s *source) fitsHash(pointer string, pairs []parsing.ASTNode, properties, schema map[string]any) {
	members := map[string]any{}
	for _, pair := range pairs {
		name, _ := pair.Value.(string)
		members[name] = true
		if below, ok := properties[name].(map[string]any); ok {
			s.fitsNode(pointer, pair.Children[0], below)
		}
	}
	s.fitsNames(pointer, members, properties, schema)
}
