package statements

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ballerine/internal/ownership"
	"ballerine/internal/problem"
	jsonsource "ballerine/internal/source"
)

// maxSize is how large a document may be, in bytes.
const maxSize = 256 << 20

// Options define what is read of a document.
type Options struct {
	Subject string // id of the organization that is assessed; empty: the one that the document is about
	Day     string // YYYY-MM-DD: of BODS, statements that were made later are left out
}

// Read reads a document. Errors: Invalid and MalformedJSON, with all places; of the document, only ids are repeated.
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
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		var value any
		if err == nil {
			value, err = exact(raw)
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

// exact decodes one value. A member that occurs twice is an error, for readers differ in which they take.
func exact(raw json.RawMessage) (value any, err error) {
	for _, f := range jsonsource.JSONFaults(raw) {
		if !f.Legible() {
			return nil, errors.New(f.Message)
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return value, decoder.Decode(&value)
}

// checked validates a document and decodes it into a type. The schema makes sure that the type fits.
func checked(schema *jsonschema.Schema, value, into any, what string) error {
	e := problem.New(problem.Invalid, "%s", what)
	if validate(schema, value, e); len(e.Fields) == 0 {
		alike(value, "", membersOf(into), e)
	}
	if len(e.Fields) > 0 {
		return e
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// membersOf are the names of the members that a type reads, at whatever depth.
func membersOf(into any) map[string]bool {
	names := map[string]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" {
					name = strings.ToLower(f.Name[:1]) + f.Name[1:]
				}
				if f.IsExported() {
					names[name] = true
					walk(f.Type)
				}
			}
		}
	}
	walk(reflect.TypeOf(into))
	return names
}

// alike refuses members whose names differ from expected ones only in the case of letters, or by letters that look like
// others: readers of JSON differ in which they accept.
func alike(value any, at string, names map[string]bool, e *problem.Error) {
	switch value := value.(type) {
	case []any:
		for i, one := range value {
			alike(one, at+"["+strconv.Itoa(i)+"]", names, e)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			below := strings.TrimPrefix(at+"."+name, ".")
			for known := range names {
				if name != known && strings.EqualFold(name, known) {
					e.With(strings.TrimPrefix(at+"."+known, "."), "unknown", "a member has nearly this name: write it exactly so")
				}
			}
			alike(value[name], below, names, e)
		}
	}
}
