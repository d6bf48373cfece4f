package interpret

import (
	"fmt"
	"strconv"
	"strings"
)

// path is a JSONPath that names exactly one place: $, $.a.b, $['a'], $.a[0], and the same from $$ (the context object).
type path struct {
	source  string
	context bool // starts at $$
	steps   []step
}

type step struct {
	key   string
	index int // when key is not used
	isKey bool
}

// parsePath reads a reference path; everything that could name several places is refused.
func parsePath(source string) (path, error) {
	p := path{source: source}
	rest, ok := strings.CutPrefix(source, "$")
	if !ok {
		return p, fmt.Errorf("%q is not a path: it must start with $", source)
	}
	if after, isContext := strings.CutPrefix(rest, "$"); isContext {
		p.context, rest = true, after
	}
	for rest != "" {
		s, after, err := parseStep(rest)
		if err != nil {
			return p, fmt.Errorf("path %q: %w", source, err)
		}
		p.steps, rest = append(p.steps, s), after
	}
	return p, nil
}

func parseStep(rest string) (step, string, error) {
	switch {
	case strings.HasPrefix(rest, "['"):
		name, after, ok := strings.Cut(rest[2:], "']")
		if !ok || name == "" || strings.ContainsAny(name, `'\`) {
			return step{}, "", fmt.Errorf("unsupported bracket at %q", rest)
		}
		return step{key: name, isKey: true}, after, nil
	case strings.HasPrefix(rest, "["):
		digits, after, ok := strings.Cut(rest[1:], "]")
		index, err := strconv.Atoi(digits)
		if !ok || err != nil || index < 0 {
			return step{}, "", fmt.Errorf("unsupported bracket at %q: only ['name'] and [index] are", rest)
		}
		return step{index: index}, after, nil
	case strings.HasPrefix(rest, "."):
		end := 1
		for end < len(rest) && !strings.ContainsRune(".[", rune(rest[end])) {
			end++
		}
		name := rest[1:end]
		if name == "" || strings.ContainsAny(name, "*?@()'\" ,:!<>=&|") {
			return step{}, "", fmt.Errorf("unsupported step at %q", rest)
		}
		return step{key: name, isKey: true}, rest[end:], nil
	default:
		return step{}, "", fmt.Errorf("unexpected %q", rest)
	}
}

// read finds the place. contextObject is built only when the path starts there.
func (p path) read(data any, contextObject func() any) (any, bool) {
	current := data
	if p.context {
		current = contextObject()
	}
	for _, s := range p.steps {
		if s.isKey {
			object, ok := current.(map[string]any)
			if !ok {
				return nil, false
			}
			if current, ok = object[s.key]; !ok {
				return nil, false
			}
			continue
		}
		list, ok := current.([]any)
		if !ok || s.index >= len(list) {
			return nil, false
		}
		current = list[s.index]
	}
	return current, true
}

// write returns data with value at the place, objects on the way made where they are missing. data is not changed.
func (p path) write(data, value any) (any, bool) { return writeSteps(data, p.steps, value) }

func writeSteps(data any, steps []step, value any) (any, bool) {
	if len(steps) == 0 {
		return value, true
	}
	old, ok := data.(map[string]any)
	if !ok || !steps[0].isKey {
		return nil, false
	}
	inner, exists := old[steps[0].key]
	if !exists || inner == nil {
		inner = map[string]any{}
	}
	changed, ok := writeSteps(inner, steps[1:], value)
	if !ok {
		return nil, false
	}
	next := make(map[string]any, len(old)+1)
	for k, v := range old {
		next[k] = v
	}
	next[steps[0].key] = changed
	return next, true
}

// template is a Parameters or ResultSelector: JSON in which members named "x.$" are paths.
type template struct {
	literal any
	path    *path
	members []templateMember
	list    []template
	isMap   bool
	isList  bool
}

type templateMember struct {
	name  string
	value template
}

func parseTemplate(source any) (template, error) {
	switch v := source.(type) {
	case map[string]any:
		t := template{isMap: true}
		for _, name := range sortedKeys(v) {
			member := templateMember{name: name}
			var err error
			if plain, isPath := strings.CutSuffix(name, ".$"); isPath {
				text, ok := v[name].(string)
				if !ok {
					return t, fmt.Errorf("member %q must be a path in a string", name)
				}
				if strings.HasPrefix(text, "States.") {
					return t, fmt.Errorf("member %q: intrinsic functions are not supported", name)
				}
				var p path
				p, err = parsePath(text)
				member.name, member.value = plain, template{path: &p}
			} else {
				member.value, err = parseTemplate(v[name])
			}
			if err != nil {
				return t, err
			}
			t.members = append(t.members, member)
		}
		return t, nil
	case []any:
		t := template{isList: true}
		for _, item := range v {
			inner, err := parseTemplate(item)
			if err != nil {
				return t, err
			}
			t.list = append(t.list, inner)
		}
		return t, nil
	default:
		return template{literal: v}, nil
	}
}

// fill builds the JSON; missing is the path that was not found.
func (t template) fill(data any, contextObject func() any) (value any, missing string) {
	switch {
	case t.path != nil:
		found, ok := t.path.read(data, contextObject)
		if !ok {
			return nil, t.path.source
		}
		return found, ""
	case t.isMap:
		out := make(map[string]any, len(t.members))
		for _, m := range t.members {
			inner, missing := m.value.fill(data, contextObject)
			if missing != "" {
				return nil, missing
			}
			out[m.name] = inner
		}
		return out, ""
	case t.isList:
		out := make([]any, 0, len(t.list))
		for _, item := range t.list {
			inner, missing := item.fill(data, contextObject)
			if missing != "" {
				return nil, missing
			}
			out = append(out, inner)
		}
		return out, ""
	default:
		return t.literal, ""
	}
}
