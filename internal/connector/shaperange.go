package connector

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// ranges reports numbers NAME_min of a result that are more than its NAME_max: JSON Schema cannot compare two members. place is that of the
// value, such as result.owners[0].
func ranges(e *problem.Error, place string, value any, schema map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			below, _ := properties[name].(map[string]any)
			ranges(e, place+"."+name, v[name], below)
			most, isLeast := strings.CutSuffix(name, "_min")
			if !isLeast {
				continue
			}
			from, hasFrom := v[name].(float64)
			if to, hasTo := v[most+"_max"].(float64); hasFrom && hasTo && from > to {
				e.With(place+"."+name, "range", "must not be more than %s", most+"_max")
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, element := range v {
			ranges(e, place+"["+strconv.Itoa(i)+"]", element, items)
		}
	}
}
