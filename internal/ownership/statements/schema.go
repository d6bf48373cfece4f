package statements

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"ballerine/internal/problem"
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
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	const url = "https://ownership.invalid/schema.json"
	if err := compiler.AddResource(url, schema); err != nil {
		panic(err)
	}
	return compiler.MustCompile(url)
}

// validate reports each place where a document breaks its schema. It repeats nothing of the document.
func validate(schema *jsonschema.Schema, value any, e *problem.Error) {
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); err == nil {
		return
	} else if !errors.As(err, &invalid) {
		e.With("$", "schema", "cannot be checked against the schema")
		return
	}
	type fault struct{ at, code, message string }
	var faults []fault
	var collect func(*jsonschema.ValidationError)
	collect = func(v *jsonschema.ValidationError) {
		if len(v.Causes) > 0 {
			for _, cause := range v.Causes {
				collect(cause)
			}
			return
		}
		code := "schema"
		if path := v.ErrorKind.KeywordPath(); len(path) > 0 {
			code = path[0]
		}
		at := place(v.InstanceLocation)
		faults = append(faults, fault{at, code, message(v.ErrorKind, code)})
	}
	collect(invalid)
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.code, b.code)) })
	for _, f := range slices.Compact(faults) {
		e.With(f.at, f.code, "%s", f.message)
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

func message(k jsonschema.ErrorKind, keyword string) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be " + strings.Join(k.Want, " or ")
	case *kind.Required:
		return "lacks " + strings.Join(k.Missing, ", ")
	case *kind.Enum:
		allowed := make([]string, len(k.Want))
		for i, value := range k.Want {
			allowed[i] = fmt.Sprint(value)
		}
		return "must be one of " + strings.Join(allowed, ", ")
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.Const:
		return "must be empty here"
	case *kind.Format:
		return "must have the format " + k.Want
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.AdditionalProperties:
		return fmt.Sprintf("has %d members that are not known", len(k.Properties))
	}
	return "breaks the rule " + keyword
}
