package cases

import (
	"ballerine/internal/problem"
)

// maxLevels is how deeply objects and lists in a change may be nested. It is far more than a single input may have
// (source.MaxJSONDepth) and far less than what encoding/json can read (10,000): it writes deeper values than that, and
// could never read them back. Assignments could nest existing values in new ones again and again.
const maxLevels = 250

// detailLevels is how much deeper the details of an entry can be, which hold a field's value before and after.
const detailLevels = 16

// shallow refuses a change that nests a value too deeply. Existing values do not block a case: only what the change has
// made deeper is refused. Errors: TooLarge with every place.
func (d *draft) shallow() error {
	e := problem.New(problem.TooLarge, "The data of the case would be nested too deeply.")
	check := func(place string, value, before any, limit int) {
		if levels := levelsOf(value); levels > limit && levels > levelsOf(before) {
			e.With(place, "too_deep", "objects and lists would be nested more than %d levels deep", limit)
		}
	}
	check("body.context", d.record.Context, d.old.Context, maxLevels)
	check("body", d.entry.Details, nil, maxLevels+detailLevels)
	for _, effect := range d.effects {
		check("events", effect.Data, nil, maxLevels)
		for _, event := range effect.Events {
			check("events", event.Data, nil, maxLevels)
		}
	}
	for _, result := range d.results {
		check("children", result.Data, nil, maxLevels)
	}
	if d.subject != nil {
		check("body.subject", d.subject.Data, nil, maxLevels)
	}
	for at, document := range d.record.Documents {
		if at >= len(d.old.Documents) { // announced by this change: properties never change
			check("documents", document.Properties, nil, maxLevels)
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// levelsOf is how deeply objects and lists in a plain value are nested. It stops at twice the bound: a value that
// contains itself ends there, too.
func levelsOf(value any) int { return levelsWithin(value, 0) }

func levelsWithin(value any, above int) int {
	deepest := 0
	inner := func(member any) {
		if above < 2*maxLevels {
			deepest = max(deepest, levelsWithin(member, above+1))
		}
	}
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			inner(member)
		}
	case []any:
		for _, member := range v {
			inner(member)
		}
	default:
		return 0
	}
	return deepest + 1
}
