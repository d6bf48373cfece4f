package connector

import (
	"reflect"
	"strings"
	"testing"
)

func TestResultsAndTheirFieldsHaveTitlesByLanguage(t *testing.T) {
	p := parse(t, strings.Replace(minimal, "title: Check", "title: {en: Check, de: Prüfung}", 1)+`result:
  type: object
  properties:
    hits:
      titles: {de: Treffer}
      type: array
      items:
        type: object
        properties:
          list: {title: Watch list, titles: {de: Liste, fr: Liste de surveillance}, type: string}
          plain: {type: string}
`)
	want := Titles{
		"":     {"en": "Check", "de": "Prüfung"},
		"hits": {"de": "Treffer"}, "hits[].list": {"en": "Watch list", "de": "Liste", "fr": "Liste de surveillance"},
	}
	if p.Title != "Check" || !reflect.DeepEqual(p.Titles, want) {
		t.Errorf("%s %v", p.Title, p.Titles)
	}
	if p := parse(t, minimal); p.Titles != nil {
		t.Errorf("%v", p.Titles)
	}
}

func TestAnAnswerThatIsTheResultHasItsTitles(t *testing.T) {
	const schema = "response:\n  schema: {type: object, properties: {ok: {titles: {de: Gut}}}}\n"
	if p := parse(t, minimal+schema); !reflect.DeepEqual(p.Titles, Titles{"ok": {"de": "Gut"}}) {
		t.Errorf("%v", p.Titles)
	}
	if p := parse(t, minimal+schema+"  result: {good: \"{body.ok}\"}\n"); p.Titles != nil {
		t.Errorf("titles of what nobody sees: %v", p.Titles)
	}
}

func TestTitlesThatNobodyCouldReadAreProblems(t *testing.T) {
	long := "x: {titles: {de: " + strings.Repeat("ä", 201) + "}}"
	many := strings.Repeat("    f%: {titles: {de: "+strings.Repeat("ä", 190)+"}}\n", 60)
	for n := 0; strings.Contains(many, "f%"); n++ {
		many = strings.Replace(many, "f%", "f"+string(rune('0'+n/10))+string(rune('0'+n%10)), 1)
	}
	for text, want := range map[string]string{
		strings.Replace(minimal, "title: Check", "title: {de: Prüfung}", 1):             "title required",
		strings.Replace(minimal, "title: Check", "title: {en: Check, german: Pr}", 1):   "title.german unknown_language",
		minimal + "result: {properties: {a: {titles: Treffer}}}\n":                      "result.properties.a.titles type",
		minimal + "result: {properties: {a: {titles: {de: 5}}}}\n":                      "result.properties.a.titles.de title",
		minimal + "result: {properties: {" + long + "}}\n":                              "result.properties.x.titles.de title",
		minimal + "result: {items: {properties: {a: {titles: {DE: Treffer}}}}}\n":       "result.items.properties.a.titles.DE unknown_language",
		minimal + "result:\n  properties:\n" + many:                                     "result too_large",
		strings.Replace(minimal, "title: Check", "title: "+strings.Repeat("x", 201), 1): "title maxLength",
	} {
		_, found := ParsePlugin("check.yaml", []byte(text))
		if len(found) != 1 || found[0].Path+" "+found[0].Code != want {
			t.Errorf("%v, want %s", found, want)
		}
	}
}

// Whatever the vendor is, its results have a shape's names: one translation of these serves all.
func TestAllFieldsOfShapesHaveGermanTitles(t *testing.T) {
	for _, name := range Shapes() {
		schema, err := shapeOf(name)
		if err != nil {
			t.Fatal(err)
		}
		s, titles := &source{}, Titles{}
		s.fieldTitles("", "", schema, titles)
		if len(s.diagnostics) > 0 {
			t.Errorf("%s: %v", name, s.diagnostics)
		}
		var visit func(path string, node any)
		visit = func(path string, node any) {
			schema, _ := node.(map[string]any)
			properties, _ := schema["properties"].(map[string]any)
			for field, inner := range properties {
				at := strings.TrimPrefix(path+"."+field, ".")
				if titles[at]["de"] == "" {
					t.Errorf("%s: %s has no German title", name, at)
				}
				visit(at, inner)
			}
			if items, there := schema["items"]; there {
				visit(path+"[]", items)
			}
		}
		visit("", schema)
	}
}

func TestAPluginWithAShapeHasTheTitlesOfTheShape(t *testing.T) {
	p := parse(t, identityPlugin)
	if p.Titles["document.expires"]["de"] != "Gültig bis" || p.Titles["outcome"]["de"] != "Ergebnis" {
		t.Errorf("%v", p.Titles)
	}
}
