package expr

import (
	"math"
	"slices"
	"unicode/utf8"
)

// Expect compares values with a plain JSON Schema while they are looked up: Values.Doubtful reports afterwards whether
// one of those that the paths lead to may violate it. It is fast, and errs on the side of doubt: Schema.Check decides.
// ok is false for a schema that restricts them by more than their types and values, or in another way; there is no
// comparison then.
func (b *Bound) Expect(schema map[string]any) (ok bool) { return b.all.expect(schema) }

// Doubtful reports whether a value that was looked up may violate the schema of Expect. What is missing is never in doubt.
func (v *Values) Doubtful() bool { return v.doubt }

// Reads reports whether paths lead to a place of documents, through it, or to a part of which it is one. What is read inside a list
// counts as the whole list.
func (b *Bound) Reads(steps []string) bool {
	at := b.all
	for _, step := range steps {
		if at.whole {
			return true
		}
		if at = at.Member(step); at == nil {
			return false
		}
	}
	return true
}

// Blocked records that the value at a seat of which only members are needed is not an object.
func (v *Values) Blocked(s *Spot, null bool) {
	v.doubt = v.doubt || s.expects && (!null || !s.nullable)
}

// keywords that do not restrict values, or that lead to the members.
var plainKeywords = map[string]bool{
	"$schema": true, "$id": true, "$comment": true, "title": true, "description": true, "default": true, "examples": true, "deprecated": true,
	"personal": true, "type": true, "properties": true, "required": true,
}

// expect compiles the schema of the place and of what is below it.
func (s *Spot) expect(schema map[string]any) bool {
	if s.whole {
		allows, ok := plainSchema(schema, 0)
		s.allows = allows
		return ok
	}
	for keyword := range schema {
		if !plainKeywords[keyword] && keyword != "additionalProperties" {
			return false
		}
	}
	types, ok := plainTypes(schema["type"])
	if !ok || types&TypeObject == 0 {
		return false
	}
	s.expects, s.nullable = true, types&TypeNull != 0
	properties, _ := schema["properties"].(map[string]any)
	for i, name := range s.names {
		below, declared := properties[name]
		if !declared {
			below = true
			if other, has := schema["additionalProperties"]; has {
				below = other
			}
		}
		switch below := below.(type) {
		case bool:
			if !below {
				return false
			}
		case map[string]any:
			if !s.children[i].expect(below) {
				return false
			}
		}
	}
	return true
}

// test of a value: true when it conforms for sure.
type test func(value any) bool

// plainTypes reads the type of a schema; Any if there is none.
func plainTypes(value any) (types Types, ok bool) {
	switch t := value.(type) {
	case nil:
		return Any, true
	case string:
		types = typeOfName(t)
		return types, types != 0
	case []any:
		for _, one := range t {
			name, _ := one.(string)
			types |= typeOfName(name)
		}
		return types, types != 0
	}
	return 0, false
}

// plainSchema compiles a schema to a test. ok is false when it has keywords that are not compiled here.
func plainSchema(schema any, depth int) (_ test, ok bool) {
	if b, isBool := schema.(bool); isBool {
		return func(any) bool { return b }, true
	}
	object, isObject := schema.(map[string]any)
	if !isObject || depth > maxDepth {
		return nil, false
	}
	var tests []test
	for keyword, value := range object {
		one, ok := plainKeyword(object, keyword, value, depth)
		if !ok {
			return nil, false
		}
		if one != nil {
			tests = append(tests, one)
		}
	}
	return func(value any) bool {
		for _, one := range tests {
			if !one(value) {
				return false
			}
		}
		return true
	}, true
}

