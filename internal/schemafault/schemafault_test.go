package schemafault

import (
	"encoding/json"
	"strings"
	"testing"
)

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFaultsSayWhatIsWantedAndNotWhatIsThere(t *testing.T) {
	const private = "Ada Lovelace"
	for schema, want := range map[string]string{
		`{"type":"object"}`:                         "/: type must be object",
		`{"enum":["a","b"]}`:                        "/: enum must be a or b",
		`{"const":"a"}`:                             "/: const must be the allowed value",
		`{"minLength":50}`:                          "/: minLength must have at least 50 characters",
		`{"maxLength":2}`:                           "/: maxLength must have at most 2 characters",
		`{"pattern":"^x"}`:                          "/: pattern must match the pattern of the schema",
		`{"format":"date"}`:                         "/: format must have the format date",
		`{"anyOf":[{"type":"null"},{"maximum":1}]}`: "",
		`false`: "/: schema is not allowed",
	} {
		compiled, err := Compile(value(t, schema))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range Of(compiled, private) {
			got = append(got, f.Pointer+"/: "+f.Code+" "+f.Message)
		}
		if text := strings.Join(got, "; "); text != want || strings.Contains(text, "Ada") {
			t.Errorf("%s: %q, expected %q", schema, text, want)
		}
	}
}

func TestFaultsBelowAreFoundAllAtOnce(t *testing.T) {
	compiled, err := Compile(value(t, `{"required":["a","b"],"propertyNames":{"maxLength":3},"properties":{"l":{"items":{"minimum":2}},"o":{"additionalProperties":false}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range Of(compiled, value(t, `{"l":[1,2,0],"o":{"x":1,"y":2},"Ada Lovelace":1}`)) {
		got = append(got, f.Pointer+" "+f.Code+" "+f.Message)
	}
	want := []string{" propertyNames has a member whose name is not allowed", " required lacks a, b", "/l/0 minimum must be at least 2", "/l/2 minimum must be at least 2", "/o additionalProperties has 2 members that are not allowed"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	if Of(nil, "x") != nil {
		t.Error("no schema has faults")
	}
}

func TestASchemaThatDoesNotCompileSaysWhy(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"text"}`: "/type: must be array, boolean, integer, \"null\", number, object or string", `{"$ref":"https://x.example/s"}`: ": refers to an external schema, and external schemas are not loaded",
		`{"$ref":"#/$defs/none"}`: "",
	} {
		_, err := Compile(value(t, schema))
		if err == nil {
			t.Fatalf("%s compiles", schema)
		}
		var got []string
		for _, f := range OfSchema(err) {
			got = append(got, f.Pointer+": "+f.Message)
		}
		if text := strings.Join(got, "; "); want != "" && !strings.Contains(text, want) || text == "" {
			t.Errorf("%s: %q", schema, text)
		}
	}
}
