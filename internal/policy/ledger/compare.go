package ledger

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// maxDifferences bounds the differences that are listed.
const maxDifferences = 100

// Differences between two answers, as JSON, by place.
func Differences(was, is []byte) ([]Difference, error) {
	var a, b any
	if err := json.Unmarshal(was, &a); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "A kept decision cannot be read.")
	}
	if err := json.Unmarshal(is, &b); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The answer could not be decoded.")
	}
	found := []Difference{}
	compare("", a, b, &found)
	return found, nil
}

func compare(at string, was, is any, found *[]Difference) {
	if len(*found) >= maxDifferences {
		return
	}
	switch a := was.(type) {
	case map[string]any:
		if b, ok := is.(map[string]any); ok {
			compareObjects(at, a, b, found)
			return
		}
	case []any:
		if b, ok := is.([]any); ok {
			for i := range max(len(a), len(b)) {
				compare(at+"["+strconv.Itoa(i)+"]", element(a, i), element(b, i), found)
			}
			return
		}
	default:
		if simple(is) && was == is {
			return
		}
	}
	d := Difference{Location: at}
	if !strings.Contains(at, "].inputs") && !strings.HasSuffix(at, "].reason") { // values of the input are only shown to those who may read it
		if simple(was) {
			d.Was = was
		}
		if simple(is) {
			d.Is = is
		}
	}
	*found = append(*found, d)
}

func compareObjects(at string, a, b map[string]any, found *[]Difference) {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		path := name
		if at != "" {
			path = at + "." + name
		}
		compare(path, a[name], b[name], found)
	}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// simple values can be compared with ==.
func simple(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

func sorted[V any](object map[string]V) []string { return slices.Sorted(maps.Keys(object)) }
