package expr

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// Two versions of a schema may describe the same value by other keywords. So what is compared is places, not texts: each place
// that either version describes is looked up in both.

// markStep leads from a value to a part of it. Exactly one of its members counts.
type markStep struct {
	name    string // a member
	pattern string // members whose names match it
	rest    bool   // members that no schema names
	index   int    // an element, from 1; restIndex: those that no schema counts
}

const restIndex = math.MaxInt32

func (s markStep) String() string {
	switch {
	case s.index == restIndex:
		return "[]"
	case s.index > 0:
		return fmt.Sprintf("[%d]", s.index-1)
	case s.rest:
		return ".*"
	case s.pattern != "":
		return ".(" + s.pattern + ")"
	}
	return "." + s.name
}

func placeOf(steps []markStep) string {
	var b strings.Builder
	for _, one := range steps {
		b.WriteString(one.String())
	}
	return strings.TrimPrefix(b.String(), ".")
}

// next are the schemas of a part.
func (a about) next(s markStep) (schemas []map[string]any) {
	switch {
	case s.index > 0:
		return a.element(s.index - 1)
	case s.name != "":
		schemas, _ = a.member(s.name)
		return schemas
	}
	for _, schema := range a.schemas {
		patterns, _ := schema["patternProperties"].(map[string]any)
		if one, there := patterns[s.pattern]; there && !s.rest {
			schemas = append(schemas, schemasOf("additionalProperties", one)...)
			continue
		}
		schemas = append(schemas, schemasOf("additionalProperties", schema["additionalProperties"])...)
		schemas = append(schemas, schemasOf("unevaluatedProperties", schema["unevaluatedProperties"])...)
	}
	return schemas
}

// steps are the ways on that the schemas describe.
func (a about) steps() []markStep {
	found := map[markStep]bool{}
	for _, schema := range a.schemas {
		for _, keyword := range []string{"properties", "patternProperties"} {
			members, _ := schema[keyword].(map[string]any)
			for name := range members {
				if keyword == "properties" {
					found[markStep{name: name}] = true
				} else {
					found[markStep{pattern: name}] = true
				}
			}
		}
		for _, keyword := range []string{"additionalProperties", "unevaluatedProperties"} {
			found[markStep{rest: true}] = found[markStep{rest: true}] || len(schemasOf(keyword, schema[keyword])) > 0
		}
		for _, keyword := range []string{"prefixItems", "items"} {
			list, _ := schema[keyword].([]any)
			for i := range list {
				found[markStep{index: i + 1}] = true
			}
		}
		for _, keyword := range []string{"items", "additionalItems", "unevaluatedItems", "contains"} {
			found[markStep{index: restIndex}] = found[markStep{index: restIndex}] || len(schemasOf(keyword, schema[keyword])) > 0
		}
	}
	maps.DeleteFunc(found, func(s markStep, there bool) bool { return !there || s == markStep{} })
	return slices.SortedFunc(maps.Keys(found), func(a, b markStep) int { return strings.Compare(a.String(), b.String()) })
}

// marks reports whether what is at a place, or what it is part of, is marked.
func (s *Shape) marks(steps []markStep) bool {
	at := []map[string]any{s.root}
	for _, one := range steps {
		here := s.about(at)
		if here.personal {
			return true
		}
		at = here.next(one)
	}
	return s.about(at).personal
}

// maxPlaces bounds how many places of a schema are compared.
const maxPlaces = 20_000

// places visits what the schema describes, outermost first; down reports whether to go on inside. False: there is too much.
func (s *Shape) places(visit func(steps []markStep, personal bool) (down bool)) bool {
	left := maxPlaces
	var walk func(at []map[string]any, steps []markStep, above []string)
	walk = func(at []map[string]any, steps []markStep, above []string) {
		here := s.about(at)
		if left--; left < 0 || !visit(steps, here.personal) {
			return
		}
		key := identityOf(here.schemas)
		if slices.Contains(above, key) {
			return // a schema that contains itself
		}
		for _, one := range here.steps() {
			walk(here.next(one), append(slices.Clone(steps), one), append(slices.Clone(above), key))
		}
	}
	walk([]map[string]any{s.root}, nil, nil)
	return left >= 0
}

func identityOf(schemas []map[string]any) string {
	var b strings.Builder
	for _, schema := range schemas {
		fmt.Fprintf(&b, "%x.", reflect.ValueOf(schema).Pointer())
	}
	return b.String()
}

// everywhere is the place of a schema that is too large to be compared.
const everywhere = "*"

// Unmarked are the places that a former schema marks as personal data and this one does not, sorted: however either of them
// describes the place. Parts of a place in the list are not listed.
func (s *Shape) Unmarked(former *Shape) []string {
	if s == nil || former == nil {
		return nil
	}
	found := s.exposed(former)
	whole := former.places(func(steps []markStep, personal bool) bool {
		if personal && !s.marks(steps) {
			found = append(found, placeOf(steps))
		}
		return !personal
	})
	if !whole {
		found = append(found, everywhere)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Exposed are the places that this schema describes without a mark, and that are personal data by a former one.
func (s *Shape) Exposed(former *Shape) []string {
	if s == nil || former == nil {
		return nil
	}
	found := s.exposed(former)
	slices.Sort(found)
	return slices.Compact(found)
}

func (s *Shape) exposed(former *Shape) (found []string) {
	whole := s.places(func(steps []markStep, personal bool) bool {
		if personal {
			return false
		}
		if former.marks(steps) {
			found = append(found, placeOf(steps))
			return false
		}
		return true
	})
	if !whole {
		found = append(found, everywhere)
	}
	return found
}

// Masked is a value without what the schema marks: unlike Disclosed it keeps what the schema does not describe.
func (s *Shape) Masked(value any, path string) (shown any, hidden []string) {
	if s == nil {
		return value, nil
	}
	d := disclosing{shape: s, marked: true}
	shown = d.walk(value, []map[string]any{s.root}, path, false)
	slices.Sort(d.hidden)
	return shown, slices.Compact(d.hidden)
}
