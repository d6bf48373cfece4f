package expr

import (
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What is personal is decided here and nowhere else: for what is shown, for what policies write into their reasons, and for what
// a workflow emits. A schema marks it with `personal: true`, and every schema that may describe a value counts, however it
// gets there: by a reference, an alternative, a condition. What cannot be decided is personal.

// about are the schemas that may describe one value.
type about struct {
	schemas  []map[string]any
	personal bool // one of them is marked, or which there are is unknown
}

// references name schemas in ways that only a whole validator follows.
var references = []string{"$dynamicRef", "$recursiveRef"}

// beside are the keywords whose schemas describe the same value as the schema that contains them.
var beside = []string{"allOf", "anyOf", "oneOf", "if", "then", "else", "not", "dependentSchemas", "dependencies", "contentSchema"}

// inside are the keywords whose schemas describe members, their names, and elements.
var inside = []string{
	"properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames",
	"items", "prefixItems", "additionalItems", "contains", "unevaluatedItems",
}

// values are the keywords that hold values, which are no schemas, or schemas that count only where a reference leads to them.
var values = []string{"const", "enum", "default", "examples", "$defs", "definitions", "$ref", "personal"}

// marked reports whether a schema's own mark declares it personal: anything but false does, so that `personal: yes`,
// which YAML reads as a text, errs on the safe side.
func marked(schema map[string]any) bool {
	mark, there := schema["personal"]
	return there && mark != false
}

// schemasOf are the schemas directly in a keyword's value: the schema itself, or those of a list or a mapping.
func schemasOf(keyword string, value any) (found []map[string]any) {
	add := func(v any) {
		if one, ok := v.(map[string]any); ok {
			found = append(found, one)
		}
	}
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			add(one)
		}
	case map[string]any:
		switch keyword {
		case "properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions":
			for _, name := range slices.Sorted(maps.Keys(v)) {
				add(v[name])
			}
		default:
			add(v)
		}
	}
	return found
}

// about collects all schemas that may describe a value which these describe.
func (s *Shape) about(schemas []map[string]any) about {
	var found about
	seen := map[uintptr]bool{}
	for next := slices.Clone(schemas); len(next) > 0; next = next[1:] {
		schema := next[0]
		at := reflect.ValueOf(schema).Pointer()
		if seen[at] {
			continue
		}
		seen[at] = true
		found.schemas = append(found.schemas, schema)
		found.personal = found.personal || marked(schema) || s.undecided(schema)
		if ref, ok := schema["$ref"].(string); ok {
			if target := s.resolve(ref); target != nil {
				next = append(next, target)
			}
		}
		for _, keyword := range beside {
			next = append(next, schemasOf(keyword, schema[keyword])...)
		}
	}
	return found
}

// undecided reports whether a schema has keywords that are not followed here.
func (s *Shape) undecided(schema map[string]any) bool {
	for keyword, value := range schema {
		switch {
		case slices.Contains(references, keyword), keyword == "$id" && s.nested(schema):
			return true
		case keyword == "$ref":
			ref, ok := value.(string)
			if !ok || s.resolve(ref) == nil {
				return true
			}
		case slices.Contains(beside, keyword), slices.Contains(inside, keyword), slices.Contains(values, keyword):
		case hasMark(value):
			return true
		}
	}
	return false
}

// nested reports whether a schema is not the whole one: an $id in it would give its references another base.
func (s *Shape) nested(schema map[string]any) bool {
	return reflect.ValueOf(schema).Pointer() != reflect.ValueOf(s.root).Pointer()
}

// hasMark reports whether a mark, or a reference that may lead to one, stands anywhere in a value.
func hasMark(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if marked(v) || v["$ref"] != nil || slices.ContainsFunc(references, func(keyword string) bool { return v[keyword] != nil }) {
			return true
		}
		for _, one := range v {
			if hasMark(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasMark)
	}
	return false
}

