package flow

import (
	"maps"
	"slices"
)

// Types are the types of elements, sorted.
func Types() []string { return slices.Sorted(maps.Keys(kinds)) }

// SetLargest sets how large a state can become, in bytes.
func (d *Definition) SetLargest(bytes int) { d.largest = bytes }
