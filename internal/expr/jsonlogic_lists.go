package expr

import "strconv"

// elementScope is the scope within some, all, none, filter and map: names are those of the element.
type elementScope struct{ value any }

// Lookup implements Scope; a name that is a whole number is an index.
func (s elementScope) Lookup(name string) (any, bool) {
	switch v := s.value.(type) {
	case map[string]any:
		found, ok := v[name]
		return found, ok
	case []any:
		i, err := strconv.Atoi(name)
		if err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

// Data implements Scope.
func (s elementScope) Data() map[string]any {
	object, _ := s.value.(map[string]any)
	return object
}

// elementNode is {"var": ""}: the element itself.
type elementNode struct{}

func (elementNode) eval(env *Env) any {
	if s, ok := env.Scope.(elementScope); ok {
		return s.value
	}
	return env.because("there is no element here")
}

// over evaluates a node for each element; it stops when visit returns false.
func over(env *Env, list []any, n node, visit func(element, result any) bool) {
	outer := env.Scope
	defer func() { env.Scope = outer }()
	for _, element := range list {
		env.Scope = elementScope{element}
		if !visit(element, n.eval(env)) {
			return
		}
	}
}

// listOf evaluates a node that must return a list; ok is false if the value is unknown or not a list.
func listOf(env *Env, n node) (list []any, ok bool) {
	v := n.eval(env)
	if isUnknown(v) {
		return nil, false
	}
	if list, ok = v.([]any); !ok {
		env.because("a list is needed, not " + kind(v))
	}
	return list, ok
}

// overList compiles {"some": [list, condition]} and its kin; within the condition, paths are those of the element.
func (c *logicCompiler) overList(name string, arguments []any, depth int) (node, error) {
	if len(arguments) != 2 {
		return nil, logicError("%s takes a list and what to do with its elements", name)
	}
	list, err := c.compile(arguments[0], depth+1)
	if err != nil {
		return nil, err
	}
	inner := &logicCompiler{element: true}
	each, err := inner.compile(arguments[1], depth+1)
	if err != nil {
		return nil, err
	}
	switch name {
	case "filter":
		return filterNode{list, each}, nil
	case "map":
		return mapNode{list, each}, nil
	}
	return quantifierNode{name, list, each}, nil
}

type quantifierNode struct {
	name      string
	list      node
	condition node
}

func (n quantifierNode) eval(env *Env) any {
	list, ok := listOf(env, n.list)
	if !ok {
		return unknown{}
	}
	some, all := False, Of(len(list) > 0) // json-logic: all of an empty list is false
	over(env, list, n.condition, func(_, result any) bool {
		t := truth(env, result)
		some, all = some.Or(t), all.And(t)
		return true
	})
	switch n.name {
	case "some":
		return value(some)
	case "all":
		return value(all)
	}
	return value(some.Not())
}

type filterNode struct{ list, condition node }

func (n filterNode) eval(env *Env) any {
	list, ok := listOf(env, n.list)
	if !ok {
		return unknown{}
	}
	kept, known := []any{}, true
	over(env, list, n.condition, func(element, result any) bool {
		switch truth(env, result) {
		case True:
			kept = append(kept, element)
		case Unknown:
			known = false
		}
		return known
	})
	if !known {
		return unknown{}
	}
	return kept
}

type mapNode struct{ list, each node }

func (n mapNode) eval(env *Env) any {
	list, ok := listOf(env, n.list)
	if !ok {
		return unknown{}
	}
	made, known := []any{}, true
	over(env, list, n.each, func(_, result any) bool {
		known = !isUnknown(result)
		made = append(made, result)
		return known
	})
	if !known {
		return unknown{}
	}
	return made
}

// reduce compiles {"reduce": [list, step, start]}; the step sees current and accumulator.
func (c *logicCompiler) reduce(arguments []any, depth int) (node, error) {
	if len(arguments) != 3 {
		return nil, logicError("reduce takes a list, a step and a start")
	}
	list, err := c.compile(arguments[0], depth+1)
	if err != nil {
		return nil, err
	}
	start, err := c.compile(arguments[2], depth+1)
	if err != nil {
		return nil, err
	}
	inner := &logicCompiler{element: true}
	step, err := inner.compile(arguments[1], depth+1)
	return reduceNode{list, step, start}, err
}

type reduceNode struct{ list, step, start node }

func (n reduceNode) eval(env *Env) any {
	list, ok := listOf(env, n.list)
	if !ok {
		return unknown{}
	}
	result := n.start.eval(env)
	outer := env.Scope
	defer func() { env.Scope = outer }()
	for _, element := range list {
		if isUnknown(result) {
			return result
		}
		env.Scope = elementScope{map[string]any{"current": element, "accumulator": result}}
		result = n.step.eval(env)
	}
	return result
}

// mergeNode puts lists and single values into one list.
type mergeNode struct{ parts []node }

func (n mergeNode) eval(env *Env) any {
	all := []any{}
	for _, part := range n.parts {
		v := part.eval(env)
		if isUnknown(v) {
			return v
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		if len(all)+len(list) > maxList {
			return env.because("the list is too long")
		}
		all = append(all, list...)
	}
	return all
}

// substrNode is a part of a text: from a start (negative: from the end) and a length (negative: left off at the end).
type substrNode struct{ arguments []node }

func (n substrNode) eval(env *Env) any {
	v := n.arguments[0].eval(env)
	if isUnknown(v) {
		return v
	}
	text, ok := v.(string)
	if !ok {
		return env.because("text is needed, not " + kind(v))
	}
	runes := []rune(text)
	start, length := 0, len(runes)
	for i, into := range []*int{&start, &length}[:len(n.arguments)-1] {
		v := n.arguments[i+1].eval(env)
		if isUnknown(v) {
			return v
		}
		f, ok, good := number(v)
		if !ok || !good {
			return env.because("a number is needed, not " + kind(v))
		}
		*into = int(max(-float64(len(runes)), min(f, float64(len(runes)))))
	}
	if start < 0 {
		start += len(runes)
	}
	end := start + length
	if length < 0 {
		end = len(runes) + length
	}
	end = min(end, len(runes))
	if start >= end {
		return ""
	}
	return string(runes[start:end])
}

// missingSome compiles {"missing_some": [n, paths]}: an empty list if at least n exist, otherwise those that are missing.
func (c *logicCompiler) missingSome(arguments []any) (node, error) {
	if len(arguments) != 2 {
		return nil, logicError("missing_some takes a number and a list of paths")
	}
	least, ok, good := number(arguments[0])
	paths, isList := arguments[1].([]any)
	if !ok || !good || !isList {
		return nil, logicError("missing_some takes a number and a list of paths")
	}
	inner, err := c.missing(paths)
	return missingSomeNode{inner, len(paths), int(least)}, err
}

type missingSomeNode struct {
	missing     node
	all, needed int
}

func (n missingSomeNode) eval(env *Env) any {
	absent, _ := n.missing.eval(env).([]any)
	if n.all-len(absent) >= n.needed {
		return []any{}
	}
	return absent
}
