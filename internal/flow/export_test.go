package flow

import (
	"maps"
	"slices"
)

// Types are the types of elements, sorted.
func Types() []string { return slices.Sorted(maps.Keys(kinds)) }