// member are the schemas of a member. declared: one of the schemas names it, so that its name is no data.
func (a about) member(name string) (schemas []map[string]any, declared bool) {
	for _, schema := range a.schemas {
		properties, _ := schema["properties"].(map[string]any)
		own, named := properties[name]
		declared = declared || named
		covered := named
		if one, ok := own.(map[string]any); ok {
			schemas = append(schemas, one)
		}
		patterns, _ := schema["patternProperties"].(map[string]any)
		for pattern, one := range patterns {
			if re, err := regexp.Compile(pattern); err != nil || re.MatchString(name) {
				schemas = append(schemas, schemasOf("additionalProperties", one)...)
				covered = covered || err == nil
			}
		}
		if !covered {
			schemas = append(schemas, schemasOf("additionalProperties", schema["additionalProperties"])...)
			schemas = append(schemas, schemasOf("unevaluatedProperties", schema["unevaluatedProperties"])...)
		}
	}
	return schemas, declared
}

// everyElement requests the schemas of all elements.
const everyElement = -1

// element are the schemas of an element.
func (a about) element(index int) (schemas []map[string]any) {
	add := func(keyword string, value any) { schemas = append(schemas, schemasOf(keyword, value)...) }
	for _, schema := range a.schemas {
		add("contains", schema["contains"])
		tuple, rest := schema["prefixItems"], []string{"items", "unevaluatedItems"}
		if _, old := schema["items"].([]any); old { // before 2020-12
			tuple, rest = schema["items"], []string{"additionalItems", "unevaluatedItems"}
		}
		list, _ := tuple.([]any)
		switch {
		case index == everyElement:
			add("prefixItems", list)
		case index < len(list):
			add("prefixItems", list[index])
			continue
		}
		for _, keyword := range rest {
			add(keyword, schema[keyword])
		}
	}
	return schemas
}

// Personal reports whether what is at a path, or a part of it, may be personal data; so may what no schema describes be.
func (s *Shape) Personal(steps []string) bool {
	if s == nil {
		return true
	}
	found := s.Find(steps)
	return !found.Declared || found.Personal
}

// Names reports whether a schema has a name of its own for a member of the whole, so that the name is no data.
func (s *Shape) Names(member string) bool {
	if s == nil {
		return false
	}
	_, declared := s.about([]map[string]any{s.root}).member(member)
	return declared
}

// holdsPersonal reports whether what is at a path, what it is part of, or a part of it is marked.
func (s *Shape) holdsPersonal(steps []string) bool {
	at := []map[string]any{s.root}
	for _, step := range steps {
		here := s.about(at)
		if here.personal {
			return true
		}
		if step == "[]" {
			at = here.element(everyElement)
		} else {
			at, _ = here.member(step)
		}
	}
	return s.partsPersonal(at, map[uintptr]bool{})
}

// partsPersonal reports whether the schemas, or a part of what they describe, are marked.
func (s *Shape) partsPersonal(at []map[string]any, seen map[uintptr]bool) bool {
	here := s.about(at)
	if here.personal {
		return true
	}
	for _, schema := range here.schemas {
		id := reflect.ValueOf(schema).Pointer()
		if seen[id] {
			continue
		}
		seen[id] = true
		for _, keyword := range inside {
			if parts := schemasOf(keyword, schema[keyword]); len(parts) > 0 && s.partsPersonal(parts, seen) {
				return true
			}
		}
	}
	return false
}

// Disclosed is a value without what may be personal data, and the paths of what is not shown: what the schema describes and does
// not mark stays, all else becomes null. Members that the schema names stay there; a name that it does not know may be personal data
// too, and goes with its value. Such paths end in "*".
func (s *Shape) Disclosed(value any, path string) (shown any, hidden []string) {
	d := disclosing{shape: s}
	var at []map[string]any
	if s != nil {
		at = append(at, s.root)
	}
	shown = d.walk(value, at, path, false)
	slices.Sort(d.hidden)
	return shown, slices.Compact(d.hidden)
}

type disclosing struct {
	shape  *Shape
	marked bool // only what is marked goes
	hidden []string
}

func (d *disclosing) hide(path string) { d.hidden = append(d.hidden, path) }

