package schemafault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"ballerine/internal/expr"
)

// offline refuses to fetch schemas.
type offline struct{}

func (offline) Load(string) (any, error) {
	return nil, errors.New("external schemas are not loaded")
}

// Compile compiles a JSON Schema 2020-12 that is self-contained. OfSchema reports what is wrong with one that does not compile.
func Compile(schema any) (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(offline{})
	if err := compiler.AddResource(schemaURL, schema); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaURL)
}

// schemaURL is where an inline schema pretends to live, so that its references have a base.
const schemaURL = "https://schema.invalid/schema.json"

// OfSchema states what is wrong with a schema that does not compile: err is that of Compile.
func OfSchema(err error) []Fault {
	var broken *jsonschema.SchemaValidationError
	var invalid *jsonschema.ValidationError
	if errors.As(err, &broken) && errors.As(broken.Err, &invalid) {
		var list []Fault
		collect(invalid, &list)
		return sorted(list)
	}
	var reference *jsonschema.LoadURLError
	if errors.As(err, &reference) {
		return []Fault{{Message: "refers to an external schema, and external schemas are not loaded"}}
	}
	return []Fault{{Message: strings.ReplaceAll(strings.ReplaceAll(err.Error(), schemaURL, ""), "\n", " ")}}
}

// Fault is a place where a value breaks its schema, without the value.
type Fault struct {
	Pointer string // JSON pointer; its names may be data
	Code    string // the keyword
	Message string // such as "must be at least 1"
}

// Of lists all places where the value breaks the schema, sorted; nil schema: none.
func Of(schema *jsonschema.Schema, value any) []Fault {
	if schema == nil {
		return nil
	}
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Fault{{Code: "schema", Message: "cannot be checked"}}
	}
	var list []Fault
	collect(invalid, &list)
	return sorted(list)
}

func sorted(list []Fault) []Fault {
	slices.SortStableFunc(list, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Code, b.Code))
	})
	return slices.Compact(list)
}

func collect(e *jsonschema.ValidationError, list *[]Fault) {
	_, name := e.ErrorKind.(*kind.PropertyNames) // its causes are about the name, which may itself be data
	if len(e.Causes) > 0 && !name {
		for _, cause := range e.Causes {
			collect(cause, list)
		}
		return
	}
	var pointer strings.Builder
	for _, part := range e.InstanceLocation {
		if name {
			break // the library's location of this error is another's: it shares its memory
		}
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	code := "schema"
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		code = path[len(path)-1]
		if code == "" || numeric(code) {
			code = path[0]
		}
	}
	*list = append(*list, Fault{pointer.String(), code, describe(e.ErrorKind, code)})
}

func numeric(text string) bool { _, err := strconv.Atoi(text); return err == nil }

// describe states what a keyword requires. It uses the schema and never the value.
func describe(k jsonschema.ErrorKind, keyword string) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be " + strings.Join(k.Want, " or ")
	case *kind.Required:
		return "lacks " + strings.Join(k.Missing, ", ")
	case *kind.DependentRequired:
		return "lacks " + strings.Join(k.Missing, ", ")
	case *kind.Enum:
		return "must be " + expr.Alternatives(k.Want)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters", k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d members", k.Want)
	case *kind.MaxProperties:
		if k.Want == 1 {
			return "must have one member only"
		}
		return fmt.Sprintf("must have at most %d members", k.Want)
	case *kind.PropertyNames:
		return "has a member whose name is not allowed"
	case *kind.Const:
		return "must be the allowed value"
	case *kind.Format:
		return "must have the format " + k.Want
	case *kind.Pattern:
		return "must match the pattern of the schema"
	case *kind.AdditionalProperties:
		return fmt.Sprintf("has %d members that are not allowed", len(k.Properties))
	case *kind.FalseSchema:
		return "is not allowed"
	}
	return "breaks " + keyword
}
