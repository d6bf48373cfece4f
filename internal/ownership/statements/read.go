package statements

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/ownership"
	"ballerine/internal/problem"
)

// maxSize is how large a document may be, in bytes.
const maxSize = 256 << 20

// Options say what is read of a document.
type Options struct {
	Subject string // id of the organization that is assessed; empty: the one that the document is about
	Day     string // YYYY-MM-DD: of BODS, statements that were made later are left out
}

// Read reads a document. Errors: Invalid and MalformedJSON, with all places; nothing of the document is repeated but ids.
func Read(text []byte, options Options) (ownership.Structure, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	value, err := decode(text)
	if err != nil {
		return ownership.Structure{}, err
	}
	switch value := value.(type) {
	case []any:
		return readBODS(value, options)
	case map[string]any:
		if _, statement := value["statementId"]; statement {
			return readBODS([]any{value}, options)
		}
		return readOwn(value, options)
	}
	return ownership.Structure{}, problem.New(problem.Invalid, "The file must be an array of BODS statements, or an object with subject, parties and links.")
}

// decode reads JSON, or several JSON values, one a line, as an array.
func decode(text []byte) (any, error) {
	switch {
	case len(text) == 0:
		return nil, problem.New(problem.MalformedJSON, "The file is empty.")
	case len(text) > maxSize:
		return nil, problem.New(problem.TooLarge, "The file is larger than %d MB.", maxSize>>20)
	case !utf8.Valid(text):
		return nil, problem.New(problem.MalformedJSON, "The file is not UTF-8.")
	}
	var values []any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		var value any
		err := decoder.Decode(&value)
		if err == io.EOF {
			break
		}
		if err != nil {
			line := 1 + bytes.Count(text[:min(int(decoder.InputOffset()), len(text))], []byte("\n"))
			return nil, problem.Wrap(err, problem.MalformedJSON, "The file is not JSON: see line %d.", line)
		}
		values = append(values, value)
	}
	if len(values) == 1 {
		return values[0], nil
	}
	return values, nil
}

// checked validates a document and decodes it into a type. The schema makes sure that the type fits.
func checked(schema *jsonschema.Schema, value, into any, what string) error {
	e := problem.New(problem.Invalid, "%s", what)
	if validate(schema, value, e); len(e.Fields) > 0 {
		return e
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
