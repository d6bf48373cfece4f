package connector

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"ballerine/internal/country"
	"ballerine/internal/expr"
	"ballerine/internal/schemafault"
)

// shapeFiles are the answer shapes: one JSON Schema for each kind of question, whoever the vendor is. NAME.VERSION.yaml is the shape
// NAME/VERSION; what has shipped is never changed in a way that an answer or a policy could break on.
//
//go:embed shapes/*.yaml
var shapeFiles embed.FS

// Shapes are the names of the answer shapes, such as identity/1, sorted.
func Shapes() []string { return slices.Sorted(maps.Keys(shapes())) }

// ShapeText is the JSON Schema of an answer shape, in YAML.
func ShapeText(name string) ([]byte, bool) {
	file, ok := shapes()[name]
	if !ok {
		return nil, false
	}
	text, err := shapeFiles.ReadFile(file)
	return text, err == nil
}

// shapes are the files by the names of shapes.
var shapes = sync.OnceValue(func() map[string]string {
	files, err := fs.Glob(shapeFiles, "shapes/*.yaml")
	if err != nil {
		return nil
	}
	found := make(map[string]string, len(files))
	for _, file := range files {
		name, version, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".yaml"), ".")
		found[name+"/"+version] = file
	}
	return found
})

// shapeOf reads a shape. It is a new one each time: the caller owns it.
func shapeOf(name string) (map[string]any, error) {
	text, ok := ShapeText(name)
	if !ok {
		return nil, fmt.Errorf("there is no shape %s", name)
	}
	s, value := read(name, text)
	schema, ok := value.(map[string]any)
	if !ok || s.diagnostics.Failed() {
		return nil, fmt.Errorf("the shape %s cannot be read", name)
	}
	return schema, nil
}

// shaped is the schema of results of a plugin with a shape: the shape, and what the plugin adds to it.
func (s *source) shaped(p *Plugin, w written) {
	p.Shape = w.Shape
	if w.Shape == "" {
		return
	}
	schema, err := shapeOf(w.Shape)
	if err != nil { // plugin.schema.json has the names of all
		s.report("/shape", "internal", "", "The answer shape cannot be read.")
		return
	}
	p.uniform, p.resultShape = schema, schema
	if w.Result != nil {
		p.resultShape = map[string]any{"allOf": []any{schema, w.Result}}
	}
	p.result = s.schema("/shape", p.resultShape)
	s.fits("/response/result", w.Response.Result, schema, topmost)
	if w.Callback != nil {
		s.fits("/callback/result", w.Callback.Result, schema, topmost)
	}
}

// placing states what a value of a template is: an expression if it is a text at the top, otherwise a literal.
type placing int

const (
	inside  placing = iota // a text may have placeholders
	topmost                // a text is an expression
	literal                // a text is a text
)

// below is the placing of a member.
func (p placing) below() placing {
	if p == topmost {
		return inside
	}
	return p
}

// fits reports what of a template can never be of a shape: members that it does not have or lacks, and values that it does not allow. What
// expressions read is seen when they are evaluated.
func (s *source) fits(pointer string, template any, schema map[string]any, at placing) {
	switch value := template.(type) {
	case nil:
		return
	case string:
		if at != literal && s.fitsText(pointer, value, schema, at == topmost) {
			return
		}
	case map[string]any:
		if properties, ok := schema["properties"].(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(value)) {
				if below, ok := properties[name].(map[string]any); ok {
					s.fits(pointer+"/"+escape(name), value[name], below, at.below())
				}
			}
			s.fitsNames(pointer, value, properties, schema)
			return
		}
	case []any:
		if items, ok := schema["items"].(map[string]any); ok {
			for i, element := range value {
				s.fits(fmt.Sprintf("%s/%d", pointer, i), element, items, at.below())
			}
			return
		}
	}
	compiled, err := schemafault.Compile(schema)
	if err != nil {
		return // it is a part of one that has been reported
	}
	for _, v := range schemafault.Of(compiled, template) {
		s.report(pointer+v.Pointer, "shape", "", "In this answer shape, the value %s.", v.Message)
	}
}

// fitsNames compares the names of an object's members with those of a shape.
func (s *source) fitsNames(pointer string, members, properties, schema map[string]any) {
	known := slices.Sorted(maps.Keys(properties))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if properties[name] != nil {
			continue
		}
		hint := "known are " + strings.Join(known, ", ")
		if near := expr.Suggest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		s.report(pointer+"/"+escape(name), "shape", hint, "This answer shape does not have the field %s.", name)
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if text, _ := name.(string); members[text] == nil {
			s.report(pointer, "shape", "", "This answer shape requires the field %s.", text)
		}
	}
}

// inShape writes a result in its shape: missing values (null, an empty text, an object that contains nothing else) are
// left out, a country is a code of two letters, and a date has no time. An empty object in a list then becomes null,
// which no shape allows: a hit or an owner that cannot be read must not disappear.
func inShape(value any, schema map[string]any) any {
	switch v := value.(type) {
	case string:
		return textInShape(v, schema)
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for name, member := range v {
			below, _ := properties[name].(map[string]any)
			member = inShape(member, below)
			inner, isObject := member.(map[string]any)
			if v[name] = member; member == nil || isObject && len(inner) == 0 {
				delete(v, name)
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		return listInShape(v, items)
	}
	return value
}

func listInShape(list []any, items map[string]any) []any {
	ofObjects := items["properties"] != nil
	kept := make([]any, 0, len(list))
	for _, element := range list {
		element = inShape(element, items)
		if inner, isObject := element.(map[string]any); isObject && ofObjects && len(inner) == 0 {
			element = nil
		}
		if element != nil || ofObjects {
			kept = append(kept, element)
		}
	}
	return kept
}

func textInShape(text string, schema map[string]any) any {
	switch schema["format"] {
	case "country":
		text = country.Two(text)
	case "date":
		if len(text) > len("2006-01-02") && (text[len("2006-01-02")] == 'T' || text[len("2006-01-02")] == ' ') {
			text = text[:len("2006-01-02")]
		}
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return text
}
