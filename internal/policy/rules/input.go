package rules

import (
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
)

// Check checks an input against the policy's inputs. What is missing is no problem: the rules state what that means. What is
// not known there, or of another type, is. Errors: Invalid with every place, and without values.
func (p *Policy) Check(input map[string]any) error {
	e := problem.New(problem.Invalid, "The input does not conform to the policy's schema.")
	if p.schema != nil {
		for _, v := range p.schema.Check(anyOf(input)) {
			if v.Code == "required" || v.Code == "dependentRequired" {
				continue
			}
			e.With(join("body.input", v.Path), v.Code, "%s", v.Message)
		}
		p.unknownNames(e, "body.input", nil, input)
	}
	if len(e.Fields) == 0 {
		return nil
	}
	slices.SortStableFunc(e.Fields, func(a, b problem.Field) int { return strings.Compare(a.Location, b.Location) })
	return e
}

func anyOf(input map[string]any) any {
	if input == nil {
		return map[string]any{}
	}
	return input
}

// unknownNames notes members that the schema does not know, as the rules' paths are checked: an object that lists its
// properties has no others, unless it allows them.
func (p *Policy) unknownNames(e *problem.Error, at string, steps []string, value any) {
	if len(steps) > maxDepth {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			path, place := append(slices.Clone(steps), name), at+"."+name
			field := p.shape.Find(path)
			switch {
			case !field.Known:
				known := slices.ContainsFunc(e.Fields, func(f problem.Field) bool { return f.Location == place })
				if !known { // additionalProperties: false has reported it
					e.With(place, "unknown", "is not known here")
				}
			case field.Declared:
				p.unknownNames(e, place, path, member)
			}
		}
	case []any:
		path := append(slices.Clone(steps), "[]")
		if field := p.shape.Find(path); !field.Known || !field.Declared {
			return
		}
		for i, element := range v {
			p.unknownNames(e, at+"."+strconv.Itoa(i), path, element)
		}
	}
}
