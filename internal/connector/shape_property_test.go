package connector

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/schemafault"
)

// shapedValue draws a value of about the form of a schema: some members are missing, null, empty, of another type or unknown.
func shapedValue(t *rapid.T, schema map[string]any, depth int) any {
	if depth > 4 || rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, "", " ", "x", 7.0, true, []any{}, []any{nil, ""}, map[string]any{}, map[string]any{"x": nil}}).Draw(t, "value")
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		object := map[string]any{}
		for name, below := range properties {
			if rapid.Bool().Draw(t, name) {
				object[name] = shapedValue(t, below.(map[string]any), depth+1)
			}
		}
		return object
	}
	if items, ok := schema["items"].(map[string]any); ok {
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = shapedValue(t, items, depth+1)
		}
		return list
	}
	return rapid.SampledFrom([]any{nil, "", "verified", "DEU", "se", "England", "2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04", 0.5, false}).Draw(t, "leaf")
}

func TestWritingAResultInItsShapeTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema, err := shapeOf(rapid.SampledFrom(Shapes()).Draw(t, "shape"))
		if err != nil {
			t.Fatal(err)
		}
		given := shapedValue(t, schema, 0)
		text, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		copiedBefore, err := plain(given)
		if err != nil {
			t.Fatal(err)
		}
		once := inShape(given, schema)
		copied, err := plain(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice := inShape(copied, schema); !reflect.DeepEqual(once, twice) {
			t.Fatalf("%s: %v, then %v", text, once, twice)
		}
		if hollow(once, schema) {
			t.Fatalf("%s: what was not answered is still there: %v", text, once)
		}
		compiled, err := schemafault.Compile(schema)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := objects(copiedBefore, schema), objects(once, schema); before != after {
			t.Fatalf("%s: %d elements, then %d: %v", text, before, after, once)
		}
		if blank(once, schema) && len(schemafault.Of(compiled, once)) == 0 {
			t.Fatalf("%s: an element that says nothing is in order: %v", text, once)
		}
	})
}

// hollow reports whether there is an empty member, or an element of a list that is not one of objects.
func hollow(value any, schema map[string]any) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			inner, isObject := member.(map[string]any)
			if member == nil || member == "" || isObject && len(inner) == 0 || hollow(member, at(schema, "properties", name)) {
				return true
			}
		}
	case []any:
		items := at(schema, "items")
		for _, element := range v {
			if element == "" || element == nil && items["properties"] == nil || hollow(element, items) {
				return true
			}
		}
	}
	return false
}

// at is the part of a schema below some names, or nil.
func at(schema map[string]any, names ...string) map[string]any {
	for _, name := range names {
		schema, _ = schema[name].(map[string]any)
	}
	return schema
}

// objects counts the elements of all lists of objects.
func objects(value any, schema map[string]any) (count int) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			count += objects(member, at(schema, "properties", name))
		}
	case []any:
		items := at(schema, "items")
		if items["properties"] != nil {
			count = len(v)
		}
		for _, element := range v {
			count += objects(element, items)
		}
	}
	return count
}

// blank reports whether an element of a list of objects is empty.
func blank(value any, schema map[string]any) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if blank(member, at(schema, "properties", name)) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if element == nil && at(schema, "items")["properties"] != nil || blank(element, at(schema, "items")) {
				return true
			}
		}
	}
	return false
}
