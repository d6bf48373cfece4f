package cases

import (
	"ballerine/internal/problem"
)

// maxLevels is how many objects and lists of what a change keeps can lie within each other. It is far more than what comes in
// at once has (source.MaxJSONDepth) and far less than what encoding/json reads (10,000): it writes more than that, and what it
// has written could never be read again. Assignments could put what is there within something new, again and again.
const maxLevels = 250

// detailLevels is how much deeper the details of an entry can be, which say of a field what was before and is now.
const detailLevels = 16

// shallow refuses a change that nests something deeper than it can be. What is there already does not keep a case from
// moving: only what the change has made deeper is refused. Errors: TooLarge with every place.
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

// levelsOf is how many objects and lists lie within each other in a plain value. It does not look further than twice the
// bound: a value that is its own part ends there, too.
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