// plainKeyword compiles one keyword; a nil test allows everything.
func plainKeyword(schema map[string]any, keyword string, value any, depth int) (_ test, ok bool) {
	switch keyword {
	case "type":
		return plainType(value)
	case "properties":
		return plainMembers(schema, depth)
	case "additionalProperties":
		if schema["patternProperties"] != nil {
			return nil, false
		}
		if schema["properties"] != nil {
			return nil, true // with the properties
		}
		return plainMembers(schema, depth)
	case "items":
		return plainElements(value, depth)
	case "enum":
		list, isList := value.([]any)
		return oneOfScalars(list), isList && !slices.ContainsFunc(list, composite)
	case "const":
		return oneOfScalars([]any{value}), !composite(value)
	case "format":
		return plainFormat(value)
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems":
		limit, isNumber := value.(float64)
		return within(keyword, limit), isNumber
	}
	return nil, plainKeywords[keyword]
}

func plainType(value any) (test, bool) {
	types, ok := plainTypes(value)
	whole := value == "integer"
	if list, isList := value.([]any); isList {
		whole = slices.Contains(list, any("integer")) && !slices.Contains(list, any("number"))
	}
	return func(v any) bool {
		if f, isNumber := v.(float64); isNumber {
			return types&TypeNumber != 0 && (!whole || f == math.Trunc(f))
		}
		return jsonType(v)&types != 0
	}, ok
}

// jsonType is the type of a JSON value; 0 for what is none.
func jsonType(value any) Types {
	switch value.(type) {
	case nil:
		return TypeNull
	case bool:
		return TypeBool
	case float64:
		return TypeNumber
	case string:
		return TypeText
	case []any:
		return TypeList
	case map[string]any:
		return TypeObject
	}
	return 0
}

func composite(value any) bool {
	return jsonType(value)&(TypeList|TypeObject) != 0 || jsonType(value) == 0
}

func oneOfScalars(list []any) test {
	return func(v any) bool { return !composite(v) && slices.Contains(list, v) }
}

func plainMembers(schema map[string]any, depth int) (test, bool) {
	properties, _ := schema["properties"].(map[string]any)
	tests := make(map[string]test, len(properties))
	for name, one := range properties {
		compiled, ok := plainSchema(one, depth+1)
		if !ok {
			return nil, false
		}
		tests[name] = compiled
	}
	var others test
	if one, has := schema["additionalProperties"]; has && one != true {
		compiled, ok := plainSchema(one, depth+1)
		if !ok {
			return nil, false
		}
		others = compiled
	}
	return func(v any) bool {
		object, _ := v.(map[string]any)
		for name, member := range object {
			test, known := tests[name]
			if !known {
				test = others
			}
			if test != nil && !test(member) {
				return false
			}
		}
		return true
	}, true
}

func plainElements(schema any, depth int) (test, bool) {
	one, ok := plainSchema(schema, depth+1)
	return func(v any) bool {
		list, _ := v.([]any)
		for _, element := range list {
			if !one(element) {
				return false
			}
		}
		return true
	}, ok
}

// plainFormat compiles dates: those of the last days of a month are left to the format itself.
func plainFormat(value any) (test, bool) {
	return func(v any) bool {
		text, isText := v.(string)
		return !isText || plainDate(text)
	}, value == "date"
}

func plainDate(text string) bool {
	if len(text) != len("2006-01-02") || text[4] != '-' || text[7] != '-' {
		return false
	}
	for _, i := range []int{0, 1, 2, 3, 5, 6, 8, 9} {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	month, day := text[5:7], text[8:10]
	return month >= "01" && month <= "12" && day >= "01" && day <= "28"
}

// within compiles a limit; it concerns only values of its type.
func within(keyword string, limit float64) test {
	return func(value any) bool {
		switch v := value.(type) {
		case float64:
			return withinNumber(keyword, v, limit)
		case string:
			n := float64(utf8.RuneCountInString(v))
			return (keyword != "minLength" || n >= limit) && (keyword != "maxLength" || n <= limit)
		case []any:
			n := float64(len(v))
			return (keyword != "minItems" || n >= limit) && (keyword != "maxItems" || n <= limit)
		}
		return true
	}
}

func withinNumber(keyword string, v, limit float64) bool {
	switch keyword {
	case "minimum":
		return v >= limit
	case "maximum":
		return v <= limit
	case "exclusiveMinimum":
		return v > limit
	case "exclusiveMaximum":
		return v < limit
	}
	return true
}
