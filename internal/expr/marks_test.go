package expr

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAMarkIsFoundGoneHoweverThePlaceIsDescribed(t *testing.T) {
	const former = `{"properties": {"who": {"type": "object", "properties": {"name": {"type": "string", "personal": true}, "n": {"type": "number"}}},
		"owners": {"type": "array", "items": {"properties": {"name": {"type": "string", "personal": true}}}},
		"more": {"type": "object", "additionalProperties": {"personal": true}}}}`
	const rest = `"owners": {"type": "array", "items": {"properties": {"name": {"personal": true}}}}, "more": {"additionalProperties": {"personal": true}}`
	for next, want := range map[string][]string{
		former: nil,
		`{"$defs": {"t": {"type": "string", "personal": true}}, "properties": {"who": {"properties": {"name": {"$ref": "#/$defs/t"}}}, ` + rest + `}}`:                                                                                        nil,
		`{"properties": {"who": {"personal": true}, ` + rest + `}}`:                                                                                                                                                                           nil,
		`{"anyOf": [{"properties": {"who": {"properties": {"name": {"personal": true}}}}}, {"type": "object"}], "properties": {` + rest + `}}`:                                                                                                nil,
		`{"properties": {"who": {"properties": {"name": {"type": "string"}}}, ` + rest + `}}`:                                                                                                                                                 {"who.name"},
		`{"properties": {"who": {"properties": {"name": {"type": "string", "personal": false}}}, ` + rest + `}}`:                                                                                                                              {"who.name"},
		`{"properties": {"who": {"type": "object", "additionalProperties": {"type": "string"}}, ` + rest + `}}`:                                                                                                                               {"who.name"},
		`{"properties": {"who": {"type": "object"}, ` + rest + `}}`:                                                                                                                                                                           {"who.name"},
		`{"$defs": {"w": {"properties": {"name": {"type": "string"}}}}, "properties": {"who": {"$ref": "#/$defs/w"}, ` + rest + `}}`:                                                                                                          {"who.name"},
		`{"anyOf": [{"properties": {"who": {"properties": {"name": {"type": "string"}}}}}], "properties": {` + rest + `}}`:                                                                                                                    {"who.name"},
		`{"properties": {"who": {"personal": true}, "owners": {"items": {"type": "object"}}, "more": {"additionalProperties": {"personal": true}}}}`:                                                                                          {"owners[].name"},
		`{"properties": {"who": {"personal": true}, "owners": {"prefixItems": [{"properties": {"name": {}}}], "items": {"properties": {"name": {"personal": true}}}}}}`:                                                                       {"more.*", "owners[0].name"},
		`{"properties": {"who": {"personal": true}, ` + rest[:len(rest)-len(`, "more": {"additionalProperties": {"personal": true}}`)] + `, "more": {"properties": {"id": {"type": "string"}}, "additionalProperties": {"personal": true}}}}`: {"more.id"},
		`{}`: {"more.*", "owners[].name", "who.name"},
	} {
		was, is := NewShape(decode(t, former).(map[string]any)), NewShape(decode(t, next).(map[string]any))
		if got := is.Unmarked(was); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", next, got, want)
		}
		if got := was.Unmarked(was); len(got) > 0 {
			t.Errorf("the same schema: %q", got)
		}
	}
}

func TestSchemasThatContainThemselvesAreCompared(t *testing.T) {
	const text = `{"$defs": {"node": {"properties": {"name": {"type": "string", "personal": true}, "of": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}}, "$ref": "#/$defs/node"}`
	was := NewShape(decode(t, text).(map[string]any))
	flat := NewShape(decode(t, `{"properties": {"name": {"personal": true}, "of": {"items": {"properties": {"name": {"personal": true}, "of": {"items": {"properties": {"name": {"type": "string"}}}}}}}}}`).(map[string]any))
	if got := flat.Unmarked(was); !slices.Equal(got, []string{"of[].of[].name"}) {
		t.Errorf("%q", got)
	}
	if got := was.Unmarked(was); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestWhatIsMaskedIsWhatIsMarked(t *testing.T) {
	s := NewShape(decode(t, `{"properties": {"a": {"properties": {"name": {"personal": true}, "n": {}}}, "l": {"items": {"properties": {"x": {"personal": true}}}}}}`).(map[string]any))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching("[a-z]{1,5}").Draw(t, "text")
		shown, hidden := s.Masked(map[string]any{"a": map[string]any{"name": text, "n": text, "other": text}, "l": []any{map[string]any{"x": text, "y": text}}, "open": text}, "c")
		whole := shown.(map[string]any)
		a, l := whole["a"].(map[string]any), whole["l"].([]any)[0].(map[string]any)
		if a["name"] != nil || l["x"] != nil || a["n"] != text || a["other"] != text || l["y"] != text || whole["open"] != text || !slices.Equal(hidden, []string{"c.a.name", "c.l.x"}) {
			t.Fatalf("%v %v", shown, hidden)
		}
	})
}
