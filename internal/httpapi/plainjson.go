package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/text"
)

// plainJSON refuses a body that decoders read in different ways: bytes that are not UTF-8, duplicate names, numbers that
// are rounded. What is stored would not be what was sent. It also refuses values nested so deeply that they could not be
// read back from where they are stored. Errors: MalformedJSON, Invalid.
func plainJSON(body []byte) error {
	faults := source.JSONFaults(body)
	if len(faults) == 0 {
		return nil
	}
	e := problem.New(problem.MalformedJSON, "The body is not unambiguous JSON.")
	if !slices.ContainsFunc(faults, func(f source.JSONFault) bool { return !f.Legible() }) {
		e = problem.New(problem.Invalid, "The body has values that cannot be stored unchanged.")
	}
	for _, f := range faults {
		e.With(source.Join("body", f.Path), f.Code, "%s", f.Message)
	}
	return e
}

// visibleNames refuses members whose names have characters that cannot be seen: such a name looks like another one, and is not.
// A problem has the place of the object, as the name itself cannot be shown. Errors: Invalid.
func visibleNames(body []byte) error {
	if !bytes.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf || r == '\\' }) {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return problem.Wrap(err, problem.MalformedJSON, "The body is not one JSON value.").With("body", "json", "this is not one JSON value")
	}
	e := problem.New(problem.Invalid, "The body has names with invisible characters.")
	findHiddenNames(value, "body", e)
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func findHiddenNames(value any, path string, e *problem.Error) {
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			findHiddenNames(element, fmt.Sprintf("%s[%d]", path, i), e)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if found := text.Hidden(name, text.Line); found != "" {
				e.With(path, "hidden_character", "the name of a member must not contain %s", found)
				continue
			}
			findHiddenNames(v[name], source.Join(path, name), e)
		}
	}
}

// inPatch maps the places of a patch's problems to the request: its body is what elsewhere is body.context.
func inPatch(err error) error {
	var e *problem.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	moved := *e
	moved.Fields = slices.Clone(e.Fields)
	for i := range moved.Fields {
		if rest, ok := strings.CutPrefix(moved.Fields[i].Location, "body.context"); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			moved.Fields[i].Location = "body" + rest
		}
	}
	return &moved
}
