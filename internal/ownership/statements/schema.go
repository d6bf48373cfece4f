package statements

import (
	"bytes"
	"cmp"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

//go:embed bods.schema.json
var bodsSchema []byte

//go:embed structure.schema.json
var structureSchema []byte

// Schema is the JSON Schema of documents of our own form.
func Schema() []byte { return slices.Clone(structureSchema) }

var (
	compiledBODS      = sync.OnceValue(func() *jsonschema.Schema { return compile(bodsSchema) })
	compiledStructure = sync.OnceValue(func() *jsonschema.Schema { return compile(structureSchema) })
)

// compile compiles a schema of this package: one that does not compile is a fault of the program.
func compile(text []byte) *jsonschema.Schema {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	compiled, err := schemafault.Compile(schema)
	if err != nil {
		panic(err)
	}
	return compiled
}

// validate reports each place where a document violates its schema. It does not repeat the document's contents.
func validate(schema *jsonschema.Schema, value any, e *problem.Error) {
	for _, f := range schemafault.Of(schema, value) {
		e.With(place(strings.Split(f.Pointer, "/")[1:]), f.Code, "%s", f.Message)
	}
}

// place writes a location such as [3].recordDetails.interests[0].
func place(path []string) string {
	text := ""
	for _, part := range path {
		switch _, err := strconv.Atoi(part); {
		case err == nil:
			text += "[" + part + "]"
		case text == "":
			text = part
		default:
			text += "." + part
		}
	}
	return cmp.Or(text, "$")
}
