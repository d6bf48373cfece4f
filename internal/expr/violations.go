package expr

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	keyword "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violations of one failed keyword, in words that name what is required and never the value.
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
		return here("format", "must be a valid "+k.Want)
	case *keyword.Enum:
		return here("enum", "must be "+Alternatives(k.Want))
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
	return here(code, "violates the schema's "+code)
}

// maxAlternatives is how many values of an enum a message lists.
const maxAlternatives = 20

// Alternatives are the values of an enum for a message: "a, b or c". Texts are written as they are where that is clear, all others as JSON.
func Alternatives(values []any) string {
	var words []string
	for _, value := range values {
		word, err := json.Marshal(value)
		if text, ok := value.(string); ok && plainWord.MatchString(text) && !slices.Contains([]string{"true", "false", "null"}, text) {
			word, err = []byte(text), nil
		}
		if err == nil {
			words = append(words, string(word))
		}
	}
	switch n := len(words); {
	case n == 0:
		return "one of the allowed values"
	case n == 1:
		return words[0]
	case n > maxAlternatives:
		return strings.Join(words[:maxAlternatives], ", ") + " or one of " + strconv.Itoa(n-maxAlternatives) + " others"
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// plainWord is a text that cannot be taken for a number, a list or the words around it.
var plainWord = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.-]*$`)
