package main

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// unknownKeys lists the keys of a document that a type does not read, each with its place and the key that was probably
// meant. Values that the type accepts in any form (any, raw JSON, maps of any) may have all keys.
func unknownKeys(file string, node *yaml.Node, t reflect.Type) (found problem.Diagnostics) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]() || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
	case t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		for _, one := range node.Content {
			found = append(found, unknownKeys(file, one, t.Elem())...)
		}
	case t.Kind() == reflect.Map && node.Kind == yaml.MappingNode:
		for i := 1; i < len(node.Content); i += 2 {
			found = append(found, unknownKeys(file, node.Content[i], t.Elem())...)
		}
	case t.Kind() == reflect.Struct && node.Kind == yaml.MappingNode:
		found = unknownMembers(file, node, t)
	}
	return found
}

func unknownMembers(file string, node *yaml.Node, t reflect.Type) (found problem.Diagnostics) {
	types, names := map[string]reflect.Type{}, []string{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			types[name], names = field.Type, append(names, name)
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if within, ok := types[key.Value]; ok {
			found = append(found, unknownKeys(file, value, within)...)
			continue
		}
		if key.Tag == "!!merge" { // its keys are those of another place
			found = append(found, unknownKeys(file, value, t)...)
			continue
		}
		hint := "known are " + strings.Join(names, ", ")
		if near := expr.Suggest(key.Value, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		found = append(found, problem.Diagnostic{File: file, Line: key.Line, Column: key.Column, Code: "unknown_key", Message: "there is no key " + key.Value, Hint: hint, Severity: problem.SeverityError})
	}
	return found
}
