package connector

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

func TestThePluginSchemaNamesTheShapesThatShip(t *testing.T) {
	var schema struct {
		Properties struct {
			Shape struct {
				Enum []string `json:"enum"`
			} `json:"shape"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil || !slices.Equal(schema.Properties.Shape.Enum, Shapes()) {
		t.Errorf("%v, %v: %v", schema.Properties.Shape.Enum, Shapes(), err)
	}
	if len(Shapes()) < 11 {
		t.Error(Shapes())
	}
}

// aboutPeople are fields that tell of a person, in whatever shape; notPeople are those of these names that do not.
var (
	aboutPeople = regexp.MustCompile(`^(name|given_name|family_name|.*birth.*|nationality|number|holder_names|suggestion|address|countries)$`)
	notPeople   = map[string]bool{"registry/1 name": true, "registry/1 number": true, "registry/1 address": true, "ownership/1 owners.[].number": true}
)

func TestEveryShapeIsClosedDocumentedAndMarked(t *testing.T) {
	for _, name := range Shapes() {
		schema, err := shapeOf(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := schemafault.Compile(schema); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if schema["title"] == nil || schema["description"] == nil || schema["required"] == nil {
			t.Errorf("%s lacks a title, a description or what is required", name)
		}
		checkShape(t, name, "", schema, false)
	}
}

func checkShape(t *testing.T, shape, at string, schema map[string]any, personal bool) {
	t.Helper()
	personal = personal || schema["personal"] == true
	if schema["$ref"] != nil || schema["allOf"] != nil || schema["anyOf"] != nil {
		t.Errorf("%s %s: a template is only checked against a plain schema", shape, at)
	}
	field := at[strings.LastIndexByte(at, '.')+1:]
	if properties, ok := schema["properties"].(map[string]any); ok {
		if schema["additionalProperties"] != false {
			t.Errorf("%s %s is open", shape, at)
		}
		for member, below := range properties {
			checkShape(t, shape, strings.TrimPrefix(at+"."+member, "."), below.(map[string]any), personal)
		}
	} else if !personal && aboutPeople.MatchString(field) && !notPeople[shape+" "+at] {
		t.Errorf("%s %s describes a person: mark it personal: true", shape, at)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		checkShape(t, shape, at+".[]", items, personal)
	}
	if schema["type"] == "number" && schema["description"] == nil && field != "votes_max" {
		t.Errorf("%s %s: a number of what?", shape, at)
	}
}

const identityPlugin = minimal + `shape: identity/1
response:
  result:
    outcome: "{body.outcome}"
    reference: "{body.id}"
    reasons: "{body.reasons}"
    person: {given_name: "{body.given}", date_of_birth: "{body.born}"}
    document: "{body.document}"
`

func TestResultsAreWrittenAsTheirShapeHasThem(t *testing.T) {
	p := parse(t, identityPlugin)
	for body, want := range map[string]string{
		`{"outcome":"verified","id":"1","reasons":["a",null,""],"given":"","born":"1974-08-12T00:00:00Z","document":{"country":"DEU","expires":null,"number":" "}}`: `{"outcome":"verified","reference":"1","reasons":["a"],"person":{"date_of_birth":"1974-08-12"},"document":{"country":"DE"}}`,
		`{"outcome":"review","id":"1","document":{"country":"Ruritania","expires":"2030-01-02 10:00"}}`:                                                             `{"outcome":"review","reference":"1","document":{"expires":"2030-01-02"}}`,
		`{"outcome":"review","id":"1","document":{"country":"se"}}`:                                                                                                 `{"outcome":"review","reference":"1","document":{"country":"SE"}}`,
	} {
		outcome, err := p.Answered(t.Context(), Call{}, Answer{Body: []byte(body)})
		var expected any
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if err != nil || !reflect.DeepEqual(outcome.Result, expected) {
			t.Errorf("%s: %v %v", body, outcome.Result, err)
		}
	}
}

func TestAnAnswerOutsideItsShapeIsGarbage(t *testing.T) {
	p := parse(t, identityPlugin)
	for _, body := range []string{
		`{"id":"1"}`, `{"outcome":"","id":"1"}`, `{"outcome":"passed","id":"1"}`, `{"outcome":"verified"}`, `{"outcome":"verified","id":7}`,
		`{"outcome":"verified","id":"1","document":{"name":"A"}}`, `{"outcome":"verified","id":"1","born":"12.08.1974"}`,
	} {
		if outcome, err := p.Answered(t.Context(), Call{}, Answer{Body: []byte(body)}); problem.CodeOf(err) != problem.VendorGarbage {
			t.Errorf("%s: %v %v", body, outcome.Result, err)
		}
	}
}

func TestAResultBesideAShapeOnlyNarrowsIt(t *testing.T) {
	p := parse(t, identityPlugin+"result: {required: [document]}\n")
	for body, good := range map[string]bool{
		`{"outcome":"verified","id":"1","document":{"country":"SE"}}`: true,
		`{"outcome":"verified","id":"1"}`:                             false,
		`{"outcome":"fine","id":"1","document":{"country":"SE"}}`:     false,
	} {
		if _, err := p.Answered(t.Context(), Call{}, Answer{Body: []byte(body)}); (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
	if len(p.ResultSchema()["allOf"].([]any)) != 2 {
		t.Error(p.ResultSchema())
	}
}

func TestVendorsOfOneShapeCanStandInForEachOther(t *testing.T) {
	first := parse(t, identityPlugin+"fallback: other\n")
	other := parse(t, strings.Replace(identityPlugin, "id: check", "id: other", 1))
	if found := first.CheckFallback(other); len(found) != 0 {
		t.Error(found)
	}
	if found := first.CheckFallback(parse(t, minimal+"result: {type: object}\n")); len(found) != 1 || found[0].Code != codeFallbackResult {
		t.Error(found)
	}
}

func TestWhatAShapeHandsOutIsNobodysElse(t *testing.T) {
	one, err := shapeOf("identity/1")
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(one, func(string, any) bool { return true })
	if two, _ := shapeOf("identity/1"); two["required"] == nil {
		t.Error("a caller changed the shape")
	}
}

const listPlugin = minimal + `shape: SHAPE
response:
  result: body
`

func TestWhatCannotBeReadInAListIsNotNothing(t *testing.T) {
	for shape, lists := range map[string]string{
		"individual-screening/1": "hits", "company-screening/1": "hits", "ownership/1": "owners", "officers/1": "officers",
	} {
		p := parse(t, strings.Replace(listPlugin, "SHAPE", shape, 1))
		for element, good := range map[string]bool{
			`null`: false, `""`: false, `{}`: false, `{"name":null}`: false, `{"name":"","kind":" "}`: false, `{"number":null}`: false, `[]`: false, `7`: false,
			`{"name":"A"` + map[string]string{"ownership/1": `,"kind":"person"`, "officers/1": `,"role":"director"`}[shape] + `}`: true,
		} {
			found := map[string]string{"ownership/1": `"found":true,`, "officers/1": `"found":true,`}[shape]
			body := `{` + found + `"more":false,"` + lists + `":[` + element + `]}`
			outcome, err := p.Answered(t.Context(), Call{}, Answer{Body: []byte(body)})
			if (err == nil) != good || err != nil && problem.CodeOf(err) != problem.VendorGarbage {
				t.Errorf("%s: %s: %v %v", shape, body, outcome.Result, err)
			}
		}
	}
}

func TestAResultThatContradictsItselfIsGarbage(t *testing.T) {
	for _, c := range []struct {
		shape, body string
		good        bool
	}{
		{"identity/1", `{"outcome":"verified","reference":"1","document_check":"passed","face_check":"passed"}`, true},
		{"identity/1", `{"outcome":"verified","reference":"1","document_check":"failed"}`, false},
		{"identity/1", `{"outcome":"verified","reference":"1","face_check":"failed"}`, false},
		{"identity/1", `{"outcome":"rejected","reference":"1","document_check":"failed","face_check":"failed"}`, true},
		{"registry/1", `{"found":false}`, true},
		{"registry/1", `{"found":false,"status":"active"}`, false},
		{"registry/1", `{"found":true,"status":"active"}`, true},
		{"ownership/1", `{"found":true,"more":false,"owners":[{"kind":"person","share_min":25,"share_max":25}]}`, true},
		{"ownership/1", `{"found":true,"more":false,"owners":[{"kind":"person","share_min":75,"share_max":50}]}`, false},
		{"ownership/1", `{"found":true,"more":false,"owners":[{"kind":"person","votes_min":75,"votes_max":50}]}`, false},
		{"ownership/1", `{"found":true,"more":false,"owners":[{"kind":"person","share_min":75}]}`, true},
		{"credit/1", `{"found":true,"score":1,"score_min":10,"score_max":5}`, false},
	} {
		p := parse(t, strings.Replace(listPlugin, "SHAPE", c.shape, 1))
		if outcome, err := p.Answered(t.Context(), Call{}, Answer{Body: []byte(c.body)}); (err == nil) != c.good {
			t.Errorf("%s: %s: %v %v", c.shape, c.body, outcome.Result, err)
		} else if err != nil {
			t.Log(problem.As(err).Fields)
		}
	}
}
