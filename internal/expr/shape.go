package expr

import (
	"maps"
	"slices"
	"strings"
)

// Types is a set of types that a value may have.
type Types uint8

// The types; Any is all of them.
const (
	TypeNull Types = 1 << iota
	TypeBool
	TypeNumber
	TypeText
	TypeDate // a date that an expression has made: date(…), now()
	TypeList
	TypeObject
	Any Types = 1<<iota - 1
)

var typeNames = map[Types]string{
	TypeNull: "null", TypeBool: "true or false", TypeNumber: "a number", TypeText: "text",
	TypeDate: "a date", TypeList: "a list", TypeObject: "an object",
}

func (t Types) String() string {
	if t == Any {
		return "anything"
	}
	var found []string
	for one := TypeNull; one <= TypeObject; one <<= 1 {
		if t&one != 0 {
			found = append(found, typeNames[one])
		}
	}
	return strings.Join(found, " or ")
}

// Shape answers questions about the documents that a JSON Schema describes: whether a field exists, and its type. It is
// immutable. A nil Shape allows everything.
type Shape struct{ root map[string]any }

// NewShape makes a shape of a JSON Schema given as JSON values.
func NewShape(schema map[string]any) *Shape {
	if schema == nil {
		return nil
	}
	return &Shape{root: schema}
}

// Field is what a shape states about a path.
type Field struct {
	Known    bool     // false: the schema has no such field
	Declared bool     // the schema names it; false if the schema is open and does not name it
	Types    Types    // Any if the schema does not state them
	Personal bool     // it, what it is part of, or a part of it is marked personal: true
	Step     int      // where Known is false: the step that is unknown
	Names    []string // where Known is false: the names that are known there, sorted
}

// Find follows a path; "[]" is any element of a list, as References have it. A schema that lists properties knows no
// others, unless it has additionalProperties or patternProperties.
func (s *Shape) Find(steps []string) Field {
	if s == nil {
		return Field{Known: true, Types: Any}
	}
	at := []map[string]any{s.root}
	found := Field{Known: true, Declared: true, Personal: s.holdsPersonal(steps)}
	for i, step := range steps {
		here := s.expand(at)
		next, names, open := s.children(here, step)
		switch {
		case len(next) > 0:
			at = next
		case open || len(here) == 0:
			return Field{Known: true, Types: Any, Personal: found.Personal}
		default:
			return Field{Step: i, Names: names, Types: Any, Personal: found.Personal}
		}
	}
	here := s.expand(at)
	found.Types = typesOf(here)
	return found
}

// Suggest is the nearest known path for one that Find does not know: "did you mean risk.score?", or "".
func (s *Shape) Suggest(steps []string) string {
	field := s.Find(steps)
	if field.Known {
		return ""
	}
	name := Suggest(steps[field.Step], field.Names)
	if name == "" {
		return ""
	}
	fixed := slices.Clone(steps)
	fixed[field.Step] = name
	return "did you mean " + JoinPath(fixed) + "?"
}

