package catalogue

import (
	"encoding/json"
	"errors"
	"testing"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/connector"
)

// good is the value of a shape that is in a person's favour: a vendor has to state it in a word that its connector knows.
var good = map[string]struct{ field, value string }{
	"identity/1":     {"outcome", "verified"},
	"registry/1":     {"status", "active"},
	"bank-account/1": {"account", "valid"},
	"address/1":      {"outcome", "deliverable"},
	"phone/1":        {"outcome", "valid"},
	"email/1":        {"outcome", "deliverable"},
}

// wordless are connectors whose vendors do not state it in a word, each with how they do.
var wordless = map[string]string{
	"twilio-lookup": "true or false; the schema lets nothing else pass",
}

// written is what a case of a connector states.
type written struct {
	Name     string         `yaml:"name" json:"name"`
	Context  map[string]any `yaml:"context" json:"context"`
	Input    map[string]any `yaml:"input" json:"input"`
	Callback any            `yaml:"callback" json:"callback"`
	Answer   struct {
		Status  int               `yaml:"status" json:"status"`
		Headers map[string]string `yaml:"headers" json:"headers"`
		Body    any               `yaml:"body" json:"body"`
	} `yaml:"answer" json:"answer"`
}

// TestAWordThatIsNotKnownIsNeverGood changes each value of an answer that speaks for somebody into a word that no vendor has: the answer has to depend
// on one of them, beyond its schema.
func TestAWordThatIsNotKnownIsNeverGood(t *testing.T) {
	for _, e := range all(t) {
		judged, ok := good[e.Shape]
		if !ok {
			continue
		}
		speaks := 0
		for _, c := range casesOf(t, e) {
			if value, _ := c.value(t, e, judged.field); value != judged.value {
				continue
			}
			speaks++
			depends := false
			for _, change := range c.changes("a word that nobody knows") {
				value, err := change.value(t, e, judged.field)
				depends = depends || err == nil && value != judged.value || errors.Is(err, connector.ErrNotAnAnswer)
			}
			if reason := wordless[e.ID]; depends == (reason != "") {
				t.Errorf("%s: %s: %s is %s whatever the vendor says instead: %v (%s)", e.ID, c.Name, judged.field, judged.value, !depends, reason)
			}
		}
		if speaks == 0 {
			t.Errorf("%s: no case in which %s is %s", e.ID, judged.field, judged.value)
		}
	}
}

func casesOf(t *testing.T, e Entry) []written {
	t.Helper()
	var document struct {
		Cases []written `yaml:"cases"`
	}
	if err := yaml.Unmarshal(e.Source, &document); err != nil {
		t.Fatal(err)
	}
	return document.Cases
}

// value is that of a field of the case's result.
func (c written) value(t *testing.T, e Entry, field string) (any, error) {
	t.Helper()
	call := connector.Call{Context: c.Context, Input: c.Input}
	said := c.Answer.Body
	if c.Callback != nil {
		said = c.Callback
	}
	body, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	var result any
	if c.Callback != nil {
		result, _, err = e.Plugin.CalledBack(call, nil, nil, body)
	} else {
		var outcome connector.Outcome
		outcome, err = e.Plugin.Answered(t.Context(), call, connector.Answer{Status: c.Answer.Status, Headers: c.Answer.Headers, Body: body})
		result = outcome.Result
	}
	object, _ := result.(map[string]any)
	return object[field], err
}

// changes are the case with one value of its answer, or callback, replaced in each.
func (c written) changes(instead any) (all []written) {
	if c.Callback != nil {
		for _, body := range replaced(c.Callback, instead) {
			changed := c
			changed.Callback = body
			all = append(all, changed)
		}
		return all
	}
	for _, body := range replaced(c.Answer.Body, instead) {
		changed := c
		changed.Answer.Body = body
		all = append(all, changed)
	}
	return all
}

// replaced are copies of a value with one leaf replaced in each.
func replaced(value, instead any) (all []any) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			for _, other := range replaced(member, instead) {
				object := map[string]any{}
				for key, kept := range v {
					object[key] = kept
				}
				object[name] = other
				all = append(all, object)
			}
		}
	case []any:
		for i, element := range v {
			for _, other := range replaced(element, instead) {
				list := append([]any{}, v...)
				list[i] = other
				all = append(all, list)
			}
		}
	default:
		return []any{instead}
	}
	return all
}
