package registry_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

const (
	asking = "id: asking\ntitle: Asking\ninitial: a\nstates:\n  a:\n    invoke:\n      - {src: vendor, id: lookup, input: {plugin: lookup}}\n      - {src: rules, id: rating, input: {policy: risk}}\n    onDone: b\n  b: {type: final}\n"
	lookup = "id: lookup\ntitle: Lookup\nmode: sync\nrequest: {method: GET, url: \"https://example.com/\"}\n" +
		"response: {result: {found: \"{body.found}\"}}\nresult: {type: object, required: [found], properties: {found: {type: boolean}}, additionalProperties: false}\n"
)

// TestAResultIsCheckedByWhatWouldHaveReturnedIt: also where plugins are not loaded, as in the function of reviewers.
func TestAResultIsCheckedByWhatWouldHaveReturnedIt(t *testing.T) {
	files := fstest.MapFS{"asking.yaml": {Data: []byte(asking)}, "policies/risk.yaml": {Data: []byte(shippedPolicy)}, "plugins/lookup.yaml": {Data: []byte(lookup)}}
	c, err := registry.New(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	for name, one := range map[string]struct {
		work   string
		result any
		want   string
	}{
		"as the plugin has it":         {"lookup", object{"found": true}, ""},
		"not as the plugin has it":     {"lookup", object{"found": "secret", "more": 1.0}, "result additionalProperties, result.found type"},
		"nothing":                      {"lookup", nil, "result type"},
		"an outcome of the policy":     {"rating", object{"outcome": "review"}, ""},
		"an outcome that it never has": {"rating", object{"outcome": "secret", "x": true}, "result.x unknown, result.outcome enum"},
	} {
		w, err := c.Workflow(t.Context(), "acme", "asking", 0)
		if err != nil {
			t.Fatal(err)
		}
		work, _ := w.Invocation("a", one.work)
		err = c.CheckResult(t.Context(), "acme", w, work, one.result)
		var places []string
		if err != nil {
			for _, f := range problem.As(err).Fields {
				places = append(places, f.Location+" "+f.Code)
			}
		}
		if got := strings.Join(places, ", "); got != one.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, one.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v shows the value", name, err)
		}
	}
}

// TestAResultOfWhatIsGoneIsSet: a plugin that is not published any more cannot check it, and the case must go on.
func TestAResultOfWhatIsGoneIsSet(t *testing.T) {
	c, err := registry.New(fstest.MapFS{"asking.yaml": {Data: []byte(asking)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Workflow(t.Context(), "acme", "asking", 0)
	if err != nil {
		t.Fatal(err)
	}
	for work, result := range map[string]any{"lookup": "anything", "rating": map[string]any{"outcome": "anything"}} {
		i, _ := w.Invocation("a", work)
		if err := c.CheckResult(t.Context(), "acme", w, i, result); err != nil {
			t.Error(work, err)
		}
	}
}
