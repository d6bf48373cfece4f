package workflow

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/source"
)

// identifierKinds are the values of `identifies` in a field's schema, which declares that the field helps to find cases
// about the same person; none: it does not, whatever the field is called.
var identifierKinds = []string{"email", "phone", "document_number", "device", "face", "none"}

// identifies reports invalid values of `identifies` in a schema, also nested ones.
func (r *reader) identifies(node *yaml.Node, path string, schema map[string]any) {
	value, there := schema["identifies"]
	if kind, isText := value.(string); there && (!isText || !slices.Contains(identifierKinds, kind)) {
		r.doc.Unknown(memberOr(node, "identifies"), source.Join(path, "identifies"), "identifier", kind, identifierKinds)
	}
	for keyword, inner := range schema {
		switch keyword {
		case "const", "enum", "default", "examples": // values
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			named, _ := inner.(map[string]any)
			for name, one := range named {
				r.identifiesInside(memberOr(memberOr(node, keyword), name), source.Join(source.Join(path, keyword), name), one)
			}
		default:
			r.identifiesInside(memberOr(node, keyword), source.Join(path, keyword), inner)
		}
	}
}

func (r *reader) identifiesInside(node *yaml.Node, path string, inner any) {
	switch inner := inner.(type) {
	case map[string]any:
		r.identifies(node, path, inner)
	case []any:
		for _, one := range inner {
			if schema, ok := one.(map[string]any); ok {
				r.identifies(node, path, schema)
			}
		}
	}
}

// memberOr is the node of a member, or the one around it.
func memberOr(node *yaml.Node, name string) *yaml.Node {
	if inside := member(node, name); inside != nil {
		return inside
	}
	return node
}
