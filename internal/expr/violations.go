package expr

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	keyword "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violations of one failed keyword, in words that name what is wanted and never what was given.
func violations(e *jsonschema.ValidationError, code string) []SchemaViolation {
	path := strings.Join(e.InstanceLocation, ".")
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	var found []SchemaViolation
	switch k := e.ErrorKind.(type) {
	case *keyword.Required:
		for _, name := range k.Missing {
			found = append(found, SchemaViolation{under(name), "required", "is required"})
		}
		return found
	case *keyword.AdditionalProperties:
		for _, name := range k.Properties {
			found = append(found, SchemaViolation{under(name), "unknown", "is not known here"})
		}
		return found
	case *keyword.Type:
		return []SchemaViolation{{path, "type", "must be of type " + strings.Join(k.Want, " or ")}}
	case *keyword.Format:
		if k.Want == formatName {
			return []SchemaViolation{{path, "format", "must be a name as people write it: " + k.Err.Error()}}
		}
		return []SchemaViolation{{path, "format", "must be a " + k.Want}}
	case *keyword.Enum:
		return []SchemaViolation{{path, "enum", fmt.Sprintf("must be one of %v", k.Want)}}
	case *keyword.Const:
		return []SchemaViolation{{path, "const", "must be the fixed value of the schema"}}
	case *keyword.Pattern:
		return []SchemaViolation{{path, "pattern", "must match the pattern " + k.Want}}
	case *keyword.MinLength:
		return []SchemaViolation{{path, "minLength", fmt.Sprintf("must have at least %d characters", k.Want)}}
	case *keyword.MaxLength:
		return []SchemaViolation{{path, "maxLength", fmt.Sprintf("must have at most %d characters", k.Want)}}
	case *keyword.MinItems:
		return []SchemaViolation{{path, "minItems", fmt.Sprintf("must have at least %d elements", k.Want)}}
	case *keyword.MaxItems:
		return []SchemaViolation{{path, "maxItems", fmt.Sprintf("must have at most %d elements", k.Want)}}
	case *keyword.Minimum:
		return []SchemaViolation{{path, "minimum", "must be at least " + k.Want.RatString()}}
	case *keyword.Maximum:
		return []SchemaViolation{{path, "maximum", "must be at most " + k.Want.RatString()}}
	}
	return []SchemaViolation{{path, code, "breaks the schema's " + code}}
}
