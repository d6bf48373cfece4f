package connector

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
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
		once := inShape(given, schema)
		copied, err := plain(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice := inShape(copied, schema); !reflect.DeepEqual(once, twice) {
			t.Fatalf("%s: %v, then %v", text, once, twice)
		}
		if hollow(once) {
			t.Fatalf("%s: what was not answered is still there: %v", text, once)
		}
	})
}

// hollow reports whether there is a member, or an element, that says nothing.
func hollow(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			inner, isObject := member.(map[string]any)
			if member == nil || member == "" || isObject && len(inner) == 0 || hollow(member) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if element == nil || element == "" || hollow(element) {
				return true
			}
		}
	}
	return false
}
