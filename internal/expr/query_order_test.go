package expr

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"
	"pgregory.net/rapid"
)

// TestQueriesOverMembersAreTakenWhereOrderCannotCount: a query is refused exactly where it would give the members of an
// object in some order.
func TestQueriesOverMembersAreTakenWhereOrderCannotCount(t *testing.T) {
	for query, taken := range map[string]bool{
		"length(a.*.b[])": true,
		"length(a.*)":     true,
		"length(a.*.b)":   true,
		"length(a.*.*[])": true,
		"length(a.*[])":   true,
		"length(a.*.[r.v.decision][]) == length(a.*[])": true,
		"length(values(a))":                             true,
		"length(values(a)[?state=='approved'])":         true,
		"length(a.*.b[] | [])":                          false,
		"sort(a.*.b[])":                                 true,
		"contains(a.*.b, 'x')":                          true,
		"max(a.*.n)":                                    true,
		"length(keys(a))":                               true,
		"a.*.b":                                         false,
		"a.*.b[]":                                       false,
		"values(a)":                                     false,
		"length(a.*.b[]) == `1` && a.*.c":               false,
		"(a.*.b)[0]":                                    false,
		"a.* | [0]":                                     false,
		"length((a.*)[0])":                              false,
		"length(values(a)[0])":                          false,
		"length(values(a)[0:1])":                        false,
		"sort(a.*.b.*)":                                 false,
		"contains(a.*.b.*, `[1, 2]`)":                   false,
		"contains(b, a.*)":                              false,
		"length(a.*.join(',', keys(@)))":                false,
		"length(a.*.b[?keys(@)[0] == 'x'])":             false,
		"sum(a.*.n)":                                    false,
		"length(a.*.b.keys(@))":                         false,
		"length(a.*.length(keys(@)))":                   true,
		"to_string(a.*)":                                false,
		"length(map(&b, values(a)))":                    false,
	} {
		if _, err := CompileJMESPath(query); (err == nil) != taken {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestTakenQueriesGiveTheSameInEveryOrder plays queries of random parts over the same members in other orders. The orders
// are forced by names: Go's library walks a map in a random order by itself, and so each query is asked many times.
func TestTakenQueriesGiveTheSameInEveryOrder(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		query := drawQuery(t, 3)
		if _, err := parsing.NewParser().Parse(query); err != nil {
			return
		}
		compiled, err := CompileJMESPath(query)
		if err != nil {
			return
		}
		tried++
		data := drawMembers(rapid.Uint64().Draw(t, "seed"))
		want := ""
		for n := range 12 {
			v, _ := compiled.Value(&Env{Scope: Map(shuffled(data))})
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 && string(text) != want {
				t.Fatalf("%s gives %s and %s", query, want, text)
			}
			want = string(text)
		}
	})
	if tried == 0 {
		t.Error("no query was tried")
	}
}

// drawQuery makes a query of projections, filters and functions.
func drawQuery(t *rapid.T, depth int) string {
	parts := []string{rapid.SampledFrom([]string{"a", "a.*", "values(a)", "keys(a)", "a.*.b", "a.*.n", "a.*.b.*", "a.*.b.*[]"}).Draw(t, "start")}
	for range rapid.IntRange(0, 2).Draw(t, "steps") {
		parts = append(parts, rapid.SampledFrom([]string{"[]", ".*", ".b", "[?n]", " | [0]", "[0]", ".[n]", ".keys(@)"}).Draw(t, "step"))
	}
	query := strings.Join(parts, "")
	if depth > 0 && rapid.Bool().Draw(t, "function") {
		query = rapid.SampledFrom([]string{"length", "sort", "max", "contains"}).Draw(t, "name") + "(" + query + ")"
		query = strings.Replace(query, "contains("+strings.TrimPrefix(query, "contains("), "contains("+strings.TrimSuffix(strings.TrimPrefix(query, "contains("), ")")+", `1`)", 1)
	}
	return query
}

func drawMembers(seed uint64) map[string]any {
	random := rand.New(rand.NewPCG(seed, 1))
	members := map[string]any{}
	for _, name := range []string{"p", "q", "r", "s"} {
		members[name] = map[string]any{"n": float64(random.IntN(3)), "b": map[string]any{"x": float64(random.IntN(3)), "y": float64(random.IntN(3)), "z": float64(random.IntN(3))}}
	}
	return map[string]any{"a": members}
}

// shuffled is the data in a map of its own.
func shuffled(data map[string]any) map[string]any {
	copied := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if inner, ok := data[name].(map[string]any); ok {
			copied[name] = shuffled(inner)
			continue
		}
		copied[name] = data[name]
	}
	return copied
}
