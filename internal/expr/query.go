package expr

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jmespath-community/go-jmespath"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// CompileJMESPath compiles a JMESPath query. As a condition it must return true or false; null is unknown.
func CompileJMESPath(source string) (*Program, error) {
	if len(source) > maxLength {
		return nil, &Error{1, 1, 1, fmt.Sprintf("the query is longer than %d bytes", maxLength), ""}
	}
	compiled, err := compileQuery(source)
	if err != nil {
		column := 1
		var syntax jmespath.SyntaxError
		if errors.As(err, &syntax) {
			column = syntax.Offset + 1
		}
		return nil, &Error{1, max(1, column), 1, "the query is not JMESPath", ""}
	}
	reads, whole, unordered := queryReads(source)
	if unordered != "" {
		at := max(0, strings.Index(source, strings.TrimSuffix(unordered, "()")))
		return nil, &Error{1, len([]rune(source[:at])) + 1, len(unordered), "the members of an object have no order, so " + unordered + " is not the same each time", "use length, sort, contains, max or min"}
	}
	return &Program{root: queryNode{compiled, source}, source: source, opaque: reads, whole: whole}, nil
}

// compileQuery keeps a panic of the parser from leaving the package.
func compileQuery(source string) (compiled jmespath.JMESPath, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the query cannot be parsed")
		}
	}()
	return jmespath.Compile(source)
}

type queryNode struct {
	query  jmespath.JMESPath
	source string
}

func (n queryNode) eval(env *Env) (v any) {
	defer func() {
		if r := recover(); r != nil {
			v = env.because("the query cannot be evaluated")
		}
	}()
	v, err := n.query.Search(env.Scope.Data())
	if err != nil {
		return env.because("the query cannot be evaluated: its functions met values of other types")
	}
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return env.because("the query gives no finite number")
	}
	if v == nil {
		return env.lacks(n.source)
	}
	return v
}

// Schema is a compiled JSON Schema (2020-12), formats asserted.
type Schema struct {
	schema *jsonschema.Schema
	reads  []Reference
	whole  bool
}

// SchemaViolation is one place of a document that breaks a schema. It carries no value.
type SchemaViolation struct {
	Path    string // "applicant.name.given"; "" is the document
	Steps   []string
	Code    string // the keyword: "required", "type", "format", …
	Message string
}

// CompileSchema compiles a JSON Schema given as JSON values. References to other documents are refused.
func CompileSchema(document any) (*Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.RegisterFormat(&jsonschema.Format{Name: formatName, Validate: validateName})
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource("schema.json", document); err != nil {
		return nil, &Error{1, 1, 1, "the schema cannot be read", ""}
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		var invalid *jsonschema.SchemaValidationError
		if errors.As(err, &invalid) {
			return nil, &Error{1, 1, 1, "the schema is not JSON Schema 2020-12: " + firstLineOf(invalid.Err), ""}
		}
		return nil, &Error{1, 1, 1, "the schema cannot be compiled: " + firstLineOf(err), ""}
	}
	reads, whole := schemaReads(document)
	return &Schema{schema, reads, whole}, nil
}

type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("references to other documents are not allowed")
}

func firstLineOf(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// Check returns every place where the value breaks the schema, sorted by path.
func (s *Schema) Check(value any) []SchemaViolation {
	err := s.schema.Validate(value)
	if err == nil {
		return nil
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return []SchemaViolation{{Code: "invalid", Message: "the value cannot be checked"}}
	}
	var found []SchemaViolation
	collect(failed, &found)
	slices.SortStableFunc(found, func(a, b SchemaViolation) int { return strings.Compare(a.Path+" "+a.Code, b.Path+" "+b.Code) })
	return slices.CompactFunc(found, func(a, b SchemaViolation) bool {
		return a.Path == b.Path && a.Code == b.Code && a.Message == b.Message
	})
}

func collect(e *jsonschema.ValidationError, found *[]SchemaViolation) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			collect(cause, found)
		}
		return
	}
	keywords := e.ErrorKind.KeywordPath()
	code := "invalid"
	if len(keywords) > 0 {
		code = keywords[len(keywords)-1]
	}
	*found = append(*found, violations(e, code)...)
}

// Program tests a document against the schema; path "" is the whole scope.
func (s *Schema) Program() *Program {
	return &Program{root: schemaNode{s}, opaque: s.reads, whole: s.whole}
}

type schemaNode struct{ schema *Schema }

func (n schemaNode) eval(env *Env) any { return len(n.schema.Check(env.Scope.Data())) == 0 }
