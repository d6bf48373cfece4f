package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// input is what an operation accepts: anything else is refused, not ignored silently.
type input struct {
	query   []string
	times   []string     // parameters of the query that are times
	lists   []string     // those of the query that are lists
	body    *huma.Schema // of JSON; nil: none
	schemas huma.Registry
}

// inputOf reads it off an operation as it was registered.
func inputOf(document *huma.OpenAPI, op operation) input {
	in := input{schemas: document.Components.Schemas}
	item := document.Paths[op.Path]
	registered := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[op.Method]
	for _, param := range registered.Parameters {
		if param.In == "query" {
			in.query = append(in.query, param.Name)
			if param.Schema != nil && param.Schema.Format == "date-time" {
				in.times = append(in.times, param.Name)
			}
			if param.Schema.Type == huma.TypeArray {
				in.lists = append(in.lists, param.Name)
			}
		}
	}
	if registered.RequestBody != nil && !op.raw {
		if media := registered.RequestBody.Content["application/json"]; media != nil {
			in.body = media.Schema
		}
	}
	return in
}

// address refuses parameters of the query that the operation does not have, and what is no text. Errors: Invalid.
func (in input) address(r *http.Request) error {
	e := problem.New(problem.Invalid, "The URL is not valid.")
	if !plainText(r.URL.Path) {
		e.With("path", "text", "a URL must be UTF-8 without NUL")
	}
	values := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(in.query, name):
			message := "there is no such parameter"
			if meant := expr.Suggest(name, in.query); meant != "" {
				message += ": did you mean " + meant + "?"
			}
			e.With("query", "unknown", "%s", message)
		case !plainText(strings.Join(values[name], "")):
			e.With("query."+name, "text", "a parameter must be UTF-8 without NUL")
		case slices.Contains(in.times, name) && slices.ContainsFunc(values[name], zeroTime):
			e.With("query."+name, "range", noZeroTime)
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// repeated writes the lists of the query as the OpenAPI document has them: ?type=a,b becomes ?type=a&type=b. Clients may use
// either.
func (in input) repeated(r *http.Request) *http.Request {
	values, changed := r.URL.Query(), false
	for _, name := range in.lists {
		if joined := strings.Join(values[name], ","); strings.Contains(joined, ",") {
			values[name], changed = strings.Split(joined, ","), true
		}
	}
	if !changed {
		return r
	}
	address := *r.URL
	address.RawQuery = values.Encode()
	r = r.WithContext(r.Context())
	r.URL = &address
	return r
}

func plainText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// zeroTime reports whether a text is the first instant of the year 1, in whatever zone: decoders take it for an absent time.
func zeroTime(text string) bool {
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	return err == nil && at.IsZero()
}

const noZeroTime = "the zero time is not accepted: leave the field out, or send a later time"

// absent refuses what decoders take for an absent member: null where the schema has another type, and the first instant of all. Errors: Invalid.
func (in input) absent(text []byte) error {
	if in.body == nil || !bytes.Contains(text, []byte("null")) && !bytes.Contains(text, []byte("0001-")) && !bytes.Contains(text, []byte("0000-")) && !bytes.Contains(text, []byte(`\u`)) {
		return nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return problem.Wrap(err, problem.MalformedJSON, "The body is not one JSON value.").With("body", "json", "this is not one JSON value")
	}
	e := problem.New(problem.Invalid, "The body has null, or the zero time, where a value is expected.")
	in.walk(in.body, value, "body", e)
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func (in input) walk(schema *huma.Schema, value any, path string, e *problem.Error) {
	nullable := schema.Nullable
	for schema.Ref != "" {
		schema = in.schemas.SchemaFromRef(schema.Ref)
		nullable = nullable || schema.Nullable
	}
	switch v := value.(type) {
	case nil:
		if schema.Type != "" && !nullable {
			e.With(path, "null", "null is not accepted here: leave the field out, or send a value")
		}
	case string:
		if schema.Format == "date-time" && zeroTime(v) {
			e.With(path, "range", noZeroTime)
		}
	case map[string]any:
		rest, _ := schema.AdditionalProperties.(*huma.Schema)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if property := schema.Properties[name]; property != nil {
				in.walk(property, v[name], source.Join(path, name), e)
			} else if rest != nil {
				in.walk(rest, v[name], source.Join(path, name), e)
			}
		}
	case []any:
		for i, member := range v {
			if schema.Items != nil {
				in.walk(schema.Items, member, fmt.Sprintf("%s[%d]", path, i), e)
			}
		}
	}
}