// JoinPath writes the steps of a path as expressions do.
func JoinPath(steps []string) string {
	var b strings.Builder
	for i, step := range steps {
		if i > 0 && step != "[]" {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

// expand resolves references and collects the alternatives of allOf, anyOf, oneOf, then and else.
func (s *Shape) expand(schemas []map[string]any) []map[string]any {
	var found []map[string]any
	var visit func(schema map[string]any, depth int)
	visit = func(schema map[string]any, depth int) {
		if depth > maxDepth {
			return
		}
		found = append(found, schema)
		if ref, ok := schema["$ref"].(string); ok {
			if target := s.resolve(ref); target != nil {
				visit(target, depth+1)
			}
		}
		for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
			list, _ := schema[keyword].([]any)
			for _, one := range list {
				if sub, ok := one.(map[string]any); ok {
					visit(sub, depth+1)
				}
			}
		}
		for _, keyword := range []string{"then", "else"} {
			if sub, ok := schema[keyword].(map[string]any); ok {
				visit(sub, depth+1)
			}
		}
	}
	for _, schema := range schemas {
		visit(schema, 0)
	}
	return found
}

// Place is a place in documents of a shape, for walking a document along with its schema. The zero Place has no schema.
type Place struct {
	shape   *Shape
	schemas []map[string]any
}

// Root is the place of the whole document.
func (s *Shape) Root() Place {
	if s == nil {
		return Place{}
	}
	return Place{s, s.expand([]map[string]any{s.root})}
}

// Into is the place of a member, or with "[]" of an element.
func (p Place) Into(step string) Place {
	if p.shape == nil {
		return p
	}
	next, _, _ := p.shape.children(p.schemas, step)
	return Place{p.shape, p.shape.expand(next)}
}

// Names reports whether the schema names a member here, or with "[]" whether it describes elements.
func (p Place) Names(member string) bool {
	for _, schema := range p.schemas {
		if member == "[]" && (schema["items"] != nil || schema["prefixItems"] != nil) {
			return true
		}
		properties, _ := schema["properties"].(map[string]any)
		if _, named := properties[member]; named {
			return true
		}
	}
	return false
}

// Text is the text that a keyword of the schema has here, or "".
func (p Place) Text(keyword string) string {
	for _, schema := range p.schemas {
		if text, ok := schema[keyword].(string); ok {
			return text
		}
	}
	return ""
}

// children are the schemas of one step further. open: the schemas allow what they do not name.
func (s *Shape) children(schemas []map[string]any, step string) (next []map[string]any, names []string, open bool) {
	restricted := false
	add := func(v any) {
		if sub, ok := v.(map[string]any); ok {
			next = append(next, sub)
		} else if v == true {
			open = true
		}
	}
	known := map[string]bool{}
	for _, schema := range schemas {
		if step == "[]" {
			add(schema["items"])
			if items, ok := schema["prefixItems"].([]any); ok {
				for _, item := range items {
					add(item)
				}
			}
			restricted = restricted || (schema["type"] != nil && schema["type"] != "array")
			continue
		}
		properties, has := schema["properties"].(map[string]any)
		for name := range properties {
			known[name] = true
		}
		if v, ok := properties[step]; ok {
			add(v)
			open = open || v == true
			continue
		}
		add(schema["additionalProperties"])
		open = open || schema["patternProperties"] != nil
		restricted = restricted || has || schema["additionalProperties"] == false || isScalar(schema["type"])
	}
	return next, slices.Sorted(maps.Keys(known)), open || !restricted
}

func isScalar(t any) bool {
	switch t {
	case "string", "number", "integer", "boolean", "null", "array":
		return true
	}
	return false
}

// typesOf is the union of the types in the schemas; Any if none states a type.
func typesOf(schemas []map[string]any) Types {
	var found Types
	for _, schema := range schemas {
		switch t := schema["type"].(type) {
		case string:
			found |= typeOfName(t)
		case []any:
			for _, one := range t {
				name, _ := one.(string)
				found |= typeOfName(name)
			}
		}
		if constant, ok := schema["const"]; ok {
			found |= typeOf(constant)
		}
		if list, ok := schema["enum"].([]any); ok {
			for _, one := range list {
				found |= typeOf(one)
			}
		}
		if schema["properties"] != nil && schema["type"] == nil {
			found |= TypeObject
		}
	}
	if found == 0 {
		return Any
	}
	return found
}

func typeOfName(name string) Types {
	switch name {
	case "string":
		return TypeText
	case "number", "integer":
		return TypeNumber
	case "boolean":
		return TypeBool
	case "null":
		return TypeNull
	case "array":
		return TypeList
	case "object":
		return TypeObject
	}
	return 0
}

func typeOf(v any) Types {
	for t, name := range typeNames {
		if kind(v) == name {
			return t
		}
	}
	return Any
}
