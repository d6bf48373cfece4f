package expr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOnlyUnmarkedFieldsOfTheSchemaAreDisclosed(t *testing.T) {
	schema := decode(t, `{"properties": {
		"country": {"type": "string"},
		"name": {"personal": true, "properties": {"given": {"type": "string"}}},
		"owners": {"items": {"properties": {"share": {"type": "number"}, "born": {"personal": true}}}},
		"counts": {"type": "object", "additionalProperties": {"type": "integer"}},
		"open": {"type": "object"}
	}}`).(map[string]any)
	value := decode(t, `{"country": "FR", "name": {"given": "x", "Jane": 1}, "owners": [{"share": 0.5, "born": "x"}, "x"],
		"counts": {"Jane": 1}, "open": {"any": "x"}, "vendor": {"hits": [{"name": "x"}]}}`)
	shown, hidden := NewShape(schema).Disclosed(value, "context")
	if got, want := fmt.Sprint(shown), "map[country:FR counts:map[] name:map[given:<nil>] open:map[] owners:[map[born:<nil> share:0.5] <nil>]]"; got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if want := []string{"context.*", "context.counts.*", "context.name", "context.open.*", "context.owners", "context.owners.born"}; !slices.Equal(hidden, want) {
		t.Errorf("hidden %v", hidden)
	}
	var none *Shape
	if shown, hidden := none.Disclosed(value, "context"); fmt.Sprint(shown) != "map[]" || !slices.Equal(hidden, []string{"context"}) {
		t.Errorf("without a schema: %v %v", shown, hidden)
	}
}

const hiddenMark = "Zq7secret"

// ways are how a schema (@S) of a value (@V) becomes part of another: that schema, its value, and what stands in the root under $defs/@N.
var ways = map[string]struct{ schema, value, defs string }{
	"properties":            {`{"properties": {"m": @S}}`, `{"m": @V}`, ``},
	"nested allOf":          {`{"allOf": [{"allOf": [@S]}]}`, `@V`, ``},
	"anyOf":                 {`{"anyOf": [@S, {"type": "null"}]}`, `@V`, ``},
	"oneOf":                 {`{"oneOf": [{"type": "integer"}, @S]}`, `@V`, ``},
	"if":                    {`{"type": ["string", "object", "array"], "if": @S}`, `@V`, ``},
	"then":                  {`{"type": ["string", "object", "array"], "if": {}, "then": @S}`, `@V`, ``},
	"else":                  {`{"type": ["string", "object", "array"], "if": false, "else": @S}`, `@V`, ``},
	"not not":               {`{"type": ["string", "object", "array"], "not": {"not": @S}}`, `@V`, ``},
	"dependentSchemas":      {`{"properties": {"m": {"type": ["string", "object", "array"]}}, "dependentSchemas": {"m": {"properties": {"m": @S}}}}`, `{"m": @V}`, ``},
	"dependencies":          {`{"properties": {"m": {"type": ["string", "object", "array"]}}, "dependencies": {"m": {"properties": {"m": @S}}}}`, `{"m": @V}`, ``},
	"beside properties":     {`{"properties": {"m": {"type": ["string", "object", "array"]}}, "allOf": [{"properties": {"m": @S}}]}`, `{"m": @V}`, ``},
	"additionalProperties":  {`{"properties": {"x": {}}, "additionalProperties": @S}`, `{"m": @V}`, ``},
	"patternProperties":     {`{"properties": {"m": {"type": ["string", "object", "array"]}}, "patternProperties": {"^m": @S}}`, `{"m": @V}`, ``},
	"unevaluatedProperties": {`{"properties": {"x": {}}, "unevaluatedProperties": @S}`, `{"m": @V}`, ``},
	"items":                 {`{"items": @S}`, `[@V]`, ``},
	"prefixItems":           {`{"prefixItems": [{"type": "string"}, @S], "items": {"type": "string"}}`, `["a", @V]`, ``},
	"after prefixItems":     {`{"prefixItems": [{"type": "string"}], "items": @S}`, `["a", @V]`, ``},
	"old items":             {`{"items": [{"type": "string"}, @S]}`, `["a", @V]`, ``},
	"additionalItems":       {`{"items": [{"type": "string"}], "additionalItems": @S}`, `["a", @V]`, ``},
	"contains":              {`{"items": {"type": ["string", "object", "array"]}, "contains": @S}`, `["a", @V]`, ``},
	"unevaluatedItems":      {`{"unevaluatedItems": @S}`, `[@V]`, ``},
	"$ref":                  {`{"$ref": "#/$defs/@N"}`, `@V`, `@S`},
	"$ref beside":           {`{"type": ["string", "object", "array"], "$ref": "#/$defs/@N"}`, `@V`, `@S`},
	"escaped $ref":          {`{"$ref": "#/%24defs/@N"}`, `@V`, `@S`},
	"$anchor":               {`{"type": ["string", "object", "array"], "$ref": "#@N"}`, `@V`, `{"$anchor": "@N", "allOf": [@S]}`},
	"$id":                   {`{"type": ["string", "object", "array"], "$ref": "urn:@N"}`, `@V`, `{"$id": "urn:@N", "allOf": [@S]}`},
	"$dynamicRef":           {`{"type": ["string", "object", "array"], "$dynamicRef": "#@N"}`, `@V`, `{"$dynamicAnchor": "@N", "allOf": [@S]}`},
	"a keyword of tomorrow": {`{"type": ["string", "object", "array"], "someOf": [@S]}`, `@V`, ``},
	"personal around":       {`{"personal": true, "properties": {"m": @S}}`, `{"m": @V}`, ``},
	"no mark in a name":     {`{"properties": {"personal": @S}}`, `{"personal": @V}`, ``},
}

