package expr

import (
	"slices"
	"strings"
	"testing"
)

func TestAQueryReportsWhatItReads(t *testing.T) {
	for source, want := range map[string]string{
		"a.b > `3`":                              "a.b",
		"a && !(b || c.d == 'x')":                "a b c.d",
		"hits[0].score >= `0.9`":                 "hits[].score",
		"hits[-1].score >= `0.9`":                "hits[].score",
		"length(hits[?score > `0.9`]) > `0`":     "hits hits[] hits[].score",
		"hits[?kind == 'pep'] | [0].name":        "hits hits[] hits[].kind",
		"hits[*].score | max(@) > `1`":           "hits hits[].score",
		"hits[].score":                           "hits",
		"max_by(hits, &score).score > `1`":       "hits",
		"hits[?score > $.limit] | length(@)":     "hits hits[] hits[].score limit",
		"{x: a, y: [b, c]}.x":                    "a b c",
		"let $x = a in $x > b":                   "a b",
		"hits[1:3]":                              "hits",
		"length(keys(a)) == length(values(b))":   "a b",
		"length(@) > `1`":                        "*",
		"keys(@) | length(@)":                    "!keys",
		"a.*.b":                                  "!*",
		"values(a)[0] > `1`":                     "!values",
		"contains(values(a), 'x')":               "a",
		"sort(keys(a))[0] == 'x'":                "a",
		"contains(map(&score, hits), `1`)":       "hits",
		"a.b == `1` || a.b == `2` || a.c == `3`": "a.b a.c",
	} {
		p, err := CompileJMESPath(source)
		if refused, is := strings.CutPrefix(want, "!"); is {
			if err == nil || !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: %v", source, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		var paths []string
		found, everything := p.Queried()
		for _, reference := range found {
			paths = append(paths, reference.Path)
		}
		if everything {
			paths = append(paths, "*")
		}
		slices.Sort(paths)
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("%s reads %s, want %s", source, got, want)
		}
	}
}

func TestASchemaReportsWhatItReads(t *testing.T) {
	properties := func(of map[string]any) map[string]any { return map[string]any{"type": "object", "properties": of} }
	for _, c := range []struct {
		schema     any
		want       string
		everything bool
	}{
		{properties(map[string]any{"a": map[string]any{"minimum": 3.0}, "b": properties(map[string]any{"c": true, "d": properties(nil)})}), "a b.c b.d", false},
		{map[string]any{"not": properties(map[string]any{"a": true})}, "", true},
		{true, "", true},
	} {
		schema, err := CompileSchema(c.schema)
		if err != nil {
			t.Fatal(err)
		}
		found, everything := schema.Program().Queried()
		var paths []string
		for _, reference := range found {
			paths = append(paths, reference.Path)
		}
		if got := strings.Join(paths, " "); got != c.want || everything != c.everything {
			t.Errorf("%v reads %s (%v), want %s", c.schema, got, everything, c.want)
		}
	}
}
