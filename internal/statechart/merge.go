package statechart

import (
	"maps"
	"slices"
)

// ArrayMerge defines how two lists at the same place are merged.
type ArrayMerge string

// The ways to merge lists. By id, elements with the same id are merged, others are added; a list whose elements do not all
// have ids is merged by place. Lists inside elements of lists are replaced. Where the types differ the second value wins.
const (
	arraysByID    ArrayMerge = "by_id"
	arraysByIndex ArrayMerge = "by_index"
	arraysConcat  ArrayMerge = "concat" // the default
	arraysReplace ArrayMerge = "replace"
)

// ArrayMerges are all of them.
func ArrayMerges() []ArrayMerge {
	return []ArrayMerge{arraysByID, arraysByIndex, arraysConcat, arraysReplace}
}

// Merge lays b over a, deep: objects member by member, lists as specified ("" is concat). The inputs are not changed.
func Merge(a, b any, arrays ArrayMerge) any {
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			return mergeObjects(x, y, arrays)
		}
	}
	x, okX := a.([]any)
	y, okY := b.([]any)
	if !okX || !okY {
		return b
	}
	switch arrays {
	case arraysReplace:
		return slices.Clone(y)
	case arraysByIndex:
		return mergeByIndex(x, y)
	case arraysByID:
		return mergeByID(x, y)
	}
	return slices.Concat(x, y)
}

func mergeObjects(a, b map[string]any, arrays ArrayMerge) map[string]any {
	merged := maps.Clone(a)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range b {
		if before, ok := merged[name]; ok {
			value = Merge(before, value, arrays)
		}
		merged[name] = value
	}
	return merged
}

// mergeByIndex merges elements at the same place; what is longer keeps its rest.
func mergeByIndex(a, b []any) []any {
	merged := slices.Clone(a)
	for i, value := range b {
		if i < len(merged) {
			merged[i] = Merge(merged[i], value, arraysReplace) // lists inside are replaced
			continue
		}
		merged = append(merged, value)
	}
	return merged
}

func mergeByID(a, b []any) []any {
	if !allHaveID(a) || !allHaveID(b) {
		return mergeByIndex(a, b)
	}
	merged := slices.Clone(a)
	for _, value := range b {
		at := slices.IndexFunc(merged, func(x any) bool { return idOf(x) == idOf(value) })
		if at < 0 {
			merged = append(merged, value)
			continue
		}
		merged[at] = Merge(merged[at], value, arraysReplace)
	}
	return merged
}

func allHaveID(list []any) bool {
	return !slices.ContainsFunc(list, func(x any) bool { return idOf(x) == nil })
}

// idOf an element: a text or a number; nil when it has none.
func idOf(element any) any {
	object, _ := element.(map[string]any)
	switch id := object["id"].(type) {
	case string, float64, int, bool:
		return id
	}
	return nil
}

// mergeAction merges values into the existing ones.
type mergeAction struct {
	members []member
	arrays  ArrayMerge
}

func (a mergeAction) do(r *run) {
	found := r.values(a.members)
	for _, m := range a.members {
		if v, ok := found[m.name]; ok {
			r.assign(m.path, Merge(at(r.scope.context, m.path), v, a.arrays))
		}
	}
}

// at is the value at a path; nil if it is missing.
func at(object map[string]any, path []string) any {
	var value any = object
	for _, step := range path {
		inner, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = inner[step]
	}
	return value
}