// TestWhatIsMarkedIsHiddenHoweverASchemaGetsThere puts a marked value behind all the ways that schemas have of describing a part.
func TestWhatIsMarkedIsHiddenHoweverASchemaGetsThere(t *testing.T) {
	names := []string{}
	for name := range ways {
		names = append(names, name)
	}
	slices.Sort(names)
	check := func(fatal func(string, ...any), chosen []string, mark string) {
		schema, value, defs := `{"type": "string", "personal": `+mark+`}`, `"`+hiddenMark+`"`, []string{}
		for i, name := range chosen {
			n := fmt.Sprintf("n%d", i)
			put := func(text string) string {
				return strings.NewReplacer("@S", schema, "@N", n, "@V", value).Replace(text)
			}
			if ways[name].defs != "" {
				defs = append(defs, `"`+n+`": `+put(ways[name].defs))
			}
			schema, value = put(ways[name].schema), put(ways[name].value)
		}
		text := `{"$defs": {` + strings.Join(defs, ",") + `}, "properties": {"top": ` + schema + `, "open": {"type": "string"}}}`
		var whole, document map[string]any
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			fatal("%v: %s", err, text)
		}
		if err := json.Unmarshal([]byte(`{"top": `+value+`, "open": "seen"}`), &document); err != nil {
			fatal("%v: %s", err, value)
		}
		s := NewShape(whole)
		shown, hidden := s.Disclosed(document, "")
		answer, err := json.Marshal(shown)
		if err != nil || strings.Contains(string(answer), hiddenMark) || len(hidden) == 0 || !strings.Contains(string(answer), "seen") {
			fatal("%v: %s is shown, and %v hidden, of %s by %s (%v)", chosen, answer, hidden, value, text, err)
		}
		if !s.Personal([]string{"top"}) || s.Personal([]string{"open"}) {
			fatal("%v: expressions treat it as not personal: %s", chosen, text)
		}
	}
	for _, name := range names {
		for _, mark := range []string{"true", `"yes"`, "1"} {
			check(t.Fatalf, []string{name}, mark)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		check(r.Fatalf, rapid.SliceOfN(rapid.SampledFrom(names), 1, 5).Draw(r, "ways"), "true")
	})
}

func TestNamesThatNoSchemaGivesAreHidden(t *testing.T) {
	for _, schema := range []string{
		`{"additionalProperties": {"type": "integer"}}`, `{"propertyNames": {"personal": true}, "additionalProperties": {"type": "integer"}}`,
		`{"patternProperties": {".": {"type": "integer"}}}`, `{"personal": true}`, `{"type": "object"}`, `{}`, `{"$ref": "#"}`,
	} {
		shown, _ := NewShape(decode(t, `{"properties": {"m": `+schema+`}}`).(map[string]any)).Disclosed(map[string]any{"m": map[string]any{hiddenMark: 1.0}}, "")
		if text := fmt.Sprint(shown); strings.Contains(text, hiddenMark) {
			t.Errorf("%s: %s", schema, text)
		}
	}
}

func TestASchemaThatRefersToItselfComesToAnEnd(t *testing.T) {
	s := NewShape(decode(t, `{"properties": {"next": {"$ref": "#"}, "name": {"type": "string", "personal": true}, "n": {"type": "integer"}}}`).(map[string]any))
	shown, _ := s.Disclosed(decode(t, `{"n": 1, "next": {"n": 2, "name": "x", "next": {"name": "x"}}}`), "")
	if got := fmt.Sprint(shown); got != "map[n:1 next:map[n:2 name:<nil> next:map[name:<nil>]]]" {
		t.Error(got)
	}
	if !s.Personal([]string{"next"}) || s.Personal([]string{"next", "next", "n"}) {
		t.Error("a part of next is marked, and n is not")
	}
}

func TestWhatKeepsASchemaFromSayingWhatIsPersonalIsFound(t *testing.T) {
	for schema, want := range map[string]string{
		`{"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"personal": true}}}`: "",
		`{"properties": {"$id": {"type": "string"}, "personal": {"type": "string"}}}`:      "",
		`{"$id": "urn:whole", "$anchor": "top", "properties": {"a": {"personal": false}}}`: "",
		`{"properties": {"a": {"$ref": "#/$defs/y"}}}`:                                     "properties.a.$ref",
		`{"properties": {"a": {"$ref": "#x"}}, "$defs": {"x": {"$anchor": "x"}}}`:          "properties.a.$ref",
		`{"items": {"anyOf": [{"$dynamicRef": "#x"}]}}`:                                    "items.anyOf[0].$dynamicRef",
		`{"$defs": {"x": {"$id": "urn:x"}}}`:                                               "$defs.x.$id",
		`{"additionalProperties": {"personal": "yes"}}`:                                    "additionalProperties.personal",
		`{"properties": {"a": {"someOf": [{"personal": true}]}}}`:                          "properties.a.someOf",
	} {
		var paths []string
		for _, one := range NewShape(decode(t, schema).(map[string]any)).Unclear() {
			if paths = append(paths, one.Path); one.Message == "" || one.Hint == "" {
				t.Errorf("%s: %+v", schema, one)
			}
		}
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("%s: %q, want %q", schema, got, want)
		}
	}
}
