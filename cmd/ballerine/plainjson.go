package main

import (
	"bytes"
	"encoding/json"
	"errors"

	"ballerine/internal/problem"
	jsonsource "ballerine/internal/source"
)

// plainJSON decodes a file of JSON, with a byte order mark or without. What decoders take in different ways is refused as
// the API does.
func plainJSON(file string, text []byte, into any) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var found problem.Diagnostics
	for _, f := range jsonsource.JSONFaults(text) {
		found = append(found, problem.Diagnostic{File: file, Line: f.Line, Column: f.Column, Path: f.Path, Code: f.Code, Message: f.Message})
	}
	if len(found) > 0 {
		return diagnosticsError{found}
	}
	err := json.Unmarshal(text, into)
	if wrong := new(json.SyntaxError); errors.As(err, &wrong) {
		before := text[:min(max(int(wrong.Offset)-1, 0), len(text))]
		line := bytes.Count(before, []byte("\n"))
		return diagnosticsError{problem.Diagnostics{{
			File: file, Line: line + 1, Column: len(before) - bytes.LastIndexByte(before, '\n'), Code: "syntax", Message: "this is not valid JSON",
		}}}
	}
	if err != nil {
		return problem.Wrap(err, problem.MalformedJSON, "%s must be a JSON object.", file)
	}
	return nil
}
