package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/flow"
	"ballerine/internal/problem"
)

// What is concealed on these pages depends on `verified`, which applicants cannot read.
const concealing = `
id: concealing
title: Concealing
context:
  schema:
    type: object
    properties:
      verified: {type: boolean}
      name: {type: string}
      source: {type: string, enum: [salary, gift]}
      reason: {type: string}
      sourced: {type: string}
      owners: {type: array, items: {type: object, properties: {name: {type: string}, office: {type: string, enum: [mayor]}}}}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: done}}
  done: {type: final}
flow:
  pages:
    - id: about
      title: About you
      elements:
        - {field: name, type: text, required: true, title: Name}
        - {field: source, type: radio, options: [salary, gift], visible: verified == true, disabled: name == 'locked', title: Source of funds}
        - {field: reason, type: text, visible: {type: jmespath, options: {rule: "source == 'gift'"}}, min_length: 5, title: Reason}
        - field: owners
          type: group
          title: Owners
          elements:
            - {field: name, type: text, title: Name}
            - {field: office, type: radio, options: [mayor], visible: verified == true, title: Office}
    - id: funds
      title: Your funds
      visible: verified == true
      elements:
        - {field: sourced, type: text, title: Source}
`

func TestWhatIsConcealedIsRefusedAsWhatDoesNotExist(t *testing.T) {
	d, _ := parse(t, "concealing.yaml", concealing)
	save := func(in flow.Input, page string, values map[string]any) error {
		_, err := d.Save(in, page, values, true)
		return err
	}
	in := flow.Input{Context: map[string]any{"verified": false, "name": "Ada"}, Collects: true, Now: now}

	if concealed, missing := save(in, "funds", nil), save(in, "nowhere", nil); problem.CodeOf(concealed) != problem.NotFound || concealed.Error() != missing.Error() {
		t.Errorf("a concealed page: %v, and one that does not exist: %v", concealed, missing)
	}
	for name, values := range map[string]map[string]any{
		"a field":                             {"source": "salary"},
		"a wrong answer to it":                {"source": 5.0},
		"no answer to it":                     {"source": nil},
		"a field that cannot be changed":      {"name": "locked", "source": "salary"},
		"a field that another one uncovers":   {"source": "gift", "reason": "x"},
		"a field of a concealed page":         {"sourced": "salary"},
		"a name that is near a concealed one": {"sorce": "salary"},
		"within a group":                      {"owners": []any{map[string]any{"name": "Ada", "office": "mayor"}}},
		"a wrong answer within a group":       {"owners": []any{map[string]any{"name": "Ada", "office": 5.0}}},
	} {
		err := save(in, "about", values)
		// The same with other names, which do not exist.
		elsewhere := map[string]any{}
		for field, value := range values {
			switch field {
			case "owners":
				value = []any{map[string]any{"name": "Ada", "offfice": "mayor"}}
			case "source", "reason", "sourced", "sorce":
				field = "z" + field
			}
			elsewhere[field] = value
		}
		want := save(in, "about", elsewhere)
		if got := wording(err); err == nil || got != strings.ReplaceAll(wording(want), ".z", ".") {
			t.Errorf("%s: %s, and for what does not exist: %s", name, got, wording(want))
		}
	}

	in.Context["verified"] = true
	for name, values := range map[string]map[string]any{
		"a field": {"source": "salary"}, "with what it uncovers": {"source": "gift", "reason": "a present"}, "within a group": {"owners": []any{map[string]any{"name": "Ada", "office": "mayor"}}},
	} {
		if err := save(in, "about", values); err != nil {
			t.Errorf("%s, which is shown: %v", name, wording(err))
		}
	}
	if err := save(in, "about", map[string]any{"sourced": "salary"}); !strings.Contains(wording(err), "the page funds does") {
		t.Errorf("a field of a page that is shown: %s", wording(err))
	}
}

// wording is the whole text of an error.
func wording(err error) string {
	var refused *problem.Error
	if !errors.As(err, &refused) {
		return "no problem"
	}
	var all []string
	for _, f := range refused.Fields {
		all = append(all, f.Location+" "+f.Code+" "+f.Message)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
