package flow_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"ballerine/internal/flow"
)

// sharing asks for parts of what others write to as well: a vendor's verdict beside the company, references beside owners.
const sharing = `
id: sharing
title: Sharing
context:
  schema:
    type: object
    properties:
      income: {type: number}
      pep: {type: boolean}
      office: {type: string}
      risk: {type: string}
      company: {type: object}
      home: {type: object}
      terms: {type: object}
      wealth: {type: object}
      owners: {type: array, items: {type: object}}
      person: {type: object, required: [given, family], properties: {given: {type: string}, family: {type: string}}}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: done}}
  later: {tags: [collection_flow]}
  done: {type: final}
flow:
  pages:
    - id: about
      title: About you
      event: SUBMIT
      elements:
        - {field: income, type: number, title: Income}
        - {field: pep, type: boolean, title: Politically exposed}
        - {field: office, type: text, visible: pep == true, title: Office}
        - {field: company, type: company, title: Company}
        - {field: home, type: address, parts: [city, country], title: Home}
        - {field: wealth, type: currency, currencies: [EUR, USD], title: Wealth}
        - {field: terms, type: consent, version: "1", title: Terms, text: I agree}
        - {field: person.given, type: text, title: Given names}
        - {field: person.family, type: text, title: Family name, visible: pep != false}
        - field: owners
          type: group
          title: Owners
          elements:
            - {field: name, type: text, title: Name}
            - {field: share, type: number, title: Share}
            - {field: wealth, type: text, visible: risk == 'high', title: Source of wealth}
    - id: later
      title: Later
      states: [later]
      elements:
        - {type: heading, text: For later}
`

func sharingJourney(t *testing.T, context map[string]any) *journey {
	t.Helper()
	d, diagnostics := parse(t, "sharing.yaml", sharing)
	if d == nil {
		t.Fatal(diagnostics)
	}
	return &journey{t, d, flow.Input{Context: context, States: []string{"collect"}, Collects: true, Now: now}}
}

func (j *journey) now() flow.State { return j.d.State(j.in) }

type object = map[string]any

func shared() object {
	return object{
		"pep":     false,
		"company": object{"name": "Acme", "checks": object{"sanctions": "possible match"}},
		"home":    object{"city": "Oslo", "country": "NO", "verified_by": "desk"},
		"wealth":  object{"amount": 5.0, "currency": "EUR", "note": "desk"},
		"terms":   object{"accepted": true, "version": "1", "at": "2026-01-01T00:00:00Z", "ip": "192.0.2.1"},
		"owners":  []any{object{"name": "Ann", "share": 60.0, "ref": "ann"}, object{"name": "Bob", "share": 40.0, "ref": "bob", "wealth": "gift"}},
	}
}

func TestAStateHasOnlyWhatPagesAskFor(t *testing.T) {
	s := sharingJourney(t, shared()).now()
	written, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{"sanctions", "verified_by", "desk", "note", "192.0.2.1", "ref", "gift", "Source of wealth", "later", "Later"} {
		if strings.Contains(string(written), `"`+foreign+`"`) {
			t.Errorf("the state has %s", foreign)
		}
	}
	for _, own := range []string{"Acme", "Oslo", "EUR", "2026-01-01T00:00:00Z", "Ann", "Bob"} {
		if !strings.Contains(string(written), `"`+own+`"`) {
			t.Errorf("the state does not have %s", own)
		}
	}
	if len(s.Remaining) > 0 {
		t.Errorf("what others have written is for the applicant to put right: %+v", s.Remaining)
	}
}

func TestSavingLeavesWhatThePageDoesNotAskFor(t *testing.T) {
	j := sharingJourney(t, shared())
	j.expect("refused", j.save("about", true, object{
		"company": object{"name": "Acme Ltd"}, "home": nil, "wealth": object{"amount": 7.0, "currency": "USD"},
		"terms":  object{"accepted": true, "version": "1"},
		"owners": []any{object{"name": "Bob", "share": 40.0}, object{"name": "Cleo", "share": 60.0}},
	}), []string(nil))
	after := object{
		"company": object{"name": "Acme Ltd", "checks": object{"sanctions": "possible match"}},
		"home":    object{"verified_by": "desk"},
		"wealth":  object{"amount": 7.0, "currency": "USD", "note": "desk"},
		"terms":   shared()["terms"],
		// Bob has moved. What was noted of Ann is not what was noted of Cleo.
		"owners": []any{object{"name": "Bob", "share": 40.0, "ref": "bob", "wealth": "gift"}, object{"name": "Cleo", "share": 60.0}},
	}
	for field, want := range after {
		if got := j.in.Context[field]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	j.expect("the whole page", j.save("about", false, object{"income": 1.0}), []string(nil))
}

func TestADraftGivesWayToWhatTheCaseHasGotSince(t *testing.T) {
	j := sharingJourney(t, object{})
	j.expect("drafted", j.save("about", true, object{"person.given": "Draft"}), []string(nil))
	j.in.Context["person"] = object{"given": "Client", "family": "Client"} // by somebody else
	if e := elementOf(t, pageOf(t, j.now(), "about"), "person.given"); e.Value != "Client" || e.Draft {
		t.Errorf("the page shows %v", e.Value)
	}
	j.expect("another answer", j.save("about", true, object{"income": 1.0}), []string(nil))
	if given := j.in.Context["person"].(object)["given"]; given != "Client" || len(j.in.Progress.Draft) > 0 {
		t.Errorf("%v, drafts %v", given, j.in.Progress.Draft)
	}
}

func TestAHiddenDraftIsNoPartOfTheCase(t *testing.T) {
	j := sharingJourney(t, object{"pep": true})
	j.expect("drafted", j.save("about", true, object{"person.family": "Hidden"}), []string(nil))
	j.expect("hidden", j.save("about", true, object{"pep": false}), []string(nil))
	j.expect("completed", j.save("about", true, object{"person.given": "Ann"}), []string(nil))
	if person := j.in.Context["person"]; person != nil {
		t.Errorf("the case has %v", person)
	}
	j.expect("shown again", j.save("about", true, object{"pep": true}), []string(nil))
	if person := j.in.Context["person"]; !reflect.DeepEqual(person, object{"given": "Ann", "family": "Hidden"}) {
		t.Errorf("the case has %v", person)
	}
}

func TestAnAnswerThatIsHiddenByNowCanBeTakenOut(t *testing.T) {
	j := sharingJourney(t, object{"pep": true})
	j.expect("shown", j.save("about", true, object{"office": "Mayor"}), []string(nil))
	j.expect("hidden", j.save("about", true, object{"pep": false}), []string(nil))
	j.expect("another", j.save("about", true, object{"office": "King"}), []string{"office hidden"})
	j.expect("taken out", j.save("about", true, object{"office": nil}), []string(nil))
	if _, there := j.in.Context["office"]; there {
		t.Error("it is still there")
	}
	j.expect("and not twice", j.save("about", true, object{"office": nil}), []string{"office hidden"})
}
