package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	keyword "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violations of one failed keyword, in words that name what is wanted and never what was given.
func violations(e *jsonschema.ValidationError, code string) []SchemaViolation {
	at := func(steps []string, code, message string) SchemaViolation {
		return SchemaViolation{strings.Join(steps, "."), steps, code, message}
	}
	here := func(code, message string) []SchemaViolation {
		return []SchemaViolation{at(e.InstanceLocation, code, message)}
	}
	below := func(names []string, code, message string) (found []SchemaViolation) {
		for _, name := range names {
			found = append(found, at(append(slices.Clone(e.InstanceLocation), name), code, message))
		}
		return found
	}
	switch k := e.ErrorKind.(type) {
	case *keyword.Required:
		return below(k.Missing, "required", "is required")
	case *keyword.AdditionalProperties:
		return below(k.Properties, "unknown", "is not known here")
	case *keyword.Type:
		return here("type", "must be of type "+strings.Join(k.Want, " or "))
	case *keyword.Format:
		if k.Want == formatName {
			return here("format", "must be a name as people write it: "+k.Err.Error())
		}
		return here("format", "must be a "+k.Want)
	case *keyword.Enum:
		return here("enum", fmt.Sprintf("must be one of %v", k.Want))
	case *keyword.Const:
		return here("const", "must be the fixed value of the schema")
	case *keyword.Pattern:
		return here("pattern", "must match the pattern "+k.Want)
	case *keyword.MinLength:
		return here("minLength", fmt.Sprintf("must have at least %d characters", k.Want))
	case *keyword.MaxLength:
		return here("maxLength", fmt.Sprintf("must have at most %d characters", k.Want))
	case *keyword.MinItems:
		return here("minItems", fmt.Sprintf("must have at least %d elements", k.Want))
	case *keyword.MaxItems:
		return here("maxItems", fmt.Sprintf("must have at most %d elements", k.Want))
	case *keyword.Minimum:
		return here("minimum", "must be at least "+k.Want.RatString())
	case *keyword.Maximum:
		return here("maximum", "must be at most "+k.Want.RatString())
	}
	return here(code, "breaks the schema's "+code)
}