// walk is at a value; masked: what it is part of is not shown.
func (d *disclosing) walk(value any, at []map[string]any, path string, masked bool) any {
	here := about{}
	if d.shape != nil {
		here = d.shape.about(at)
	}
	if !masked && (here.personal || !d.marked && constraining(here.schemas) == nil) {
		if masked = true; value != nil {
			d.hide(path)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		return d.members(value, here, path, masked)
	case []any:
		next := make([]any, len(value))
		for i, one := range value {
			next[i] = d.walk(one, here.element(i), path, masked)
		}
		return next
	}
	if masked || value == nil {
		return nil
	}
	if !d.marked && !slices.ContainsFunc(here.schemas, describesScalar) { // not what the schema describes
		d.hide(path)
		return nil
	}
	return value
}

func (d *disclosing) members(value map[string]any, here about, path string, masked bool) any {
	next := make(map[string]any, len(value))
	for name, one := range value {
		schemas, declared := here.member(name)
		if !declared && (masked || !d.marked) {
			if !masked {
				d.hide(strings.TrimPrefix(path+".*", "."))
			}
			continue
		}
		next[name] = d.walk(one, schemas, strings.TrimPrefix(path+"."+name, "."), masked)
	}
	return next
}

// constraining returns the schemas that constrain anything at all.
func constraining(schemas []map[string]any) (found []map[string]any) {
	for _, schema := range schemas {
		if len(schema) > 0 {
			found = append(found, schema)
		}
	}
	return found
}

// describesScalar reports whether a schema describes a value that is neither a list nor an object.
func describesScalar(schema map[string]any) bool {
	if len(schema) == 0 || slices.ContainsFunc(inside, func(keyword string) bool { return schema[keyword] != nil }) {
		return false
	}
	types := typesOf([]map[string]any{schema})
	return types == Any && !onlyPoints(schema) || types != Any && types&^(TypeList|TypeObject) != 0
}

// onlyPoints reports whether a schema only refers to other schemas, which describe the value.
func onlyPoints(schema map[string]any) bool {
	for keyword := range schema {
		if keyword != "$ref" && !slices.Contains(beside, keyword) {
			return false
		}
	}
	return true
}

// Unclear is something in a schema that prevents it from declaring which data is personal.
type Unclear struct{ Path, Message, Hint string }

// Unclear finds what prevents the schema from declaring which data is personal: all of it would be hidden, or policies
// and workflows would treat it as personal. Publishing refuses it.
func (s *Shape) Unclear() (found []Unclear) {
	if s == nil {
		return nil
	}
	s.unclear(s.root, "", &found)
	return found
}

func (s *Shape) unclear(schema map[string]any, path string, found *[]Unclear) {
	report := func(keyword, message, hint string) {
		*found = append(*found, Unclear{strings.TrimPrefix(path+"."+keyword, "."), message, hint})
	}
	const local = "write the schema under $defs, and $ref: \"#/$defs/<name>\""
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		value := schema[keyword]
		switch {
		case keyword == "personal":
			if _, ok := value.(bool); !ok {
				report(keyword, "personal must be true or false", "write personal: true")
			}
		case slices.Contains(references, keyword):
			report(keyword, "which schema this refers to depends on where it is used, so personal data cannot be determined", local)
		case keyword == "$id" && s.nested(schema):
			report(keyword, "a subschema must not have an $id: it would change the meaning of references in it", local)
		case keyword == "$ref":
			if ref, ok := value.(string); ok && s.resolve(ref) == nil {
				report(keyword, "the reference does not resolve to a schema in this document", local)
			}
		case slices.Contains(beside, keyword), slices.Contains(inside, keyword), keyword == "$defs", keyword == "definitions":
			s.unclearParts(keyword, value, strings.TrimPrefix(path+"."+keyword, "."), found)
		case !slices.Contains(values, keyword) && hasMark(value):
			report(keyword, "a mark personal in "+keyword+" does not describe a value", "move it to where the value is described")
		}
	}
}

func (s *Shape) unclearParts(keyword string, value any, path string, found *[]Unclear) {
	switch v := value.(type) {
	case []any:
		for i, one := range v {
			if part, ok := one.(map[string]any); ok {
				s.unclear(part, path+"["+strconv.Itoa(i)+"]", found)
			}
		}
	case map[string]any:
		if len(schemasOf(keyword, v)) == 1 && reflect.ValueOf(schemasOf(keyword, v)[0]).Pointer() == reflect.ValueOf(v).Pointer() {
			s.unclear(v, path, found)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if part, ok := v[name].(map[string]any); ok {
				s.unclear(part, path+"."+name, found)
			}
		}
	}
}

// resolve follows a JSON pointer within the document.
func (s *Shape) resolve(ref string) map[string]any {
	if ref == "#" {
		return s.root
	}
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	var at any = s.root
	for _, part := range strings.Split(pointer, "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch v := at.(type) {
		case map[string]any:
			at = v[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	schema, _ := at.(map[string]any)
	return schema
}
