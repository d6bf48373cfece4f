package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const spoken = `
id: p
inputs: {type: object, properties: {person: {type: object, personal: true, properties: {born: {type: string}, name: {type: string}}}, n: {type: number}}}
outcomes: [reject, approve]
default: approve
rules:
  - id: minor
    when: "age(person.born) < 18"
    outcome: reject
    missing: reject
    title: {en: Underage, de: Minderjährig}
    reason:
      en: "{person.name} is {age(person.born)} years old."
      de: "{ person.name } ist {age(person.born)} Jahre alt."
  - {id: plain, when: "n > 1", outcome: reject, missing: reject, title: One text, reason: "n is {n}"}
`

func TestReasonsAndTitlesAreInTheLanguagesOfThePolicy(t *testing.T) {
	answer := evaluate(t, parse(t, spoken), `{"person": {"born": "2010-01-01", "name": "Ada Secret"}, "n": 2}`)
	minor, plain := answer.Trace[0], answer.Trace[1]
	if minor.Reason != "{input:person.name} is 16 years old." || fmt.Sprint(minor.Texts) != "map[de:{input:person.name} ist 16 Jahre alt.]" || minor.Titles["de"] != "Minderjährig" || minor.Titles["en"] != "Underage" {
		t.Errorf("%+v", minor)
	}
	if plain.Reason != "n is 2" || plain.Texts != nil || plain.Titles != nil {
		t.Errorf("%+v", plain)
	}
	if text, _ := json.Marshal(plain); strings.Contains(string(text), "texts") || strings.Contains(string(text), "titles") {
		t.Errorf("a policy in one language answers as it did: %s", text)
	}
	if quiet := evaluate(t, parse(t, spoken), `{"person": {"born": "1980-01-01", "name": "Ada"}, "n": 2}`).Trace[0]; quiet.Texts != nil || quiet.Titles["de"] != "Minderjährig" {
		t.Errorf("a rule that has not fired: %+v", quiet)
	}
}

func TestTextsInSeveralLanguagesAreChecked(t *testing.T) {
	for from, to := range map[string][2]string{
		`de: "{ person.name } ist {age(person.born)} Jahre alt."`:           {`de: "{person.name} ist minderjährig."`, "placeholders"},
		`      en: "{person.name} is {age(person.born)} years old."` + "\n": {"", "required"},
		`{en: Underage, de: Minderjährig}`:                                  {`{en: Underage, german: Minderjährig}`, "unknown_language"},
		`title: One text`:                                                   {`title: 5`, "type"},
		`{ person.name } ist`:                                               {`{ person.nam } ist`, "unknown_field"},
	} {
		_, found := Parse("p.yaml", []byte(strings.Replace(spoken, from, to[0], 1)))
		codes := ""
		for _, d := range found {
			codes += d.Code + " "
		}
		if !strings.Contains(codes, to[1]) || found[0].Line == 0 {
			t.Errorf("%s: %v", to[0], found)
		}
	}
	for _, once := range []string{"title: 5", "title: {german: x}", "title: [x]"} { // nobody read titles of rules
		if p, found := Reread("p.yaml", []byte(strings.Replace(spoken, "title: One text", once, 1))); p == nil {
			t.Errorf("%s does not count any more where it was published: %v", once, found)
		}
	}
}

func TestShippedPoliciesSpeakGerman(t *testing.T) {
	for _, name := range []string{"kyc-risk.yaml", "kyb-risk.yaml", "application-score.yaml", "underwriting.yaml", "aml-risk.yaml"} {
		p := shipped(t, name)
		for _, one := range p.rules {
			if one.titles["de"] == "" || one.reason != nil && one.translated["de"] == nil {
				t.Errorf("%s: the rule %s has no German text", name, one.id)
			}
		}
	}
}
